"""What is wrong with a training configuration, told before anything is done."""

from __future__ import annotations

import pytest

from agents.config_conflicts import conflicts
from agents.hydra_entry import compose_config


@pytest.mark.parametrize("algorithm", ["webrl", "filtered_bc", "awr", "digirl", "sft"])
def test_the_shipped_configurations_hold_no_conflict(algorithm: str) -> None:
    assert conflicts(compose_config("train", [f"algorithm={algorithm}"])) == []
    assert "algorithm.name must be one of" in conflicts(compose_config("train", ["algorithm.name=ppo"]))[0]


@pytest.mark.parametrize("group", ["sft", "orm", "algorithm"])
def test_an_optimizer_that_there_is_not_is_a_conflict(group: str) -> None:
    told = conflicts(compose_config("train", [f"{group}.optimizer=lion"]))
    assert told == [f"{group}.optimizer must be one of adamw, muon, got 'lion'"]


def test_the_critic_may_leave_its_optimizer_open() -> None:
    assert conflicts(compose_config("train", ["algorithm.critic_optimizer=null"])) == []
    assert conflicts(compose_config("train", ["algorithm.critic_optimizer=muon"])) == []


@pytest.mark.parametrize("switch", ["critic_trunk", "critic_advantage", "failures", "curriculum"])
def test_a_switch_is_true_or_false(switch: str) -> None:
    told = conflicts(compose_config("train", [f"algorithm.{switch}=maybe"]))
    assert told == [f"algorithm.{switch} must be true or false, got 'maybe'"]
    assert conflicts(compose_config("train", [f"algorithm.{switch}=true"])) == []


def test_what_the_baselines_set_is_checked() -> None:
    wrong = ["algorithm.mode=offline", "algorithm.advantage_temperature=0", "algorithm.discount=2"]
    assert conflicts(compose_config("train", ["algorithm=awr", *wrong])) == [
        "algorithm.mode must be one of online, paper, got 'offline'",
        "algorithm.discount must be a number from 0 to 1, got 2",
        "algorithm.advantage_temperature must be a number from 0.001 to 1000, got 0",
    ]
    wrong = ["algorithm.trajectory_share=0", "algorithm.step_threshold=2", "algorithm.replay_capacity=0"]
    assert conflicts(compose_config("train", ["algorithm=digirl", *wrong])) == [
        "algorithm.replay_capacity must be a whole number of at least 1, got 0",
        "algorithm.trajectory_share must be a number from 0.001 to 1, got 0",
        "algorithm.step_threshold must be a number from -1 to 1, got 2",
    ]


LLM = ["curriculum=llm", "curriculum.base_url=http://127.0.0.1:1/v1", "curriculum.model=m"]


def test_what_a_language_model_writes_needs_an_orm() -> None:
    assert conflicts(compose_config("train", LLM)) == []
    assert conflicts(compose_config("train", [*LLM, "orm.source=orm"])) == []
    told = conflicts(compose_config("train", [*LLM, "orm.source=rules", "algorithm.curriculum=false"]))
    assert told == [
        "curriculum.proposer=llm needs orm.source orm or both: what a language model writes has no rules",
        "curriculum.proposer=llm has nothing to propose with algorithm.curriculum=false",
    ]
    assert conflicts(compose_config("train", [*LLM, "orm.source=rules", "algorithm=filtered_bc"])) == []


def test_settings_of_the_curriculum_are_looked_at() -> None:
    wrong = ["curriculum.parallel=0", "curriculum.judge=maybe", "curriculum.temperature=-1", "curriculum.patience=many"]
    told = conflicts(compose_config("train", [*LLM, *wrong]))
    assert sorted(line.split()[0] for line in told) == sorted(text.partition("=")[0] for text in wrong)
    assert conflicts(compose_config("train", ["curriculum=local", "curriculum.model=nano"])) == [
        "curriculum.model must be a chat model, got nano, which writes actions and no sentences"
    ]
    assert (
        "curriculum.proposer must be one of grammar, llm, local"
        in conflicts(compose_config("train", ["curriculum.proposer=me"]))[0]
    )
