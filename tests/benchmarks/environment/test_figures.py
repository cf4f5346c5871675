"""The environment benchmark's figures and its table."""

from __future__ import annotations

import json
from pathlib import Path

import lxml.html
import pytest

from benchmarks import record
from benchmarks.environment.__main__ import keep
from benchmarks.environment.fleet import run_fleet
from benchmarks.environment.observation import large_page, spread
from benchmarks.environment.rows import Part, Row, Series, table
from benchmarks.environment.scaling import further


def test_a_row_is_held_against_what_was_asked() -> None:
    assert Row("steps", 400, "/s", at_least=400).met is True
    assert Row("steps", 399, "/s", at_least=400).met is False
    assert Row("reset", 15.1, "ms", at_most=15).met is False
    assert Row("reset", 1, "ms").met is None


def test_the_table_shows_asked_and_measured() -> None:
    part = Part(
        "Speed",
        [Row("steps", 856.7, "/s", at_least=400), Row("reset", 15.14, "ms", at_most=15), Row("other", 0.1234, "s")],
        series=[Series("static", "MB", {1: 50.04, 2: 101.6})],
    )
    lines = [line.split() for line in table([part]).splitlines()]
    assert lines == [
        ["asked", "measured"],
        [],
        ["Speed"],
        ["steps", ">=", "400", "/s", "857", "/s", "met"],
        ["reset", "<=", "15", "ms", "15.1", "ms", "missed"],
        ["other", "0.123", "s"],
        ["environments", "1", "2"],
        ["static", "50", "102", "MB"],
    ]


def test_a_part_that_is_measured_again_replaces_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    keep("observation", Part("Old", [Row("a", 1.0, "ms")]), "0001")
    keep("steps", Part("Steps", [Row("b", 2.0, "/s")], {"episodes": 3}), "0002")
    keep("observation", Part("New", [Row("a", 3.0, "ms", at_most=2)]), "0003")
    stored = json.loads((tmp_path / "environment.json").read_text(encoding="utf-8"))
    assert stored["commit"] == "0003"
    assert list(stored["parts"]) == ["steps", "observation"]
    assert (stored["parts"]["steps"]["commit"], stored["parts"]["steps"]["episodes"]) == ("0002", 3)
    assert stored["parts"]["observation"]["title"] == "New"
    assert stored["parts"]["observation"]["rows"][0] == {
        "name": "a",
        "value": 3.0,
        "unit": "ms",
        "at_least": None,
        "at_most": 2,
        "met": False,
    }


def test_what_each_further_environment_adds() -> None:
    assert further({1: 100.0, 2: 190.0, 4: 310.0, 8: 520.0}) == 60.0


def test_the_large_page_has_2400_elements_in_its_table() -> None:
    (orders,) = lxml.html.document_fromstring(large_page()).iter("table")
    assert sum(1 for _ in orders.iterdescendants()) == 2_400
    assert 36_000 < len(large_page()) < 40_000


def test_spread_of_times() -> None:
    assert spread([5.0, 1.0, 3.0]) == {"least": 1.0, "median": 3.0, "percentile_95": 5.0}


@pytest.mark.parametrize("mode", ["threads", "async"])
def test_a_fleet_works_and_is_weighed(mode: str) -> None:
    fleet = run_fleet("static", mode, 2, 0.1, 0)
    assert (fleet.engine, fleet.mode, fleet.environments) == ("static", mode, 2)
    assert fleet.steps_per_s > 0
    assert fleet.processes >= (1 if mode == "threads" else 3)
    assert fleet.memory_mb >= fleet.pss_mb > 20


def test_a_fleet_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="invalid choice: 'none'"):
        run_fleet("none", "sync", 1, 0.1, 0)
