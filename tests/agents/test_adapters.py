"""Adapters on one set of base weights: shared, trained alone, saved alone, and refused on another base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from agents.adapters import (
    LoraSettings,
    base_name,
    copy_merged,
    fingerprint,
    is_adapter,
    lora_problems,
    lora_settings,
)
from agents.batching import collate_prompts
from agents.checkpoint import load_module_tensors, module_tensors
from agents.errors import CheckpointMismatch
from agents.models import LanguageModel, load_model
from agents.network_shape import network_shape
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama

pytest.importorskip("peft")

MAKERS = {"nano": tiny_nano, "chat": small_llama}
PROMPTS = [[7, 300, 301, 302, 12], [7, 310, 311, 320, 321, 330, 331, 12]]
LAST = torch.tensor([[4], [7]])
LORA = LoraSettings(rank=4, alpha=8.0)


@pytest.fixture(params=list(MAKERS))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A saved model, which has no adapters."""
    MAKERS[request.param]().save(tmp_path / "base")
    return tmp_path / "base"


def logits(model: LanguageModel) -> torch.Tensor:
    with torch.no_grad():
        return model.logits_at(*collate_prompts(PROMPTS, model.pad_id), LAST)


def shake(model: LanguageModel) -> None:
    """Gives adapters the values of some training."""
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn_like(parameter))


def base_weights(model: LanguageModel) -> dict[str, int]:
    return {name: p.data_ptr() for name, p in model.model.named_parameters() if not is_adapter(name)}


def test_adapters_change_nothing_at_first_and_are_all_that_is_trained(folder: Path) -> None:
    plain = load_model(str(folder))
    adapted = load_model(str(folder), lora=LORA)
    assert torch.equal(logits(adapted), logits(plain))
    trained = {name for name, parameter in adapted.model.named_parameters() if parameter.requires_grad}
    assert trained == {name for name, _ in adapted.model.named_parameters() if is_adapter(name)}
    assert len(trained) > 20
    shake(adapted)
    assert not torch.allclose(logits(adapted), logits(plain), atol=1e-3)


def test_what_is_loaded_is_scored_without_dropout(folder: Path, tmp_path: Path) -> None:
    made = load_model(str(folder), lora=LoraSettings(rank=4, dropout=0.5))
    shake(made)
    made.save(tmp_path / "adapters")
    for model in (made, load_model(str(tmp_path / "adapters"))):
        assert logits(model).equal(logits(model))


def test_models_on_one_base_share_its_weights_and_learn_apart(folder: Path) -> None:
    base = load_model(str(folder))
    policy = load_model(str(folder), lora=LORA, base=base)
    judge = load_model(str(folder), lora=LORA, base=base)
    copy = policy.copy()
    places = set(base_weights(policy).values())
    assert places == {parameter.data_ptr() for parameter in base.model.parameters()}
    assert places == set(base_weights(judge).values()) == set(base_weights(copy).values())
    before = logits(base)
    shake(policy)
    assert torch.equal(logits(judge), before)
    assert torch.equal(logits(copy), before)
    assert torch.equal(logits(base), before)


def test_every_run_begins_with_the_same_adapters_and_draws_nothing_for_them(folder: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = module_tensors(load_model(str(folder), lora=LORA).model)
    assert torch.equal(torch.rand(1), expected)
    second = module_tensors(load_model(str(folder), lora=LORA).model)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_only_adapters_are_saved_and_they_find_their_base_again(folder: Path, tmp_path: Path) -> None:
    adapted = load_model(str(folder), lora=LORA)
    shake(adapted)
    adapted.save(tmp_path / "adapted")
    stored = load_file(tmp_path / "adapted" / "adapter_model.safetensors")
    assert sum(tensor.numel() for tensor in stored.values()) == sum(
        parameter.numel() for parameter in adapted.model.parameters() if parameter.requires_grad
    )
    assert not (tmp_path / "adapted" / "model.safetensors").exists()
    loaded = load_model(str(tmp_path / "adapted"))
    assert torch.equal(logits(loaded), logits(adapted))
    assert loaded.base == adapted.base
    assert loaded.base is not None
    assert loaded.base.name == str(folder.resolve())
    base = load_model(str(folder))
    again = load_model(str(tmp_path / "adapted"), base=base)
    assert torch.equal(logits(again), logits(adapted))
    assert set(base_weights(again).values()) == {parameter.data_ptr() for parameter in base.model.parameters()}
    assert base_name(str(tmp_path / "adapted")) == str(folder.resolve())
    assert base_name("nano") == "nano"
    assert network_shape(str(tmp_path / "adapted")) == network_shape(str(folder))


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing.:FutureWarning")  # peft's model asks transformers so
def test_peft_reads_what_is_saved(tmp_path: Path) -> None:
    from peft import PeftModel

    small_llama().save(tmp_path / "base")
    adapted = load_model(str(tmp_path / "base"), lora=LORA)
    shake(adapted)
    adapted.save(tmp_path / "adapted")
    theirs = PeftModel.from_pretrained(load_model(str(tmp_path / "base")).model, str(tmp_path / "adapted"))
    prompt = torch.tensor([PROMPTS[0]])
    with torch.no_grad():
        torch.testing.assert_close(theirs(prompt).logits, adapted.model(prompt).logits)
    (tmp_path / "adapted" / "base.json").unlink()  # as peft itself writes it
    assert torch.equal(logits(load_model(str(tmp_path / "adapted"))), logits(adapted))


def test_adapters_are_refused_where_their_base_is_missing_or_another(folder: Path, tmp_path: Path) -> None:
    adapted = load_model(str(folder), lora=LORA)
    adapted.save(tmp_path / "adapted")
    other = load_model(str(folder))
    with torch.no_grad():
        next(other.model.parameters()).add_(1.0)
    other.save(folder)
    with pytest.raises(CheckpointMismatch, match=r"as it was when they were trained .* are others"):
        load_model(str(tmp_path / "adapted"))
    folder.rename(tmp_path / "moved")
    with pytest.raises(CheckpointMismatch, match=rf"holds adapters of {folder.resolve()}, which cannot be loaded"):
        load_model(str(tmp_path / "adapted"))


def test_adapters_that_are_cut_or_of_other_layers_are_refused(folder: Path, tmp_path: Path) -> None:
    load_model(str(folder), lora=LORA).save(tmp_path / "adapted")
    config = tmp_path / "adapted" / "adapter_config.json"
    record = json.loads(config.read_text())
    config.write_text(json.dumps({**record, "r": 2}))
    with pytest.raises(CheckpointMismatch, match=r"adapters of another model: .*lora_A\.weight"):
        load_model(str(tmp_path / "adapted"))
    weights = tmp_path / "adapted" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    with pytest.raises(CheckpointMismatch, match="holds no adapters of this model: SafetensorError"):
        load_model(str(tmp_path / "adapted"))
    config.write_text("{}")
    (tmp_path / "adapted" / "base.json").unlink()
    with pytest.raises(CheckpointMismatch, match="does not say which model"):
        load_model(str(tmp_path / "adapted"))


def test_adapters_are_exact_over_a_base_of_lower_precision(folder: Path) -> None:
    adapted = load_model(str(folder), dtype="bfloat16", lora=LORA)
    kinds = {is_adapter(name): parameter.dtype for name, parameter in adapted.model.named_parameters()}
    assert kinds == {True: torch.float32, False: torch.bfloat16}
    assert fingerprint(adapted.model) == fingerprint(load_model(str(folder)).model)


def test_a_merged_copy_says_the_same_and_owns_all_its_weights(folder: Path) -> None:
    adapted = load_model(str(folder), lora=LORA)
    shake(adapted)
    expected = logits(adapted)
    adapted.model, own = copy_merged(adapted.model), adapted.model
    torch.testing.assert_close(logits(adapted), expected, atol=1e-4, rtol=1e-4)
    assert all(parameter.requires_grad for parameter in adapted.model.parameters())
    assert not any(is_adapter(name) for name, _ in adapted.model.named_parameters())
    shared = {parameter.data_ptr() for parameter in own.parameters()}
    assert not shared & {parameter.data_ptr() for parameter in adapted.model.parameters()}


def test_checkpoints_hold_adapters_only_and_restore_them(folder: Path) -> None:
    adapted = load_model(str(folder), lora=LORA)
    shake(adapted)
    tensors = {name: tensor.detach().clone() for name, tensor in module_tensors(adapted.model).items()}
    parameters = {name for name, _ in adapted.model.named_parameters()}
    assert {name for name in tensors if name in parameters} == {name for name in parameters if is_adapter(name)}
    fresh = load_model(str(folder), lora=LORA)
    load_module_tensors(fresh.model, tensors, "policy")
    assert torch.equal(logits(fresh), logits(adapted))


def test_named_layers_alone_get_adapters(tmp_path: Path) -> None:
    small_llama().save(tmp_path)
    adapted = load_model(str(tmp_path), lora=LoraSettings(rank=2, targets=("q_proj", "v_proj")))
    trained = [name for name, parameter in adapted.model.named_parameters() if parameter.requires_grad]
    assert len(trained) == 8
    assert all("q_proj" in name or "v_proj" in name for name in trained)
    with pytest.raises(ValueError, match="no_such_layer"):
        load_model(str(tmp_path), lora=LoraSettings(targets=("no_such_layer",)))


def test_settings_that_cannot_be_are_all_named() -> None:
    assert lora_problems(None) == lora_problems({"rank": 8}) == []
    told = lora_problems({"rank": 0, "alpha": "x", "dropout": 1, "targets": "q_proj", "rnak": 4})
    assert [line.split()[0] for line in told] == ["there", "rank", "alpha", "dropout", "targets"]
    assert "expected null or" in lora_problems(16)[0]
    assert lora_settings({"rank": 8, "targets": ["q_proj"]}) == LoraSettings(rank=8, targets=("q_proj",))
    assert lora_settings(None) is None
    with pytest.raises(ValueError, match="rank must be a whole number"):
        LoraSettings(rank=0)
