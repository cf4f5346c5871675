"""The critic's values along attempts, and at their start against the outcome."""

from __future__ import annotations

import math

import pytest

from agents.analyses.critic_values import POSITIONS, calibration, value_curves
from agents.results import Rate


def test_attempts_count_once_at_every_position_however_long_they_are() -> None:
    attempts = [((0.0, 1.0), True), ((0.2, 0.4, 0.6, 0.8, 1.0), True), ((0.5,), False)]
    done, failed = value_curves(attempts)
    assert (done.success, done.attempts, failed.success, failed.attempts) == (True, 2, False, 1)
    assert done.means == pytest.approx([0.1, 0.325, 0.55, 0.775, 1.0])
    assert failed.means == (0.5,) * len(POSITIONS)
    # Two values 0 and 0.2: standard deviation 0.1 * sqrt(2), standard error 0.1.
    assert done.margins == pytest.approx([0.196, 0.147, 0.098, 0.049, 0.0], abs=1e-3)
    assert failed.margins == (0.0,) * len(POSITIONS)


def test_attempts_with_a_step_that_has_no_value_are_left_out() -> None:
    attempts = [((0.2, None), True), ((), True), ((0.3,), False)]
    assert [(curve.success, curve.attempts) for curve in value_curves(attempts)] == [(False, 1)]
    found = calibration(attempts)
    assert found is not None
    assert found.outcomes == Rate(0, 1)
    assert calibration(attempts[:2]) is None
    assert value_curves([]) == []


def test_start_values_are_sorted_into_bins_and_scored() -> None:
    attempts = [((0.1, 0.9), False), ((0.15,), True), ((0.5,), True), ((1.0, 0.0), True)]
    found = calibration(attempts)
    assert found is not None
    assert [(part.low, part.high, part.outcomes) for part in found.bins] == [
        (0.0, 0.2, Rate(1, 2)),
        (0.4, 0.6, Rate(1, 1)),
        (0.8, 1.0, Rate(1, 1)),
    ]
    assert found.bins[0].mean_value == pytest.approx(0.125)
    assert found.brier == pytest.approx((0.01 + 0.7225 + 0.25 + 0.0) / 4)
    assert found.base_rate_brier == pytest.approx(0.75 * 0.25)
    assert found.ranking == 1.0


def test_ranking_is_that_of_pairs() -> None:
    attempts = [((0.4,), True), ((0.8,), True), ((0.4,), False), ((0.6,), False)]
    found = calibration(attempts)
    assert found is not None
    assert found.ranking is not None
    assert math.isclose(found.ranking, (0.5 + 0 + 1 + 1) / 4)
    only = calibration(attempts[:2])
    assert only is not None
    assert only.ranking is None
    assert only.base_rate_brier == 0.0
