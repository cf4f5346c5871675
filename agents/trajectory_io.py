"""Trajectories on disk: versioned JSON lines, readable without this package.

The file is UTF-8 text, gzip-compressed when its name ends in ``.gz``. Its first line names the format::

    {"format": "webrl-gym trajectories", "version": 1}

Every other line is one trajectory, a JSON object with these fields:

``task``
    The task record (``Task.as_dict``): ``task_id``, ``sites``, ``instruction``, ``start_urls``, ``evaluation``,
    ``max_steps``, ``suite``, ``world``, ``template``, ``parameters``, ``parent``, ``tags``.
``phase``
    Phase in which it was collected; 0 for demonstrations.
``truncated``, ``failure``
    Whether the step limit or a failure ended it, and the failure's name and reason (or null).
``rule_verdict``, ``label``
    What the task's rules say, and the verdict that training uses: an object with ``status``, ``score``, ``source``,
    ``p_yes``, ``detail`` and ``fuzzy_by`` (older files lack the last), or null.
``final_observation``
    The observation after the last action: ``instruction``, ``url``, ``html``, ``last_action_error``.
``steps``
    A list of objects, in order: ``observation`` (before the action), ``prompt`` (``text``, ``token_ids``,
    ``chars_left_out``), ``completion`` (``text``, ``token_ids``, ``log_probs`` in nats), ``reward``, ``info``.
    Token ids belong to the model that collected the trajectory; empty lists where none was involved (an oracle).

A line that cannot be read is named, skipped and counted, and so is the end of a file that is cut; a header that cannot
be read, or of another version, refuses the file.
"""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar, cast

from agents.atomic_file import replacing
from agents.types import Completion, LabelledTrajectory, Prompt, Step, Trajectory
from webrl_gym.errors import TaskFileError
from webrl_gym.tasks.record import task_from_dict
from webrl_gym.types import Observation, OutcomeVerdict, VerdictStatus

FORMAT = "webrl-gym trajectories"
VERSION = 1

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_CUT = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a compressed file raises that is cut or changed."""


@dataclass(frozen=True, slots=True)
class TrajectoryFile:
    """What a trajectory file held.

    Attributes:
        trajectories: The readable trajectories in file order.
        labels: The label of each, None where it has none.
        problems: One line for each line that could not be read: its number and the reason.
    """

    trajectories: tuple[Trajectory, ...]
    labels: tuple[OutcomeVerdict | None, ...]
    problems: tuple[str, ...]

    @property
    def labelled(self) -> list[LabelledTrajectory]:
        """The trajectories that carry a label, in file order."""
        pairs = zip(self.trajectories, self.labels, strict=True)
        return [LabelledTrajectory(trajectory, label) for trajectory, label in pairs if label is not None]


def trajectory_to_dict(item: Trajectory | LabelledTrajectory) -> dict[str, Any]:
    """One line of the file as JSON-ready data (fields: see the module's docstring).

    Args:
        item: A trajectory, with or without its label.
    """
    trajectory, label = (item.trajectory, item.label) if isinstance(item, LabelledTrajectory) else (item, None)
    return {
        "task": trajectory.task.as_dict(),
        "phase": trajectory.phase,
        "truncated": trajectory.truncated,
        "failure": trajectory.failure,
        "rule_verdict": trajectory.rule_verdict.as_dict() if trajectory.rule_verdict is not None else None,
        "label": label.as_dict() if label is not None else None,
        "final_observation": dict(trajectory.final_observation),
        "steps": [_step_to_dict(step) for step in trajectory.steps],
    }


def trajectory_from_dict(record: Mapping[str, Any]) -> Trajectory:
    """Reads what ``trajectory_to_dict`` wrote, apart from the label.

    Args:
        record: One line of the file.

    Raises:
        ValueError: If a field is missing or has a value that cannot be; the message names it.
    """
    try:
        steps = tuple(_step_from_dict(step) for step in record["steps"])
        if not steps and record["failure"] is None:
            raise ValueError("there is no step, and no failure that would be the reason")
        return Trajectory(
            task=task_from_dict(record["task"]),
            steps=steps,
            final_observation=_observation_from_dict(record["final_observation"]),
            phase=int(record["phase"]),
            truncated=_typed(record, "truncated", bool),
            failure=None if record["failure"] is None else _typed(record, "failure", str),
            rule_verdict=_verdict_from_dict(record["rule_verdict"]),
        )
    except _UNREADABLE as error:
        raise _unreadable(error) from error


def labelled_from_dict(record: Mapping[str, Any]) -> LabelledTrajectory:
    """Reads what ``trajectory_to_dict`` wrote of a labelled trajectory.

    Args:
        record: One line of the file.

    Raises:
        ValueError: If a field is missing or has a value that cannot be; the message names it.
    """
    trajectory = trajectory_from_dict(record)
    try:
        label = _verdict_from_dict(record["label"])
    except _UNREADABLE as error:
        raise _unreadable(error) from error
    if label is None:
        raise ValueError("field 'label' is null")
    return LabelledTrajectory(trajectory, label)


def write_trajectories(path: Path, items: Iterable[Trajectory | LabelledTrajectory]) -> int:
    """Writes a whole file; an existing one is replaced only when everything is written.

    Args:
        path: The file; gzip-compressed when its name ends in ``.gz``.
        items: Trajectories, with or without labels.

    Returns:
        How many were written.

    Raises:
        OSError: If the file cannot be written; what stood there before still stands.
    """
    count = 0
    compressed = path.suffix == ".gz"
    with replacing(path) as temporary, _open(temporary, "wt", compressed) as stream:
        stream.write(json.dumps({"format": FORMAT, "version": VERSION}) + "\n")
        for item in items:
            stream.write(json.dumps(trajectory_to_dict(item), ensure_ascii=False, allow_nan=False) + "\n")
            count += 1
    return count


def read_trajectories(path: Path) -> TrajectoryFile:
    """Reads a file; lines that cannot be read are named, skipped and counted.

    Args:
        path: The file.

    Raises:
        OSError: If there is no such file or it cannot be read.
        ValueError: If its first line does not name the format, or names another version.
    """
    trajectories: list[Trajectory] = []
    labels: list[OutcomeVerdict | None] = []
    problems: list[str] = []
    with _open(path, "rt", path.suffix == ".gz") as stream:
        _check_header(path, stream)
        for number, line in _lines(stream, problems):
            try:
                trajectory, label = _of_line(line)
            except ValueError as error:
                problems.append(f"line {number}: {error}")
                continue
            trajectories.append(trajectory)
            labels.append(label)
    if problems:
        _log.warning("%s: skipped %d lines that cannot be read; first: %s", path.name, len(problems), problems[0])
    return TrajectoryFile(tuple(trajectories), tuple(labels), tuple(problems))


_UNREADABLE = (KeyError, TypeError, AttributeError, OverflowError, TaskFileError)
"""What reading a record raises, beside ``ValueError``, that is none of ours."""


def _unreadable(error: Exception) -> ValueError:
    return ValueError(f"field {error} is missing" if isinstance(error, KeyError) else str(error))


def _lines(stream: TextIO, problems: list[str]) -> Iterator[tuple[int, str]]:
    """Lines after the first that are not empty, with their numbers; where the file is cut goes to the problems."""
    number = 1
    try:
        for number, line in enumerate(stream, start=2):
            if line.strip():
                yield number, line
    except _CUT as error:
        problems.append(f"line {number + 1} and all that follow: the file is cut or changed ({error})")


def _of_line(line: str) -> tuple[Trajectory, OutcomeVerdict | None]:
    try:
        line.encode("utf-8")  # what was no UTF-8 is no character now
        record = json.loads(line, parse_constant=_refuse_constant)
        if "\\ud" in line.lower():  # so may be half of one that is written as two
            json.dumps(record, ensure_ascii=False).encode("utf-8")
        trajectory = trajectory_from_dict(record)
        return trajectory, _verdict_from_dict(record.get("label"))
    except _UNREADABLE as error:
        raise _unreadable(error) from error
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _open(path: Path, mode: str, compressed: bool) -> TextIO:
    errors = "surrogateescape" if mode == "rt" else "strict"  # a wrong byte spoils its line, not the file
    if compressed:
        return cast("TextIO", gzip.open(path, mode, encoding="utf-8", errors=errors))
    return cast("TextIO", path.open(mode, encoding="utf-8", errors=errors))


def _check_header(path: Path, stream: TextIO) -> None:
    try:
        header = json.loads(stream.readline())
    except _CUT as error:
        raise ValueError(f"{path} is cut or changed, or is not compressed: {error}") from error
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError(f'{path} is not a trajectory file: expected a first line with "format": "{FORMAT}".')
    if header.get("version") != VERSION:
        raise ValueError(f"{path} has version {header.get('version')!r} of its format; expected {VERSION}.")


def _step_to_dict(step: Step) -> dict[str, Any]:
    prompt, completion = step.prompt, step.completion
    return {
        "observation": dict(step.observation),
        "prompt": {"text": prompt.text, "token_ids": list(prompt.token_ids), "chars_left_out": prompt.chars_left_out},
        "completion": {
            "text": completion.text,
            "token_ids": list(completion.token_ids),
            "log_probs": list(completion.log_probs),
        },
        "reward": step.reward,
        "info": step.info,
    }


def _step_from_dict(record: Mapping[str, Any]) -> Step:
    prompt, completion = record["prompt"], record["completion"]
    return Step(
        observation=_observation_from_dict(record["observation"]),
        prompt=Prompt(
            token_ids=tuple(map(int, prompt["token_ids"])),
            text=_typed(prompt, "text", str),
            chars_left_out=int(prompt["chars_left_out"]),
        ),
        completion=Completion(
            text=_typed(completion, "text", str),
            token_ids=tuple(map(int, completion["token_ids"])),
            log_probs=tuple(map(float, completion["log_probs"])),
        ),
        reward=float(record["reward"]),
        info=dict(record["info"]),
    )


def _observation_from_dict(record: Mapping[str, Any]) -> Observation:
    return Observation(
        instruction=_typed(record, "instruction", str),
        url=_typed(record, "url", str),
        html=_typed(record, "html", str),
        last_action_error=_typed(record, "last_action_error", str),
    )


def _verdict_from_dict(record: Mapping[str, Any] | None) -> OutcomeVerdict | None:
    if record is None:
        return None
    return OutcomeVerdict(
        status=VerdictStatus(record["status"]),
        score=_share(record, "score"),
        source=_typed(record, "source", str),
        p_yes=None if record["p_yes"] is None else _share(record, "p_yes"),
        detail=_typed(record, "detail", str),
        fuzzy_by=_typed({"fuzzy_by": "", **record}, "fuzzy_by", str),
    )


def _typed(record: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    """A field as it is; another kind, null among them, would be learned from as the word for it."""
    value = record[name]
    if not isinstance(value, kind):
        raise ValueError(f"field {name!r} must be {'text' if kind is str else 'true or false'}, got {value!r:.60}")  # noqa: TRY004 - as for every other wrong line
    return value


def _share(record: Mapping[str, Any], name: str) -> float:
    value = record[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise ValueError(f"field {name!r} must be a number from 0 to 1, got {value!r:.60}")
    return float(value)
