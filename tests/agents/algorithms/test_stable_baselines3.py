"""Stable-Baselines3's own tools on our algorithms, with the real environment on the static engine."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from stable_baselines3.common.callbacks import CheckpointCallback, EvalCallback
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.logger import configure
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import webrl_gym
from agents.algorithms.online import OnlineAlgorithm
from agents.generation import InProcess
from agents.policy import LLMPolicy
from tests.agents.small_llama import small_llama

STEPS = 3
FIT = {
    "policy_learning_rate": 1e-3,
    "epochs": 1,
    "tokens_per_batch": 1024,
    "examples_per_update": None,
    "max_grad_norm": 1.0,
    "optimizer": "adamw",
    "schedule": "constant",
    "averaged_share": 0.0,
}


class Walk(OnlineAlgorithm):
    """Attempts tasks and learns nothing: an untrained model solves none, which the others refuse to learn from."""

    setting_names = ("instructions_per_phase",)

    def _run_phase(self, phase: int) -> dict[str, Any]:
        self._callback.on_rollout_start()
        tasks = self.sample_tasks(self.instructions_per_phase, phase, 0)
        rollout = self.collector.collect(tasks, phase=phase, seed=self.phase_seed(phase, 1), on_steps=self._on_steps)
        self._callback.on_rollout_end()
        return {"rollout/steps": rollout.steps, "rollout/trajectories": len(rollout.trajectories)}


def real_env() -> gymnasium.Env:
    return Monitor(gymnasium.make(webrl_gym.ENV_ID, only_sites=["map"], max_steps=STEPS))


@pytest.fixture
def envs() -> Iterator[DummyVecEnv]:
    made = DummyVecEnv([real_env] * 2)
    yield made
    made.close()


def walk(env: VecEnv | None, **settings: Any) -> Walk:
    model = small_llama()
    policy = LLMPolicy(model, max_tokens=440, backend=InProcess(model, max_new_tokens=8))
    return Walk(policy, env, **{**FIT, "phases": 9, "instructions_per_phase": 2, "temperature": 1.0, **settings})


def test_text_reaches_the_policy_and_the_history_goes_with_the_episode(envs: DummyVecEnv) -> None:
    algorithm = walk(envs)
    calls: list[tuple[Any, Any, list[bool], Any]] = []
    predict = algorithm.policy.predict

    def recorded(observation: Any, state: Any, episode_start: Any, deterministic: bool) -> tuple[Any, Any]:
        given = state, list(map(bool, episode_start))
        actions, after = predict(observation, state, episode_start, deterministic)
        calls.append((observation, *given, after))
        return actions, after

    algorithm.policy.predict = recorded
    rewards, lengths = evaluate_policy(algorithm, envs, n_eval_episodes=4, return_episode_rewards=True)
    assert lengths == [STEPS] * 4
    assert rewards == [0.0] * 4
    observation, state, starts, _ = calls[0]
    assert (state, starts) == (None, [True, True])
    assert set(observation) == {"instruction", "url", "html", "last_action_error"}
    assert all(isinstance(text, str) and text for text in (*observation["html"], *observation["instruction"]))
    assert [[len(history) for history in after] for *_, after in calls] == [[n, n] for n in (1, 2, 3, 1, 2, 3)]
    assert [starts for _, _, starts, _ in calls] == [[n in (0, 3)] * 2 for n in range(6)]
    assert all(later[1] == earlier[3] for earlier, later in pairwise(calls))


def test_learning_stops_at_the_phase_boundary_and_counts_environment_steps(envs: DummyVecEnv) -> None:
    algorithm = walk(envs)
    algorithm.learn(total_timesteps=2 * STEPS + 1)
    assert algorithm.phase == 2
    assert algorithm.num_timesteps == sum(numbers["rollout/steps"] for numbers in algorithm.history) == 4 * STEPS


def test_callbacks_logger_and_tensorboard(envs: DummyVecEnv, tmp_path: Path) -> None:
    algorithm = walk(envs, phases=2, tensorboard_log=str(tmp_path / "board"))
    judged = DummyVecEnv([real_env])
    folders = {"log_path": str(tmp_path / "log"), "best_model_save_path": str(tmp_path / "best")}
    evaluation = EvalCallback(judged, n_eval_episodes=1, eval_freq=4, verbose=0, **folders)
    saving = CheckpointCallback(save_freq=3, save_path=str(tmp_path / "saved"))
    algorithm.learn(callback=[evaluation, saving], tb_log_name="walk")
    judged.close()
    algorithm.logger.close()
    board = EventAccumulator(str(tmp_path / "board" / "walk_1")).Reload()
    assert {"eval/mean_reward", "eval/mean_ep_length", "rollout/steps"} <= set(board.Tags()["scalars"])
    assert [event.value for event in board.Scalars("rollout/steps")] == [2 * STEPS] * 2
    assert [event.step for event in board.Scalars("rollout/steps")] == [2 * STEPS, 4 * STEPS]
    assert np.load(tmp_path / "log" / "evaluations.npz", allow_pickle=False)["ep_lengths"].tolist() == [[STEPS]]
    saved = {path.stem: path for path in (tmp_path / "saved").iterdir()}
    assert set(saved) == {f"rl_model_{2 * STEPS}_steps", f"rl_model_{4 * STEPS}_steps"}
    assert all(zipfile.is_zipfile(path) for path in (*saved.values(), tmp_path / "best" / "best_model.zip"))
    loaded = Walk.load(saved[f"rl_model_{4 * STEPS}_steps"], env=envs, **FIT, instructions_per_phase=2, temperature=1.0)
    assert loaded.num_timesteps == 4 * STEPS
    observations = envs.reset()
    expected = algorithm.predict(observations, deterministic=True)[0].tolist()
    assert loaded.predict(observations, deterministic=True)[0].tolist() == expected


def test_a_logger_of_ones_own_is_kept(envs: DummyVecEnv, tmp_path: Path) -> None:
    algorithm = walk(envs, phases=1)
    algorithm.set_logger(configure(str(tmp_path), ["csv"]))
    algorithm.learn()
    algorithm.logger.close()
    assert "rollout/steps" in (tmp_path / "progress.csv").read_text(encoding="utf-8")


def test_other_environments_take_the_place_of_the_first(envs: DummyVecEnv) -> None:
    algorithm = walk(envs, phases=1)
    sites = {task.sites for task in algorithm.suite}
    others = DummyVecEnv([lambda: gymnasium.make(webrl_gym.ENV_ID, only_sites=["reddit"], max_steps=STEPS)] * 2)
    assert algorithm.collector.vec_env is algorithm.get_env() is envs
    algorithm.set_env(others)
    assert algorithm.collector.vec_env is algorithm.get_env() is others
    assert {task.sites for task in algorithm.suite} != sites
    others.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_environments_in_processes_of_their_own() -> None:
    envs = SubprocVecEnv([real_env] * 2)
    try:
        algorithm = walk(envs, phases=1)
        algorithm.learn()
        assert algorithm.num_timesteps == 2 * STEPS
        _, lengths = evaluate_policy(algorithm, envs, n_eval_episodes=2, return_episode_rewards=True)
        assert lengths == [STEPS] * 2
    finally:
        envs.close()
