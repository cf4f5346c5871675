"""docs/new_algorithm.md is run: its files are written, and its command trains with them."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from agents import rate_conflicts, training_run
from agents.models import load_model
from agents.train import main
from agents.trajectory_io import write_trajectories
from tests.agents.tiny_models import tiny_model
from tests.agents.toy_env import demonstration
from tests.agents.toy_runs import environments
from tests.agents.toy_training import Toys
from tests.test_docs import ROOT, blocks

PAGE = ROOT / "docs" / "new_algorithm.md"
BLOCKS = list(blocks(PAGE))
CODE, CONFIGURATION = (next(text for kind, text in BLOCKS if kind == language) for language in ("python", "yaml"))
COMMAND = next(line for _, text in BLOCKS for line in text.splitlines() if line.startswith("webrl-train"))
TOY = """
    model=local model.name_or_path=base model.max_prompt_tokens=200 model.max_new_tokens=6
    demonstrations=2 orm.source=rules sft.optimizer=adamw sft.learning_rate=5e-3 sft.epochs_per_round=60
    sft.tokens_per_batch=256 sft.valid_every=1 sft.renamed_share=0
    algorithm.instructions_per_phase=12 algorithm.tokens_per_batch=256
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's files in an empty current folder."""
    for text in (CODE, CONFIGURATION):
        path = tmp_path / re.match(r"# (\S+)\n", text)[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "reinforce", raising=False)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setattr(sys, "argv", [*shlex.split(COMMAND), *more])
    return main()


def test_an_algorithm_takes_less_than_fifty_lines() -> None:
    assert len(CODE.splitlines()) < 50


def test_the_page_trains(written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(training_run, "suite_of", lambda *_: Toys(orders=1))
    monkeypatch.setattr(training_run, "make_vec_env", lambda *_: environments(4))
    monkeypatch.setattr(rate_conflicts, "is_nano", lambda _: True)  # it has learned nothing yet
    tiny_model().save(written / "base")
    folder = written / "runs" / "reinforce"
    folder.mkdir(parents=True)
    write_trajectories(folder / "demonstrations.jsonl.gz", [demonstration(task) for task in Toys(orders=1).tasks[:2]])
    assert run(monkeypatch, *TOY.split()) == 0, capsys.readouterr().err
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["phase"] for line in lines] == [1, 2]
    assert all(line["policy/updates"] >= 1 and line["rollout/trajectories"] == 12 for line in lines)
    stored: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert stored["algorithm"]["name"] == "reinforce:Reinforce"
    before, after = (load_model(str(folder / name)).model.parameters() for name in ("sft", "policy"))
    assert not all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    (checkpoint,) = sorted((folder / "checkpoints").glob("phase-0002/manifest.json"))
    kept = json.loads(checkpoint.read_text(encoding="utf-8"))["configuration"]
    assert (kept["algorithm"], kept["baseline"]) == ("Reinforce", True)
    monkeypatch.setattr(sys, "argv", ["webrl-train", "resume=runs/reinforce"])
    assert main() == 0


def test_a_key_that_the_algorithm_does_not_take_is_refused_by_name(
    written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "+algorithm.kl_coef=0.5", "seed=-1") == 2
    said = capsys.readouterr().err
    assert "algorithm.kl_coef: no setting of reinforce:Reinforce" in said
    assert "seed must be a whole number" in said
    assert run(monkeypatch, "algorithm.base_line=false") == 2
    assert "did you mean 'algorithm.baseline'" in capsys.readouterr().err
    assert not (written / "runs").exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_page_trains_on_the_real_sites(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "debug=smoke", "name=real", "threads=1") == 0
    assert (written / "runs" / "real" / "policy" / "model.safetensors").exists()
