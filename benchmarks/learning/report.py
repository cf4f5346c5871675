"""The table, the comparisons named beforehand and the figure, from the committed results alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from agents.environments import suite_of
from agents.results import SLICES, slice_of
from benchmarks.learning.arms import ARMS, COMPARISONS, Arm
from benchmarks.learning.bootstrap import Interval, Successes, mean_interval, paired_difference
from benchmarks.learning.cells import PANELS, RESULTS, Cell
from benchmarks.learning.figure import draw

FIGURE = RESULTS / "learning.svg"
_VALUES = {"1": 1.0, "0": 0.0, "-": np.nan}


@dataclass(frozen=True, slots=True)
class ArmResults:
    """The finished cells of an arm, by seed."""

    arm: Arm
    cells: dict[int, dict[str, Any]]

    def successes(self, panels: Sequence[str], part: str = "all", seeds: Sequence[int] | None = None) -> Successes:
        """1 or 0 by seed and task, not-a-number where an episode does not count.

        Args:
            panels: Suites whose tasks are taken, one after the other.
            part: Which of their tasks: ``all`` or a slice (`agents.results.SLICES`).
            seeds: In this order; all that there are when None.
        """
        kept = [_kept(panel, part) for panel in panels]
        rows = []
        for seed in self.cells if seeds is None else seeds:
            outcomes = self.cells[seed]["outcomes"]
            row = [outcomes[panel][place] for panel, places in zip(panels, kept, strict=True) for place in places]
            rows.append([_VALUES[letter] for letter in row])
        return np.array(rows)


@cache
def _kept(panel: str, part: str) -> tuple[int, ...]:
    return tuple(place for place, task in enumerate(suite_of(panel)) if part in ("all", slice_of(task.tags)))


def read_results(folder: Path = RESULTS) -> dict[str, ArmResults]:
    """Finished cells by arm, in the table's order; arms without one are left out.

    Args:
        folder: Holds them.
    """
    found = {name: ArmResults(arm, {}) for name, arm in ARMS.items()}
    for name, results in found.items():
        for seed in range(ARMS[name].seeds):
            path = folder / Cell(ARMS[name], seed).result_path.name
            if path.exists():
                results.cells[seed] = json.loads(path.read_text(encoding="utf-8"))
    return {name: results for name, results in found.items() if results.cells}


def table_lines(results: dict[str, ArmResults]) -> Iterator[str]:
    """A Markdown table: one row an arm, one column a panel and a slice, and the gain on SFT.

    Rows may have different seeds as long as cells are missing; the last column is over the seeds that both have.

    Args:
        results: By ``read_results``.
    """
    yield f"| arm | seeds | {' | '.join(PANELS)} | {' | '.join(SLICES)} | less SFT, same seeds |"
    yield "|---|---|" + "---|" * (len(PANELS) + len(SLICES) + 1)
    for found in results.values():
        numbers = [mean_interval(found.successes([panel])).in_points() for panel in PANELS]
        numbers += [mean_interval(found.successes(PANELS, part)).in_points() for part in SLICES]
        numbers.append(_less_start(found, results))
        yield f"| {found.arm.title} | {len(found.cells)} of {found.arm.seeds} | {' | '.join(numbers)} |"


def _less_start(found: ArmResults, results: dict[str, ArmResults]) -> str:
    start = results.get("sft")
    seeds = [seed for seed in found.cells if start is not None and seed in start.cells]
    if start is None or found is start or not seeds:
        return "-"
    return difference(found, start, seeds, "all").in_points(signed=True)


def comparison_lines(results: dict[str, ArmResults]) -> Iterator[str]:
    """The differences that were named beforehand, over the tasks of both panels and the seeds that both arms have.

    Args:
        results: By ``read_results``.
    """
    yield "| difference in points | seeds | all tasks | seen templates | all tasks, drawn by template |"
    yield "|---|---|---|---|---|"
    for first, second in COMPARISONS:
        if first not in results or second not in results:
            yield f"| {ARMS[first].title} less {ARMS[second].title} | 0 | - | - | - |"
            continue
        one, other = results[first], results[second]
        seeds = [seed for seed in one.cells if seed in other.cells]
        found = [difference(one, other, seeds, part) for part in ("all", "seen templates")]
        found.append(difference(one, other, seeds, "all", by_template=True))
        parts = [interval.in_points(signed=True) for interval in found]
        yield f"| {one.arm.title} less {other.arm.title} | {len(seeds)} | {' | '.join(parts)} |"


def difference(
    one: ArmResults, other: ArmResults, seeds: Sequence[int], part: str, *, by_template: bool = False
) -> Interval:
    """One arm less another, paired by seed and task over both panels.

    Args:
        one: The first.
        other: The second.
        seeds: That both have.
        part: Of the panels.
        by_template: Draw whole templates for the interval: what it would be on other templates of the same make.
    """
    groups = [suite_of(panel).tasks[place].template for panel in PANELS for place in _kept(panel, part)]
    first, second = one.successes(PANELS, part, seeds), other.successes(PANELS, part, seeds)
    return paired_difference(first, second, groups if by_template else None)


def _stopped(results: dict[str, ArmResults]) -> Iterator[tuple[str, str]]:
    """Cells whose learning a guard ended, and why."""
    for found in results.values():
        for seed, cell in found.cells.items():
            if cell["stopped"]:
                yield f"{found.arm.title} with seed {seed}", cell["stopped"]


def _curve(found: ArmResults) -> list[float]:
    """Success while collecting by phase, over the seeds that reached the phase."""
    rates = [[phase["rollout/rule_success_rate"] for phase in cell["phases"]] for cell in found.cells.values()]
    phases = max(map(len, rates))
    return [float(np.mean([row[phase] for row in rates if len(row) > phase])) for phase in range(phases)]


def print_report() -> None:
    """Prints both tables and redraws the figure."""
    results = read_results()
    if not results:
        print(f"There is no finished cell in {RESULTS}.")
        return
    print("Success in %, greedy, static engine [95 % interval by bootstrap over seeds and tasks]\n")
    print("\n".join(table_lines(results)))
    print("\nNamed beforehand; every other difference is descriptive\n")
    print("\n".join(comparison_lines(results)))
    done = sum(len(found.cells) for found in results.values())
    print(f"\n{done} of {sum(arm.seeds for arm in ARMS.values())} cells are done; the file of each names its commit.")
    for name, reason in _stopped(results):
        print(f"{name} acted with the policy of its last finished phase: {reason}")
    means = [
        (f"{found.arm.title} ({len(found.cells)} seeds)", mean_interval(found.successes(PANELS)))
        for found in results.values()
    ]
    several_phases = [found for found in results.values() if found.arm.settings.get("phases", 0) > 1]
    curves = {found.arm.title: curve for found in several_phases if (curve := _curve(found))}
    FIGURE.write_text(draw(means, curves), encoding="utf-8")
    print(f"The figure: {FIGURE}")
