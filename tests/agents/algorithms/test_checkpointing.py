"""Stages of a phase as algorithms use them: what is finished is not done again, and nothing else changes."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from stable_baselines3.common.callbacks import BaseCallback

from agents.algorithms.base import PhaseAlgorithm
from agents.errors import CheckpointMismatch
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_runs import Interrupting, filtered_bc, started_policy, webrl, weights, without_times

SHORT = {"phases": 2, "epochs": 1, "instructions_per_phase": 8}


def test_an_interrupted_rollout_asks_the_model_only_for_the_rest(tmp_path: Path) -> None:
    class Stop(BaseCallback):
        def _on_step(self) -> bool:
            if self.n_calls == 2:
                raise KeyboardInterrupt
            return True

    def counting(folder: Path) -> tuple[PhaseAlgorithm, list[int]]:
        asked: list[int] = []
        algorithm = filtered_bc(started_policy(), checkpoint_folder=folder, phases=1)
        act = algorithm.policy.act
        algorithm.policy.act = lambda *given, **named: asked.append(1) or act(*given, **named)
        return algorithm, asked

    straight, whole = counting(tmp_path / "whole")
    straight.learn()
    with pytest.raises(KeyboardInterrupt):
        counting(tmp_path / "stopped")[0].learn(callback=Stop())
    resumed, rest = counting(tmp_path / "stopped")
    assert resumed.resume()
    resumed.learn()
    assert len(rest) == len(whole) - 2 > 0
    assert resumed.num_timesteps == straight.num_timesteps
    assert torch.equal(weights(resumed.policy), weights(straight.policy))


def test_learning_again_without_resuming_takes_nothing_over(tmp_path: Path) -> None:
    watching = Interrupting("critic", 2)
    algorithm = webrl(started_policy(), checkpoint_folder=tmp_path, progress=watching, **SHORT)
    with pytest.raises(KeyboardInterrupt):
        algorithm.learn()
    watching.begun = []
    algorithm.learn(reset_num_timesteps=False)
    assert watching.begun[0] == "rollout"


class Dicing(PhaseAlgorithm):
    """Draws from the global generators, and changes the policy, in two stages and what comes after them."""

    def __init__(self, policy, stop_after: str = "", **shared) -> None:
        super().__init__(policy, None, learning_rate=1.0, phases=1, **shared)
        self.stop_after = stop_after

    def _run_phase(self, phase):
        first = self.stage("first", lambda: self._draw("first"), changes=("policy",))
        second = self.stage("second", lambda: self._draw("second"), to_lines=list, from_lines=tuple)
        return {f"draw/{place}": value for place, value in enumerate([*first, *second])}

    def _draw(self, name):
        if name == self.stop_after:
            raise KeyboardInterrupt
        drawn = [random.random(), float(np.random.random()), torch.rand(()).item()]
        with torch.no_grad():
            next(self.policy.language_model.model.parameters()).add_(drawn[2] if name == "first" else 0.0)
        return drawn


def test_stages_keep_generators_tensors_and_results(tmp_path: Path) -> None:
    straight = Dicing(tiny_policy()).learn()
    with pytest.raises(KeyboardInterrupt):
        Dicing(tiny_policy(), "second", checkpoint_folder=tmp_path).learn()
    resumed = Dicing(tiny_policy(seed=3), checkpoint_folder=tmp_path)
    assert resumed.resume()
    resumed.learn()
    assert without_times(resumed.history) == without_times(straight.history)
    assert torch.equal(weights(resumed.policy), weights(straight.policy))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["phase-0000", "phase-0001"]


def test_a_loaded_algorithm_does_not_learn_into_another_runs_checkpoints(tmp_path: Path) -> None:
    learned = Dicing(tiny_policy(), checkpoint_folder=tmp_path / "run").learn()
    learned.phases = 2
    assert learned.learn().phase == 2  # into its own it does
    loaded = Dicing(tiny_policy(), checkpoint_folder=tmp_path / "run")
    loaded.phases, loaded.phase = 2, 1  # as load leaves it
    with pytest.raises(CheckpointMismatch, match="phase-0002 is a checkpoint of an earlier run"):
        loaded.learn()


def test_a_loaded_algorithm_can_be_resumed_from_a_new_folder(tmp_path: Path) -> None:
    loaded = Dicing(tiny_policy(), checkpoint_folder=tmp_path / "new")
    loaded.phases, loaded.phase = 2, 1  # as load leaves it
    loaded.learn()
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["phase-0001", "phase-0002"]


def test_stages_do_not_nest(tmp_path: Path) -> None:
    class Nesting(Dicing):
        def _run_phase(self, phase):
            return self.stage("outer", lambda: self.stage("inner", dict))

    with pytest.raises(RuntimeError, match="Stage inner stands within another stage"):
        Nesting(tiny_policy(), checkpoint_folder=tmp_path).learn()
    assert Nesting(tiny_policy()).learn().phase == 1


def test_stages_of_another_configuration_are_refused(tmp_path: Path) -> None:
    class Named(Dicing):
        setting_names = ("stop_after",)

    with pytest.raises(KeyboardInterrupt):
        Named(tiny_policy(), "second", checkpoint_folder=tmp_path).learn()
    with pytest.raises(CheckpointMismatch, match="stop_after: checkpoint 'second', now ''"):
        Named(tiny_policy(), checkpoint_folder=tmp_path).resume()


def test_another_number_of_threads_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Dicing(tiny_policy(), checkpoint_folder=tmp_path).learn()
    assert Dicing(tiny_policy(), checkpoint_folder=tmp_path).resume()
    assert caplog.text == ""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    assert Dicing(tiny_policy(), checkpoint_folder=tmp_path).resume()
    assert "The run used 1 threads and goes on with 7: it will not end bit-equal." in caplog.text
