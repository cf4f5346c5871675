"""experiment=paper_llama3_8b holds the numbers of the paper's tables, and is refused where it cannot run; with adapters
it is for one GPU of 80 GB."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from agents import memory, network_shape, training_memory
from agents.algorithms import WebRL
from agents.config_conflicts import conflicts
from agents.errors import NotEnoughMemory
from agents.flat_settings import differences
from agents.hydra_entry import compose_config
from agents.train import main
from tests.agents.tiny_models import tiny_policy

TABLES = {
    "SFT, table 4": {
        "sft.learning_rate": 1e-5,
        "sft.schedule": "cosine",
        "sft.warmup_share": 0.1,
        "sft.examples_per_update": 128,
        "sft.epochs_per_round": 1,
        "sft.max_rounds": 1,
    },
    "WebRL, table 4": {
        "algorithm.policy_learning_rate": 1e-6,
        "algorithm.critic_learning_rate": 1e-6,
        "algorithm.schedule": "constant",
        "algorithm.examples_per_update": 128,
        "algorithm.epochs": 1,
        "algorithm.critic_epochs": 1,
        "algorithm.temperature": 1.0,
        "algorithm.policy_loss": "kl_regression",
        "algorithm.updates_per_trajectory": None,
    },
    "WebRL, sections 2 and 3": {
        "algorithm.phases": 8,
        "algorithm.instructions_per_phase": 500,
        "algorithm.lam": 0.5,
        "algorithm.replay_ratio": 2.0,
        "algorithm.perplexity_low": 1 / 0.95,
        "algorithm.perplexity_high": 1 / 0.5,
        "algorithm.value_low": 0.05,
        "algorithm.value_high": 0.75,
        "algorithm.critic_trunk": True,
        "algorithm.critic_advantage": True,
        "algorithm.failures": True,
        "algorithm.curriculum": True,
    },
    "ORM, table 5": {"orm.learning_rate": 5e-6, "orm.epochs": 4, "orm.threshold": 0.5, "orm.source": "orm"},
    "what is ours is off": {
        "algorithm.averaged_share": 0.0,
        "algorithm.critic_examples": None,
        "algorithm.renamed_share": 0.0,
        "algorithm.rephrased_share": 0.0,
        "algorithm.word_dropout": 0.0,
        "algorithm.min_action_probability": 0.0,
        "algorithm.retried_share": 0.0,
        "algorithm.begin_with_attempts": False,
        "sft.renamed_share": 0.0,
        "sft.word_dropout": 0.0,
        "orm.renamed_share": 0.0,
        "orm.near_misses_per_success": 0.0,
    },
    "what the policy reads": {"model.prompt": "webrl_llama3", "env.profile": "webrl", "env.engine": "chromium"},
}


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    return compose_config("train", ["experiment=paper_llama3_8b"])


def value(config: dict[str, Any], key: str) -> Any:
    group, _, name = key.partition(".")
    return config[group][name]


@pytest.mark.parametrize("table", TABLES)
def test_the_numbers_are_the_papers(config: dict[str, Any], table: str) -> None:
    assert {key: value(config, key) for key in TABLES[table]} == pytest.approx(TABLES[table])


@pytest.mark.parametrize("algorithm", ["filtered_bc", "awr", "digirl"])
def test_the_baselines_are_the_papers_too(algorithm: str) -> None:
    config = compose_config("train", ["experiment=paper_llama3_8b", f"algorithm={algorithm}_paper", "model.device=cpu"])
    assert conflicts(config) == []
    settings = config["algorithm"]
    rates = {name: rate for name, rate in settings.items() if name.endswith("learning_rate")}
    assert set(rates.values()) == {1e-6}
    assert (settings["schedule"], settings["examples_per_update"], settings["epochs"]) == ("constant", 128, 1)
    assert settings.get("discount", 0.9) == 0.9
    assert settings.get("replay_capacity", 100_000) == 100_000
    assert settings.get("mode", "paper") == "paper"
    assert not any(settings[name] for name in ("renamed_share", "rephrased_share", "word_dropout", "averaged_share"))


def test_a_pretrained_model_learns_by_the_papers_form() -> None:
    given = compose_config("train", ["experiment=pretrained"])["algorithm"]
    paper = compose_config("train", ["experiment=paper_llama3_8b"])["algorithm"]
    sizes = {"phases", "instructions_per_phase", "policy_learning_rate", "tokens_per_batch", "examples_per_update"}
    assert {name for name in paper if given[name] != paper[name]} == {*sizes, "critic_trunk"}


def test_prompt_and_action_fill_the_context(config: dict[str, Any]) -> None:
    assert config["model"]["max_prompt_tokens"] + config["model"]["max_new_tokens"] == 16_384


def test_the_algorithm_takes_them(config: dict[str, Any]) -> None:
    settings = {key: setting for key, setting in config["algorithm"].items() if key != "name"}
    algorithm = WebRL(tiny_policy(), None, **settings)
    assert algorithm.policy_fit(phase=8).learning_rate == 1e-6
    assert algorithm.policy_fit(phase=1).examples_per_update == 128


@pytest.fixture(scope="module")
def with_adapters() -> dict[str, Any]:
    return compose_config("train", ["experiment=paper_llama3_8b_lora"])


def test_with_adapters_only_what_one_gpu_needs_and_rates_are_others(
    config: dict[str, Any], with_adapters: dict[str, Any]
) -> None:
    changed = {text.partition(":")[0] for text in differences(config, with_adapters)}
    rates = {"sft.learning_rate", "orm.learning_rate", "algorithm.policy_learning_rate"}
    rates |= {"algorithm.critic_learning_rate"}
    assert changed - rates == {
        *("name", "run", "env.num_envs", "model.gradient_checkpointing", "model.max_prompt_tokens"),
        *("model.lora.rank", "model.lora.alpha", "model.lora.dropout", "algorithm.critic_weights"),
    }
    for rate in rates:
        assert value(with_adapters, rate) == pytest.approx(10 * value(config, rate))


def test_the_paper_fits_one_gpu_of_80_gb_with_adapters_alone(
    config: dict[str, Any], with_adapters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"vocab_size": 128_256, "hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32}
    shape = LlamaConfig(**sizes, num_key_value_heads=8, max_position_embeddings=131_072)
    with torch.device("meta"):
        llama = LlamaForCausalLM(shape)
    monkeypatch.setattr(network_shape, "read_shape", lambda _: llama)
    monkeypatch.setattr(memory, "available_memory", lambda _: int(79.2 * 2**30))
    estimate = training_memory.estimate_memory(with_adapters)
    estimate.require_fit()
    assert 20 * 2**30 < estimate.needed < 40 * 2**30
    training_memory.estimate_memory({**with_adapters, "env": {**with_adapters["env"], "num_envs": 16}}).require_fit()
    with pytest.raises(NotEnoughMemory, match=r"needs about 27\d\.\d GiB on cuda"):
        training_memory.estimate_memory(config).require_fit()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_it_is_refused_without_a_gpu(
    config: dict[str, Any],
    with_adapters: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert conflicts(config) == conflicts(with_adapters) == ["model.device is cuda, but torch sees 0 CUDA devices here"]
    monkeypatch.setattr("sys.argv", ["webrl-train", "experiment=paper_llama3_8b", "env.profile=full"])
    assert main() == 2
    assert capsys.readouterr().err.splitlines() == [
        "ConfigConflict: model.prompt=webrl_llama3 needs env.profile=webrl, the pages it was trained on",
        "model.device is cuda, but torch sees 0 CUDA devices here",
    ]
