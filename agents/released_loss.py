"""The policy loss of the released WebRL code, which is not the paper's; for the ablation that compares the two.

What differs from ``agents.losses.kl_regression_loss``: the advantage is reduced to its sign, negative ones are masked
out, the log-ratio is divided by the number of action tokens, the error is Huber instead of squared, and the KL weight
adapts by itself. For a positive example this is supervised fine-tuning with a brake that stops at a fixed ratio.
Source: github.com/THUDM/WebRL, ``webrl/algorithms/webrl/trainer.py``, described in our own words and checked against
its numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from agents.losses import masked_sum
from agents.shapes import require_same_shape

_STEP_COST = 0.05
_POSITIVE, _NEGATIVE = 1.0, -0.6
_SURE_ENOUGH_POSITIVE, _SURE_ENOUGH_NEGATIVE = 0.8, 0.9
_TIGHT_KL, _LOOSE_KL = 5.0, 1.0


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
    """``mean(1[A > 0] * huber(beta * ratio, A) / beta)`` with an adaptive beta.

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
