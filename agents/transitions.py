"""From labelled trajectories to training examples: one transition a step, on the token ids that were sampled.

A stored prompt is rendered again; if that gives other ids, the step would be trained on something else than it was
collected with, so it is left out, counted and told. Trajectories without ids (an oracle's) are rendered and encoded
here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.errors import PromptTooLong
from agents.types import LabelledTrajectory, Prompt, Step, Transition
from webrl_gym.types import Observation

_log = logging.getLogger(__name__)


class Renderer(Protocol):
    """What this module needs of ``agents.prompting.PromptRenderer``."""

    @property
    def context(self) -> int:
        """Most tokens of a prompt and its action together."""

    def render(self, observation: Observation, history: Sequence[str]) -> Prompt:
        """The prompt for an observation after these actions; raises ``PromptTooLong``."""

    def past_action(self, text: str, page: str) -> str:
        """An action that was written for ``page``, as the history of later prompts holds it."""

    def encode_action(self, text: str) -> Sequence[int]:
        """The ids of an action, end token included."""


@dataclass(frozen=True, slots=True)
class TransitionSet:
    """The transitions of some trajectories and what was left out on the way.

    Attributes:
        trajectories: The transitions of each trajectory, in order; a trajectory without any is not listed.
        rendered_differently: Steps whose prompt gives other ids now than when it was sampled.
        too_long: Steps before or after which instruction and history alone do not fit the context, or whose action does
            not fit behind its prompt.
    """

    trajectories: tuple[tuple[Transition, ...], ...]
    rendered_differently: int = 0
    too_long: int = 0

    @property
    def steps(self) -> list[Transition]:
        """All transitions, trajectory by trajectory."""
        return [transition for trajectory in self.trajectories for transition in trajectory]


def to_transitions(labelled: Iterable[LabelledTrajectory], renderer: Renderer) -> TransitionSet:
    """Renders labelled trajectories into transitions.

    The reward is the outcome on the last step and 0 before, so the rewards of a trajectory sum to its outcome.

    Args:
        labelled: Trajectories with their outcomes.
        renderer: Renders prompts and encodes actions for the model that is trained.
    """
    trajectories: list[tuple[Transition, ...]] = []
    rendered_differently = too_long = 0
    for item in labelled:
        transitions, differing, long = _of_one(item, renderer)
        rendered_differently += differing
        too_long += long
        if transitions:
            trajectories.append(tuple(transitions))
    if rendered_differently:
        _log.warning(
            "%d steps are not learned from: their prompts give other token ids now than when they were sampled (other "
            "settings of the model or its prompt, or another version of this package).",
            rendered_differently,
        )
    return TransitionSet(tuple(trajectories), rendered_differently, too_long)


def _of_one(item: LabelledTrajectory, renderer: Renderer) -> tuple[list[Transition], int, int]:
    steps = item.trajectory.steps
    prompts = state_prompts(steps, renderer)
    transitions = []
    differing = too_long = 0
    for index, (step, prompt_ids) in enumerate(zip(steps, prompts, strict=True)):
        is_last = index == len(steps) - 1
        next_prompt_ids = None if is_last else prompts[index + 1]
        action_ids = step.completion.token_ids or tuple(renderer.encode_action(step.completion.text))
        if prompt_ids is None or (next_prompt_ids is None and not is_last):
            too_long += 1  # a step whose next state cannot be read cannot be weighed either
        elif len(prompt_ids) + len(action_ids) > renderer.context:
            too_long += 1  # a demonstration's action may be longer than any that the policy writes
        elif step.prompt.token_ids and step.prompt.token_ids != prompt_ids:
            differing += 1
        else:
            transitions.append(
                Transition(
                    prompt_ids=prompt_ids,
                    action_ids=action_ids,
                    next_prompt_ids=next_prompt_ids,
                    reward=item.outcome if is_last else 0.0,
                    outcome=item.outcome,
                    steps_done=index,
                    steps_to_go=len(steps) - 1 - index,
                    phase=item.trajectory.phase,
                )
            )
    return transitions, differing, too_long


def start_prompt(renderer: Renderer, observation: Observation | None) -> tuple[int, ...] | None:
    """Prompt ids of a start state.

    Args:
        renderer: Renders for the model that reads them.
        observation: What is seen first; None where the start page could not be opened.

    Returns:
        None where there is no page or it does not fit.
    """
    if observation is None:
        return None
    try:
        return renderer.render(observation, ()).token_ids
    except PromptTooLong:
        return None


def state_prompts(steps: Sequence[Step], renderer: Renderer) -> list[tuple[int, ...] | None]:
    """Prompt ids of each step as they are rendered now; None where they do not fit.

    Args:
        steps: All steps of a trajectory, in order.
        renderer: Renders for the model that reads them.
    """
    prompts: list[tuple[int, ...] | None] = []
    history: list[str] = []
    for step in steps:
        try:
            prompts.append(renderer.render(step.observation, history).token_ids)
        except PromptTooLong:
            prompts.append(None)
        history.append(renderer.past_action(step.completion.text, step.observation["html"]))
    return prompts
