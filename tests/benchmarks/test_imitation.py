"""Imitation beside a demo: what it reads of the demo, and how it compares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.environments import suite_of
from benchmarks.imitation import difference, measure, outcomes_of, updates_of


def test_an_unfinished_demo_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"the folder of a finished demo, .* has no summary\.json; first run make demo"
    ):
        measure(tmp_path / "demo", tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_updates_are_read_phase_by_phase(tmp_path: Path) -> None:
    lines = [{"phase": 1, "policy/updates": 7}, {"phase": 1}, {"phase": 2, "policy/updates": 9}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert updates_of(tmp_path / "metrics.jsonl") == [7, 9]


def test_outcomes_are_in_the_suites_order_whatever_the_files(tmp_path: Path) -> None:
    ids = [task.task_id for task in suite_of("practice-test")]
    lines = [{"task_id": name, "status": "scored", "success": place == 1} for place, name in enumerate(ids)]
    lines[2]["status"] = "failed"
    (tmp_path / "results.jsonl").write_text("\n".join(map(json.dumps, reversed(lines))), encoding="utf-8")
    assert outcomes_of(tmp_path / "results.jsonl") == "01-" + "0" * (len(ids) - 3)


def test_the_difference_is_paired_and_leaves_out_what_does_not_count() -> None:
    assert difference("1111", "1111").in_points(signed=True) == "+0.0 [+0.0, +0.0]"
    found = difference("11-0", "1000")
    assert found.mean == pytest.approx(1 / 3)
    assert found.low == 0.0 < found.mean < found.high
