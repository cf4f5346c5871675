import multiprocessing
import os
import signal
import time
from functools import partial
from pathlib import Path

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


@pytest.mark.slow
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


@pytest.mark.slow
def test_what_a_unit_raises_is_raised_when_those_that_do_not_need_it_are_done(tmp_path, capsys):
    results = {}
    notes = tmp_path / "notes"
    units = [Unit("a", _break), Unit("b", partial(_late, notes, "b")), Unit("a1", partial(_late, notes, "a1"), "a")]
    units += [Unit("c", partial(_late, notes, "c"))]
    with pytest.raises(ValueError, match="cannot be done"):
        work_through(units, 2, _in_an_hour(), lambda unit, result: results.update({unit.name: result}))
    assert results == {"b": "b", "c": "c"}
    assert "a failed, ValueError: this unit cannot be done" in capsys.readouterr().err


def _rest(path):
    path.write_text(str(os.getpid()))
    time.sleep(600)


def _run(path):
    work_through([Unit("a", partial(_rest, path))], 1, _in_an_hour(), lambda *_: None)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_processes_end_with_the_one_that_began_them(tmp_path, how):
    path = tmp_path / "worker"
    parent = multiprocessing.get_context("spawn").Process(target=_run, args=(path,))
    parent.start()
    _wait_until(lambda: path.exists() and path.read_text())
    worker = int(path.read_text())
    os.kill(parent.pid, how)
    parent.join()
    _wait_until(lambda: not _is_alive(worker))


def _is_alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _wait_until(happens):
    ends = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.05)
