"""Demonstrations out of a trajectory file of one's own, instead of the oracle's."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from agents.atomic_file import replacing
from agents.duplicates import KnownTasks
from agents.errors import TrainingStopped
from agents.labelling import RuleLabeller
from agents.trajectory_io import read_trajectories, write_trajectories
from agents.types import Completion, LabelledTrajectory, Prompt, Trajectory
from webrl_gym.actions import parse_action
from webrl_gym.errors import ActionSyntaxError
from webrl_gym.tasks.record import Task

_log = logging.getLogger(__name__)


def take_demonstrations(source: Path, target: Path, held_out: Collection[str], protected: Iterable[Task] = ()) -> None:
    """Copies the demonstrations of a file into a run; what cannot be learned from is named, skipped and counted.

    Token ids are left behind: they belong to the model that acted, and the run's own renders and encodes anew.

    Args:
        source: A trajectory file (``agents.trajectory_io``); successes are taken, by their labels or else their rules.
        target: The run's trajectory file; the count and the reasons go beside it, into ``demonstrations.json``.
        held_out: Suites whose tasks must not be learned from.
        protected: Tasks that must not be, whatever suite the file says: those of their template and parameters neither,
            nor those without a template whose words are nearly the same.

    Raises:
        OSError: If a file cannot be read or written.
        ValueError: If ``source`` is no trajectory file.
        TrainingStopped: If there is nothing to learn from; the message names the first reason.
    """
    found = read_trajectories(source)
    skipped = list(found.problems)
    taken: list[LabelledTrajectory] = []
    apart = KnownTasks(protected)
    for trajectory, label in zip(found.trajectories, found.labels, strict=True):
        (by_rules,) = RuleLabeller().judge([trajectory])
        item = LabelledTrajectory(trajectory, label or by_rules)
        if trajectory.task.suite in held_out:
            skipped.append(f"{trajectory.task.task_id}: tasks of {trajectory.task.suite} are never learned from")
        elif trajectory.task in apart:
            skipped.append(f"{trajectory.task.task_id}: it is a validation or test task by template and parameters")
        elif (like := apart.resembled(trajectory.task)) is not None:
            skipped.append(f"{trajectory.task.task_id}: it is like a validation or test task ({like!r})")
        elif trajectory.failure is not None or not item.label.success:
            skipped.append(f"{trajectory.task.task_id}: it is no success")
        elif problem := _no_action(trajectory):
            skipped.append(f"{trajectory.task.task_id}: {problem}")
        else:
            taken.append(replace(item, trajectory=_without_ids(trajectory)))
    if not taken:
        reason = skipped[0] if skipped else "it is empty"
        raise TrainingStopped(f"{source} holds no demonstration to learn from ({reason})")
    if skipped:
        _log.warning("%s: %d demonstrations taken, %d skipped; first: %s", source, len(taken), len(skipped), skipped[0])
    with replacing(target.with_name("demonstrations.json")) as temporary:
        record = {"taken": len(taken), "skipped": len(skipped), "reasons": skipped}
        temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_trajectories(target, taken)


def _no_action(trajectory: Trajectory) -> str:
    """Which of its completions is the first that is no action; empty if all are."""
    for number, step in enumerate(trajectory.steps, start=1):
        try:
            parse_action(step.completion.text)
        except ActionSyntaxError as error:
            return f"the completion of step {number} is no action: {error}"
    return ""


def _without_ids(trajectory: Trajectory) -> Trajectory:
    steps = (
        replace(
            step,
            prompt=Prompt((), step.prompt.text, step.prompt.chars_left_out),
            completion=Completion(step.completion.text),
        )
        for step in trajectory.steps
    )
    return replace(trajectory, steps=tuple(steps))
