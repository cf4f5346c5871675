"""Plots as inline SVG: curves with intervals over a numeric axis or over named places.

Drawn without a library. Colours come from the page's style sheet by class name, so light and dark follow the reader;
curves differ in dashes too, for readers who do not tell colours apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 26.0, 32.0
_BOTTOM_OF_TWO = 45.0
"""Room below for labels of two lines."""
_TICK_ROOM = 40.0
"""Least distance between two labels across."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a curve.

    Attributes:
        x: Where it stands.
        y: The value.
        text: What a reader sees who hovers it.
        low: Lower end of its interval; None without one.
        high: Upper end of its interval; None without one.
    """

    x: float
    y: float
    text: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve: its name and its points from left to right; None where a value is missing and the line breaks."""

    label: str
    points: tuple[Point | None, ...]

    @property
    def known(self) -> list[Point]:
        """The points that are there."""
        return [point for point in self.points if point is not None]


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn.

    Attributes:
        title: For readers who do not see it.
        curves: At least one with at least one point.
        x_name: Name of the axis across.
        x_ticks: Places on the axis across, each with its label; a line feed parts two lines.
        y_name: Name of the axis upwards.
        is_share: Whether values are shares in [0, 1], shown in percent on an axis that begins at 0.
        x_room: Room on both sides of the outermost ticks, in units of x.
        diagonal: Whether to draw y = x, for comparison.
        width: Of the drawing, in its own units.
        height: Of the drawing.
    """

    title: str
    curves: tuple[Curve, ...]
    x_name: str
    x_ticks: tuple[tuple[float, str], ...]
    y_name: str = ""
    is_share: bool = False
    x_room: float = 0.0
    diagonal: bool = False
    width: float = 340.0
    height: float = 212.0


def draw_plot(plot: Plot) -> Markup:
    """The drawing, with a summary of its curves for readers who do not see it.

    Args:
        plot: What to draw.
    """
    frame = _Frame.of(plot)
    parts = [frame.y_axis(), frame.x_axis()]
    if plot.diagonal:
        parts.append(frame.diagonal())
    parts += [frame.curve(index, curve) for index, curve in enumerate(plot.curves)]
    summary = "; ".join(_summary(curve, plot.is_share) for curve in plot.curves)
    return Markup('<svg class="chart" viewBox="0 0 {:g} {:g}" role="img" aria-label="{}: {}">{}</svg>').format(
        plot.width, plot.height, plot.title, summary, Markup("").join(parts)
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


def value_text(value: float | None, is_share: bool = False) -> str:
    """A number as people read it; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "\N{EN DASH}"
    if is_share:
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e9 else f"{value:.4g}"


def _summary(curve: Curve, is_share: bool) -> str:
    known = curve.known
    if not known:
        return f"{curve.label} has no values"
    return f"{curve.label} from {value_text(known[0].y, is_share)} to {value_text(known[-1].y, is_share)}"


def _tick_text(tick: float, step: float) -> str:
    if abs(tick) >= 1e5 or 0 < step < 1e-4:
        return f"{tick:.2g}"
    return f"{tick:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where things go: the plot's rectangle, and the ranges that it shows."""

    plot: Plot
    ticks: tuple[float, ...]
    first: float
    last: float
    bottom: float

    @classmethod
    def of(cls, plot: Plot) -> _Frame:
        points = [point for curve in plot.curves for point in curve.known]
        reached = [value for point in points for value in (point.y, point.low, point.high) if value is not None]
        low, high = min(reached), max(reached)
        ticks = nice_ticks(min(0.0, low), high) if plot.is_share else nice_ticks(low, high)
        across = [x for x, _ in plot.x_ticks]
        bottom = _BOTTOM_OF_TWO if any("\n" in label for _, label in plot.x_ticks) else _BOTTOM
        return cls(plot, tuple(ticks), min(across) - plot.x_room, max(across) + plot.x_room, bottom)

    def across(self, x: float) -> float:
        share = (x - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return _LEFT + (self.plot.width - _LEFT - _RIGHT) * share

    def down(self, y: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return _TOP + (self.plot.height - _TOP - self.bottom) * (high - y) / (high - low)

    def y_axis(self) -> Markup:
        name = Markup('<text class="tick axis" x="0" y="11">{}</text>').format(self.plot.y_name)
        line = Markup(
            '<line class="grid" x1="{:g}" x2="{:g}" y1="{:.1f}" y2="{:.1f}"/>'
            '<text class="tick" x="{:g}" y="{:.1f}" text-anchor="end">{}</text>'
        )
        step = self.ticks[1] - self.ticks[0]
        lines = [
            line.format(
                _LEFT,
                self.plot.width - _RIGHT,
                self.down(tick),
                self.down(tick),
                _LEFT - 7,
                self.down(tick) + 4,
                f"{100 * tick:g} %" if self.plot.is_share else _tick_text(tick, step),
            )
            for tick in self.ticks
        ]
        return Markup("").join([name, *lines])

    def x_axis(self) -> Markup:
        every = max(1, math.ceil(len(self.plot.x_ticks) * _TICK_ROOM / self.plot.width))
        top = self.plot.height - self.bottom + 16
        label = Markup('<text class="tick" x="{:.1f}" y="{:g}" text-anchor="middle">{}</text>')
        labels = [
            label.format(self.across(x), top + 13 * row, line)
            for x, text in self.plot.x_ticks[::every]
            for row, line in enumerate(text.split("\n"))
        ]
        name = Markup('<text class="tick axis" x="{:g}" y="{:g}" text-anchor="end">{}</text>').format(
            self.plot.width - _RIGHT, self.plot.height - 2, self.plot.x_name
        )
        return Markup("").join([*labels, name])

    def diagonal(self) -> Markup:
        ends = [max(self.first, self.ticks[0]), min(self.last, self.ticks[-1])]
        return Markup('<line class="diagonal" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(
            *(place for end in ends for place in (self.across(end), self.down(end)))
        )

    def curve(self, index: int, curve: Curve) -> Markup:
        """A line for each run of points, and for each point its interval and a dot with a hover text."""
        runs: list[list[Point]] = [[]]
        for point in curve.points:
            if point is None:
                runs.append([])
            else:
                runs[-1].append(point)
        line = Markup('<polyline points="{}"/>')
        parts = [
            line.format(" ".join(f"{self.across(point.x):.1f},{self.down(point.y):.1f}" for point in run))
            for run in runs
            if len(run) > 1
        ]
        parts += [self._interval(point) for point in curve.known]
        dot = Markup(
            '<g class="dot"><title>{}, {}</title>'
            '<circle class="hit" cx="{:.1f}" cy="{:.1f}" r="10"/><circle cx="{:.1f}" cy="{:.1f}" r="3"/></g>'
        )
        for point in curve.known:
            place = self.across(point.x), self.down(point.y)
            parts.append(dot.format(curve.label, point.text, *place, *place))
        return Markup('<g class="series series-{}">{}</g>').format(index, Markup("").join(parts))

    def _interval(self, point: Point) -> Markup:
        if point.low is None or point.high is None:
            return Markup("")
        return Markup('<line class="range" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>').format(
            self.across(point.x), self.down(point.low), self.down(point.high)
        )
