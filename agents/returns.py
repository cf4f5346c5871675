"""From rewards and values to returns and advantages. Pure tensor functions: no model, no randomness.

Notation: B examples, T steps of one trajectory. Rewards, values and outcomes are probabilities of success or parts of
one, so they have no unit and lie in [0, 1]. Source: Qi et al. 2024, arXiv:2411.02337v1 (WebRL), section 2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from agents.shapes import require_same_shape


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
