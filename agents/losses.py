"""The losses of WebRL and of its baselines, as pure tensor functions: no model, no randomness, no state.

Notation: B examples, A action tokens after padding, H value heads. Log-probabilities are in nats. Every loss is a mean,
over examples or over action tokens as its docstring says, so a mean of parts weighted by their counts is the whole.
Source: Qi et al. 2024, arXiv:2411.02337v1 (WebRL). The released code (github.com/THUDM/WebRL,
``webrl/algorithms/webrl/trainer.py``) departs from it: ``released_webrl_loss`` says how, in our own words and checked
against its numbers.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from agents.shapes import require_rank, require_same_shape

_STEP_COST = 0.05
_POSITIVE, _NEGATIVE = 1.0, -0.6
_SURE_ENOUGH_POSITIVE, _SURE_ENOUGH_NEGATIVE = 0.8, 0.9
_TIGHT_KL, _LOOSE_KL = 5.0, 1.0


def masked_sum(values: Tensor, mask: Tensor) -> Tensor:
    """Sums the real tokens of each row; what stands under the padding does not matter, not even if it is not finite.

    Args:
        values: One number per token. Shape (B, A).
        mask: True at real tokens. Shape (B, A), bool.

    Returns:
        Shape (B,).

    Raises:
        ValueError: If the shapes differ or are not (B, A).
    """
    require_rank(2, values=values)
    require_same_shape(values=values, mask=mask)
    return torch.where(mask.bool(), values, torch.zeros_like(values)).sum(dim=1)


def kl_regression_loss(log_ratio: Tensor, advantage: Tensor, kl_coef: float) -> Tensor:
    """Pulls the scaled log-ratio to the advantage: ``mean((kl_coef * (log pi - log pi_ref) - A)^2)``.

    Zero exactly at ``pi = pi_ref * exp(A / kl_coef)``. An action with negative advantage becomes less likely.

    Args:
        log_ratio: log pi - log pi_ref, each summed over the action's tokens, in nats. Shape (B,).
        advantage: Advantage of each action, as it is (not normalised); no gradient flows into it. Shape (B,).
        kl_coef: Weight of the KL term (beta), > 0, in units of advantage per nat.

    Returns:
        Mean over examples. Shape ().

    Raises:
        ValueError: If ``kl_coef`` is not positive or the shapes differ.

    Source:
        arXiv:2411.02337v1, Eq. 6 (Eq. 5 of v3).
    """
    if not kl_coef > 0.0:
        raise ValueError(f"Expected kl_coef > 0, got {kl_coef}.")
    require_rank(1, log_ratio=log_ratio)
    require_same_shape(log_ratio=log_ratio, advantage=advantage)
    return (kl_coef * log_ratio - advantage.detach()).square().mean()


def critic_loss(logits: Tensor, outcome: Tensor) -> Tensor:
    """Cross-entropy of V(s) with the final outcome, for every step: ``-mean(r_T log V + (1 - r_T) log(1 - V))``.

    Several heads are trained side by side: their losses are added.

    Args:
        logits: Log-odds of success. Shape (B,), or (B, H) for several heads. A two-class softmax head with logits
            (no, yes) is the same as the one logit yes - no.
        outcome: 1 if the trajectory succeeded, else 0; or any target in [0, 1], whose mean V then learns. Shape (B,).

    Returns:
        Mean over examples, sum over heads. Shape ().

    Raises:
        ValueError: If the shapes do not fit.

    Source:
        arXiv:2411.02337v1, Eq. 8. Two heads: the released code.
    """
    heads = logits if logits.dim() == 2 else logits.unsqueeze(-1)
    require_rank(2, logits=heads)
    require_same_shape(logits=heads[:, 0], outcome=outcome)
    targets = outcome.to(heads.dtype).unsqueeze(-1).expand_as(heads)
    return functional.binary_cross_entropy_with_logits(heads, targets, reduction="none").sum(dim=1).mean()


def success_probability(logits: Tensor) -> Tensor:
    """V(s) from the critic's logits: the sigmoid, and of several heads the smallest.

    Args:
        logits: Log-odds of success. Shape (B,), or (B, H) for several heads.

    Returns:
        V(s) in (0, 1). Shape (B,).

    Raises:
        ValueError: If the shape is neither.
    """
    heads = logits if logits.dim() == 2 else logits.unsqueeze(-1)
    require_rank(2, logits=heads)
    return heads.sigmoid().amin(dim=1)


def sft_loss(token_log_probs: Tensor, action_mask: Tensor) -> Tensor:
    """Negative log-likelihood of demonstrated actions, ``-mean(log pi(token))`` over action tokens.

    Args:
        token_log_probs: Log-probability of each action token, in nats. Shape (B, A).
        action_mask: True at real action tokens. Shape (B, A), bool.

    Returns:
        Mean over all action tokens of the batch. Shape ().

    Raises:
        ValueError: If the shapes differ.

    Source:
        arXiv:2411.02337v1, section 3.1 (the SFT baseline and the start of every run).
    """
    total = masked_sum(token_log_probs, action_mask).sum()
    return -total / action_mask.sum().clamp(min=1)


def filtered_bc_loss(token_log_probs: Tensor, action_mask: Tensor, outcome: Tensor) -> Tensor:
    """Imitates successes only: the SFT loss over the rows whose trajectory succeeded.

    Args:
        token_log_probs: Log-probability of each action token, in nats. Shape (B, A).
        action_mask: True at real action tokens. Shape (B, A), bool.
        outcome: 1 if the trajectory succeeded, else 0. Shape (B,).

    Returns:
        Mean over the action tokens of successful rows; 0 without one. Shape ().

    Raises:
        ValueError: If the shapes do not fit.

    Source:
        arXiv:2411.02337v1, section 3.1 (the Filtered BC baseline); with outcomes of 0 and 1 the paper's percentile
        filter keeps the successes.
    """
    require_same_shape(outcome=outcome, rows=token_log_probs[:, 0])
    return sft_loss(token_log_probs, action_mask.bool() & (outcome > 0.5).unsqueeze(-1))


def reference_divergence(log_ratio: Tensor) -> Tensor:
    """Estimates how far the policy moved from the reference: ``mean((log pi - log pi_ref)^2) / 2``.

    Never negative, and equal to KL(pi_ref || pi) to second order when the actions were sampled from the reference.

    Args:
        log_ratio: log pi - log pi_ref, each summed over the action's tokens, in nats. Shape (B,).

    Returns:
        Mean over examples, in nats. Shape ().

    Source:
        J. Schulman, "Approximating KL divergence" (2020), the estimator called k2.
    """
    return log_ratio.square().mean() / 2.0


def reinforce_loss(log_prob: Tensor, advantage: Tensor) -> Tensor:
    """Policy gradient with a value baseline and nothing that holds the policy back: ``-mean(A * log pi)``.

    Args:
        log_prob: log pi, summed over the action's tokens, in nats. Shape (B,).
        advantage: Advantage of each action; no gradient flows into it. Shape (B,).

    Returns:
        Mean over examples. Shape ().

    Raises:
        ValueError: If the shapes differ.

    Source:
        Williams 1992, "Simple statistical gradient-following algorithms"; WebRL's ablation without the KL term
        (arXiv:2411.02337v3).
    """
    require_rank(1, log_prob=log_prob)
    require_same_shape(log_prob=log_prob, advantage=advantage)
    return -(advantage.detach() * log_prob).mean()


def released_advantage(values: Tensor, next_values: Tensor, rewards: Tensor, returns: Tensor) -> Tensor:
    """Binarises ``V' - V - 0.05 + r + G``: +1 when it is not negative, else -0.6.

    Args:
        values: Smaller P(success) of the two heads at s. Shape (B,).
        next_values: The same at s'. Shape (B,).
        rewards: The trajectory's score, copied to every step. Shape (B,).
        returns: Discounted sum (0.9) of those rewards. Shape (B,).

    Returns:
        +1 or -0.6. Shape (B,).

    Raises:
        ValueError: If the shapes differ.
    """
    require_same_shape(values=values, next_values=next_values, rewards=rewards, returns=returns)
    raw = next_values - values - _STEP_COST + rewards + returns
    return torch.where(raw >= 0.0, torch.full_like(raw, _POSITIVE), torch.full_like(raw, _NEGATIVE))


def released_webrl_loss(
    log_probs: Tensor,
    ref_log_probs: Tensor,
    action_mask: Tensor,
    values: Tensor,
    next_values: Tensor,
    rewards: Tensor,
    returns: Tensor,
    *,
    supervised: bool = False,
) -> Tensor:
    """The policy loss of the released code: ``mean(1[A > 0] * huber(beta * ratio, A) / beta)``, with an adaptive beta.

    What differs from ``kl_regression_loss``: the advantage is reduced to its sign, negative ones are masked out, the
    log-ratio is divided by the number of action tokens, the error is Huber instead of squared, and the KL weight adapts
    by itself. For a positive row this is supervised fine-tuning with a brake that stops at a fixed ratio.

    ``ratio`` is (log pi - log pi_ref) over the number of action tokens of all positive rows of the batch (so the loss
    depends on how a batch is cut; the released setting is one row a batch). ``beta`` is 5 where the reference is
    already sure (geometric mean token probability of at least 0.8 for a positive row, below 0.9 for a negative one),
    else 1, and never more than ``|A / ratio|``.

    Args:
        log_probs: Log-probability of each action token under the policy, in nats. Shape (B, T).
        ref_log_probs: The same under the reference. Shape (B, T).
        action_mask: True (or 1) at real action tokens. Shape (B, T).
        values: Smaller P(success) of the two heads at s. Shape (B,).
        next_values: The same at s'. Shape (B,).
        rewards: The trajectory's score, copied to every step. Shape (B,).
        returns: Discounted sum (0.9) of those rewards. Shape (B,).
        supervised: Adds the optional supervised term: the positive rows' negative log-likelihood per action token,
            each row weighted by ``exp(1 - p)`` with p its geometric mean token probability under the policy.

    Returns:
        Shape ().

    Raises:
        ValueError: If the shapes do not fit.
    """
    require_same_shape(log_probs=log_probs, ref_log_probs=ref_log_probs, action_mask=action_mask)
    require_same_shape(log_probs=log_probs[:, 0], values=values)
    advantage = released_advantage(values, next_values, rewards, returns)
    positive = (advantage > 0.0).to(log_probs.dtype)
    lengths = action_mask.sum(dim=1).clamp(min=1)
    positive_tokens = (action_mask.sum(dim=1) * positive).sum().clamp(min=1)
    log_prob = masked_sum(log_probs, action_mask)
    ref_log_prob = masked_sum(ref_log_probs, action_mask).detach()
    ratio = (log_prob - ref_log_prob) / positive_tokens
    ref_prob = (ref_log_prob / lengths).exp()
    sure = torch.where(advantage > 0.0, ref_prob >= _SURE_ENOUGH_POSITIVE, ref_prob < _SURE_ENOUGH_NEGATIVE)
    beta = torch.where(sure, torch.full_like(ratio, _TIGHT_KL), torch.full_like(ratio, _LOOSE_KL))
    beta = torch.minimum(beta, (advantage / ratio).abs()).detach()
    huber = functional.smooth_l1_loss(beta * ratio, advantage, reduction="none")
    loss = (huber / beta * positive).mean()
    if supervised:
        weight = torch.exp(1.0 - (log_prob / lengths).exp()).detach()
        loss = loss - (log_prob * weight * positive).sum() / positive_tokens
    return loss


def awr_loss(log_prob: Tensor, advantage: Tensor, temperature: float, max_weight: float = 20.0) -> Tensor:
    """Advantage-weighted log-likelihood: ``-mean(min(exp(A / temperature), max_weight) * log pi)``.

    Every action is imitated, one with a high advantage more; no action is made less likely than the others make it.

    Args:
        log_prob: log pi, summed over each action's tokens, in nats. Shape (B,).
        advantage: Advantage of each action, as it is (not normalised); no gradient flows into it. Shape (B,).
        temperature: Advantage at which the weight is e (beta), > 0.
        max_weight: Largest weight, > 0; an exponential would otherwise let single actions rule. The source uses 20.

    Returns:
        Mean over examples. Shape ().

    Raises:
        ValueError: If ``temperature`` or ``max_weight`` is not positive or the shapes differ.

    Source:
        Peng et al. 2019, arXiv:1910.00177 (AWR), Algorithm 1, update of the policy, with the weights clipped.
    """
    if not temperature > 0.0 or not max_weight > 0.0:
        raise ValueError(f"Expected temperature > 0 and max_weight > 0, got {temperature} and {max_weight}.")
    require_rank(1, log_prob=log_prob)
    require_same_shape(log_prob=log_prob, advantage=advantage)
    weight = (advantage.detach() / temperature).clamp(max=math.log(max_weight)).exp()
    return -(weight * log_prob).mean()


def digirl_actor_loss(log_prob: Tensor, advantage: Tensor, threshold: float) -> Tensor:
    """Log-likelihood of actions that helped: ``-mean(log pi where A > threshold)``, a hard filter in place of exp(A).

    Args:
        log_prob: log pi, summed over each action's tokens, in nats. Shape (B,).
        advantage: Step-level advantage of each action (``agents.returns.doubly_robust_advantage``). Shape (B,).
        threshold: Advantage that an action must exceed.

    Returns:
        Mean over the actions that pass; 0 without one. Shape ().

    Raises:
        ValueError: If the shapes differ.

    Source:
        Bai et al. 2024, arXiv:2406.11896 (DigiRL), Eq. 4.2; it filters at 1/H, H the step limit.
    """
    require_rank(1, log_prob=log_prob)
    require_same_shape(log_prob=log_prob, advantage=advantage)
    passes = advantage > threshold
    total = torch.where(passes, log_prob, torch.zeros_like(log_prob)).sum()
    return -total / passes.sum().clamp(min=1)
