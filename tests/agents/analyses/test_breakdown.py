"""Success in buckets of tasks."""

from __future__ import annotations

import pytest

from agents.analyses.breakdown import Bucket, break_down
from agents.results import EpisodeResult, Rate

BUCKETS = (Bucket(1, 2), Bucket(3, 3), Bucket(4, 9), Bucket(10))


def result(task: str, success: bool, status: str = "scored") -> EpisodeResult:
    return EpisodeResult(task, "OSS", status, success, 3)


@pytest.mark.parametrize(
    ("bucket", "label", "inside", "outside"),
    [(Bucket(3, 3), "3", 3, 4), (Bucket(1, 2), "1\N{EN DASH}2", 2, 3), (Bucket(10), "10+", 99, 9)],
)
def test_a_bucket_says_what_it_holds(bucket: Bucket, label: str, inside: int, outside: int) -> None:
    assert bucket.label == label
    assert inside in bucket
    assert outside not in bucket


def test_each_agent_is_rated_on_the_same_tasks() -> None:
    results = {
        "sft": [result("a", True), result("b", False), result("c", True), result("unknown", True)],
        "webrl": [result("a", True), result("b", True), result("c", False, "failed")],
    }
    found = break_down(results, {"a": 1, "b": 2, "c": 12, "elsewhere": 3}, BUCKETS)
    assert [bucket.label for bucket in found.buckets] == ["1\N{EN DASH}2", "10+"]
    assert found.tasks == (2, 1)
    assert found.rates == {"sft": (Rate(1, 2), Rate(1, 1)), "webrl": (Rate(2, 2), Rate(0, 0))}
    assert found.left_out == 1


def test_without_numbers_there_are_no_buckets() -> None:
    found = break_down({"sft": [result("a", True)], "nobody": []}, {}, BUCKETS)
    assert (found.buckets, found.rates, found.left_out) == ((), {"sft": (), "nobody": ()}, 1)
    assert break_down({}, {"a": 1}, BUCKETS).left_out == 0
