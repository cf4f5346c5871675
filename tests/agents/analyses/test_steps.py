"""Required steps of tasks, and success by them."""

from __future__ import annotations

from agents.analyses.steps import required_steps, success_by_steps
from agents.results import EpisodeResult, Rate


def result(task: str, success: bool, steps: int) -> EpisodeResult:
    return EpisodeResult(task, "OSS", "scored", success, steps)


RESULTS = {
    "sft": [result("short", True, 3), result("long", False, 2), result("never", False, 30)],
    "webrl": [result("short", True, 5), result("long", True, 12), result("never", False, 1)],
}


def test_the_shortest_success_of_anybody_counts_and_no_failure_does() -> None:
    assert required_steps(RESULTS) == {"short": 3, "long": 12}


def test_tasks_that_nobody_solved_are_left_out_unless_an_oracle_is_there() -> None:
    found = success_by_steps(RESULTS)
    assert ([bucket.label for bucket in found.buckets], found.left_out) == (["1\N{EN DASH}3", "11+"], 1)
    assert found.rates["sft"] == (Rate(1, 1), Rate(0, 1))
    oracle = [result("short", True, 4), result("long", True, 9), result("never", True, 7)]
    found = success_by_steps({**RESULTS, "oracle": oracle})
    assert [bucket.label for bucket in found.buckets] == ["1\N{EN DASH}3", "6\N{EN DASH}7", "8\N{EN DASH}10"]
    assert found.left_out == 0
    assert found.rates["webrl"] == (Rate(1, 1), Rate(0, 1), Rate(1, 1))
