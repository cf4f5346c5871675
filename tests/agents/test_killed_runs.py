"""Runs that are killed at any file operation, and go on: they end bit-equal to a run that was never stopped."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from agents.algorithms import PhaseAlgorithm
from agents.metrics import JsonlWriter
from agents.trajectory_io import read_trajectories
from tests.agents.killing import operations_until_killed
from tests.agents.toy_env import demonstration
from tests.agents.toy_runs import TASKS, awr, digirl, filtered_bc, started_policy, webrl, without_times

EVERY = int(os.environ.get("WEBRL_KILL_EVERY", "5"))
"""Of so many file operations one is tried; 1 tries all, which takes the better part of an hour."""
FAILED = ['do(action="Click", element="1")', "exit()"]
RUNS: dict[str, tuple[Callable[..., PhaseAlgorithm], dict[str, Any]]] = {
    "webrl": (
        webrl,
        {
            "attempts": [demonstration(TASKS[0]), demonstration(TASKS[1], FAILED)],
            "begin_with_attempts": True,
            "retried_share": 0.5,
            "renamed_share": 0.7,
            "schedule": "run",
            "epochs": 1,
            "critic_epochs": 1,
        },
    ),
    "filtered_bc": (filtered_bc, {"epochs": 1}),
    "awr": (awr, {"epochs": 1, "critic_epochs": 1}),
    "digirl": (digirl, {"epochs": 1, "critic_epochs": 1}),
}


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process wrote survives its kill without being flushed."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def learned(name: str, folder: Path | None, **changes: Any) -> PhaseAlgorithm:
    """The algorithm after its phases; goes on with what is in the folder."""
    make, settings = RUNS[name]
    places: dict[str, Any] = {}
    if folder is not None:
        folder.mkdir(exist_ok=True)
        places = {
            "checkpoint_folder": folder / "checkpoints",
            "trajectory_folder": folder / "rollouts",
            "metrics": [JsonlWriter(folder / "metrics.jsonl")],
        }
    algorithm = make(started_policy(), phases=2, instructions_per_phase=8, **settings, **places, **changes)
    algorithm.resume()
    algorithm.learn()
    return algorithm


def assert_equal_runs(run: PhaseAlgorithm, straight: PhaseAlgorithm, folder: Path) -> None:
    own, expected = run._all_tensors(), straight._all_tensors()
    assert own.keys() == expected.keys()
    for group, tensors in own.items():
        assert all(torch.equal(tensor, expected[group][name]) for name, tensor in tensors.items()), group
    assert run._state_records() == straight._state_records()
    for name, records in run._state_lines().items():
        assert list(records) == list(straight._state_lines()[name])
    assert without_times(run.history) == without_times(straight.history)
    assert run.num_timesteps == straight.num_timesteps
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["phase"] for line in lines] == [1, 2]
    assert [line["step"] for line in lines] == run._timesteps
    names = [path.name for path in sorted((folder / "checkpoints").iterdir())]
    assert names == ["phase-0001", "phase-0002"]
    for phase, path in enumerate(sorted((folder / "rollouts").glob("phase-*.jsonl.gz")), start=1):
        assert len(read_trajectories(path).labelled) == straight.history[phase - 1]["rollout/trajectories"]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in ("awr", "digirl") else []) for name in RUNS]
)
def test_a_run_that_is_killed_again_and_again_ends_bit_equal(name: str, tmp_path: Path) -> None:
    straight = learned(name, None)
    kills = 0
    while operations_until_killed(lambda: learned(name, tmp_path), tmp_path, kill_at=45 + 35 * kills) is None:
        kills += 1
    assert kills >= 2
    assert_equal_runs(learned(name, tmp_path), straight, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_is_killed_at_any_file_operation_ends_bit_equal(name: str, tmp_path: Path) -> None:
    straight = learned(name, None)
    count = operations_until_killed(lambda: learned(name, tmp_path / "whole"), tmp_path)
    assert count is not None
    for place in range(1, count + 1, EVERY):
        folder = tmp_path / str(place)
        assert operations_until_killed(lambda: learned(name, folder), folder, place) is None  # noqa: B023  # called at once
        assert_equal_runs(learned(name, folder), straight, folder)
        shutil.rmtree(folder)
