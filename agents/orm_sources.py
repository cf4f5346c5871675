"""Where an outcome reward model's training data comes from: trajectory files, folders of them, training runs.

Labels are what is known to be true: a task's own rules, or a label that somebody gave. What another outcome reward
model said is no label here, or errors would be learned.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.duplicates import KnownTasks
from agents.errors import ConfigConflict
from agents.trajectory_io import FORMAT, TrajectoryFile, read_trajectories
from agents.types import LabelledTrajectory, Trajectory
from webrl_gym.tasks.record import Task
from webrl_gym.types import OutcomeVerdict, VerdictStatus

_NAMES = ("*.jsonl", "*.jsonl.gz")


@dataclass(frozen=True, slots=True)
class LabelledSource:
    """What trajectory files gave.

    Attributes:
        labelled: Attempts with a label that is known to be true, in order.
        left_out: Attempts without one, by reason.
        problems: Lines that could not be read, each with its file.
    """

    labelled: tuple[LabelledTrajectory, ...]
    left_out: Mapping[str, int]
    problems: tuple[str, ...]


def phase_files(run: Path) -> list[Path]:
    """The attempts of a training run's phases, in their order.

    Args:
        run: Folder of a run of ``webrl-train``.
    """
    return sorted((run / "rollouts").glob("phase-*.jsonl.gz"))


def run_files(run: Path, *, phases: bool = False) -> list[Path]:
    """The files of a training run that a judge learns from: demonstrations and first attempts.

    Args:
        run: Folder of a run of ``webrl-train``.
        phases: The attempts of its phases as well. Without them they tell how far the judge can be believed later on.

    Raises:
        ConfigConflict: If it has none yet.
    """
    found = [path for name in ("demonstrations", "attempts") if (path := run / f"{name}.jsonl.gz").exists()]
    if run / "attempts.jsonl.gz" not in found:
        raise ConfigConflict(f"{run} has no attempts of its supervised policy yet (attempts.jsonl.gz)")
    later = phase_files(run) if phases else []
    if phases and not later:
        raise ConfigConflict(f"{run} has no finished phase yet (rollouts/phase-*.jsonl.gz), which phases=true is about")
    return [*found, *later]


def trajectory_files(places: str | Path | Sequence[str | Path]) -> list[Path]:
    """The trajectory files among files and folders; folders are searched with all that is in them.

    Args:
        places: Files and folders; one alone needs no list.

    Raises:
        ConfigConflict: If there is no such file, or a folder holds no trajectories; all of them in one message.
    """
    files: list[Path] = []
    problems = []
    for place in map(Path, [places] if isinstance(places, str | Path) else places):
        if place.is_file():
            found = [place]
        else:
            found = sorted(path for name in _NAMES for path in place.rglob(name) if _has_header(path))
        if not found:
            problems.append(f"{place} " + ("holds no trajectory file" if place.is_dir() else "is not there"))
        files += found
    if problems:
        raise ConfigConflict(f"trajectories: {'; '.join(problems)}")
    return list(dict.fromkeys(files))


def read_labelled(files: Iterable[Path], protected: Iterable[str], tasks: Iterable[Task] = ()) -> LabelledSource:
    """Reads trajectories whose outcome is known.

    Args:
        files: Trajectory files.
        protected: Suites that nothing is learned from; a file with attempts at their tasks is refused.
        tasks: Tasks that nothing is learned from either, whatever suite a file says; attempts at them, or without a
            template at nearly the same words, are left out.

    Raises:
        ConfigConflict: If there are attempts at tasks of such a suite.
        OSError: If a file cannot be read.
        ValueError: If a file is of another format.
    """
    labelled: list[LabelledTrajectory] = []
    left_out: Counter[str] = Counter()
    problems: list[str] = []
    suites, apart = frozenset(protected), KnownTasks(tasks)
    for path in files:
        content = read_trajectories(path)
        problems += [f"{path}, {problem}" for problem in content.problems]
        _refuse_protected(path, content, suites)
        for trajectory, label in zip(content.trajectories, content.labels, strict=True):
            is_apart = trajectory.task in apart or apart.resembled(trajectory.task) is not None
            known = "a validation or test task" if is_apart else known_outcome(trajectory, label)
            if isinstance(known, OutcomeVerdict):
                labelled.append(LabelledTrajectory(trajectory, known))
            else:
                left_out[known] += 1
    return LabelledSource(tuple(labelled), dict(left_out), tuple(problems))


def known_outcome(trajectory: Trajectory, label: OutcomeVerdict | None) -> OutcomeVerdict | str:
    """What is true of an attempt, or why nobody knows.

    Args:
        trajectory: An attempt.
        label: The label that its file holds.

    Returns:
        A scored verdict that is no judge's, the label before the rules; or a reason in a few words.
    """
    if trajectory.failure is not None:
        return "broken by the infrastructure"
    candidates = (label if label is None or label.source != "orm" else None, trajectory.rule_verdict)
    scored = [one for one in candidates if one is not None and one.status is VerdictStatus.SCORED]
    return scored[0] if scored else "outcome unknown"


def _refuse_protected(path: Path, content: TrajectoryFile, protected: frozenset[str]) -> None:
    found = {trajectory.task.suite for trajectory in content.trajectories} & protected
    if found:
        raise ConfigConflict(
            f"trajectories: {path} holds attempts at tasks of {', '.join(sorted(found))}, on which nothing is trained "
            "or by which the judge is measured"
        )


def _has_header(path: Path) -> bool:
    """Whether a file begins as trajectory files do; other JSON lines (metrics, results) lie beside them."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as stream:
            header = json.loads(stream.readline())
    except (OSError, ValueError):
        return False
    return isinstance(header, dict) and header.get("format") == FORMAT
