"""The command line of the comparison, without learning anything."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.learning import __main__ as command
from benchmarks.learning import cells, report
from benchmarks.learning.arms import ARMS
from benchmarks.learning.cells import Cell


def git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of results that has none yet."""
    monkeypatch.chdir(tmp_path)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "a")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@b")
    for module in (cells, command, report):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    for module in (cells, command):
        monkeypatch.setattr(module, "LOOKS", tmp_path / "log.jsonl")
    git("init", "--quiet")
    return tmp_path


def test_a_cell_whose_process_was_killed_after_writing_it_is_logged_and_committed(folder: Path) -> None:
    cell, other = Cell(ARMS["sft"], 3), Cell(ARMS["webrl"], 0)
    for one in (cell, other):
        result = {
            "arm": one.arm.name,
            "seed": one.seed,
            "commit": "0123",
            "model_sha256": "ab",
            "seconds": {"learning": 1.0, "acting": 1.0},
            "outcomes": {"practice-test": "10"},
        }
        one.result_path.write_text(json.dumps(result), encoding="utf-8")
    cells.log_looks(other.result())  # killed between log and commit
    for _ in range(2):
        command._catch_up([cell, other], commits=True)
        assert git("ls-files").split() == ["log.jsonl", "sft-3.json", "webrl-0.json"]
        assert git("status", "--porcelain") == ""
        looks = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        assert [(look["agent"], look["seed"]) for look in looks] == [("learning/webrl", 0), ("learning/sft", 3)]
        assert git("rev-list", "--count", "HEAD").strip() == "2"
