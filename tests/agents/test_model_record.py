"""Names of models."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.model_record import folder_problem


def test_a_name_that_can_only_be_a_folders_must_hold_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("whole", "adapters", "empty", "runs/a"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "whole" / "config.json").touch()
    (tmp_path / "adapters" / "adapter_config.json").touch()
    for there in ("nano", "whole", "adapters", str(tmp_path / "whole"), "./whole", "org/model"):
        assert folder_problem(there) == ""
    for missing in ("empty", "/typo/policy", "./typo", "runs/typo", "runs/a/policy", "~/model", "../typo"):
        assert folder_problem(missing).startswith(f"{missing} holds no model")
