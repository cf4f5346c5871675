"""Rates of the nano model are refused for a pretrained one, and what is shipped for pretrained ones is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.adapters import LoraSettings, lora_settings
from agents.config_conflicts import conflicts
from agents.hydra_entry import compose_config
from agents.model_record import ModelRecord, set_record
from agents.orm_conflicts import orm_conflicts
from agents.rate_conflicts import judge_rate_conflicts, training_rate_conflicts
from tests.agents.small_llama import small_llama

MINE = ["model=local", "model.name_or_path=org/my-model"]
LORA = "model.lora={rank: 16}"


def told(*overrides: str) -> list[str]:
    return training_rate_conflicts(compose_config("train", overrides))


def keys(problem: str) -> list[str]:
    return [word.partition("=")[0] for word in problem.partition(": such updates")[0].split(", ")]


@pytest.mark.parametrize("experiment", ["webrl_nano", "webrl_smollm2", "paper_llama3_8b", "no_kl", "rule_labels"])
def test_what_is_shipped_is_not_refused(experiment: str) -> None:
    assert told(f"experiment={experiment}") == []


def test_the_nano_models_settings_are_refused_for_a_pretrained_model() -> None:
    (problem,) = conflicts(compose_config("train", MINE))
    assert keys(problem) == [
        "sft.optimizer",
        "sft.learning_rate",
        "orm.optimizer",
        "orm.learning_rate",
        "algorithm.policy_learning_rate",
    ]
    assert problem.startswith("sft.optimizer=muon, sft.learning_rate=0.01, orm.optimizer=muon")
    assert problem.endswith("and nothing at more than 0.001: experiment=pretrained sets them")
    assert "destroy what org/my-model has learned" in problem
    (problem,) = told(*MINE, LORA)
    assert problem.endswith("experiment=pretrained_lora sets them")
    assert told("model=smollm2") != []


ALGORITHMS = ["webrl", "filtered_bc", "filtered_bc_paper", "awr", "digirl", "sft"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_preset_of_smollm2_goes_with_any_algorithm(algorithm: str) -> None:
    config = compose_config("train", ["experiment=webrl_smollm2", f"algorithm={algorithm}"])
    assert conflicts(config) == []


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("experiment", ["pretrained", "pretrained_lora"])
def test_the_presets_go_with_any_algorithm(algorithm: str, experiment: str) -> None:
    config = compose_config("train", [f"experiment={experiment}", f"algorithm={algorithm}", *MINE])
    assert conflicts(config) == []
    assert config["orm"]["optimizer"] == "adamw"
    assert (config["model"]["lora"] is None) is (experiment == "pretrained")


def test_only_what_learns_is_looked_at() -> None:
    tame = ["experiment=pretrained", *MINE]
    assert told(*tame, "sft.max_rounds=0", "sft.optimizer=muon") == []
    assert told(*tame, "orm.source=rules", "orm.learning_rate=1") == []
    assert told(*tame, "orm.from=runs/orm", "orm.learning_rate=1") == []
    assert told(*tame, "algorithm.critic_learning_rate=1") == []  # a head alone
    trunk = [*tame, "algorithm.critic_trunk=true"]
    assert told(*trunk) == []
    (problem,) = told(*trunk, "algorithm.critic_optimizer=muon", "algorithm.critic_learning_rate=5e-3")
    assert keys(problem) == ["algorithm.critic_optimizer", "algorithm.critic_learning_rate"]


@pytest.mark.parametrize("experiment", ["pretrained_lora", "paper_llama3_8b_lora"])
def test_presets_with_adapters_take_all_their_settings(experiment: str) -> None:
    given = ["model.lora.rank=8", "model.lora.alpha=64", "model.lora.dropout=0.1", "model.lora.targets=[q_proj]"]
    own, changed = (compose_config("train", [f"experiment={experiment}", *MINE[1:], *words]) for words in ([], given))
    assert lora_settings(own["model"]["lora"]) == LoraSettings()
    assert lora_settings(changed["model"]["lora"]) == LoraSettings(8, 64, 0.1, ("q_proj",))


@pytest.mark.parametrize("experiment", ["pretrained", "pretrained_lora"])
def test_what_the_smallest_pretrained_models_are_tuned_with_is_the_most(experiment: str) -> None:
    tame = [f"experiment={experiment}", *MINE]
    assert told(*tame, "sft.learning_rate=1e-3") == []
    assert keys(told(*tame, "sft.learning_rate=2e-3")[0]) == ["sft.learning_rate"]


def test_what_was_made_of_the_nano_model_may_learn_as_it_does(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "webrl_nano"}', encoding="utf-8")
    assert told("model=local", f"model.name_or_path={tmp_path}") == []
    adapted = tmp_path / "adapted"
    adapted.mkdir()
    for base, is_refused in ((str(tmp_path), False), ("nano", False), ("org/my-model", True)):
        (adapted / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}), encoding="utf-8")
        assert bool(told("model=local", f"model.name_or_path={adapted}")) is is_refused
    (tmp_path / "config.json").write_text("no JSON", encoding="utf-8")
    assert told("model=local", f"model.name_or_path={tmp_path}") == []  # loading it says what is wrong


def test_a_judge_is_looked_at_by_what_it_starts_from() -> None:
    (problem,) = orm_conflicts(compose_config("train_orm", ["trajectories=[mine]", *MINE]))
    assert keys(problem) == ["orm.optimizer", "orm.learning_rate"]
    assert problem.endswith("orm=pretrained sets them")
    for preset in ("pretrained", "paper"):
        assert orm_conflicts(compose_config("train_orm", ["trajectories=[mine]", f"orm={preset}", *MINE])) == []
    assert orm_conflicts(compose_config("train_orm", ["trajectories=[mine]"])) == []
    given = compose_config("train_orm", ["trajectories=[mine]", "start=org/my-model"])
    assert orm_conflicts(given) == judge_rate_conflicts(given, "org/my-model") != []


def test_adapters_of_rounded_weights_are_not_trained_on_others(tmp_path: Path) -> None:
    record: dict[str, Any] = {"name": "org/my-model", "fingerprint": "0", "dtype": "float16"}
    (tmp_path / "adapter_config.json").write_text("{}", encoding="utf-8")
    given = ["experiment=pretrained", "model=local", f"model.name_or_path={tmp_path}"]
    for learned_on, dtype, is_refused in (
        *(("float16", "float32", True), ("float16", "float16", False), ("bfloat16", "float16", True)),
        *(("bfloat16", "float32", False), ("", "float16", False)),
    ):
        (tmp_path / "base.json").write_text(json.dumps({**record, "dtype": learned_on}), encoding="utf-8")
        told = conflicts(compose_config("train", [*given, f"model.dtype={dtype}"]))
        expected = f"model.dtype must be {learned_on}, on which the adapters of {tmp_path} learned, got {dtype!r}"
        assert told == ([expected] if is_refused else [])


def test_a_saved_model_is_pretrained_unless_it_is_of_the_nano_kind(tmp_path: Path) -> None:
    model = small_llama()
    set_record(model.model.config, ModelRecord("mine"))
    model.save(tmp_path)
    assert told("model=local", f"model.name_or_path={tmp_path}") != []
