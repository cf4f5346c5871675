"""What is wrong with a training configuration, told before anything is done."""

from __future__ import annotations

import pytest

from agents.config_conflicts import conflicts
from agents.hydra_entry import compose_config


@pytest.mark.parametrize("algorithm", ["webrl", "filtered_bc", "sft"])
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
