"""The losses of WebRL and of its baselines, as pure tensor functions: no model, no randomness, no state.

Notation: B examples, A action tokens after padding, H value heads. Log-probabilities are in nats. Every loss is a mean,
over examples or over action tokens as its docstring says, so a mean of parts weighted by their counts is the whole.
Source: Qi et al. 2024, arXiv:2411.02337v1 (WebRL). The form of the released code: ``agents.released_loss``.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from agents.shapes import require_rank, require_same_shape


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
        outcome: 1 if the trajectory succeeded, else 0. Shape (B,).

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
