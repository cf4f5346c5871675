"""The memory estimate: it counts what is there, follows the settings, and refuses what cannot fit."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from agents import memory, training_memory
from agents.adapters import LoraSettings
from agents.batching import collate
from agents.errors import ConfigConflict, NotEnoughMemory
from agents.hydra_entry import compose_config
from agents.memory import MemoryEstimate, PartMemory
from agents.models import LanguageModel, load_model
from agents.network_shape import NetworkShape, network_shape
from agents.training_memory import context_problems, estimate_memory
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama

GIB = 2**30
LORA = {"rank": 16}


@pytest.fixture(scope="module", params=["nano", "chat"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    {"nano": tiny_nano, "chat": small_llama}[request.param]().save(path)
    return path


def kept_bytes(model: LanguageModel, batch_size: int, length: int) -> int:
    """What a pass keeps for its backward pass, beside the weights."""
    model.model.train()
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.model.parameters()}
    seen: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            seen[storage.data_ptr()] = storage
        return tensor

    batch = collate([[7] + [300] * (length - 2) + [12]] * batch_size, [[301, 302]] * batch_size, 0)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model.log_probs_of(batch.action_ids, batch.action_mask, *batch[:3])
    return sum(storage.nbytes() for storage in seen.values())


def test_what_a_batch_keeps_is_what_torch_keeps(folder: Path) -> None:
    shape = network_shape(str(folder))
    counted = 4 * shape.kept_numbers(2 * 320, 320, keeps_inputs=False)
    assert 0.6 < counted / kept_bytes(load_model(str(folder)), 2, 320) < 1.5
    assert 4 * shape.kept_numbers(2 * 320, 320, keeps_inputs=True) < 0.2 * counted


def test_parameters_and_adapters_are_counted_without_weights(folder: Path) -> None:
    pytest.importorskip("peft")
    shape, model = network_shape(str(folder)), load_model(str(folder)).model
    assert shape.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert 0 < shape.matrices < shape.parameters
    assert shape.embedding == model.get_input_embeddings().weight.numel()
    for targets in (None, (shape.linears[0][0].split(".")[-1],)):
        adapted = load_model(str(folder), lora=LoraSettings(rank=3, targets=targets)).model
        trained = sum(parameter.numel() for parameter in adapted.parameters() if parameter.requires_grad)
        assert shape.adapters(3, targets) == trained


@cache
def composed(algorithm: str) -> dict[str, Any]:
    return compose_config("train", [f"algorithm={algorithm}"])


@pytest.fixture
def estimated(monkeypatch: pytest.MonkeyPatch) -> Callable[..., MemoryEstimate]:
    """Estimates for a Llama of some hundred million parameters."""
    layer = (("q", 768, 768), ("k", 768, 768), ("v", 768, 768), ("o", 768, 768))
    layer += (("gate", 768, 2048), ("up", 768, 2048), ("down", 2048, 768))
    linears = tuple((f"layers.{number}.{name}", *sizes) for number in range(12) for name, *sizes in layer)
    matrices = sum(inputs * outputs for _, inputs, outputs in linears)
    embedding = 30_000 * 768
    sizes = (matrices + embedding, matrices, embedding, 30_000, 12, 768, 768, 2048, 12)

    def make(changed: Mapping[str, Any] | None = None, algorithm: str = "webrl", context: int = 1024) -> MemoryEstimate:
        shape = NetworkShape(*sizes, keeps_attention=False, linears=linears, context=context)
        monkeypatch.setattr(training_memory, "network_shape", lambda _: shape)
        config = copy.deepcopy(composed(algorithm))
        for key, value in {"model.max_prompt_tokens": 1024, **(changed or {})}.items():
            group, _, name = key.partition(".")
            config[group][name] = value
        return estimate_memory(config)

    return make


def parts(estimate: MemoryEstimate) -> dict[str, PartMemory]:
    return {part.name: part for part in estimate.parts}


def test_every_part_of_the_run_is_counted(estimated: Callable[..., MemoryEstimate]) -> None:
    default = estimated({"algorithm.averaged_share": 0.0})
    assert list(parts(default)) == [
        *("supervised start", "attempts", "ORM", "critic", "rollout", "judging", "policy update")
    ]
    update = parts(default)["policy update"]
    one = 4 * 108_000_000
    assert update.weights == pytest.approx(3 * one, rel=0.05)  # policy, critic, ORM
    assert update.gradients == pytest.approx(one, rel=0.25)
    assert update.optimizer == pytest.approx(2 * one, rel=0.05)
    assert parts(estimated({"algorithm.averaged_share": 0.5}))["policy update"].optimizer > 2.9 * one
    assert not {"ORM", "judging"} & parts(estimated({"orm.source": "rules"})).keys()
    assert list(parts(estimated(algorithm="sft"))) == ["supervised start", "attempts"]
    assert "critic" not in parts(estimated(algorithm="filtered_bc"))


def test_a_judge_that_is_there_or_that_nobody_asks_is_not_counted_as_trained(
    estimated: Callable[..., MemoryEstimate], tmp_path: Path
) -> None:
    small_llama().save(tmp_path / "orm")
    own, named = parts(estimated()), parts(estimated({"orm.from": str(tmp_path)}))
    assert "ORM" not in named
    assert "judging" in named
    assert named["policy update"].weights == own["policy update"].weights
    assert "ORM" not in parts(estimated(algorithm="digirl"))  # orm.source=both, and nothing evolves
    assert "ORM" not in parts(estimated({"algorithm.curriculum": False}))
    assert "ORM" in parts(estimated({"orm.source": "orm"}, algorithm="digirl"))


def test_a_judge_that_is_there_is_as_large_as_it_is(tmp_path: Path) -> None:
    model = small_llama().model
    small_llama().save(tmp_path / "orm")
    config = copy.deepcopy(composed("webrl"))
    own, policy = parts(estimate_memory(config)), network_shape("nano").parameters
    config["orm"]["from"] = str(tmp_path)
    config["model"]["dtype"] = "bfloat16"
    named = parts(estimate_memory(config))
    assert own["policy update"].weights == 3 * 4 * policy
    assert named["policy update"].weights == 2 * 2 * policy + 2 * model.num_parameters()
    shape = network_shape(str(tmp_path / "orm"))
    assert named["judging"].activations == 2 * shape.passing_numbers(16 * 512, 512)
    config["orm"]["from"] = "nowhere"
    with pytest.raises(ConfigConflict, match=r"orm\.from: nowhere holds no outcome reward model"):
        estimate_memory(config)


@pytest.mark.parametrize("settings", [{"phases": 2}, {"phases": 2, "critic_learning_rate": 0.1}])
def test_an_algorithm_of_ones_own_may_lack_the_settings_of_ours(settings: dict[str, Any]) -> None:
    config = {**composed("webrl"), "algorithm": {"name": "mine:Mine", **settings}}
    found = parts(estimate_memory(config))
    assert found["policy update"].activations > 0
    assert ("critic" in found) is ("critic_learning_rate" in settings)


@pytest.mark.parametrize(
    ("key", "value", "column", "most"),
    [
        ("model.lora", LORA, "weights", 0.45),
        ("model.lora", LORA, "optimizer", 0.1),
        ("model.gradient_checkpointing", True, "activations", 0.5),
        ("algorithm.tokens_per_batch", 512, "activations", 0.6),
        ("model.dtype", "bfloat16", "weights", 0.51),
    ],
)
def test_what_needs_less_is_counted_as_less(
    estimated: Callable[..., MemoryEstimate], key: str, value: Any, column: str, most: float
) -> None:
    before, after = (parts(estimated(changed))["policy update"] for changed in ({}, {key: value}))
    assert getattr(after, column) < most * getattr(before, column)
    assert after.total < before.total


def test_a_critic_of_its_own_weighs_more_than_adapters(estimated: Callable[..., MemoryEstimate]) -> None:
    trunk = {"model.lora": LORA, "algorithm.critic_trunk": True}
    shared, own = (
        parts(estimated({**trunk, "algorithm.critic_weights": weights}))["critic"] for weights in ("adapters", "own")
    )
    assert own.weights > 1.8 * shared.weights
    assert own.optimizer > 20 * shared.optimizer


def test_masters_of_16_bit_weights_are_counted(estimated: Callable[..., MemoryEstimate]) -> None:
    with_masters, without = (
        parts(estimated({"model.dtype": "bfloat16", "model.master_weights": on}))["policy update"]
        for on in (True, False)
    )
    assert with_masters.optimizer > 2 * without.optimizer


def test_a_run_that_cannot_fit_is_refused_with_what_needs_less(
    estimated: Callable[..., MemoryEstimate], monkeypatch: pytest.MonkeyPatch
) -> None:
    estimated().require_fit()
    monkeypatch.setattr(memory, "available_memory", lambda _: GIB)
    with pytest.raises(NotEnoughMemory, match=r"needs about \d\.\d GiB on cpu .* and \d\.\d GiB can be had") as refused:
        estimated().require_fit()
    told = str(refused.value)
    for setting in ("model.lora={rank: 16}", "model.gradient_checkpointing=true", "algorithm.tokens_per_batch=half"):
        assert setting in told
    own = {"algorithm.critic_trunk": False, "sft.max_rounds": 0, "orm.source": "rules", "model.lora": LORA}
    with pytest.raises(NotEnoughMemory, match=r"rollout|attempts") as refused:
        estimated({**own, "model.gradient_checkpointing": True}).require_fit()
    for setting in ("model.max_prompt_tokens=512", "env.num_envs=8"):
        assert setting in str(refused.value)
    assert "critic_weights" not in told  # needs adapters first
    own = {"model.lora": LORA, "algorithm.critic_weights": "own", "algorithm.critic_trunk": True, "orm.source": "rules"}
    with pytest.raises(NotEnoughMemory, match=r"algorithm\.critic_weights=adapters"):
        estimated(own).require_fit()
    monkeypatch.setattr(memory, "available_memory", lambda _: None)
    estimated().require_fit()  # nobody knows


def test_the_table_tells_every_part_and_the_largest(estimated: Callable[..., MemoryEstimate]) -> None:
    lines = estimated().table().splitlines()
    assert len(lines) == 9
    assert all(len(line) == len(lines[0]) for line in lines[:-1])
    assert lines[-1].startswith("At most ")
    assert "GiB can be had" in lines[-1]


def test_what_the_model_cannot_read_is_told() -> None:
    model = {**composed("webrl")["model"], "max_prompt_tokens": 100_000, "max_new_tokens": 4096}
    assert context_problems({**model, "name_or_path": "/none"}) == []
    assert context_problems(model) == [
        "model.max_prompt_tokens must be at most the model's context of 4096 tokens, got 100000",
        "model.max_new_tokens must be below the model's context of 4096 tokens, got 4096",
    ]


def test_the_nano_model_fits_anywhere() -> None:
    assert estimate_memory(composed("webrl")).largest.total < GIB


def test_a_prompt_without_a_limit_is_as_long_as_the_context(estimated: Callable[..., MemoryEstimate]) -> None:
    for prompt, longest in (("auto", 96), ("webrl_llama3", 512)):
        left_open = estimated({"model.prompt": prompt, "model.max_new_tokens": None})
        assert parts(left_open) == parts(estimated({"model.prompt": prompt, "model.max_new_tokens": longest}))
    whole = estimated({"model.max_prompt_tokens": None, "model.max_new_tokens": 24})
    assert parts(whole) == parts(estimated({"model.max_prompt_tokens": 1000, "model.max_new_tokens": 24}))


def test_writing_is_counted_for_the_environments_and_pages_that_there_are(
    estimated: Callable[..., MemoryEstimate],
) -> None:
    def attempts(**env: int) -> int:
        changed = {"model.max_prompt_tokens": None, **{f"env.{key}": value for key, value in env.items()}}
        return parts(estimated(changed, context=131_072))["attempts"].generation

    assert attempts(num_envs=64) == attempts(num_envs=16) == pytest.approx(4 * attempts(num_envs=4))
    # 16,000 characters of page come to 8,000 tokens at most, and 2,048 stand beside them.
    bounded = parts(estimated({"model.max_prompt_tokens": 10_048, "env.num_envs": 16}, context=131_072))["attempts"]
    assert attempts(num_envs=16) == bounded.generation
    assert attempts(budget=4000) < 0.5 * attempts(budget=16_000)


def test_a_judge_that_reads_long_pages_does_so_in_batches_of_so_many_tokens(
    estimated: Callable[..., MemoryEstimate],
) -> None:
    short, long, longer = (
        parts(estimated({"orm.max_page_length": length, "env.budget": 100_000}, context=131_072))["judging"].activations
        for length in (1000, 12_000, 60_000)
    )
    assert short == long == 4 * 16_384 * (3 * 2048 + 6 * 768)
    assert longer > 1.9 * long


def test_a_proposer_in_this_process_is_counted_where_it_shares_the_device(
    estimated: Callable[..., MemoryEstimate],
) -> None:
    local = compose_config("train", ["curriculum=local", "curriculum.model=somewhere"])["curriculum"]
    changed = {f"curriculum.{key}": value for key, value in local.items()}
    with_it, without = parts(estimated(changed)), parts(estimated())
    assert with_it["proposals"].generation > 0
    one = without["attempts"].weights
    assert with_it["policy update"].weights == without["policy update"].weights + one
    assert with_it["attempts"] == without["attempts"]
    assert "proposals" not in parts(estimated({**changed, "curriculum.device": "cuda"}))


def test_copies_in_bfloat16_of_full_weights_are_counted_on_an_accelerator(
    estimated: Callable[..., MemoryEstimate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda _: None)
    on_cuda, plain = (
        parts(estimated({"model.device": "cuda", "model.autocast": autocast})) for autocast in ("auto", False)
    )
    copies = 2 * (plain["attempts"].weights // 4)
    assert on_cuda["attempts"].generation == plain["attempts"].generation + copies
    assert on_cuda["policy update"].activations == plain["policy update"].activations + copies
    small = {"model.device": "cuda", "model.dtype": "bfloat16"}
    assert parts(estimated(small)) == parts(estimated({**small, "model.autocast": False}))
    assert parts(estimated()) == parts(estimated({"model.autocast": False}))


def test_a_proposer_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    config = compose_config("train", ["curriculum=local", "curriculum.model=/nowhere/model"])
    with pytest.raises(ConfigConflict, match=r"^curriculum\.model: /nowhere/model is no causal language model"):
        estimate_memory(config)
