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

from agents.atomic_file import replacing
from agents.curriculum import CurriculumReport
from agents.labelling import ConfusionMatrix
from agents.report.charts import (
    CURRICULUM_ENDS,
    Phases,
    curriculum_bar,
    learning_charts,
    metric_names,
    phase_numbers,
    value_text,
)
from agents.report.tables import card_groups, matrix_view, suite_table
from agents.report.viewer import ShownTrajectory, viewer_payload
from agents.results import EpisodeResult

YARDSTICKS = frozenset({"oracle", "random", "do_nothing", "na_at_once"})
"""Agents that did not learn: shown in the table, never its best one."""


@dataclass(frozen=True, slots=True)
class ReportData:
    """What a report shows; every part may be missing, and its section is then left out.

    Attributes:
        title: Heading of the page.
        run_card: How the numbers were made (``agents.run_card``).
        suites: Episodes by suite and agent, in the order they are shown.
        yardsticks: Agents of the tables that did not learn.
        phases: Metrics of each phase of training by name.
        orm: The outcome reward model against the rules, by what was judged.
        curriculum: Where the proposals went, by phase.
        trajectories: Attempts to click through.
        max_trajectories: Most attempts on the page; the choice is fair to agents, outcomes and sites.
        max_viewer_bytes: Most bytes of the page that the attempts may take.
        notes: Sentences about the report itself, such as what could not be read.
    """

    title: str = "webrl-gym report"
    run_card: Mapping[str, Any] | None = None
    suites: Mapping[str, Mapping[str, Sequence[EpisodeResult]]] = field(default_factory=dict)
    yardsticks: Collection[str] = YARDSTICKS
    phases: Phases = ()
    orm: Mapping[str, ConfusionMatrix] = field(default_factory=dict)
    curriculum: Mapping[int, CurriculumReport] = field(default_factory=dict)
    trajectories: Sequence[ShownTrajectory] = ()
    max_trajectories: int = 300
    max_viewer_bytes: int = 5_500_000
    notes: Sequence[str] = ()


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
    charts, more_charts = learning_charts(data.phases)
    payload = viewer_payload(data.trajectories, data.max_trajectories, data.max_viewer_bytes)
    return environment.get_template("report.html").render(
        data=data,
        # Style and script are ours and hold no closing tag; the payload is escaped where it is made.
        style=Markup(style),
        script=Markup(script),
        style_hash=_csp_hash(style),
        script_hash=_csp_hash(script),
        payload=payload,
        payload_text=Markup(payload.text),
        tables=[suite_table(name, results, data.yardsticks) for name, results in data.suites.items() if results],
        charts=charts,
        more_charts=more_charts,
        metrics=metric_names(data.phases),
        phase_numbers=phase_numbers(data.phases),
        matrices=[matrix_view(name, matrix) for name, matrix in data.orm.items()],
        curriculum=[(phase, counts, curriculum_bar(counts)) for phase, counts in sorted(data.curriculum.items())],
        ends=CURRICULUM_ENDS,
        card=card_groups(data.run_card or {}),
    )


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
