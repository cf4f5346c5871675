"""How good a judge is: its P(YES) against what is true, with intervals, and where P(YES) can be believed.

Accuracy alone flatters: where most attempts fail, a judge that always says NO is mostly right. So its score and the
base rate stand beside every number, and the balanced accuracy (mean of recall and specificity) is the one to read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from agents.labelling import ConfusionMatrix
from agents.results import COLUMNS, column_of, wilson_interval
from agents.types import Trajectory
from webrl_gym.types import OutcomeVerdict, VerdictStatus

BINS = 10
"""Bins of equal width of a reliability table."""
SEEN, UNSEEN, LEFT_OUT = SLICES = ("seen templates", "unseen templates", "templates left out")
"""Slices of judged attempts: templates of the training suite, templates of validation alone, and templates that the
judge was not trained on though the policy may know them."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge said of one attempt, and what is true.

    Attributes:
        p_yes: The judge's P(YES).
        success: The rules' verdict.
        column: Column of the five-site table; empty for other cross-site tasks.
        slice: One of ``SLICES``.
    """

    p_yes: float
    success: bool
    column: str = ""
    slice: str = ""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One row of a reliability table.

    Attributes:
        low: Lower end of P(YES), exclusive but for the first bin.
        high: Upper end, inclusive.
        count: Judgements with a P(YES) in between.
        mean_p_yes: Their mean P(YES).
        success_rate: Share of successes among them.
    """

    low: float
    high: float
    count: int
    mean_p_yes: float
    success_rate: float


def judgements(
    trajectories: Sequence[Trajectory], verdicts: Sequence[OutcomeVerdict | None], left_out: Iterable[str] = ()
) -> list[Judgement]:
    """Pairs a judge's verdicts with the rules', where both are scored.

    Args:
        trajectories: Finished attempts.
        verdicts: The judge's verdict of each, None where it gave none.
        left_out: Templates that the judge was not trained on.

    Raises:
        ValueError: If there are not as many verdicts as trajectories.
    """
    apart = frozenset(left_out)
    found = []
    for trajectory, verdict in zip(trajectories, verdicts, strict=True):
        rules, task = trajectory.rule_verdict, trajectory.task
        if rules is None or rules.status is not VerdictStatus.SCORED or verdict is None or verdict.p_yes is None:
            continue
        seen = UNSEEN if "unseen_template" in task.tags else SEEN
        name = LEFT_OUT if task.template in apart else seen
        found.append(Judgement(verdict.p_yes, rules.success, column_of(task), name))
    return found


def confusion_at(items: Iterable[Judgement], threshold: float) -> ConfusionMatrix:
    """Counts of a judge that says YES above a threshold.

    Args:
        items: Judgements.
        threshold: In [0, 1).
    """
    pairs = [(item.p_yes > threshold, item.success) for item in items]
    return ConfusionMatrix.of((said for said, _ in pairs), (true for _, true in pairs))


def has_both_outcomes(items: Iterable[Judgement]) -> bool:
    """Whether something was done and something was not; else no threshold is better than another.

    Args:
        items: Judgements.
    """
    return len({item.success for item in items}) == 2


def best_threshold(items: Sequence[Judgement]) -> float:
    """The threshold with the highest balanced accuracy; of several the middle of the widest gap between judgements.

    Args:
        items: Judgements of both outcomes, none of which the judge was trained on.

    Returns:
        In (0, 1); 0.5 if one of the outcomes does not occur, since nothing can be chosen then.
    """
    points = sorted({0.0, 1.0, *(item.p_yes for item in items)})
    if not has_both_outcomes(items):
        return 0.5
    gaps = [((low + high) / 2.0, high - low) for low, high in pairwise(points)]
    scored = [(confusion_at(items, middle).balanced_accuracy or 0.0, width, middle) for middle, width in gaps]
    return max(scored)[2]


def area_under_curve(items: Sequence[Judgement]) -> float | None:
    """Probability that a random success has a higher P(YES) than a random failure; None unless both occur.

    Args:
        items: Judgements.

    Source:
        Hanley & McNeil 1982, "The meaning and use of the area under a receiver operating characteristic curve".
    """
    done = [item.p_yes for item in items if item.success]
    not_done = [item.p_yes for item in items if not item.success]
    if not done or not not_done:
        return None
    above = sum((one > other) + 0.5 * (one == other) for one in done for other in not_done)
    return above / (len(done) * len(not_done))


def reliability(items: Sequence[Judgement], bins: int = BINS) -> list[ReliabilityBin]:
    """P(YES) against the share of successes, bin by bin; bins without a judgement are left out.

    Args:
        items: Judgements.
        bins: Bins of equal width.
    """
    groups: dict[int, list[Judgement]] = {}
    for item in items:
        place = min(max(math.ceil(item.p_yes * bins) - 1, 0), bins - 1)
        groups.setdefault(place, []).append(item)
    return [
        ReliabilityBin(
            low=place / bins,
            high=(place + 1) / bins,
            count=len(group),
            mean_p_yes=sum(item.p_yes for item in group) / len(group),
            success_rate=sum(item.success for item in group) / len(group),
        )
        for place, group in sorted(groups.items())
    ]


def calibration_error(items: Sequence[Judgement], bins: int = BINS) -> float | None:
    """Expected calibration error: mean distance of P(YES) from the share of successes, bins weighed by their size.

    Args:
        items: Judgements; None comes back without any.
        bins: Bins of equal width.

    Source:
        Guo et al. 2017, "On calibration of modern neural networks", equation 3.
    """
    if not items:
        return None
    table = reliability(items, bins)
    return sum(row.count * abs(row.mean_p_yes - row.success_rate) for row in table) / len(items)


def balanced_accuracy_interval(matrix: ConfusionMatrix) -> tuple[float, float] | None:
    """A 95 % interval of the balanced accuracy from Wilson's intervals of recall and specificity.

    The two are of different attempts, so they are independent and their intervals combine by squares. None unless both
    outcomes occur.

    Args:
        matrix: Counts.

    Source:
        Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10.
    """
    recall, specificity = matrix.recall, matrix.specificity
    if recall is None or specificity is None:
        return None
    low_r, high_r = wilson_interval(matrix.true_yes, matrix.true_yes + matrix.false_no)
    low_s, high_s = wilson_interval(matrix.true_no, matrix.true_no + matrix.false_yes)
    middle = (recall + specificity) / 2.0
    return (
        middle - math.hypot(recall - low_r, specificity - low_s) / 2.0,
        middle + math.hypot(high_r - recall, high_s - specificity) / 2.0,
    )


def judge_record(items: Sequence[Judgement], thresholds: Iterable[float]) -> dict[str, Any]:
    """All that is reported of some judgements, JSON-ready; what is undefined is None.

    Args:
        items: Judgements.
        thresholds: Thresholds that the judge is looked at with.
    """
    matrix = confusion_at(items, 0.5)
    return {
        "attempts": len(items),
        "successes": sum(item.success for item in items),
        "base_rate": matrix.base_rate,
        "always_no_accuracy": matrix.always_no_accuracy,
        "area_under_curve": area_under_curve(items),
        "calibration_error": calibration_error(items),
        "reliability": [asdict(row) for row in reliability(items)],
        "at": {f"{threshold:.6g}": _at(confusion_at(items, threshold)) for threshold in thresholds},
    }


def sliced_records(items: Sequence[Judgement], thresholds: Sequence[float]) -> dict[str, dict[str, Any]]:
    """``judge_record`` of all judgements, though there be none, and of each slice and of each site that has any.

    Args:
        items: Judgements.
        thresholds: Thresholds that the judge is looked at with.
    """
    parts = {
        "all": items,
        **{name: [item for item in items if item.slice == name] for name in SLICES},
        **{name: [item for item in items if item.column == name] for name in COLUMNS},
    }
    return {name: judge_record(part, thresholds) for name, part in parts.items() if part or name == "all"}


def _at(matrix: ConfusionMatrix) -> Mapping[str, Any]:
    shares = {
        "accuracy": (matrix.true_yes + matrix.true_no, matrix.total),
        "precision": (matrix.true_yes, matrix.true_yes + matrix.false_yes),
        "recall": (matrix.true_yes, matrix.true_yes + matrix.false_no),
        "specificity": (matrix.true_no, matrix.true_no + matrix.false_yes),
    }
    balanced = None
    if matrix.balanced_accuracy is not None:
        balanced = {"value": matrix.balanced_accuracy, "interval": balanced_accuracy_interval(matrix)}
    return {
        "confusion": asdict(matrix),
        "balanced_accuracy": balanced,
        **{name: _with_interval(*share) for name, share in shares.items()},
    }


def _with_interval(part: int, whole: int) -> dict[str, Any] | None:
    return {"value": part / whole, "interval": wilson_interval(part, whole)} if whole else None
