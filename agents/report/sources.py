"""Reads what benchmarks and training runs wrote into parts of a report; what is missing or broken becomes a note."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.curriculum import CurriculumReport
from agents.report.viewer import ShownTrajectory
from agents.results import EpisodeResult, result_from_json
from agents.trajectory_io import read_trajectories
from agents.types import Step

_CURRICULUM = "curriculum/"


@dataclass(frozen=True, slots=True)
class LoadedPanels:
    """What some result folders held.

    Attributes:
        results: Finished episodes by agent, in panel order; agents without any are there with an empty list.
        trajectories: Their attempts, agent by agent, in panel order; the last one of each task.
        notes: One sentence for everything that was missing or could not be read.
    """

    results: dict[str, list[EpisodeResult]]
    trajectories: list[ShownTrajectory]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class LoadedMetrics:
    """What a metrics file held.

    Attributes:
        phases: Metrics of each phase, in order; a phase that was run again counts as it went last.
        curriculum: Where the proposals went, by phase.
        notes: One sentence for everything that could not be read.
    """

    phases: list[dict[str, float | int | None]]
    curriculum: dict[int, CurriculumReport]
    notes: list[str]


def load_panel_folders(folders: Mapping[str, Path]) -> LoadedPanels:
    """Reads result folders of ``agents.panel``: ``panel.json``, ``results.jsonl`` and ``trajectories.jsonl``.

    A step's ``info`` may hold ``value``, the critic's V(s), and ``screenshot``, the name of a picture in the folder.

    Args:
        folders: Result folder of each agent, by the name that the report shows.
    """
    loaded = LoadedPanels({}, [], [])
    for agent, folder in folders.items():
        results = {result.task_id: result for result in _read_results(agent, folder, loaded.notes)}
        tasks = _read_panel(folder)
        missing = [task for task in tasks if task not in results]
        if missing:
            loaded.notes.append(f"{agent}: {len(missing)} of {len(tasks)} tasks have no finished episode.")
        order = dict.fromkeys([*(task for task in tasks if task in results), *results])
        loaded.results[agent] = [results[task] for task in order]
        place = {task: number for number, task in enumerate(tasks)}
        attempts = _read_attempts(agent, folder, loaded.notes)  # in the order in which they ended
        attempts.sort(key=lambda shown: place.get(shown.trajectory.task.task_id, len(place)))
        loaded.trajectories.extend(attempts)
    return loaded


def load_metrics(path: Path) -> LoadedMetrics:
    """Reads a metrics file of a training run (``agents.metrics.JsonlWriter``).

    Args:
        path: The file; lines without a ``phase`` are left out.
    """
    notes: list[str] = []
    phases: dict[int, dict[str, float | int | None]] = {}
    for record in _read_lines(path, "metrics", notes):
        number = record.get("phase") if isinstance(record, dict) else None
        if isinstance(number, int):
            # A resumed run writes its phases again: the last line is the one that the checkpoints go on from.
            phases.pop(number, None)
            phases[number] = {
                name: value for name, value in record.items() if value is None or isinstance(value, int | float)
            }
    ordered = [phases[number] for number in sorted(phases)]
    curriculum = {number: report for number in sorted(phases) if (report := _curriculum(phases[number])) is not None}
    return LoadedMetrics(ordered, curriculum, notes)


def _curriculum(metrics: Mapping[str, float | int | None]) -> CurriculumReport | None:
    counts = {name: metrics.get(_CURRICULUM + name) for name in CurriculumReport().as_dict()}
    known = {name: int(count) for name, count in counts.items() if count is not None}
    return CurriculumReport(**known) if known else None


def _read_panel(folder: Path) -> list[str]:
    try:
        header = json.loads((folder / "panel.json").read_text(encoding="utf-8"))
        return [str(task) for task in header["tasks"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # the results name their tasks themselves; only the count of unfinished ones is lost


def _read_results(agent: str, folder: Path, notes: list[str]) -> Iterator[EpisodeResult]:
    for record in _read_lines(folder / "results.jsonl", agent, notes):
        try:
            yield result_from_json(json.dumps(record))
        except (ValueError, TypeError, KeyError) as error:
            notes.append(f"{agent}: a line of results.jsonl is no result: {error}")


def _read_lines(path: Path, name: str, notes: list[str]) -> Iterator[Any]:
    """The JSON value of each line; a file or a line that cannot be read becomes a note."""
    try:
        with path.open("rb") as stream:  # bytes: text would also be split at separators inside a string
            lines = stream.readlines()
    except OSError as error:
        notes.append(f"{name}: {path.name} cannot be read: {error.strerror}.")
        return
    broken = 0
    for line in lines:
        try:
            yield json.loads(line.decode(errors="replace"))
        except ValueError:
            broken += 1
    if broken:
        notes.append(f"{name}: {broken} lines of {path.name} cannot be read.")


def _read_attempts(agent: str, folder: Path, notes: list[str]) -> list[ShownTrajectory]:
    path = folder / "trajectories.jsonl"
    try:
        file = read_trajectories(path)
    except (OSError, ValueError) as error:
        notes.append(f"{agent}: {getattr(error, 'strerror', None) or error}: no trajectories from {path.name}.")
        return []
    notes.extend(f"{agent}: {path.name}: {problem}" for problem in file.problems)
    attempts = {
        # A kill between two writes leaves a trajectory without a result; its task ran again later.
        trajectory.task.task_id: ShownTrajectory(
            agent,
            trajectory,
            label,
            tuple(_value(step) for step in trajectory.steps),
            _screenshots(folder, trajectory.steps),
        )
        for trajectory, label in zip(file.trajectories, file.labels, strict=True)
    }
    return list(attempts.values())


def _value(step: Step) -> float | None:
    value = step.info.get("value")
    return float(value) if isinstance(value, int | float) else None


def _screenshots(folder: Path, steps: Sequence[Step]) -> dict[int, bytes]:
    """Pictures of the steps that name one inside the folder."""
    found = {}
    for number, step in enumerate(steps):
        name = step.info.get("screenshot")
        if not isinstance(name, str):
            continue
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            found[number] = path.read_bytes()
    return found
