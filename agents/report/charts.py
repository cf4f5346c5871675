"""From analyses to what the page draws: learning curves, success by bucket, values of the critic, shares as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from agents.analyses.breakdown import Breakdown
from agents.analyses.critic_values import POSITIONS, Calibration, ValueCurve
from agents.analyses.curves import Curves, Series
from agents.report.plots import Curve, Plot, Point, draw_plot, value_text
from agents.results import Rate, wilson_interval

_GROUP_WIDTH = 0.6
"""Part of the room of a bucket over which its agents are spread."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar: its label, the class that colours it, and how many it counts."""

    label: str
    style: str
    count: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it counts, in parts."""

    name: str
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        """Sum of the parts."""
        return sum(part.count for part in self.parts)

    @property
    def svg(self) -> Markup:
        """The bar over its full width; each part tells its count on hover."""
        return draw_bar(self)


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart.

    Attributes:
        title: What it shows.
        labels: Names of its curves or parts, each with the class that colours it; none when the title says it all.
        svg: The drawing; empty where there are bars.
        bars: Bars, one below the other.
        note: How many attempts stand behind it, or another line below.
    """

    title: str
    labels: tuple[tuple[str, str], ...] = ()
    svg: Markup = Markup("")  # noqa: RUF009  (a string is immutable)
    bars: tuple[Bar, ...] = ()
    note: str = ""


def draw_curves(curves: Curves, *, small: bool = False) -> Chart:
    """A chart of metrics over phases: lines, or bars where they are counts that add up.

    Args:
        curves: What to draw, with at least one value.
        small: For a narrow column; letters keep their size.
    """
    if curves.stacked:
        return _stacked(curves)
    width, height = (240.0, 168.0) if small else (340.0, 212.0)
    drawn = tuple(_metric_curve(series, curves) for series in curves.series)
    ticks = tuple((number, f"{number:g}") for number in curves.numbers)
    plot = Plot(curves.title, drawn, "phase", ticks, curves.unit, is_share=curves.is_share, width=width, height=height)
    title = curves.title.replace(":", "").lower()
    spoken = len(drawn) > 1 or drawn[0].label.replace(":", "").lower() not in (title, "success")
    return Chart(curves.title, _legend(drawn) if spoken else (), draw_plot(plot), note=_trials_note(curves.series))


def draw_breakdown(title: str, x_name: str, breakdown: Breakdown, agents: Sequence[str]) -> Chart:
    """Success by bucket, the agents of a bucket side by side.

    Args:
        title: What it shows.
        x_name: What the buckets count.
        breakdown: The rates.
        agents: Who is drawn, in the order of colours.
    """
    gap = _GROUP_WIDTH / len(agents)
    drawn = []
    for index, agent in enumerate(agents):
        shift = (index - (len(agents) - 1) / 2) * gap
        rates = breakdown.rates[agent]
        drawn.append(Curve(agent, tuple(_rate_point(place + shift, rate) for place, rate in enumerate(rates))))
    ticks = tuple(
        (float(place), f"{bucket.label}\nn={tasks}")
        for place, (bucket, tasks) in enumerate(zip(breakdown.buckets, breakdown.tasks, strict=True))
    )
    plot = Plot(title, tuple(drawn), x_name, ticks, "success", is_share=True, x_room=0.5, width=380.0, height=240.0)
    return Chart(title, _legend(drawn), draw_plot(plot))


def draw_values(title: str, curves: Sequence[ValueCurve]) -> Chart:
    """The critic's mean value along successes and failures.

    Args:
        title: What it shows.
        curves: At least one.
    """
    drawn = [
        Curve(
            f"{'successes' if curve.success else 'failures'}, n={curve.attempts}",
            tuple(
                Point(
                    place,
                    mean,
                    f"V {mean:.2f} \N{PLUS-MINUS SIGN} {margin:.2f}",
                    max(0.0, mean - margin),
                    min(1.0, mean + margin),
                )
                for place, mean, margin in zip(POSITIONS, curve.means, curve.margins, strict=True)
            ),
        )
        for curve in curves
    ]
    ticks = tuple((place, f"{place:g}") for place in POSITIONS)
    plot = Plot(title, tuple(drawn), "relative position: start 0, last step 1", ticks, "mean V(s)", x_room=0.03)
    return Chart(title, _legend(drawn), draw_plot(plot))


def draw_calibration(title: str, found: Calibration) -> Chart:
    """The start's value against the share of successes.

    Args:
        title: What it shows.
        found: What was found.
    """
    points = tuple(
        _rate_point(part.mean_value, part.outcomes, f"mean V {part.mean_value:.2f}: ") for part in found.bins
    )
    ticks = tuple((place, f"{place:g}") for place in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    curve = Curve("share of successes", points)
    plot = Plot(title, (curve,), "V(s) of the start", ticks, "success", is_share=True, diagonal=True)
    ranking = "" if found.ranking is None else f", ranking {found.ranking:.2f}"
    note = (
        f"n = {found.outcomes.trials}. Brier score {found.brier:.3f} (the base rate's {found.base_rate_brier:.3f})"
        f"{ranking}. On the dashed line values are probabilities."
    )
    return Chart(title, (), draw_plot(plot), note=note)


def draw_bar(bar: Bar) -> Markup:
    """A bar of 100 units; each part tells its count on hover.

    Args:
        bar: What to draw.
    """
    part = Markup('<rect class="{}" x="{:.3f}" width="{:.3f}" height="10"><title>{}: {} of {}</title></rect>')
    drawn, left = [], 0.0
    for piece in bar.parts:
        if piece.count:
            width = 100 * piece.count / bar.total
            drawn.append(part.format(piece.style, left, width, piece.label, piece.count, bar.total))
            left += width
    words = ", ".join(f"{piece.label} {piece.count}" for piece in bar.parts)
    return Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{}: {}">{}</svg>'
    ).format(bar.name, words, Markup("").join(drawn))


def _metric_curve(series: Series, curves: Curves) -> Curve:
    points: list[Point | None] = []
    for index, (number, value) in enumerate(zip(curves.numbers, series.values, strict=True)):
        rate = series.rate(index)
        if value is None:
            points.append(None)
        elif rate is None:
            points.append(Point(number, value, f"phase {number:g}: {value_text(value, curves.is_share)}"))
        else:
            points.append(_rate_point(number, rate, f"phase {number:g}: "))
    return Curve(series.label, tuple(points))


def _rate_point(x: float, rate: Rate, before: str = "") -> Point | None:
    if not rate.trials:
        return None
    share = rate.successes / rate.trials
    low, high = wilson_interval(rate.successes, rate.trials)
    return Point(x, share, f"{before}{value_text(share, is_share=True)} ({rate.successes} of {rate.trials})", low, high)


def _stacked(curves: Curves) -> Chart:
    labels = tuple((series.label, f"part-{index}") for index, series in enumerate(curves.series))
    bars = tuple(
        Bar(
            f"phase {number:g}",
            tuple(
                Part(label, style, round(series.values[place] or 0))
                for series, (label, style) in zip(curves.series, labels, strict=True)
            ),
        )
        for place, number in enumerate(curves.numbers)
    )
    return Chart(curves.title, labels, bars=bars, note=f"Counted in {curves.unit}.")


def _legend(drawn: Sequence[Curve]) -> tuple[tuple[str, str], ...]:
    return tuple((curve.label, f"series-{index}") for index, curve in enumerate(drawn))


def _trials_note(series: Sequence[Series]) -> str:
    """Over how many attempts the points of a chart of rates are."""
    known = [trials for item in series for trials in item.trials if trials]
    if not known:
        return ""
    low, high = min(known), max(known)
    return f"n = {low} attempts a phase." if low == high else f"n = {low} to {high} attempts a phase."


def bar_of(name: str, counts: Mapping[str, int], style: str) -> Bar:
    """A bar of counts by label; the class of each part is its label after ``style``, in hyphens.

    Args:
        name: What the bar stands for.
        counts: How many, by label, in order.
        style: How the class of a part begins.
    """
    return Bar(name, tuple(Part(label, f"{style}-{label.replace(' ', '-')}", count) for label, count in counts.items()))
