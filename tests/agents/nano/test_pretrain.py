from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

from agents.models import load_model
from agents.nano import pretrain
from agents.optimizers import muon_with_adamw, trained_parameters
from tests.agents.nano.tiny_nano import tiny_nano


def _run(folder: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> dict[str, torch.Tensor]:
    sizes = ["--vocab-size", "900", "--hidden-size", "32", "--layers", "1", "--tokens-per-batch", "1024"]
    given = [
        "pretrain",
        "--output",
        str(folder),
        "--steps",
        "4",
        "--reports",
        "2",
        "--held-out",
        "3",
        "--chunk",
        "48",
        *sizes,
        *more,
    ]
    monkeypatch.setattr(sys, "argv", given)
    threads = torch.get_num_threads()
    pretrain.main()
    torch.set_num_threads(threads)
    return load_model(str(folder)).model.state_dict()


@pytest.mark.slow
def test_pretraining_is_deterministic_and_writes_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _run(tmp_path / "first", monkeypatch)
    second = _run(tmp_path / "second", monkeypatch)
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = _run(tmp_path / "other", monkeypatch, "--seed", "1")
    assert not torch.equal(first["embedding.weight"], other["embedding.weight"])
    log = json.loads((tmp_path / "first" / "log.json").read_text("utf-8"))
    assert log["arguments"]["steps"] == 4
    assert [entry["step"] for entry in log["curve"]] == [2, 4]
    assert "find" in log["curve"][-1]


def test_optimizers_together_train_every_parameter_once() -> None:
    model = tiny_nano().model
    trained = [
        id(parameter)
        for optimizer in muon_with_adamw(trained_parameters(model), 0.02, 0.003)
        for group in optimizer.param_groups
        for parameter in group["params"]
    ]
    assert sorted(trained) == sorted(id(parameter) for parameter in model.parameters())
