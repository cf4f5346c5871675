"""Results of episodes, Wilson intervals, and the five-site table."""

from __future__ import annotations

import json

import pytest

from agents.results import (
    EpisodeResult,
    Rate,
    as_record,
    column_of,
    episode_result,
    failure_counts,
    markdown_table,
    rate,
    result_from_json,
    site_rates,
    slice_rates,
    wilson_interval,
)
from webrl_gym.suites import load_suite
from webrl_gym.types import OutcomeVerdict, VerdictStatus

SCORED = OutcomeVerdict(VerdictStatus.SCORED, 1.0, "rules", detail="as asked")


def result(task_id: str = "a", column: str = "OSS", **changes: object) -> EpisodeResult:
    fields: dict[str, object] = {"status": "scored", "success": False, "steps": 2}
    return EpisodeResult(task_id, column, **{**fields, **changes})


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Worked by hand from Wilson's formula with z = 1.96.
        (0, 0, 0.0, 1.0),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (1, 30, 0.0059, 0.1667),
        (81, 165, 0.4157, 0.5665),
    ],
)
def test_wilsons_interval_has_the_known_values(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_a_rate_says_its_interval_and_nothing_measured_is_not_zero() -> None:
    assert str(Rate(5, 10)) == "50.0 [24-76]"
    assert str(Rate(0, 10)) == "0.0 [0-28]"
    assert (str(Rate(0, 0)), Rate(0, 0).percent) == ("-", None)


def test_the_panel_has_the_papers_columns() -> None:
    results = [episode_result(task, SCORED, None, 1, "", 0.1) for task in load_suite("practice-test")]
    rates = site_rates(results)
    assert {name: value.trials for name, value in rates.items()} == {
        "Reddit": 19,
        "GitLab": 30,
        "CMS": 35,
        "Map": 30,
        "OSS": 45,
        "All": 165,
    }
    places = [
        sorted(site.value for site in task.sites) for task in load_suite("practice-test") if column_of(task) == "Map"
    ]
    assert (places.count(["map"]), places.count(["map", "wikipedia"])) == (26, 4)
    assert sum(column_of(task) == "" for task in load_suite("practice-test")) == 6
    assert sum(value.trials for name, value in rates.items() if name != "All") == 159


def test_what_does_not_count_is_in_no_rate_and_reported_apart() -> None:
    results = [
        result("a", success=True),
        result("b"),
        result("c", status="failed"),
        result("d", status="unscored"),
        result("e", status="undecided"),
        result("f", status="failed"),
    ]
    assert rate(results) == Rate(1, 2)
    assert site_rates(results)["OSS"] == Rate(1, 2)
    assert failure_counts(results) == {"failed": 2, "unscored": 1, "undecided": 1}
    record = as_record(results)
    assert record["rates"]["All"] == {"successes": 1, "trials": 2}
    assert (record["not_scored"], record["episodes"]) == ({"failed": 2, "unscored": 1, "undecided": 1}, 6)
    json.dumps(record)


def test_states_of_the_sites_are_counted() -> None:
    results = [result(site_state=state) for state in ("clean", "dirty", "clean", "", "unknown", "clean")]
    assert as_record(results)["site_states"] == {"clean": 3, "dirty": 1, "unknown": 1}


def test_a_failure_is_never_the_agents_even_beside_a_verdict() -> None:
    task = load_suite("practice-test").tasks[0]
    assert episode_result(task, SCORED, None, 3, "x", 0.1).success
    for verdict in (None, SCORED):
        broken = episode_result(task, verdict, "SiteError: gone", 3, "x", 0.1)
        assert (broken.status, broken.success, broken.detail) == ("failed", False, "SiteError: gone")
    assert episode_result(task, None, None, 3, "x", 0.1).status == "failed"
    undecided = episode_result(task, OutcomeVerdict(VerdictStatus.UNDECIDED, 1.0, "orm"), None, 3, "x", 0.1)
    assert (undecided.status, undecided.success) == ("undecided", False)


def test_slices_tell_seen_unseen_and_new_words_apart() -> None:
    results = [
        result("practice-valid/a", success=True),
        result("practice-valid/b", tags=("unseen_template",)),
        result("practice-valid/c", tags=("novel",), success=True),
        result("practice-valid/d", tags=("reading", "novel", "unseen_template")),
    ]
    assert slice_rates([*results, result("webarena-lite/3")]) == {}
    assert slice_rates([result("practice-train/a", tags=("novel",))]) == {}
    assert slice_rates([result("practice-test-large/a")])
    assert slice_rates(results) == {
        "seen templates": Rate(1, 1),
        "unseen templates": Rate(0, 2),
        "unseen words": Rate(1, 1),
    }


def test_the_table_names_its_denominators() -> None:
    whole = [result(str(number), success=number < 5) for number in range(10)]
    partly = [*whole[:8], result("8", status="failed"), result("9", status="failed")]
    table = markdown_table({"one": whole, "other": partly, "none": []})
    head, _, one, other, none = table.splitlines()
    assert head == "| agent | Reddit 0 | GitLab 0 | CMS 0 | Map 0 | OSS 10 | All 10 |"
    assert one == "| one | - | - | - | - | 50.0 [24-76] | 50.0 [24-76] |"
    assert other == "| other | - | - | - | - | 62.5 [31-86] of 8 | 62.5 [31-86] of 8 |"
    assert none == "| none | - | - | - | - | - of 0 | - of 0 |"


@pytest.mark.parametrize("answer", ["12", "a\u2028b\x85c\n", "half \ud83d", "é " * 300])
def test_a_result_survives_its_line(answer: str) -> None:
    task = load_suite("practice-test").tasks[0]
    kept = episode_result(task, SCORED, None, 3, answer, 0.25)
    assert len(kept.as_json().splitlines()) == 1
    assert result_from_json(kept.as_json()) == kept
    assert len(kept.answer) <= 200


@pytest.mark.parametrize("line", ["", "{", "3", "[]", "null", "{}", '{"task_id": "a"}', '{"tags": 3}', '["tags"]'])
def test_what_is_no_result_is_refused(line: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        result_from_json(line)
