"""A model's folder as an agent: what is said of it where, how it is loaded by that, and what it wrote in full."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from agents.adapters import LoraSettings
from agents.benchmark import benchmark, run_panel
from agents.errors import CheckpointMismatch
from agents.generation import InProcess
from agents.hydra_entry import compose_config
from agents.metrics import SilentProgress
from agents.model_agent import model_agent
from agents.model_record import ModelRecord, set_record
from agents.models import load_model
from agents.results import EpisodeResult
from agents.types import Completion
from tests.agents.small_llama import small_llama

GIVEN = ("agent=trained", "limit=2", "suite=practice-valid", "env.num_envs=2", "env.max_steps=1", "output=here")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "trained"


def config(*overrides: str) -> dict[str, Any]:
    return compose_config("benchmark", [*GIVEN, *overrides])


def run(*overrides: str) -> list[EpisodeResult]:
    return run_panel(config(*overrides), SilentProgress())[0]


def card() -> dict[str, Any]:
    return json.loads(Path("here/card.json").read_text(encoding="utf-8"))


def without_record(folder: Path, **more: Any) -> None:
    """Makes the folder somebody else's."""
    path = folder / "config.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    known.pop("webrl_gym", None)
    path.write_text(json.dumps({**known, **more}), encoding="utf-8")


def test_a_folder_from_elsewhere_is_loaded_as_it_says_and_as_the_command_line_says(folder: Path) -> None:
    small_llama().save(folder)
    without_record(folder, dtype="bfloat16")
    found = model_agent(config())
    assert (found.record, found.dtype) == (ModelRecord("trained"), "bfloat16")
    assert (found.max_prompt_tokens, found.max_new_tokens, found.is_prompt_known) == (None, 96, False)
    assert found.context == 512
    without_record(folder, dtype=None, torch_dtype="float16")  # as older folders call it
    assert model_agent(config()).dtype == "float16"
    released = model_agent(config("prompt=webrl_llama3", "dtype=float32", "max_prompt_tokens=300"))
    assert released.record == ModelRecord("trained", "webrl_llama3", "characters")
    assert (released.dtype, released.max_prompt_tokens, released.max_new_tokens) == ("float32", 300, 512)
    assert released.is_prompt_known
    assert model_agent(config("prompt=webrl_llama3", "cut=tokens", "max_new_tokens=7")).record.cut == "tokens"


def test_a_runs_policy_is_loaded_as_the_run_was(folder: Path) -> None:
    model = {"prompt": "webrl_glm4", "cut": None, "dtype": "bfloat16", "max_prompt_tokens": 350, "max_new_tokens": 40}
    small_llama().save(folder / "policy")
    (folder / "config.json").write_text(json.dumps({"demonstrations": 1, "model": model}), encoding="utf-8")
    found = model_agent(config())
    assert (found.record.prompt, found.record.cut, found.dtype) == ("webrl_glm4", "characters", "bfloat16")
    assert (found.max_prompt_tokens, found.max_new_tokens) == (350, 40)
    assert model_agent(config("max_new_tokens=9")).max_new_tokens == 9


def test_how_a_model_was_loaded_is_noted_and_decides_the_panel(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_llama().save(folder)
    given = ("dtype=bfloat16", "max_prompt_tokens=400", "max_new_tokens=3")
    assert benchmark(config(*given)) == 0
    assert "2 of 2 completions were empty or cut at max_new_tokens=3: raise max_new_tokens" in capsys.readouterr().out
    assert card()["unfinished_completions"] == 2
    assert card()["loaded_as"] == {
        "prompt": "auto",
        "cut": "tokens",
        "dtype": "bfloat16",
        "max_prompt_tokens": 400,
        "max_new_tokens": 3,
    }
    for override, said in (("dtype=float32", "dtype: 'bfloat16' there"), ("max_new_tokens=4", "max_new_tokens: 3")):
        with pytest.raises(CheckpointMismatch, match=said):
            run(*given, override)


def test_only_completions_that_are_empty_or_cut_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small_llama()
    end = model.prompt_format.end_id
    model.model.generation_config.eos_token_id = [end, other := model.pad_id]
    model.save(folder)
    texts = {
        "whole": Completion("exit()", (5, end)),
        "whole_by_another_end": Completion("exit()", (5, other)),
        "cut": Completion("exit()", (5, 6)),
        "empty": Completion("", (end,)),
    }
    for name, completion in texts.items():
        monkeypatch.setattr(InProcess, "generate", lambda _, prompts, one=completion, **__: [one] * len(prompts))
        benchmark(config(f"output={name}"))
        said = capsys.readouterr().out
        assert ("2 of 2 completions were empty or cut at max_new_tokens=96" in said) is not name.startswith("whole")
        noted = json.loads(Path(name, "card.json").read_text(encoding="utf-8"))["unfinished_completions"]
        assert noted == (0 if name.startswith("whole") else 2)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_adapters_play_on_weights_as_those_they_learned_on(folder: Path, tmp_path: Path, dtype: str) -> None:
    pytest.importorskip("peft")
    base = small_llama()
    set_record(base.model.config, ModelRecord("llama"))
    base.save(tmp_path / "base")
    load_model(str(tmp_path / "base"), dtype=dtype, lora=LoraSettings(rank=2)).save(folder)
    found = model_agent(config())
    assert (found.dtype, found.adapted_dtype, found.is_prompt_known) == (dtype, dtype, True)
    assert [result.status for result in run()] == ["scored"] * 2
    assert card()["loaded_as"]["dtype"] == dtype


def test_a_model_in_torchs_own_files_is_one(folder: Path) -> None:
    model = small_llama()
    model.save(folder)
    (folder / "model.safetensors").unlink()
    torch.save(model.model.state_dict(), folder / "pytorch_model.bin")
    assert [path.name for path in model_agent(config()).weights] == ["pytorch_model.bin"]
    assert [result.status for result in run()] == ["scored"] * 2
    assert card()["model_sha256"] is not None
