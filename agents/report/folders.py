"""A report from folders alone: training runs, results of benchmarks, or both, side by side.

A folder is searched for what ``agents.training_run``, ``agents.panel`` and the demo write:

    config.json                the configuration of a training run
    metrics.jsonl              its metrics by phase
    demonstrations.jsonl.gz    solutions to compare failures with
    attempts.jsonl.gz, rollouts/phase-*.jsonl.gz     what was attempted while training
    orm.json                   the outcome reward model against the rules
    **/panel.json              results of an agent over a suite (beside card.json, results.jsonl, trajectories.jsonl)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agents.analyses.curves import MAX_SERIES
from agents.labelling import ConfusionMatrix, agreement_with_rules
from agents.report.conditions import unlike_conditions
from agents.report.page import FLOORS, YARDSTICKS, ReportData, RunData
from agents.report.sources import (
    LoadedAttempts,
    load_agreement,
    load_attempts,
    load_metrics,
    load_panel_folders,
    read_json,
)
from agents.report.viewer import ShownTrajectory
from agents.types import LabelledTrajectory
from webrl_gym.tasks.record import Task

WHILE_TRAINING = "attempts while training"
"""The comparison that a run's own attempts belong to."""

_SUITES = ("practice-train", "practice-valid", "practice-test", "practice-test-large")
"""Suites that are shown first, in this order."""
_REPLICA = "{} is the embedded replica of the official sites: not comparable with published scores."


@dataclass(frozen=True, slots=True)
class _Panel:
    """A result folder.

    Attributes:
        suite: Its suite.
        agent: The agent as the report shows it.
        folder: The folder.
        header: What ``panel.json`` says.
        card: How it was made; empty where it was stopped.
        yardstick: Which agent that learns nothing it is; empty for others.
    """

    suite: str
    agent: str
    folder: Path
    header: Mapping[str, Any]
    card: Mapping[str, Any]
    yardstick: str


@dataclass(slots=True)
class _Parts:
    """Parts of the report as they are gathered."""

    trajectories: list[ShownTrajectory] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    unlike: dict[str, list[str]] = field(default_factory=dict)
    runs: dict[str, RunData] = field(default_factory=dict)
    orm: dict[str, ConfusionMatrix] = field(default_factory=dict)
    cards: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def load_report(folders: Sequence[Path], title: str | None = None) -> ReportData:
    """Reads folders into a report.

    Args:
        folders: Folders of training runs, result folders, or folders that hold such; at least one. With several, what
            belongs to one of them is called after it.
        title: Heading of the page; made from the folders' names when None.

    Raises:
        ValueError: If one of them holds neither a training run nor results; the message names all of those.
    """
    names = _names(folders)
    panels = {folder: list(_panels(folder)) for folder in folders}
    empty = [str(folder) for folder in folders if not panels[folder] and not _is_run(folder)]
    if empty:
        raise ValueError(
            f"{', '.join(empty)}: expected a folder of webrl-train, or one with results of webrl-benchmark in it "
            "(config.json and metrics.jsonl, or panel.json)"
        )
    parts = _Parts()
    several, many_runs = len(folders) > 1, sum(map(_is_run, folders)) > 1
    found: list[_Panel] = []
    for folder, name in names.items():
        own = [_named(panel, folder, name if several else "") for panel in panels[folder]]
        found += own
        if _is_run(folder):
            _read_run(folder, name, f"{name}: " if several else "", name if many_runs else "", parts)
        parts.cards.update(_cards(folder, name, own))
    found = _told_apart(found)
    parts.notes += _models(found, {name: folder for folder, name in names.items() if _is_run(folder)})
    if len(parts.runs) > MAX_SERIES:
        parts.notes.append(f"Side by side are the curves of the first {MAX_SERIES} of {len(parts.runs)} runs.")
    return ReportData(
        title=title or f"webrl-gym: {', '.join(names.values())}",
        run_card=parts.cards if len(parts.cards) > 1 else next(iter(parts.cards.values())),
        suites=_read_panels(found, parts),
        unlike=parts.unlike,
        yardsticks=[*YARDSTICKS, *(panel.agent for panel in found if panel.yardstick)],
        runs=parts.runs,
        orm=parts.orm,
        trajectories=parts.trajectories,
        tasks=parts.tasks,
        notes=parts.notes,
    )


def _known_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a run's configuration says of what a run card holds."""
    env = config.get("env")
    known = {"engine": env.get("engine") if isinstance(env, Mapping) else None, "seeds": config.get("seed")}
    return {name: value for name, value in known.items() if value is not None}


def _config_of(card: Mapping[str, Any]) -> Mapping[str, Any]:
    config = card.get("config")
    return config if isinstance(config, Mapping) else {}


def _cards(folder: Path, name: str, panels: Sequence[_Panel]) -> dict[str, Mapping[str, Any]]:
    """How the numbers of a folder were made: a run's as a whole, of results without one panel by panel."""
    made = [panel for panel in _ordered(_told_apart(panels)) if panel.card]
    if not _is_run(folder) and len(made) > 1:
        return {f"{panel.agent} ({panel.suite})": panel.card for panel in made}
    card = made[-1].card if made else {}
    config = read_json(folder / "config.json") if _is_run(folder) else _config_of(card)
    return {name: {**_known_of(config), **card, "config": config}}


def _models(panels: Sequence[_Panel], runs: Mapping[str, Path]) -> list[str]:
    """What models stand behind the names, one sentence a model."""
    said: list[tuple[Any, str]] = [(panel.card.get("model"), panel.agent) for panel in panels]
    for name, folder in runs.items():
        trained = [read_json(folder / part / "config.json").get("webrl_gym") for part in ("policy", "sft")]
        said += [(record.get("description"), name) for record in trained if isinstance(record, Mapping)]
    shown: dict[str, list[str]] = {}
    for model, name in said:
        if model and name not in shown.setdefault(str(model), []):
            shown[str(model)].append(name)
    return [f"Model of {', '.join(own)}: {model}." for model, own in shown.items()]


def _names(folders: Sequence[Path]) -> dict[Path, str]:
    """Each folder's own name, with as much of its path as tells it from others that are called alike."""
    alike: dict[str, list[Path]] = {}
    for folder in folders:
        alike.setdefault(folder.resolve().name, []).append(folder)
    told = [_paths_apart(group) for group in alike.values()]
    return {folder: next(names[folder] for names in told if folder in names) for folder in folders}


def _paths_apart(folders: Sequence[Path]) -> dict[Path, str]:
    """The shortest ends of paths that are all different, what stands between the first and the last name left out."""
    parts = {folder: folder.resolve().parts for folder in folders}
    for depth in range(1, max(map(len, parts.values())) + 1):
        ends = {folder: one[-depth:] for folder, one in parts.items()}
        if len(set(ends.values())) == len(ends):
            return {folder: "/".join(end if depth < 3 else (end[0], "…", end[-1])) for folder, end in ends.items()}
    return {folder: str(folder) for folder in folders}


def _is_run(folder: Path) -> bool:
    return "demonstrations" in read_json(folder / "config.json") or (folder / "metrics.jsonl").exists()


def _panels(folder: Path) -> Iterator[_Panel]:
    """Result folders at or below a folder."""
    for path in sorted(folder.rglob("panel.json")):
        header, card = read_json(path), read_json(path.parent / "card.json")
        suite = header.get("suite") or _config_of(card).get("suite") or path.parent.parent.name
        agent, name = str(header.get("agent", "")), path.parent.resolve().name
        yardstick = agent if agent in YARDSTICKS else ""
        # Nobody else is shown as one, whatever the folder is called.
        shown = yardstick or (agent if name in YARDSTICKS and agent else name)
        yield _Panel(str(suite), shown, path.parent, header, card, yardstick)


def _named(panel: _Panel, folder: Path, run: str) -> _Panel:
    """The panel under the name that it has beside others; whoever did not learn is the same agent everywhere."""
    if not run or panel.yardstick or panel.folder == folder:
        return panel
    return replace(panel, agent=f"{run}: {panel.agent}")


def _told_apart(panels: Sequence[_Panel]) -> list[_Panel]:
    """The panels under names of their own in each suite; a yardstick's that was played twice alike is there once."""
    alike: dict[tuple[str, str], dict[Path, _Panel]] = {}
    for panel in panels:
        group = alike.setdefault((panel.suite, panel.agent), {})
        if panel.yardstick and any(one.header == panel.header for one in group.values()):
            continue
        group.setdefault(panel.folder.resolve(), panel)
    found = []
    for (_, agent), group in alike.items():
        names = _paths_apart(list(group)) if len(group) > 1 else {}
        for folder, panel in group.items():
            own = names.get(folder, agent)
            found.append(replace(panel, agent=f"{agent} ({own})" if names and panel.yardstick else own))
    return found


def _ordered(panels: Sequence[_Panel]) -> list[_Panel]:
    """Suites in their order; in each those that did not learn first, the others as they came."""

    def place(panel: _Panel) -> tuple[int, str, int, str]:
        suite = _SUITES.index(panel.suite) if panel.suite in _SUITES else len(_SUITES)
        agent = YARDSTICKS.index(panel.yardstick) if panel.yardstick else len(YARDSTICKS)
        return suite, panel.suite, agent, panel.agent.lower()

    return sorted(panels, key=place)


def _read_panels(panels: Sequence[_Panel], parts: _Parts) -> dict[str, dict[str, Any]]:
    suites: dict[str, dict[str, Path]] = {}
    floors: dict[str, list[str]] = {}
    for panel in _ordered(panels):
        suites.setdefault(panel.suite, {})[panel.agent] = panel.folder
        floors.setdefault(panel.suite, []).extend([panel.agent] if panel.yardstick in FLOORS else [])
        if panel.card.get("replica"):
            parts.notes.append(_REPLICA.format(panel.suite))
    results = {}
    for suite, folders in suites.items():
        # What agents did that cannot read is of interest only where nobody else is.
        loaded = load_panel_folders(folders, suite, unseen=floors[suite])
        results[suite] = loaded.results
        parts.unlike[suite] = unlike_conditions(
            {agent: read_json(folders[agent] / "panel.json") for agent in loaded.results}
        )
        parts.trajectories += loaded.trajectories
        parts.tasks |= loaded.tasks
        parts.notes += [note for note in loaded.notes if note not in parts.notes]
    parts.notes[:] = dict.fromkeys(parts.notes)
    return results


def _read_run(folder: Path, name: str, before: str, shown: str, parts: _Parts) -> None:
    """Reads a training run.

    Args:
        folder: The run.
        name: Its name.
        before: What its notes and groups begin with.
        shown: Its name beside those of other runs' attempts; empty where there are none.
        parts: Where everything goes.
    """
    metrics = load_metrics(folder / "metrics.jsonl")
    sampled: dict[int, LoadedAttempts] = {}
    group = before + WHILE_TRAINING
    for phase, path in _attempt_files(folder):
        agent = f"phase {phase}" if phase else "first attempts"
        sampled[phase] = load_attempts(path, agent, group, shown)
    loaded = list(sampled.values())
    if sampled and (folder / "demonstrations.jsonl.gz").exists():
        loaded.append(load_attempts(folder / "demonstrations.jsonl.gz", "oracle", group, shown))
    for attempts in loaded:
        parts.trajectories += attempts.trajectories
        parts.notes += [before + note for note in attempts.notes]
    parts.notes += [before + note for note in metrics.notes if metrics.phases or sampled]
    parts.runs[name] = RunData(metrics.phases, {phase: attempts.results for phase, attempts in sampled.items()})
    held_out = load_agreement(folder / "orm.json")
    if held_out is not None:
        suite = read_json(folder / "config.json").get("valid_suite", "validation tasks")
        parts.orm[f"{before}attempts of the supervised policy at {suite}"] = held_out
    labelled = [
        LabelledTrajectory(item.trajectory, item.label)
        for attempts in sampled.values()
        for item in attempts.trajectories
        if item.label is not None
    ]
    agreement = agreement_with_rules(labelled)
    if agreement.total:
        parts.orm[f"{before}attempts that it labelled while training"] = agreement


def _attempt_files(folder: Path) -> Iterator[tuple[int, Path]]:
    """Files of what was attempted while training, with their phases; 0 is what came before the first."""
    if (folder / "attempts.jsonl.gz").exists():
        yield 0, folder / "attempts.jsonl.gz"
    for path in sorted((folder / "rollouts").glob("phase-*.jsonl.gz")):
        if match := re.fullmatch(r"phase-(\d+)\.jsonl\.gz", path.name):
            yield int(match[1]), path
