"""What the page shows of results and attempts beyond the table by site: difficulty, failures, the critic's values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agents.analyses.breakdown import Breakdown
from agents.analyses.complexity import success_by_complexity
from agents.analyses.critic_values import calibration, value_curves
from agents.analyses.curves import MAX_SERIES
from agents.analyses.error_types import ErrorCounts, ErrorType, count_errors, error_types
from agents.analyses.steps import success_by_steps
from agents.report.charts import Bar, Chart, bar_of, draw_breakdown, draw_calibration, draw_values
from agents.report.tables import BucketTable, SuiteTable, bucket_table
from agents.report.viewer import ShownTrajectory
from agents.results import EpisodeResult
from webrl_gym.tasks.record import Task

_DONE = "done"


@dataclass(frozen=True, slots=True)
class DifficultyView:
    """Success in one suite by one number of its tasks: the chart without yardsticks, the table of all."""

    chart: Chart
    table: BucketTable


@dataclass(frozen=True, slots=True)
class FailureRow:
    """How one agent's attempts ended: its bar and its counts."""

    bar: Bar
    counts: ErrorCounts


@dataclass(frozen=True, slots=True)
class FailureView:
    """How the attempts of one comparison ended.

    Attributes:
        name: What was compared.
        rows: One row an agent that failed at something.
        kinds: Error types that occur, in order.
        legend: Labels of the bars' parts, each with the class that colours it.
    """

    name: str
    rows: tuple[FailureRow, ...]
    kinds: tuple[ErrorType, ...]
    legend: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CriticView:
    """What the critic thought of one agent's attempts."""

    name: str
    charts: tuple[Chart, ...]


def difficulty_views(
    table: SuiteTable, results: Mapping[str, Sequence[EpisodeResult]], tasks: Mapping[str, Task]
) -> list[DifficultyView]:
    """Success by required steps and by instruction complexity, as far as a suite's tasks are known and differ.

    Args:
        table: The suite's table by site, which knows the agents' roles.
        results: Episodes by agent.
        tasks: Records of tasks of any suite by id.
    """
    panel = {result.task_id for rows in results.values() for result in rows}
    views = []
    for title, counts, breakdown in (
        ("By required steps", "required steps", success_by_steps(results)),
        (
            "By instruction complexity",
            "requirements",
            success_by_complexity(results, [task for name, task in tasks.items() if name in panel]),
        ),
    ):
        view = _difficulty(title, counts, breakdown, table)
        if view is not None:
            views.append(view)
    return views


def _difficulty(title: str, counts: str, breakdown: Breakdown, table: SuiteTable) -> DifficultyView | None:
    if len(breakdown.buckets) < 2:  # one bucket compares nothing
        return None
    roles = {row.agent: row.role for row in table.rows}
    scored = [agent for agent in roles if any(rate.trials for rate in breakdown.rates[agent])]
    if not scored:
        return None
    drawn = [agent for agent in scored if roles[agent] != "yardstick"] or scored
    chart = draw_breakdown(f"{title}: {table.name}", counts, breakdown, drawn[:MAX_SERIES])
    return DifficultyView(chart, bucket_table(table.name, counts, breakdown, roles))


def error_types_of(items: Sequence[ShownTrajectory]) -> dict[int, ErrorType | None]:
    """How each attempt that counts ended, by its place: its error type, or None for a success.

    Args:
        items: Attempts; a success at a task is a solution for all of them, whatever group it belongs to.
    """
    counted = [place for place, item in enumerate(items) if item.outcome != "not counted"]
    types = error_types([(items[place].trajectory, items[place].outcome == "success") for place in counted])
    return dict(zip(counted, types, strict=True))


def failure_views(items: Sequence[ShownTrajectory], types: Mapping[int, ErrorType | None]) -> list[FailureView]:
    """How attempts ended, one view for each group of attempts that holds a failure.

    Args:
        items: Attempts.
        types: How each of them ended (``error_types_of``).
    """
    views = []
    for group, places in _places(items, "group").items():
        counts = {
            agent: count_errors(types[place] for place in own if place in types)
            for agent, own in _places(items, "agent", places).items()
        }
        failing = {agent: found for agent, found in counts.items() if found.failures}
        if failing:
            kinds = tuple(kind for kind in ErrorType if any(found.errors[kind] for found in failing.values()))
            rows = tuple(FailureRow(_bar(agent, found), found) for agent, found in failing.items())
            legend = tuple((part.label, part.style) for part in rows[0].bar.parts if part.label in (_DONE, *kinds))
            views.append(FailureView(group, rows, kinds, legend))
    return views


def _bar(agent: str, counts: ErrorCounts) -> Bar:
    ends = {_DONE: counts.successes, **{kind.value: counts.errors[kind] for kind in ErrorType}}
    return bar_of(agent, ends, "end")


def critic_views(items: Sequence[ShownTrajectory]) -> list[CriticView]:
    """Values along attempts and their calibration, for every agent whose attempts carry values.

    Args:
        items: Attempts.
    """
    views = []
    for group, places in _places(items, "group").items():
        for agent, own in _places(items, "agent", places).items():
            counted = [items[place] for place in own if items[place].outcome != "not counted"]
            valued = [(item.values, item.outcome == "success") for item in counted]
            found = calibration(valued)
            if found is not None:
                along = draw_values("Value along an attempt", value_curves(valued))
                charts = (along, draw_calibration("Value of the start", found))
                views.append(CriticView(f"{agent} on {group}" if group else agent, charts))
    return views


def _places(items: Sequence[ShownTrajectory], name: str, places: Iterable[int] | None = None) -> dict[str, list[int]]:
    """Places of items by an attribute, in order of first appearance."""
    groups: dict[str, list[int]] = {}
    for place in range(len(items)) if places is None else places:
        groups.setdefault(str(getattr(items[place], name)), []).append(place)
    return groups
