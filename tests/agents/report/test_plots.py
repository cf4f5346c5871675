"""Plots as inline SVG."""

import itertools
import math

import pytest

from agents.report.plots import Curve, Plot, Point, draw_plot, nice_ticks, value_text


def plot(*curves, **changes):
    fields = {"x_name": "phase", "x_ticks": ((0.0, "0"), (6.0, "6")), "y_name": "nats", **changes}
    return draw_plot(Plot('"x" & y', curves, **fields))


def curve(label, *values):
    points = (None if y is None else Point(float(x), y, f"value {y}") for x, y in enumerate(values))
    return Curve(label, tuple(points))


@pytest.mark.parametrize("low", [-3.0, 0.0, 0.2, 1234.5])
@pytest.mark.parametrize("spread", [0.0, 1e-6, 0.03, 0.9, 17.0, 4e5])
def test_ticks_cover_the_values_in_even_steps(low, spread):
    ticks = nice_ticks(low, low + spread)
    assert ticks[0] <= low + 1e-9
    assert ticks[-1] >= low + spread - 1e-9
    assert 2 <= len(ticks) <= 8
    steps = [after - before for before, after in itertools.pairwise(ticks)]
    assert all(math.isclose(step, steps[0], rel_tol=1e-3) for step in steps)


def test_a_curve_is_broken_where_a_value_is_missing_and_names_are_escaped():
    svg = plot(curve("a/<b>", 0.1, 0.2, None, 0.3, 0.4, None, 0.5))
    assert svg.count("<polyline") == 2
    assert svg.count("<title>") == 5
    assert "<b>" not in svg
    assert "a/&lt;b&gt; from 0.1 to 0.5" in svg
    assert "&#34;x&#34; &amp; y: " in svg
    assert ">phase</text>" in svg
    assert ">nats</text>" in svg


def test_intervals_reach_into_the_axis_and_shares_begin_at_zero():
    point = Point(0.0, 0.5, "1 of 2", low=0.2, high=0.94)
    svg = plot(Curve("success", (point,)), is_share=True)
    assert 'class="range"' in svg
    assert svg.count(" %</text>") == len(nice_ticks(0.0, 0.94))
    assert ">0 %</text>" in svg
    assert ">100 %</text>" in svg
    assert 'class="range"' not in plot(curve("loss", 0.5))


def test_labels_of_two_lines_and_a_diagonal():
    svg = plot(curve("x", 0.0, 1.0), x_ticks=((0.0, "1\nn=7"), (1.0, "2\nn=9")), x_room=0.5, diagonal=True)
    assert ">1</text>" in svg
    assert ">n=7</text>" in svg
    assert 'class="diagonal"' in svg


def test_a_curve_without_values_says_so():
    svg = plot(curve("known", 0.5), curve("unknown", None))
    assert "unknown has no values" in svg


def test_numbers_as_people_read_them():
    assert [value_text(value) for value in (None, float("nan"), 3.0, 12_345.0, 0.123456, 2e-7)] == [
        "–",
        "–",
        "3",
        "12,345",
        "0.1235",
        "2e-07",
    ]
    assert value_text(0.125, is_share=True) == "12.5 %"
