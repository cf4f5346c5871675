"""What is counted in an episode beside its outcome: tokens, completions that were cut, actions that are none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from agents.results import EpisodeResult
from agents.types import Step, Trajectory
from webrl_gym.actions import parse_action
from webrl_gym.errors import ActionSyntaxError

_SHOWN = 80
"""Characters of an action that are shown."""


def with_tokens(result: EpisodeResult, trajectory: Trajectory, end_ids: Collection[int]) -> EpisodeResult:
    """A result with what a model in this process read and wrote, and how often that was empty or cut at its longest.

    Args:
        result: Of the episode.
        trajectory: The episode.
        end_ids: Tokens that end an action; without any nothing counts as cut.
    """
    written = [step.completion for step in trajectory.steps]
    unfinished = sum(not one.text.strip() or not set(one.token_ids[-1:]) & set(end_ids) for one in written)
    return replace(
        result,
        unfinished=unfinished if end_ids else 0,
        prompt_tokens=sum(len(step.prompt.token_ids) for step in trajectory.steps),
        completion_tokens=sum(len(one.token_ids) for one in written),
    )


def with_unreadable(result: EpisodeResult, steps: Sequence[Step]) -> EpisodeResult:
    """A result with the actions that are none: an agent that speaks another language would pass for a bad one.

    Args:
        result: Of the episode.
        steps: Of the episode.
    """
    texts = [step.completion.text for step in steps if not _is_action(step.completion.text)]
    return replace(result, unreadable=len(texts), first_unreadable=texts[0][:_SHOWN]) if texts else result


def _is_action(text: str) -> bool:
    try:
        parse_action(text)
    except ActionSyntaxError:
        return False
    return True
