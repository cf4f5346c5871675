"""What the critic's values say: do they part successes from failures along the way, and are they probabilities?

**Definitions.** The *relative position* of step t of T is t / (T - 1), from 0 at the start state to 1 at the last state
before the end (0 for an attempt of one step). Between two steps the value is interpolated, so that every attempt
counts once at every position, however long it is. Attempts with a step that has no value are left out. The interval
of a mean is the normal one at 95 %. *Calibration* sorts attempts by V(s_0) into bins of equal width and sets the mean
value beside the share of successes. The *Brier score* is the mean squared difference between V(s_0) and the outcome;
naming the base rate p always scores p (1 - p). *Ranking* is the probability that the start of a success has a higher
value than that of a failure, ties counting half (the area under the ROC curve). The critic is that of the last phase.
Source of the critic: Qi et al. 2024, arXiv:2411.02337v1, equation 8; these analyses are ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np

from agents.results import Rate

POSITIONS = (0.0, 0.25, 0.5, 0.75, 1.0)
BINS = 5
_Z95 = 1.959963984540054

ValuedAttempt = tuple[Sequence[float | None], bool]
"""V(s) of each step of an attempt, and whether it did its task."""


@dataclass(frozen=True, slots=True)
class ValueCurve:
    """Mean value along the attempts of one outcome.

    Attributes:
        success: Which outcome.
        attempts: How many there are.
        means: Mean V(s) at each of ``POSITIONS``.
        margins: Half the width of each mean's 95 % interval; 0 for a single attempt.
    """

    success: bool
    attempts: int
    means: tuple[float, ...]
    margins: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Attempts whose start value lies in [``low``, ``high``), or up to 1: their mean value and their outcomes."""

    low: float
    high: float
    mean_value: float
    outcomes: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """V(s_0) against the outcome.

    Attributes:
        bins: Bins that hold an attempt, in order.
        outcomes: All attempts.
        brier: Mean squared difference of value and outcome.
        ranking: Probability that a success begins with a higher value than a failure; None unless both occur.
    """

    bins: tuple[CalibrationBin, ...]
    outcomes: Rate
    brier: float
    ranking: float | None

    @property
    def base_rate_brier(self) -> float:
        """The score of naming the base rate always."""
        share = self.outcomes.successes / self.outcomes.trials
        return share * (1.0 - share)


def value_curves(attempts: Sequence[ValuedAttempt]) -> list[ValueCurve]:
    """Mean value along successes and along failures, in that order; an outcome that does not occur has none.

    Args:
        attempts: Attempts that count.
    """
    curves = []
    for wanted in (True, False):
        rows = [_at_positions(values) for values, success in _valued(attempts) if success is wanted]
        if rows:
            columns = list(zip(*rows, strict=True))
            spread = [_Z95 * stdev(column) / math.sqrt(len(rows)) if len(rows) > 1 else 0.0 for column in columns]
            curves.append(ValueCurve(wanted, len(rows), tuple(map(fmean, columns)), tuple(spread)))
    return curves


def calibration(attempts: Sequence[ValuedAttempt]) -> Calibration | None:
    """V(s_0) against the outcome; None without an attempt whose steps are all valued.

    Args:
        attempts: Attempts that count.
    """
    pairs = [(values[0], success) for values, success in _valued(attempts)]
    if not pairs:
        return None
    bins = []
    for index in range(BINS):
        inside = [(value, success) for value, success in pairs if min(int(value * BINS), BINS - 1) == index]
        if inside:
            outcomes = Rate(sum(success for _, success in inside), len(inside))
            mean = fmean(value for value, _ in inside)
            bins.append(CalibrationBin(index / BINS, (index + 1) / BINS, mean, outcomes))
    total = Rate(sum(success for _, success in pairs), len(pairs))
    brier = fmean((value - success) ** 2 for value, success in pairs)
    return Calibration(tuple(bins), total, brier, _ranking(pairs))


def _valued(attempts: Sequence[ValuedAttempt]) -> list[tuple[list[float], bool]]:
    """Attempts with a value at every step."""
    known = [([value for value in values if value is not None], values, success) for values, success in attempts]
    return [(found, success) for found, values, success in known if found and len(found) == len(values)]


def _at_positions(values: Sequence[float]) -> list[float]:
    places = np.linspace(0.0, 1.0, len(values)) if len(values) > 1 else np.zeros(1)
    return [float(value) for value in np.interp(POSITIONS, places, values)]


def _ranking(pairs: Sequence[tuple[float, bool]]) -> float | None:
    done = [value for value, success in pairs if success]
    failed = [value for value, success in pairs if not success]
    if not done or not failed:
        return None
    wins = sum((one > other) + 0.5 * (one == other) for one in done for other in failed)
    return wins / (len(done) * len(failed))
