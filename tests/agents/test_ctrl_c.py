"""Ctrl-C on a real command line: one line, exit status 130, no process left, and the run goes on."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from agents.run_folder import last_finished
from tests.agents.processes import start_python
from tests.agents.small_llama import small_llama

PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # as at a terminal, wherever these tests run
from agents.entry_points import train
raise SystemExit(train())
"""
SETTINGS = ["debug=smoke", "algorithm=sft", "experiment=pretrained", "model=local", "model.name_or_path=base"]
SIZES = [
    "model.max_prompt_tokens=400",
    "demonstrations=2",
    "sft.epochs_per_round=400",
    "sft.valid_every=20",
    "env.num_envs=2",
]
SAID = "Stopped; what was finished is kept. Start the same command again to go on.\n"


def members(group: int) -> list[int]:
    """Processes of a group that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_command_says_how_to_go_on_and_leaves_no_process(tmp_path: Path, kind: signal.Signals) -> None:
    small_llama().save(tmp_path / "base")
    process = start_python(["-c", PROGRAM, *SETTINGS, *SIZES], tmp_path)
    run = tmp_path / "runs" / "smoke"
    deadline = time.monotonic() + 100
    while not (run / "sft_rounds").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    os.killpg(process.pid, kind)  # as a terminal does, or a scheduler
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out.startswith("memory in GiB")
    assert out.count("At most") == 1
    assert out.endswith("can be had.\n")  # nothing is said on this side after the estimate
    assert err.endswith(SAID)
    assert "Traceback" not in err
    assert members(process.pid) == []
    assert last_finished(run) == "the demonstrations"
    assert not list(run.rglob(".*.tmp"))
