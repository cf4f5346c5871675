"""A run on the embedded sites whose process is killed and started again ends as one that never was."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from agents.trajectory_io import read_trajectories, trajectory_to_dict
from tests.agents.processes import start_python

SETTINGS = ["debug=smoke", "threads=1", "algorithm.phases=2", "demonstrations=24", "seed=3"]
REACHED = [
    "demonstrations.jsonl.gz",
    "sft",
    "attempts.jsonl.gz",
    "checkpoints/phase-0001.stages/*-collection",
    "checkpoints/phase-0001",
    "checkpoints/phase-0002.stages/*-instructions",
]
"""What is there when the process is killed, each time once more."""


def train(folder: Path) -> subprocess.Popen[str]:
    return start_python(["-m", "agents.train", *SETTINGS], folder)


def kill_when_there(folder: Path, name: str) -> None:
    process = train(folder)
    while not any((folder / "runs/smoke").glob(name)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def finish(folder: Path) -> Path:
    process = train(folder)
    said = process.communicate()
    assert process.returncode == 0, said
    return folder / "runs/smoke"


def metrics(run: Path) -> list[dict[str, Any]]:
    lines = map(json.loads, (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    return [{name: value for name, value in line.items() if not name.startswith("time/")} for line in lines]


def attempts(path: Path) -> list[dict[str, Any]]:
    records = [trajectory_to_dict(item) for item in read_trajectories(path).labelled]
    assert records
    for step in (step for record in records for step in record["steps"]):
        del step["info"]["timing"]
    return records


def weights(run: Path, model: str) -> str:
    return hashlib.sha256((run / model / "model.safetensors").read_bytes()).hexdigest()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_run_on_the_sites_that_is_killed_again_and_again_ends_bit_equal(tmp_path: Path) -> None:
    (tmp_path / "straight").mkdir()
    (tmp_path / "killed").mkdir()
    straight = finish(tmp_path / "straight")
    for name in REACHED:
        kill_when_there(tmp_path / "killed", name)
    killed = finish(tmp_path / "killed")
    for model in ("sft", "policy"):
        assert weights(killed, model) == weights(straight, model)
    assert weights(straight, "policy") != weights(straight, "sft")
    assert metrics(killed) == metrics(straight)
    for name in ("attempts.jsonl.gz", "rollouts/phase-0001.jsonl.gz", "rollouts/phase-0002.jsonl.gz"):
        assert attempts(killed / name) == attempts(straight / name)
