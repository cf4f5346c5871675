import os
import time
from functools import partial

import pytest
import torch

from benchmarks.learning.workers import Unit, work_through


def _note(path, name):
    with path.open("a") as file:
        file.write(f"{name}\n")
    return name, torch.get_num_threads()


def _late(path, name):
    time.sleep(0.5)
    return _note(path, name)[0]


def _break():
    raise ValueError("this unit cannot be done")


def _in_an_hour():
    return time.monotonic() + 3600


def test_units_are_done_after_what_they_need(tmp_path):
    notes, results = tmp_path / "notes", {}
    needed = {"a1": "a", "a": None, "b": None, "c": "done in an earlier run"}
    units = [Unit(name, partial(_note, notes, name), after) for name, after in needed.items()]
    assert work_through(units, 2, _in_an_hour(), lambda unit, result: results.update({unit.name: result})) == []
    order = notes.read_text().split()
    assert sorted(order) == sorted(needed)
    assert order.index("a") < order.index("a1")
    assert results["a1"][0] == "a1"
    assert {threads for _, threads in results.values()} == {max(1, (os.cpu_count() or 1) // 2)}


def test_nothing_is_begun_when_the_time_is_over(tmp_path):
    units = [Unit("a", partial(_note, tmp_path / "notes", "a"))]
    assert work_through(units, 1, time.monotonic() - 1.0, lambda *_: None) == units
    assert not (tmp_path / "notes").exists()


def test_what_a_unit_raises_is_raised_when_the_others_are_done(tmp_path):
    results = {}
    units = [Unit("a", _break), Unit("b", partial(_late, tmp_path / "notes", "b")), Unit("c", _break)]
    with pytest.raises(ValueError, match="cannot be done"):
        work_through(units, 2, _in_an_hour(), lambda unit, result: results.update({unit.name: result}))
    assert results == {"b": "b"}
