"""Names of models."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.hydra_entry import compose_config
from agents.model_record import folder_problem, longest_action


def test_an_action_is_as_long_as_its_prompts_policies_write() -> None:
    config = compose_config("train", ["model=local", "model.name_or_path=org/model"])
    assert config["model"]["max_new_tokens"] is None
    assert longest_action("auto", None) == 96
    assert longest_action("webrl_llama3", None) == longest_action("webrl_glm4", None) == 512
    assert longest_action("webrl_llama3", 7) == longest_action("auto", 7) == 7


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
