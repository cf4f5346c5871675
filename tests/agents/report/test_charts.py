"""From analyses to drawings."""

import pytest

from agents.analyses.breakdown import Bucket, break_down
from agents.analyses.critic_values import calibration, value_curves
from agents.analyses.curves import Curves, Series
from agents.report.charts import Bar, Part, bar_of, draw_bar, draw_breakdown, draw_calibration, draw_curves, draw_values
from tests.agents.report.parts import result


def test_metrics_over_phases_with_intervals_where_attempts_are_counted():
    success = Series("sampled, by the rules", (0.25, None, 0.5), (16, 16, 8))
    chart = draw_curves(Curves("Success", "share of attempts", (1.0, 2.0, 3.0), (success,), is_share=True))
    assert chart.labels == (("sampled, by the rules", "series-0"),)
    assert chart.note == "n = 8 to 16 attempts a phase."
    assert "phase 1: 25.0 % (4 of 16)" in chart.svg
    assert chart.svg.count('class="range"') == 2
    loss = draw_curves(Curves("Critic loss", "mean loss", (1.0,), (Series("critic: loss", (0.5,)),)))
    assert (loss.labels, loss.note) == ((), "")
    assert "phase 1: 0.5" in loss.svg
    assert 'class="range"' not in loss.svg


def test_counts_that_add_up_are_bars():
    parts = (Series("below", (3.0, None)), Series("drawn", (9.0, 4.0)))
    chart = draw_curves(Curves("Replayed", "steps", (1.0, 2.0), parts, stacked=True))
    assert [(bar.name, bar.total) for bar in chart.bars] == [("phase 1", 12), ("phase 2", 4)]
    assert chart.labels == (("below", "part-0"), ("drawn", "part-1"))
    assert "below: 3 of 12" in chart.bars[0].svg
    assert chart.note == "Counted in steps."


def test_agents_stand_side_by_side_in_their_buckets():
    rows = {"sft": [result(0, True), result(1, False)], "webrl": [result(0, True), result(1, True, "failed")]}
    found = break_down(rows, {"practice-valid/0": 1, "practice-valid/1": 5}, [Bucket(1, 3), Bucket(4)])
    chart = draw_breakdown("By required steps", "required steps", found, ["sft", "webrl"])
    assert chart.labels == (("sft", "series-0"), ("webrl", "series-1"))
    assert ">n=1</text>" in chart.svg
    assert "sft from 100.0 % to 0.0 %" in chart.svg
    assert "webrl from 100.0 % to 100.0 %" in chart.svg
    assert chart.svg.count("<title>") == 3  # nothing was scored of webrl in the second bucket


def test_values_of_the_critic():
    attempts = [((0.2, 0.9), True), ((0.4, 0.8), True), ((0.3, 0.1), False)]
    along = draw_values("Value along an attempt", value_curves(attempts))
    assert [label for label, _ in along.labels] == ["successes, n=2", "failures, n=1"]
    assert "V 0.30 ± 0.20" in along.svg
    found = calibration(attempts)
    assert found is not None
    start = draw_calibration("Value of the start", found)
    assert 'class="diagonal"' in start.svg
    assert "n = 3. Brier score 0.363 (the base rate's 0.222), ranking 0.50." in start.note
    only = calibration(attempts[:1])
    assert only is not None
    assert "ranking" not in draw_calibration("x", only).note


def test_a_bar_is_as_wide_as_its_parts():
    bar = bar_of("phase 2", {"kept": 5, "too hard": 3, "protected": 0, "repeated": 2}, "end")
    assert bar.total == 10
    assert 'class="end-kept" x="0.000" width="50.000"' in bar.svg
    assert 'class="end-too-hard" x="50.000" width="30.000"' in bar.svg
    assert 'class="end-repeated" x="80.000" width="20.000"' in bar.svg
    assert "end-protected" not in bar.svg
    assert 'aria-label="phase 2: kept 5, too hard 3, protected 0, repeated 2"' in bar.svg
    assert "<rect" not in draw_bar(Bar("none", (Part("kept", "end-kept", 0),)))


@pytest.mark.parametrize("hostile", ['"><script>', "<b>&"])
def test_names_are_escaped(hostile):
    bar = bar_of(hostile, {hostile: 1}, "end")
    chart = draw_curves(Curves(hostile, hostile, (1.0,), (Series(hostile, (0.5,)), Series("y", (1.0,)))))
    assert hostile not in bar.svg
    assert hostile not in chart.svg
