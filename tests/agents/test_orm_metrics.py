"""How good a judge is: thresholds, ranks, calibration, intervals, slices."""

from __future__ import annotations

import dataclasses
import json

import pytest

from agents.labelling import ConfusionMatrix
from agents.orm_metrics import (
    Judgement,
    area_under_curve,
    balanced_accuracy_interval,
    best_threshold,
    calibration_error,
    confusion_at,
    has_both_outcomes,
    judge_record,
    judgements,
    reliability,
    sliced_records,
)
from agents.results import wilson_interval
from tests.agents.toy_env import demonstration, toy_task
from webrl_gym.types import OutcomeVerdict, Site, VerdictStatus


def said(*pairs: tuple[float, bool]) -> list[Judgement]:
    return [Judgement(p_yes, success) for p_yes, success in pairs]


SOME = said((0.95, True), (0.8, True), (0.6, False), (0.4, True), (0.3, False), (0.05, False))


def test_yes_is_above_the_threshold() -> None:
    assert confusion_at(SOME, 0.5) == ConfusionMatrix(true_yes=2, false_yes=1, true_no=2, false_no=1)
    assert confusion_at(SOME, 0.6) == ConfusionMatrix(true_yes=2, false_yes=0, true_no=3, false_no=1)
    assert confusion_at(SOME, 0.95) == ConfusionMatrix(true_no=3, false_no=3)


def test_the_best_threshold_stands_in_the_middle_of_the_widest_gap() -> None:
    # two gaps are as good: above 0.3 (recall 1, specificity 2/3) and above 0.6 (2/3, 1)
    assert best_threshold(SOME) == pytest.approx(0.7)
    assert best_threshold(said((0.9, True), (0.1, False), (0.3, False))) == pytest.approx(0.6)
    assert best_threshold(said((0.2, True), (0.1, False))) == pytest.approx(0.15)
    assert best_threshold(said((0.2, True), (0.1, True))) == 0.5
    assert best_threshold([]) == 0.5
    assert has_both_outcomes(SOME)
    assert not has_both_outcomes(said((0.2, True), (0.1, True)))
    assert not has_both_outcomes([])


def test_a_judge_that_says_the_same_of_all_gets_a_threshold_that_can_be_used() -> None:
    assert 0.0 < best_threshold(said((0.0, True), (0.0, False))) < 1.0
    assert 0.0 < best_threshold(said((1.0, True), (1.0, False))) < 1.0


def test_the_area_under_the_curve_counts_pairs() -> None:
    # 9 pairs: 0.4 loses to 0.6
    assert area_under_curve(SOME) == pytest.approx(8 / 9)
    assert area_under_curve(said((0.5, True), (0.5, False))) == 0.5
    assert area_under_curve(said((0.5, True))) is None


def test_reliability_by_hand() -> None:
    table = reliability(said((0.0, False), (0.25, True), (0.5, True), (0.35, False), (1.0, True)), bins=2)
    assert [(row.low, row.high, row.count) for row in table] == [(0.0, 0.5, 4), (0.5, 1.0, 1)]
    assert [row.mean_p_yes for row in table] == pytest.approx([0.275, 1.0])
    assert [row.success_rate for row in table] == [0.5, 1.0]
    error = calibration_error(said((0.0, False), (0.25, True), (0.5, True), (0.35, False), (1.0, True)), bins=2)
    assert error == pytest.approx(0.8 * 0.225)
    assert calibration_error([]) is None


def test_ends_of_bins_belong_to_the_lower_bin() -> None:
    assert [row.high for row in reliability(said((0.1, True), (0.2, True), (0.3, True)))] == [0.1, 0.2, 0.3]


def test_the_interval_of_a_balanced_accuracy_is_between_wilsons() -> None:
    matrix = ConfusionMatrix(true_yes=40, false_no=10, true_no=90, false_yes=10)
    low, high = balanced_accuracy_interval(matrix) or (0.0, 0.0)
    assert low < 0.85 < high
    narrow, wide = wilson_interval(90, 100), wilson_interval(40, 50)
    assert narrow[1] - narrow[0] < wide[1] - wide[0]
    # half of the wider one alone, and at most half of both together
    assert (wide[1] - wide[0]) / 2 < high - low < (wide[1] - wide[0] + narrow[1] - narrow[0]) / 2
    assert balanced_accuracy_interval(ConfusionMatrix(true_yes=3)) is None


def test_a_record_is_json_and_has_the_always_no_score() -> None:
    record = judge_record(SOME, (0.5, 0.65))
    assert record == json.loads(json.dumps(record)) | {"at": record["at"]}
    assert (record["attempts"], record["successes"], record["base_rate"]) == (6, 3, 0.5)
    assert record["always_no_accuracy"] == 0.5
    assert set(record["at"]) == {"0.5", "0.65"}
    at = record["at"]["0.65"]
    assert at["balanced_accuracy"]["value"] == pytest.approx(5 / 6)
    assert at["precision"]["value"] == 1.0
    assert at["recall"]["interval"] == wilson_interval(2, 3)
    assert judge_record(said((0.1, False)), (0.5,))["at"]["0.5"]["precision"] is None
    assert list(judge_record(SOME, (0.5, 0.50031))["at"]) == ["0.5", "0.50031"]


def test_judgements_need_both_verdicts() -> None:
    done = demonstration(toy_task("Red", 0)).trajectory
    yes = OutcomeVerdict(VerdictStatus.SCORED, 1.0, "orm", p_yes=0.9)
    undecided = OutcomeVerdict(VerdictStatus.UNDECIDED, 0.0, "orm")
    without_rules = dataclasses.replace(done, rule_verdict=None)
    unscored = dataclasses.replace(done, rule_verdict=OutcomeVerdict(VerdictStatus.UNSCORED, 0.0, "rules"))
    found = judgements([done, done, without_rules, unscored, done], [yes, undecided, yes, yes, None])
    assert found == [Judgement(0.9, True, "OSS", "seen templates")]
    with pytest.raises(ValueError, match="shorter"):
        judgements([done], [])


def test_slices_and_sites_stand_apart() -> None:
    tasks = [
        toy_task("Red", 0),
        toy_task("Red", 0, tags=("unseen_template",), sites=(Site.MAP,)),
        toy_task("Red", 0, template="toy.other", sites=(Site.MAP,)),
    ]
    attempts = [dataclasses.replace(demonstration(tasks[0]).trajectory, task=task) for task in tasks]
    yes = OutcomeVerdict(VerdictStatus.SCORED, 1.0, "orm", p_yes=0.9)
    records = sliced_records(judgements(attempts, [yes] * 3, left_out=["toy.other"]), [0.5])
    assert {name: record["attempts"] for name, record in records.items()} == {
        "all": 3,
        "seen templates": 1,
        "unseen templates": 1,
        "templates left out": 1,
        "Map": 2,
        "OSS": 1,
    }
    assert {name: record["attempts"] for name, record in sliced_records([], [0.5]).items()} == {"all": 0}
