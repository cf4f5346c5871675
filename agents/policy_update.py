"""The policy's update: the paper's regression, the released code's loss, or a policy gradient without the KL term."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from agents.fitting import FitReport, FitSettings, fit
from agents.inference import action_log_probs, transition_batch, transition_size
from agents.losses import (
    kl_regression_loss,
    masked_sum,
    reference_divergence,
    reinforce_loss,
    released_webrl_loss,
)
from agents.metrics import Progress
from agents.policy import LLMPolicy
from agents.returns import constant_reward_return
from agents.types import TokenBatch, Transition

POLICY_LOSSES = ("kl_regression", "released", "reinforce")
"""Losses by the name that configurations use: the paper's, its released code's, the ablation without the KL term."""
_RELEASED_DISCOUNT = 0.9
_MEASURED_STEPS = 128
"""Of a phase, at most, on which the distance to the reference is taken."""

PolicyLoss = Callable[[Tensor, TokenBatch, "WeighedSteps"], Tensor]
"""Loss of a batch from its token log-probabilities, shape (B, A); a mean over examples."""


@dataclass(frozen=True, slots=True)
class WeighedSteps:
    """Training examples with everything that is computed about them before the update; one number an example.

    Attributes:
        transitions: Steps of this phase and replayed ones.
        reference_log_probs: Log-probability of each action under the reference policy, summed over its tokens, nats.
        advantages: Advantage of each action.
        values: V(s) in (0, 1); empty where no critic was asked.
        next_values: V(s'), 0 after the last step; likewise.
    """

    transitions: Sequence[Transition]
    reference_log_probs: Sequence[float]
    advantages: Sequence[float]
    values: Sequence[float] = ()
    next_values: Sequence[float] = ()

    def __post_init__(self) -> None:
        counts = [len(self.transitions), len(self.reference_log_probs), len(self.advantages)]
        counts += [len(numbers) for numbers in (self.values, self.next_values) if numbers]
        if len(set(counts)) > 1:
            raise ValueError(f"Expected as many numbers of each kind as steps, got {counts}.")

    def at(self, places: Sequence[int]) -> WeighedSteps:
        """Some of the examples, in this order."""

        def pick(numbers: Sequence[float]) -> list[float]:
            return [numbers[place] for place in places] if numbers else []

        return WeighedSteps(
            [self.transitions[place] for place in places],
            pick(self.reference_log_probs),
            pick(self.advantages),
            pick(self.values),
            pick(self.next_values),
        )


def make_policy_loss(name: str, kl_coef: float) -> PolicyLoss:
    """The loss of this name.

    Args:
        name: One of ``POLICY_LOSSES``.
        kl_coef: Weight of the KL term of ``kl_regression``, > 0; the released loss adapts its own, ``reinforce`` has
            none.

    Raises:
        ValueError: If there is no such loss.
    """

    def regression(log_probs: Tensor, batch: TokenBatch, steps: WeighedSteps) -> Tensor:
        log_ratio = masked_sum(log_probs, batch.action_mask) - log_probs.new_tensor(steps.reference_log_probs)
        return kl_regression_loss(log_ratio, log_probs.new_tensor(steps.advantages), kl_coef)

    def gradient(log_probs: Tensor, batch: TokenBatch, steps: WeighedSteps) -> Tensor:
        return reinforce_loss(masked_sum(log_probs, batch.action_mask), log_probs.new_tensor(steps.advantages))

    losses: dict[str, PolicyLoss] = {"kl_regression": regression, "released": _released, "reinforce": gradient}
    if name not in losses:
        raise ValueError(f"Expected policy_loss {', '.join(POLICY_LOSSES[:-1])} or {POLICY_LOSSES[-1]}, got {name!r}.")
    return losses[name]


def _released(log_probs: Tensor, batch: TokenBatch, steps: WeighedSteps) -> Tensor:
    """One row at a time, as the released settings have it: its loss depends on how a batch is cut."""
    if not steps.values:
        raise ValueError("The released loss needs the critic's values.")
    numbers = log_probs.new_tensor([steps.values, steps.next_values])
    outcomes = log_probs.new_tensor([step.outcome for step in steps.transitions])
    left = torch.tensor([step.steps_to_go + 1 for step in steps.transitions], device=log_probs.device)
    returns = constant_reward_return(outcomes, left, _RELEASED_DISCOUNT)
    # It sums the reference over the tokens too, so the sum may stand at any one of them.
    reference = torch.zeros_like(log_probs)
    reference[:, 0] = log_probs.new_tensor(steps.reference_log_probs)
    rows = [slice(row, row + 1) for row in range(len(log_probs))]
    losses = [
        released_webrl_loss(
            log_probs[row],
            reference[row],
            batch.action_mask[row],
            numbers[0, row],
            numbers[1, row],
            outcomes[row],
            returns[row],
        )
        for row in rows
    ]
    return torch.stack(losses).mean()


def fit_policy(
    policy: LLMPolicy,
    steps: WeighedSteps,
    loss: PolicyLoss,
    settings: FitSettings,
    progress: Progress | None = None,
) -> FitReport:
    """WebRL's policy update.

    Args:
        policy: Is trained.
        steps: What it learns from.
        loss: By ``make_policy_loss``.
        settings: How.
        progress: Shown one unit an example.

    Raises:
        TrainingStopped: If there is no example, or a loss or gradient is not finite.
    """

    def batch_loss(places: Sequence[int]) -> Tensor:
        chosen = steps.at(places)
        batch = transition_batch(policy, chosen.transitions)
        return loss(policy.token_log_probs(batch), batch, chosen)

    return fit(
        "policy",
        policy.language_model.model,
        sizes=[transition_size(transition) for transition in steps.transitions],
        weights=[1.0] * len(steps.transitions),
        loss_of=batch_loss,
        settings=settings,
        progress=progress,
        master_weights=policy.language_model.master_weights,
    )


def distance_to_reference(policy: LLMPolicy, steps: WeighedSteps, tokens_per_batch: int) -> tuple[float, float]:
    """How far a policy is from the reference, on at most 128 of some steps, evenly drawn.

    Measured on the finished policy, not while it learns: a batch's own log-ratio is taken before the update that could
    carry the policy off.

    Args:
        policy: After its update.
        steps: What it learned from.
        tokens_per_batch: Most padded tokens in one forward pass while training.

    Returns:
        ``reference_divergence`` and the mean log-ratio, in nats an action.
    """
    some = steps.at(range(0, len(steps.transitions), math.ceil(len(steps.transitions) / _MEASURED_STEPS)))
    now = torch.tensor(action_log_probs(policy, some.transitions, tokens_per_batch))
    log_ratio = now - torch.tensor(some.reference_log_probs)
    return float(reference_divergence(log_ratio)), float(log_ratio.mean())
