"""From rewards and values to returns and advantages. Pure tensor functions: no model, no randomness.

Notation: B examples, T steps of one trajectory. Rewards, values and outcomes are probabilities of success or parts of
one, so they have no unit and lie in [0, 1]. Source, where none is named: Qi et al. 2024, arXiv:2411.02337v1 (WebRL),
section 2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from agents.shapes import require_rank, require_same_shape


def discounted_returns(rewards: Tensor, discount: float) -> Tensor:
    """Sums what is still to come: ``G_t = r_t + discount * G_{t+1}``.

    Zeros that pad a trajectory on the right change nothing before them.

    Args:
        rewards: Reward of each step. Shape (..., T).
        discount: Weight of one step's delay, in [0, 1]. WebRL's Table 4 gives 0.9 for AWR, DigiRL and the released
            code; the mixed advantage uses none.

    Returns:
        Return from each step on. Shape (..., T).

    Raises:
        ValueError: If ``discount`` is outside [0, 1] or ``rewards`` has no step dimension.
    """
    if not 0.0 <= discount <= 1.0:
        raise ValueError(f"Expected discount in [0, 1], got {discount}.")
    if rewards.dim() == 0:
        raise ValueError("Expected rewards with a step dimension, got a scalar.")
    returns = torch.empty_like(rewards)
    following = torch.zeros_like(rewards[..., 0]) if rewards.shape[-1] else rewards.sum(-1)
    for step in reversed(range(rewards.shape[-1])):
        following = rewards[..., step] + discount * following
        returns[..., step] = following
    return returns


def constant_reward_return(reward: Tensor, steps: Tensor, discount: float) -> Tensor:
    """Return of the same reward at each of so many steps: ``r * (1 - discount^n) / (1 - discount)``.

    The released code copies a trajectory's score to all of its steps before it sums.

    Args:
        reward: Reward of each step. Shape (B,).
        steps: Steps n that still come, this one included, >= 1. Shape (B,), integer.
        discount: Weight of one step's delay, in [0, 1).

    Returns:
        Shape (B,).

    Raises:
        ValueError: If ``discount`` is outside [0, 1) or the shapes differ.

    Source:
        github.com/THUDM/WebRL, ``scripts/process_data.py``.
    """
    if not 0.0 <= discount < 1.0:
        raise ValueError(f"Expected discount in [0, 1), got {discount}.")
    require_same_shape(reward=reward, steps=steps)
    return reward * (1.0 - discount**steps) / (1.0 - discount)


def td_residual(value: Tensor, next_value: Tensor, reward: Tensor) -> Tensor:
    """The surprise of one step: ``r_t + V(s_{t+1}) - V(s_t)``, undiscounted.

    Args:
        value: V(s_t). Shape (B,).
        next_value: V(s_{t+1}); 0 after the last step, also when the step limit ended the episode. Shape (B,).
        reward: r_t. Shape (B,).

    Returns:
        Shape (B,).

    Raises:
        ValueError: If the shapes differ.

    Source:
        arXiv:2411.02337v1, Eq. 5.
    """
    require_same_shape(value=value, next_value=next_value, reward=reward)
    return reward + next_value - value


def mixed_advantage(value: Tensor, next_value: Tensor, reward: Tensor, outcome: Tensor, lam: float) -> Tensor:
    """Mixes one-step and whole-trajectory advantage: ``lam * (r + V' - V) + (1 - lam) * (r_T - V)``.

    ``lam=1`` is the one-step temporal difference, ``lam=0`` is outcome minus value. There is no discount.

    Args:
        value: V(s_t), in (0, 1). Shape (B,).
        next_value: V(s_{t+1}); 0 after the last step, also when the step limit ended the episode. Shape (B,).
        reward: r_t: the outcome on the last step, 0 before. Shape (B,).
        outcome: r_T: 1 if the trajectory succeeded, else 0. Shape (B,).
        lam: Weight of the one-step part, in [0, 1]. The paper uses 0.5.

    Returns:
        Advantage of each action, in [-1, 1]. Shape (B,).

    Raises:
        ValueError: If ``lam`` is outside [0, 1] or the shapes differ.

    Source:
        arXiv:2411.02337v1, Eq. 9.
    """
    if not 0.0 <= lam <= 1.0:
        raise ValueError(f"Expected lam in [0, 1], got {lam}.")
    require_same_shape(value=value, next_value=next_value, reward=reward, outcome=outcome)
    return lam * td_residual(value, next_value, reward) + (1.0 - lam) * (outcome - value)


def outcome_returns(outcome: Tensor, steps_to_go: Tensor, discount: float) -> Tensor:
    """Discounted return of a trajectory that is rewarded at its end only: ``discount^(T - 1 - t) * r_T``.

    The same as ``discounted_returns`` of its rewards, for each step by itself: steps that were left out change nothing.

    Args:
        outcome: r_T: 1 if the trajectory succeeded, else 0. Shape (B,).
        steps_to_go: Steps after this one, >= 0. Shape (B,).
        discount: Weight of one step's delay, in [0, 1]. WebRL's Table 4 gives 0.9 for AWR and DigiRL.

    Returns:
        Shape (B,).

    Raises:
        ValueError: If ``discount`` is outside [0, 1] or the shapes differ.
    """
    if not 0.0 <= discount <= 1.0:
        raise ValueError(f"Expected discount in [0, 1], got {discount}.")
    require_same_shape(outcome=outcome, steps_to_go=steps_to_go)
    return outcome * torch.full_like(outcome, discount).pow(steps_to_go)


def doubly_robust_advantage(
    value: Tensor, next_value: Tensor, reward: Tensor, outcome: Tensor, steps_to_go: Tensor, discount: float
) -> Tensor:
    """DigiRL's step-level advantage: ``G + (1 - G) * (r + V' - V)`` with ``G = discount^(T - 1 - t) * r_T``.

    What came of a success counts, the more the nearer its end; a failure says nothing about its single steps, so there
    the critic alone decides.

    Args:
        value: V_step(s_t), in (0, 1). Shape (B,).
        next_value: V_step(s_{t+1}); 0 after the last step, also when the step limit ended the episode. Shape (B,).
        reward: r_t: the outcome on the last step, 0 before. Shape (B,).
        outcome: r_T: 1 if the trajectory succeeded, else 0. Shape (B,).
        steps_to_go: Steps after this one, >= 0. Shape (B,).
        discount: The source's lambda, in [0, 1]: how fast the outcome's part fades before the end.

    Returns:
        Advantage of each action, in [-1, 1]. Shape (B,).

    Raises:
        ValueError: If ``discount`` is outside [0, 1] or the shapes differ.

    Source:
        Bai et al. 2024, arXiv:2406.11896 (DigiRL), Eq. 4.3, with T the trajectory's own length.
    """
    require_same_shape(value=value, outcome=outcome)
    whole = outcome_returns(outcome, steps_to_go, discount)
    return whole + (1.0 - whole) * td_residual(value, next_value, reward)


def instruction_advantage(value: Tensor, outcome: Tensor) -> Tensor:
    """DigiRL's instruction-level advantage, ``r_T - V_instruct(I)``: highest where something hard was done.

    Args:
        value: V_instruct(I): probability that this instruction is done, in (0, 1). Shape (B,).
        outcome: r_T: 1 if the trajectory succeeded, else 0. Shape (B,).

    Returns:
        Advantage of each trajectory, in [-1, 1]. Shape (B,).

    Raises:
        ValueError: If the shapes differ.

    Source:
        Bai et al. 2024, arXiv:2406.11896 (DigiRL), Eq. 4.4.
    """
    require_same_shape(value=value, outcome=outcome)
    return outcome - value


def top_share(advantage: Tensor, share: float) -> Tensor:
    """Which examples have the highest advantages; of equal ones the later count as higher.

    Args:
        advantage: Shape (B,).
        share: How many, in parts of all, in (0, 1]; at least one.

    Returns:
        True at the highest. Shape (B,), bool.

    Raises:
        ValueError: If ``share`` is outside (0, 1] or the shape is not (B,).

    Source:
        Bai et al. 2024, arXiv:2406.11896 (DigiRL), on its automatic curriculum: the top p percent; its released
        code takes 10.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"Expected share in (0, 1], got {share}.")
    require_rank(1, advantage=advantage)
    count = min(max(round(share * len(advantage)), 1), len(advantage))
    order = advantage.flip(0).argsort(descending=True, stable=True)
    chosen = torch.zeros_like(advantage, dtype=torch.bool)
    chosen[len(advantage) - 1 - order[:count]] = True
    return chosen
