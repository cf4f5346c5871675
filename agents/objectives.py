"""What is fitted by ``agents.fitting``: actions to imitate, the critic, the ORM.

WebRL's policy is updated in ``agents.policy_update``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from agents.critics import ValueCritic
from agents.errors import TrainingStopped
from agents.fitting import FitReport, FitSettings, fit
from agents.inference import state_batch, state_features, transition_batch, transition_size
from agents.losses import critic_loss, sft_loss
from agents.metrics import Progress
from agents.policy import LLMPolicy
from agents.scorers import LanguageModelScorer
from agents.types import Transition

_HEAD_DECAY = 0.003
"""Weight of half the squared norm of a value head over standardised hidden states."""
_START_WEIGHT = 4.0
"""Weight of a trajectory's first state among its states: the curriculum asks for those, and each has but one."""
_HEAD_ITERATIONS = 200


def fit_actions(
    policy: LLMPolicy,
    transitions: Sequence[Transition],
    settings: FitSettings,
    progress: Progress | None = None,
    stage: str = "sft",
    passes: Sequence[Sequence[int]] | None = None,
) -> FitReport:
    """Imitates actions: supervised fine-tuning on demonstrations, filtered behaviour cloning on successes.

    Args:
        policy: Is trained.
        transitions: Steps to imitate; all of them count, so failures are left out beforehand.
        settings: How.
        progress: Shown one unit an example.
        stage: Name of the stage, for messages.
        passes: As in ``agents.fitting.fit``.

    Raises:
        TrainingStopped: If there is no example, or a loss or gradient is not finite.
    """

    def loss(places: Sequence[int]) -> Tensor:
        batch = transition_batch(policy, [transitions[place] for place in places])
        return sft_loss(policy.token_log_probs(batch), batch.action_mask)

    return fit(
        stage,
        policy.language_model.model,
        sizes=[transition_size(transition) for transition in transitions],
        weights=[len(transition.action_ids) for transition in transitions],
        loss_of=loss,
        settings=settings,
        progress=progress,
        passes=passes,
        master_weights=policy.language_model.master_weights,
    )


def fit_critic(
    critic: ValueCritic, transitions: Sequence[Transition], settings: FitSettings, progress: Progress | None = None
) -> FitReport:
    """Teaches the critic the final outcome at every step.

    Args:
        critic: Is trained.
        transitions: Steps with their outcomes, successes and failures.
        settings: How.
        progress: Shown one unit an example.

    Raises:
        TrainingStopped: If there is no example, or a loss or gradient is not finite.
    """

    def loss(places: Sequence[int]) -> Tensor:
        batch = state_batch(critic, [transitions[place].prompt_ids for place in places])
        outcomes = torch.tensor([transitions[place].outcome for place in places], device=batch.input_ids.device)
        return critic_loss(critic(*batch), outcomes)

    return fit(
        "critic",
        critic,
        sizes=[len(transition.prompt_ids) for transition in transitions],
        weights=[1.0] * len(transitions),
        loss_of=loss,
        settings=settings,
        progress=progress,
        master_weights=critic.master_weights,
    )


def fit_value_head(critic: ValueCritic, transitions: Sequence[Transition], tokens_per_batch: int) -> float:
    """Teaches the critic's head alone the final outcome at every step, to its optimum; the trunk stays as it is.

    A logistic regression on the hidden states, which are computed once. Where outcomes are few it generalises better
    than a trunk that is fitted with the head, and it costs no backward pass.

    Args:
        critic: Its head is replaced.
        transitions: Steps with their outcomes, successes and failures.
        tokens_per_batch: Most padded tokens in one forward pass while training; here four times as many.

    Returns:
        Mean cross-entropy over the steps at the optimum, in nats; first steps count four times.

    Raises:
        TrainingStopped: If there is no example, or the loss is not finite.
    """
    if not transitions:
        raise TrainingStopped("critic: there is no example to fit.")
    features = state_features(critic, [step.prompt_ids for step in transitions], tokens_per_batch).double()
    outcomes = torch.tensor([step.outcome for step in transitions], dtype=torch.float64)
    shares = torch.tensor([1.0 if step.steps_done else _START_WEIGHT for step in transitions], dtype=torch.float64)
    shares /= shares.sum()
    mean, deviation = features.mean(0), features.std(0, correction=0) + 1e-6
    scaled = (features - mean) / deviation
    weight = torch.zeros(features.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS((weight, bias), max_iter=_HEAD_ITERATIONS, line_search_fn="strong_wolfe")

    def cross_entropy() -> Tensor:
        losses = functional.binary_cross_entropy_with_logits(scaled @ weight + bias, outcomes, reduction="none")
        return losses @ shares

    def penalised() -> Tensor:
        optimizer.zero_grad()
        loss = cross_entropy() + _HEAD_DECAY * weight.square().sum() / 2.0
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped
        return loss

    optimizer.step(penalised)  # type: ignore[no-untyped-call]  # likewise
    head = critic.value_head
    with torch.no_grad():
        loss = float(cross_entropy())
        if not math.isfinite(loss):
            raise TrainingStopped(f"critic: the loss is {loss}.")
        head.weight.copy_((weight / deviation)[None])
        head.bias.copy_(bias - (weight * mean / deviation).sum())
    return loss


def fit_scorer(
    scorer: LanguageModelScorer,
    questions: Sequence[Sequence[int]],
    outcomes: Sequence[float],
    settings: FitSettings,
    progress: Progress | None = None,
    passes: Sequence[Sequence[int]] | None = None,
) -> FitReport:
    """Teaches a YES/NO scorer the outcomes of judged trajectories: cross-entropy of P(YES) / (P(YES) + P(NO)).

    Args:
        scorer: Is trained.
        questions: What the scorer reads, by its ``encode``.
        outcomes: 1 for YES, 0 for NO, one for each question.
        settings: How.
        progress: Shown one unit an example.
        passes: As in ``agents.fitting.fit``.

    Raises:
        ValueError: If there are not as many outcomes as questions.
        TrainingStopped: If there is no example, or a loss or gradient is not finite.
    """
    if len(questions) != len(outcomes):
        raise ValueError(f"Expected as many outcomes as questions, got {len(outcomes)} and {len(questions)}.")

    def loss(places: Sequence[int]) -> Tensor:
        log_odds = scorer.log_odds(scorer.collate([questions[place] for place in places]))
        targets = torch.tensor([float(outcomes[place]) for place in places], device=log_odds.device)
        return critic_loss(log_odds, targets)

    return fit(
        "orm",
        scorer,
        sizes=[len(question) for question in questions],
        weights=[1.0] * len(questions),
        loss_of=loss,
        settings=settings,
        progress=progress,
        passes=passes,
        master_weights=scorer.language_model.master_weights,
    )
