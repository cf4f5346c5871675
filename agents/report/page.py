"""The report: everything about a benchmark or a training run on one self-contained page.

``render_report`` is a pure function from plain parts to HTML. The page loads nothing from anywhere: style, script,
drawings and trajectories are in it, and a content security policy lets only its own script run, whatever a recorded
page holds.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from agents.analyses.curves import Phases, compare_runs, learning_curves, metric_names, phase_numbers, site_curves
from agents.analyses.error_types import EXPLANATIONS
from agents.analyses.proposals import proposals_by_phase
from agents.atomic_file import replacing
from agents.labelling import ConfusionMatrix
from agents.report.charts import Chart, bar_of, draw_curves
from agents.report.plots import value_text
from agents.report.sections import critic_views, difficulty_views, error_types_of, failure_views
from agents.report.tables import SuiteTable, card_groups, matrix_view, suite_table
from agents.report.viewer import ShownTrajectory, viewer_payload
from agents.results import EpisodeResult
from webrl_gym.tasks.record import Task

FLOORS = ("do_nothing", "na_at_once", "random")
"""Agents that cannot read."""
YARDSTICKS = (*FLOORS, "oracle")
"""Agents that others are compared with: shown in the table, never its best one."""


@dataclass(frozen=True, slots=True)
class RunData:
    """What a training run left.

    Attributes:
        phases: Metrics of each phase by name.
        sampled: What was attempted while training, by phase; 0 is what the supervised policy attempted before.
    """

    phases: Phases = ()
    sampled: Mapping[int, Sequence[EpisodeResult]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportData:
    """What a report shows; every part may be missing, and its section is then left out.

    Attributes:
        title: Heading of the page.
        run_card: How the numbers were made (``agents.run_card``).
        suites: Episodes by suite and agent, in the order they are shown.
        yardsticks: Agents of the tables that others are compared with.
        unlike: By suite, one phrase for each condition that was not the same for all agents.
        runs: Training runs by name.
        orm: The outcome reward model against the rules, by what was judged.
        trajectories: Attempts: failures are sorted by type, values of the critic averaged, and some can be clicked
            through.
        tasks: Records of tasks by id, for those that ``trajectories`` do not hold.
        max_trajectories: Most attempts to click through; the choice is fair to agents, outcomes and sites.
        max_viewer_bytes: Most bytes of the page that the attempts may take.
        notes: Sentences about the report itself, such as what could not be read.
    """

    title: str = "webrl-gym report"
    run_card: Mapping[str, Any] | None = None
    suites: Mapping[str, Mapping[str, Sequence[EpisodeResult]]] = field(default_factory=dict)
    yardsticks: Collection[str] = YARDSTICKS
    unlike: Mapping[str, Sequence[str]] = field(default_factory=dict)
    runs: Mapping[str, RunData] = field(default_factory=dict)
    orm: Mapping[str, ConfusionMatrix] = field(default_factory=dict)
    trajectories: Sequence[ShownTrajectory] = ()
    tasks: Mapping[str, Task] = field(default_factory=dict)
    max_trajectories: int = 300
    max_viewer_bytes: int = 1_600_000
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RunView:
    """A training run on the page.

    Attributes:
        name: Its name.
        charts: Learning curves.
        absent: Title and an example metric of each chart that the run's metrics cannot fill.
        others: A chart for each metric that belongs in none of them.
        sites: Sampled success by phase, one chart a site.
        sampled: What was attempted while training, by site; None where it is not known.
        metrics: Names of all metrics.
        numbers: The phases.
        phases: The metrics.
    """

    name: str
    charts: tuple[Chart, ...]
    absent: tuple[tuple[str, str], ...]
    others: tuple[Chart, ...]
    sites: tuple[Chart, ...]
    sampled: SuiteTable | None
    metrics: tuple[str, ...]
    numbers: tuple[float, ...]
    phases: Phases


def render_report(data: ReportData) -> str:
    """The page as HTML text; the same data gives the same text.

    Args:
        data: What to show.

    Raises:
        ValueError: If a limit of ``data`` is negative.
    """
    style, script = _part("report.css"), _part("report_page.js") + _part("report.js")
    environment = Environment(
        loader=FunctionLoader(_part),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = value_text
    items = data.trajectories
    types = error_types_of(items)
    labels = {place: kind.value for place, kind in types.items() if kind is not None}
    payload = viewer_payload(items, data.max_trajectories, data.max_viewer_bytes, labels)
    tables = [
        suite_table(name, results, data.yardsticks, data.unlike.get(name, ()))
        for name, results in data.suites.items()
        if results
    ]
    tasks = {**{item.trajectory.task.task_id: item.trajectory.task for item in items}, **data.tasks}
    compared = compare_runs({name: run.phases for name, run in data.runs.items()})
    return environment.get_template("report.html").render(
        data=data,
        # Style and script are ours and hold no closing tag; the payload is escaped where it is made.
        style=Markup(style),
        script=Markup(script),
        style_hash=_csp_hash(style),
        script_hash=_csp_hash(script),
        payload=payload,
        payload_text=Markup(payload.text),
        tables=tables,
        difficulty=[view for table in tables for view in difficulty_views(table, data.suites[table.name], tasks)],
        failures=failure_views(items, types),
        explanations=EXPLANATIONS,
        runs=[_run_view(name, run) for name, run in data.runs.items() if run.phases or any(run.sampled.values())],
        compared=[draw_curves(curves) for curves in compared],
        critics=critic_views(items),
        matrices=[matrix_view(name, matrix) for name, matrix in data.orm.items()],
        proposals=_proposal_rows(data.runs),
        card=card_groups(data.run_card or {}),
    )


def _run_view(name: str, run: RunData) -> RunView:
    curves = learning_curves(run.phases)
    rows = {f"phase {number}" if number else "first attempts": results for number, results in run.sampled.items()}
    sampled = {row: results for row, results in rows.items() if results}
    phases = {number: results for number, results in run.sampled.items() if number and results}
    return RunView(
        name=name,
        charts=tuple(draw_curves(one) for one in curves.drawn),
        absent=tuple((kind.title, kind.example) for kind in curves.absent),
        others=tuple(draw_curves(one, small=True) for one in curves.others),
        sites=tuple(draw_curves(one, small=True) for one in site_curves(phases)) if len(phases) > 1 else (),
        # No row is the best one: every phase attempts other tasks.
        sampled=suite_table("sampled while training", sampled, yardsticks=sampled) if sampled else None,
        metrics=tuple(metric_names(run.phases)),
        numbers=phase_numbers(run.phases),
        phases=run.phases,
    )


def _proposal_rows(runs: Mapping[str, RunData]) -> list[dict[str, Any]]:
    """One row for each phase that proposed instructions; every row has every end, so that they share a table."""
    found = [(name, row) for name, run in runs.items() for row in proposals_by_phase(run.phases)]
    ends = list(dict.fromkeys(end for _, row in found for end in row.ends))
    besides = list(dict.fromkeys(end for _, row in found for end in row.besides))
    rows = []
    for name, row in found:
        place = f"{name}, phase {row.phase:g}" if len(runs) > 1 else f"phase {row.phase:g}"
        bar = bar_of(place, {end: row.ends.get(end, 0) for end in ends}, "end")
        rows.append({"bar": bar, "row": row, "ends": ends, "besides": {end: row.besides.get(end) for end in besides}})
    return rows


def write_report(path: Path, data: ReportData) -> None:
    """Writes the page; an existing file is replaced only when everything is written.

    Args:
        path: The HTML file; its folder is made when it is missing.
        data: What to show.

    Raises:
        OSError: If the file cannot be written; what stood there before still stands.
        ValueError: If a limit of ``data`` is negative.
    """
    text = render_report(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        # Half a surrogate pair may come from a page, and no file can hold it. Line ends stay: the policy hashes them.
        temporary.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def _part(name: str) -> str:
    return (files("agents.report") / "templates" / name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    """How a content security policy names the one inline text that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
