"""What the advantage-weighted baselines fit: values of states to given targets, and actions by their advantages."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from agents.critics import ValueCritic
from agents.fitting import FitReport, FitSettings, fit
from agents.inference import state_batch, transition_batch, transition_size
from agents.losses import critic_loss
from agents.metrics import Progress
from agents.objectives import fit_value_head
from agents.policy import LLMPolicy
from agents.types import Transition

ActionLoss = Callable[[Tensor, Tensor], Tensor]
"""From log-probabilities (B,) of actions, in nats, and their advantages (B,) to the mean loss over the actions."""


def fit_values(
    critic: ValueCritic,
    prompts: Sequence[tuple[int, ...]],
    targets: Sequence[float],
    settings: FitSettings,
    *,
    with_trunk: bool,
    stage: str = "critic",
    progress: Progress | None = None,
) -> float:
    """Teaches a critic the mean target of each state, by cross-entropy.

    Args:
        critic: Is trained.
        prompts: Token ids of states; one may occur more than once.
        targets: What V should be, in [0, 1]: outcomes or returns.
        settings: How; of a head alone only ``tokens_per_batch`` counts.
        with_trunk: Fit trunk and head; else the head alone, to its optimum (``agents.objectives.fit_value_head``).
        stage: Name of the stage, for messages.
        progress: Shown one unit a state, where the trunk is fitted.

    Returns:
        Mean cross-entropy over the states, in nats.

    Raises:
        ValueError: If there are not as many targets as prompts.
        TrainingStopped: If there is no state, or a loss or gradient is not finite.
    """
    if len(prompts) != len(targets):
        raise ValueError(f"Expected as many targets as prompts, got {len(targets)} and {len(prompts)}.")
    if not with_trunk:
        return fit_value_head(critic, list(map(_as_only_step, prompts, targets)), settings.tokens_per_batch)

    def loss(places: Sequence[int]) -> Tensor:
        batch = state_batch(critic, [prompts[place] for place in places])
        return critic_loss(
            critic(*batch), torch.tensor([targets[place] for place in places]).to(batch.input_ids.device)
        )

    sizes = [len(prompt) for prompt in prompts]
    return fit(
        stage,
        critic,
        sizes,
        weights=[1.0] * len(sizes),
        loss_of=loss,
        settings=settings,
        progress=progress,
        master_weights=critic.master_weights,
    ).loss


def _as_only_step(prompt: tuple[int, ...], target: float) -> Transition:
    """A state with its target as the head's fit reads it; all weigh alike there."""
    return Transition(prompt, (), None, reward=target, outcome=target, steps_done=0, steps_to_go=0, phase=0)


def fit_weighted_actions(
    policy: LLMPolicy,
    transitions: Sequence[Transition],
    advantages: Sequence[float],
    loss_of_actions: ActionLoss,
    settings: FitSettings,
    progress: Progress | None = None,
    passes: Sequence[Sequence[int]] | None = None,
) -> FitReport:
    """Imitates actions by their advantages.

    Args:
        policy: Is trained.
        transitions: Steps to learn from.
        advantages: Advantage of each action.
        loss_of_actions: ``agents.losses.awr_loss`` or ``agents.losses.digirl_actor_loss`` with its settings.
        settings: How.
        progress: Shown one unit an example.
        passes: As in ``agents.fitting.fit``.

    Raises:
        ValueError: If there are not as many advantages as transitions.
        TrainingStopped: If there is no example, or a loss or gradient is not finite.
    """
    if len(transitions) != len(advantages):
        raise ValueError(f"Expected as many advantages as transitions, got {len(advantages)} and {len(transitions)}.")

    def loss(places: Sequence[int]) -> Tensor:
        batch = transition_batch(policy, [transitions[place] for place in places])
        advantage = torch.tensor([advantages[place] for place in places], device=batch.input_ids.device)
        return loss_of_actions(policy.action_log_probs(batch), advantage)

    return fit(
        "policy",
        policy.language_model.model,
        sizes=[transition_size(transition) for transition in transitions],
        weights=[1.0] * len(transitions),
        loss_of=loss,
        settings=settings,
        progress=progress,
        passes=passes,
        master_weights=policy.language_model.master_weights,
    )
