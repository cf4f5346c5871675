"""Charts of a report as inline SVG: learning curves by phase, and where the curriculum's proposals went.

Drawn without a library. Colours come from the page's style sheet by class name, so light and dark follow the reader.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from agents.curriculum import CurriculumReport

Phases = Sequence[Mapping[str, float | int | None]]
"""Metrics of each phase by name (``rollout/success_rate``); ``phase`` is its number, by default its position; ``step``
counts environment steps."""

_WIDTH, _HEIGHT = 340.0, 200.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 12.0, 30.0
_MAX_SERIES = 4
_PHASE = "phase"
_POSITIONS = frozenset({_PHASE, "step"})
_CURRICULUM = "curriculum/"
_Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class ChartKind:
    """Which metrics belong in one chart: a title, a pattern of metric names, and whether they are shares."""

    title: str
    pattern: re.Pattern[str]
    is_share: bool = False


CHART_KINDS = (
    ChartKind("Success", re.compile(r"success"), is_share=True),
    ChartKind("Critic loss", re.compile(r"(critic|value).*loss")),
    ChartKind("Policy loss", re.compile(r"(policy|actor).*loss")),
    ChartKind("Distance to the reference policy", re.compile(r"(^|[/_])kl($|[/_])|divergence")),
    ChartKind("Perplexity", re.compile(r"perplexity")),
    ChartKind("Entropy", re.compile(r"entropy")),
    ChartKind("Value and advantage", re.compile(r"value_mean|^advantage/")),
    ChartKind("Labels against the rules", re.compile(r"^label/.*accuracy"), is_share=True),
    ChartKind("Length of a trajectory", re.compile(r"mean_length")),
)
"""The charts that a report shows first; every other metric gets a chart of its own below them."""


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: its metric and one value a phase, None where there is none."""

    metric: str
    values: tuple[float | None, ...]

    @property
    def label(self) -> str:
        """The metric's name in words."""
        return self.metric.replace("/", ": ", 1).replace("_", " ")


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart.

    Attributes:
        title: What it shows.
        labels: Names of its curves, in the order of their colours; none when the title says it all.
        svg: The drawing.
    """

    title: str
    labels: tuple[str, ...]
    svg: Markup


def learning_charts(phases: Phases) -> tuple[list[Chart], list[Chart]]:
    """Draws every metric of a training run.

    Args:
        phases: Metrics by phase.

    Returns:
        The charts of ``CHART_KINDS`` that have data, and one chart for each metric that is in none of them.
    """
    numbers = phase_numbers(phases)
    open_series = [
        Series(name, tuple(_finite(row.get(name)) for row in phases))
        for name in metric_names(phases)
        if not name.startswith(_CURRICULUM)  # the curriculum has a table of its own
    ]
    charts = []
    for kind in CHART_KINDS:
        chosen = [series for series in open_series if kind.pattern.search(series.metric)][:_MAX_SERIES]
        if chosen:
            charts.append(_chart(kind.title, chosen, numbers, is_share=kind.is_share))
            open_series = [series for series in open_series if series not in chosen]
    return charts, [_chart(series.label, [series], numbers, is_share=False) for series in open_series]


def metric_names(phases: Phases) -> list[str]:
    """Names of all metrics with at least one number, in order of their first appearance."""
    names = dict.fromkeys(name for row in phases for name in row if name not in _POSITIONS)
    return [name for name in names if any(_finite(row.get(name)) is not None for row in phases)]


def phase_numbers(phases: Phases) -> list[float]:
    """The number of each phase: its ``phase`` value, else its position from 0."""
    found = [_finite(row.get(_PHASE)) for row in phases]
    return [float(index) if number is None else number for index, number in enumerate(found)]


def _finite(value: float | int | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _chart(title: str, series: Sequence[Series], numbers: Sequence[float], *, is_share: bool) -> Chart:
    labels = tuple(item.label for item in series)
    if len(labels) == 1 and labels[0].replace(":", "").lower() == title.replace(":", "").lower():
        labels = ()
    return Chart(title, labels, line_chart(title, series, numbers, is_share=is_share))


def line_chart(title: str, series: Sequence[Series], numbers: Sequence[float], *, is_share: bool = False) -> Markup:
    """Curves over phases.

    Args:
        title: Name of the chart, for readers that do not see it.
        series: At least one curve with at least one value.
        numbers: The phase of each value.
        is_share: Whether values are shares in [0, 1], shown in percent on an axis that begins at 0.
    """
    known = [value for item in series for value in item.values if value is not None]
    ticks = nice_ticks(min(0.0, *known), max(known)) if is_share else nice_ticks(min(known), max(known))
    low, high = ticks[0], ticks[-1]
    first, last = min(numbers), max(numbers)

    def across(number: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * ((number - first) / (last - first) if last > first else 0.5)

    def down(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)

    parts = [_y_axis(ticks, down, is_share), _x_axis(numbers, across)]
    for index, item in enumerate(series):
        parts.append(_curve(index, item, numbers, across, down, is_share))
    summary = "; ".join(_summary(item, is_share) for item in series)
    return Markup('<svg class="chart" viewBox="0 0 {:g} {:g}" role="img" aria-label="{}: {}">{}</svg>').format(
        _WIDTH, _HEIGHT, title, summary, Markup("").join(parts)
    )


def nice_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers that cover [low, high]: multiples of 1, 2 or 5 times a power of ten.

    Args:
        low: Smallest value.
        high: Largest value, at least ``low``.
        count: About how many intervals.

    Returns:
        At least two increasing numbers; the first is at most ``low``, the last at least ``high``.
    """
    if high - low < 1e-12 * max(1.0, abs(low), abs(high)):
        low, high = (low - abs(low) / 2, high + abs(high) / 2) if high else (0.0, 1.0)
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    start, stop = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [index * step for index in range(start, stop + 1)]


def _y_axis(ticks: Sequence[float], down: _Scale, is_share: bool) -> Markup:
    line = Markup(
        '<line class="grid" x1="{:g}" x2="{:g}" y1="{:.1f}" y2="{:.1f}"/>'
        '<text class="tick" x="{:g}" y="{:.1f}" text-anchor="end">{}</text>'
    )
    step = ticks[1] - ticks[0]
    return Markup("").join(
        line.format(
            _LEFT,
            _WIDTH - _RIGHT,
            down(tick),
            down(tick),
            _LEFT - 7,
            down(tick) + 4,
            f"{100 * tick:g} %" if is_share else _tick_text(tick, step),
        )
        for tick in ticks
    )


def _x_axis(numbers: Sequence[float], across: _Scale) -> Markup:
    every = max(1, math.ceil(len(numbers) / 8))
    label = Markup('<text class="tick" x="{:.1f}" y="{:g}" text-anchor="middle">{:g}</text>')
    labels = [label.format(across(number), _HEIGHT - _BOTTOM + 16, number) for number in numbers[::every]]
    name = Markup('<text class="tick axis" x="{:g}" y="{:g}" text-anchor="end">phase</text>').format(
        _WIDTH - _RIGHT, _HEIGHT - 1
    )
    return Markup("").join([*labels, name])


def _curve(index: int, item: Series, numbers: Sequence[float], across: _Scale, down: _Scale, is_share: bool) -> Markup:
    """One curve: a line for each run of known values, and a dot with a hover text for each value."""
    points = [
        None if value is None else (across(x), down(value)) for x, value in zip(numbers, item.values, strict=True)
    ]
    lines = [
        Markup('<polyline points="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in run))
        for run in _runs(points)
        if len(run) > 1
    ]
    dot = Markup(
        '<g class="dot"><title>{}, phase {:g}: {}</title>'
        '<circle class="hit" cx="{:.1f}" cy="{:.1f}" r="10"/><circle cx="{:.1f}" cy="{:.1f}" r="3"/></g>'
    )
    dots = [
        dot.format(item.label, number, value_text(value, is_share), *point, *point)
        for number, value, point in zip(numbers, item.values, points, strict=True)
        if value is not None and point is not None
    ]
    return Markup('<g class="series series-{}">{}</g>').format(index, Markup("").join([*lines, *dots]))


def _runs(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return runs


def value_text(value: float | None, is_share: bool = False) -> str:
    """A number as people read it; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "\N{EN DASH}"
    if is_share:
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e9 else f"{value:.4g}"


def _summary(item: Series, is_share: bool) -> str:
    known = [value for value in item.values if value is not None]
    return f"{item.label} from {value_text(known[0], is_share)} to {value_text(known[-1], is_share)}"


def _tick_text(tick: float, step: float) -> str:
    if abs(tick) >= 1e5 or 0 < step < 1e-4:
        return f"{tick:.2g}"
    return f"{tick:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"


CURRICULUM_ENDS = ("kept", "too_hard", "too_easy", "repeated", "protected", "unreachable")
"""Where a proposal can end, in the order of the bar."""


def curriculum_bar(report: CurriculumReport) -> Markup:
    """One phase's proposals as a stacked bar of 100 units; each part tells its count on hover."""
    counts = report.as_dict()
    total = sum(counts[name] for name in CURRICULUM_ENDS)
    part = Markup('<rect class="end-{}" x="{:.3f}" width="{:.3f}" height="10"><title>{}: {} of {}</title></rect>')
    parts, left = [], 0.0
    for name in CURRICULUM_ENDS:
        if counts[name]:
            width = 100 * counts[name] / total
            parts.append(part.format(name, left, width, name.replace("_", " "), counts[name], total))
            left += width
    words = ", ".join(f"{name.replace('_', ' ')} {counts[name]}" for name in CURRICULUM_ENDS)
    return Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(words, Markup("").join(parts))
