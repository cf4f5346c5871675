"""Reads files of benchmarks and training runs into parts of a report; what is missing or broken becomes a note."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agents.labelling import ConfusionMatrix
from agents.report.viewer import ShownTrajectory
from agents.results import EpisodeResult, episode_result, result_from_json
from agents.trajectory_io import read_trajectories
from agents.types import Completion, Prompt, Step, Trajectory
from webrl_gym.tasks.record import Task
from webrl_gym.types import OutcomeVerdict


@dataclass(frozen=True, slots=True)
class LoadedPanels:
    """What some result folders held.

    Attributes:
        results: Finished episodes by agent, in panel order; agents without any are a note only.
        trajectories: Their attempts, agent by agent, in panel order; the last one of each task.
        tasks: Records of the tasks by id, as far as anybody's attempts hold them.
        notes: One sentence for everything that was missing or could not be read.
    """

    results: dict[str, list[EpisodeResult]]
    trajectories: list[ShownTrajectory]
    tasks: dict[str, Task]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class LoadedMetrics:
    """What a metrics file held.

    Attributes:
        phases: Metrics of each phase, in order; a phase that was run again counts as it went last.
        notes: One sentence for everything that could not be read.
    """

    phases: list[dict[str, float | int | None]]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class LoadedAttempts:
    """What a file of attempts held.

    Attributes:
        trajectories: The attempts in file order.
        notes: One sentence for everything that could not be read.
    """

    trajectories: list[ShownTrajectory]
    notes: list[str]

    @property
    def results(self) -> list[EpisodeResult]:
        """How each attempt ended, by the verdict that counts."""
        return [
            episode_result(
                item.trajectory.task,
                item.verdict or item.trajectory.rule_verdict or item.label,  # one that decided nothing is no failure
                item.trajectory.failure,
                len(item.trajectory.steps),
                "",
                0.0,
            )
            for item in self.trajectories
        ]


def load_panel_folders(folders: Mapping[str, Path], group: str = "", unseen: Collection[str] = ()) -> LoadedPanels:
    """Reads result folders of ``agents.panel``: ``panel.json``, ``results.jsonl`` and ``trajectories.jsonl``.

    A step's ``info`` may hold ``value``, the critic's V(s), and ``screenshot``, the name of a picture in the folder.

    Args:
        folders: Result folder of each agent, by the name that the report shows.
        group: The comparison that the attempts belong to.
        unseen: Agents whose attempts are shown only where nobody else has finished an episode.
    """
    loaded = LoadedPanels({}, [], {}, [])
    for agent, folder in folders.items():
        results = _panel_results(agent, folder, loaded.notes)
        if results:
            loaded.results[agent] = results
    shown = [agent for agent in loaded.results if agent not in unseen] or list(loaded.results)
    for agent in shown:
        place = {task: number for number, task in enumerate(_read_panel(folders[agent]))}
        found = load_attempts(folders[agent] / "trajectories.jsonl", agent, group)
        loaded.notes.extend(found.notes)
        # A kill between two writes leaves a trajectory without a result; its task ran again later.
        attempts = list({one.trajectory.task.task_id: one for one in found.trajectories}.values())
        # The file has them in the order in which they ended.
        attempts.sort(key=lambda one: place.get(one.trajectory.task.task_id, len(place)))
        loaded.trajectories.extend(attempts)
    loaded.tasks.update(_tasks_of(loaded.trajectories))
    for agent, results in loaded.results.items():
        if agent not in shown and any(result.task_id not in loaded.tasks for result in results):
            # Nobody looks at these attempts, but only they tell what was asked.
            found = load_attempts(folders[agent] / "trajectories.jsonl", agent)
            loaded.notes.extend(found.notes)
            loaded.tasks.update(_tasks_of(found.trajectories))
    return loaded


def _tasks_of(items: Iterable[ShownTrajectory]) -> dict[str, Task]:
    return {item.trajectory.task.task_id: item.trajectory.task for item in items}


def _panel_results(agent: str, folder: Path, notes: list[str]) -> list[EpisodeResult]:
    """Finished episodes in panel order; that there are none, or too few, becomes a note."""
    if not (folder / "results.jsonl").exists():
        notes.append(f"{agent}: begun, no episode finished.")
        return []
    results = {result.task_id: result for result in _read_results(agent, folder, notes)}
    tasks = _read_panel(folder)
    missing = [task for task in tasks if task not in results]
    if missing:
        notes.append(f"{agent}: {len(missing)} of {len(tasks)} tasks have no finished episode.")
    order = dict.fromkeys([*(task for task in tasks if task in results), *results])
    return [results[task] for task in order]


def load_attempts(path: Path, agent: str, group: str = "", run: str = "") -> LoadedAttempts:
    """Reads a trajectory file (``agents.trajectory_io``).

    Args:
        path: The file; pictures that its steps name lie in its folder.
        agent: Who acted, as the report shows it.
        group: The comparison that the attempts belong to.
        run: The training run that they belong to, where several are shown.
    """
    try:
        file = read_trajectories(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return LoadedAttempts([], [f"{agent}: {reason}: no trajectories from {path.name}."])
    shown = [
        replace(_shown(path.parent, agent, trajectory, label), group=group, run=run)
        for trajectory, label in zip(file.trajectories, file.labels, strict=True)
    ]
    return LoadedAttempts(shown, [f"{agent}: {path.name}: {problem}" for problem in file.problems])


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
    return LoadedMetrics([phases[number] for number in sorted(phases)], notes)


def load_agreement(path: Path) -> ConfusionMatrix | None:
    """The ORM's agreement with the rules on held-out attempts, from a run's ``orm.json``.

    Args:
        path: The file.

    Returns:
        The counts; None where the file is not there or does not hold them.
    """
    record = read_json(path)
    counts = record.get("confusion")
    try:
        return ConfusionMatrix(**counts) if isinstance(counts, Mapping) else None
    except TypeError:
        return None


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; an empty one where it is not there or cannot be read.

    Args:
        path: The file.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _shown(folder: Path, agent: str, trajectory: Trajectory, label: OutcomeVerdict | None) -> ShownTrajectory:
    values = tuple(_value(step) for step in trajectory.steps)
    known = values if any(value is not None for value in values) else ()
    screenshots = _screenshots(folder, trajectory.steps)
    steps = tuple(map(_without_tokens, trajectory.steps))
    return ShownTrajectory(agent, replace(trajectory, steps=steps), label, known, screenshots)


def _without_tokens(step: Step) -> Step:
    """A report shows texts; the tokens of a long run would fill the memory."""
    prompt = Prompt((), step.prompt.text, step.prompt.chars_left_out)
    return replace(step, prompt=prompt, completion=Completion(step.completion.text))


def _read_panel(folder: Path) -> list[str]:
    tasks = read_json(folder / "panel.json").get("tasks")
    # Without them the results name their tasks themselves; only the count of unfinished ones is lost.
    return [str(task) for task in tasks] if isinstance(tasks, list) else []


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
