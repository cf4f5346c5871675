"""Numbers in, a number out: the wrapper, and Stable-Baselines3's own algorithms on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import SubprocVecEnv

import webrl_gym
from benchmarks.ppo import greedy, held_out_tasks, random_policy, successes, train
from webrl_gym.wrappers import DiscreteControls
from webrl_gym.wrappers.controls import read_controls
from webrl_gym.wrappers.discrete_controls import PLAIN_ACTIONS

FIRST_SLOT = len(PLAIN_ACTIONS)
LEAVE = 0
CHROMIUM = pytest.param("chromium", marks=pytest.mark.browser)


@pytest.fixture(scope="module")
def wrapped() -> Iterator[DiscreteControls]:
    env = DiscreteControls(gymnasium.make(webrl_gym.ENV_ID), max_controls=20)
    yield env
    env.close()


def action_of(env: DiscreteControls, pattern: str) -> int:
    """Number of the first action whose text matches."""
    return next(number for number in range(env.action_space.n) if re.search(pattern, env.written(number)))


def test_the_checker_finds_nothing_but_the_wrapper(wrapped: DiscreteControls) -> None:
    with pytest.warns(UserWarning, match="has a wrapper applied to it") as warned:
        check_env(wrapped, skip_render_check=True)
    assert len(warned) == 1


def test_controls_are_those_the_environment_knows(wrapped: DiscreteControls) -> None:
    for seed in range(12):
        wrapped.reset(seed=seed)
        written = re.findall(r' id="(\d+)"', wrapped.text_observation["html"])
        assert [control.identity for control in read_controls(wrapped.text_observation["html"])] == written


def test_two_actions_do_a_task(wrapped: DiscreteControls) -> None:
    wrapped.reset(options={"task": "practice-train/shopping.search/0"})
    info = wrapped.step(action_of(wrapped, '"Search"'))[4]
    assert info["action"].startswith('do(action="Search", argument="classic incense"')
    assert "classic+incense" in wrapped.text_observation["url"]
    _, reward, terminated, truncated, info = wrapped.step(LEAVE)
    assert (reward, terminated, truncated, info["action"]) == (1.0, True, False, 'exit(message="")')


def test_the_best_match_comes_first(wrapped: DiscreteControls) -> None:
    task = next(task for task in wrapped.unwrapped.suite if task.template == "reddit.unsubscribe")
    wrapped.reset(options={"task": task})
    named = wrapped.text_observation["html"].partition(wrapped.written(FIRST_SLOT).split('"')[-2])[2]
    assert named.startswith(f'"> {task.parameters["forum"]} </a>')


def test_an_empty_slot_is_a_step_with_an_error(wrapped: DiscreteControls) -> None:
    task = next(task for task in wrapped.unwrapped.suite if task.template == "map.phone")
    wrapped.reset(options={"task": task})
    masks = wrapped.action_masks()
    assert masks.sum() == FIRST_SLOT + len(read_controls(wrapped.text_observation["html"]))
    empty = int(np.flatnonzero(~masks)[0])
    before = wrapped.text_observation["html"]
    features, _, _, _, info = wrapped.step(empty)
    assert "There is no element" in info["action_error"]
    assert info["step"] == 1
    assert wrapped.text_observation["html"] == before
    assert features in wrapped.observation_space


def test_what_is_no_action_is_refused(wrapped: DiscreteControls) -> None:
    wrapped.reset(seed=0)
    for number in (-1, wrapped.action_space.n):
        with pytest.raises(ValueError, match=f"a number from 0 to 24, got {number}"):
            wrapped.step(number)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        DiscreteControls(wrapped.env, max_controls=0)


@pytest.mark.browser
def test_engines_give_the_same_numbers() -> None:
    seen = []
    for engine in ("static", "chromium"):
        env = DiscreteControls(gymnasium.make(webrl_gym.ENV_ID, engine=engine))
        seen.append([env.reset(seed=4)[0], env.step(FIRST_SLOT)[0], env.step(FIRST_SLOT + 1)[0]])
        env.close()
    assert np.array_equal(*seen)


def test_the_spec_survives_json(wrapped: DiscreteControls) -> None:
    env = DiscreteControls(gymnasium.make(webrl_gym.ENV_ID), max_controls=20)
    assert env.spec is not None
    again = gymnasium.make(EnvSpec.from_json(env.spec.to_json()))
    assert np.array_equal(again.reset(seed=2)[0], wrapped.reset(seed=2)[0])
    assert again.action_space == wrapped.action_space
    again.close()
    env.close()


def test_processes_hash_alike(wrapped: DiscreteControls) -> None:
    make = partial(gymnasium.make, "webrl_gym:webrl_gym/WebArenaLite-v0", disable_env_checker=True)
    spec = DiscreteControls(make(), max_controls=20).spec
    vector = AsyncVectorEnv([partial(gymnasium.make, spec)] * 2, context="spawn")
    features = vector.reset(seed=7)[0]
    vector.close()
    expected = [wrapped.reset(seed=seed)[0] for seed in (7, 8)]
    assert np.array_equal(features, expected)


@pytest.mark.parametrize("engine", ["static", pytest.param("chromium", marks=(pytest.mark.browser, pytest.mark.slow))])
@pytest.mark.parametrize(
    ("algorithm", "settings"),
    [(PPO, {"n_steps": 8, "batch_size": 8}), (DQN, {"learning_starts": 4, "buffer_size": 50, "train_freq": 1})],
)
def test_the_algorithms_run_unchanged(algorithm: Any, settings: dict[str, int], engine: str) -> None:
    vector = make_vec_env(webrl_gym.ENV_ID, 2, 0, wrapper_class=DiscreteControls, env_kwargs={"engine": engine})
    model = algorithm("MlpPolicy", vector, seed=0, device="cpu", **settings)
    model.learn(24)
    action, _ = model.predict(vector.reset(), deterministic=True)
    assert action.shape == (2,)
    assert np.array(vector.env_method("action_masks")).shape == (2, vector.action_space.n)
    vector.close()


@pytest.mark.slow
def test_one_environment_a_process() -> None:
    vector = make_vec_env(
        "webrl_gym:webrl_gym/WebArenaLite-v0",
        2,
        0,
        wrapper_class=DiscreteControls,
        vec_env_cls=SubprocVecEnv,
        vec_env_kwargs={"start_method": "spawn"},
    )
    PPO("MlpPolicy", vector, n_steps=8, batch_size=8, device="cpu").learn(16)
    vector.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ppo_learns_what_it_then_does_in_a_world_it_has_not_seen() -> None:
    templates = ["shopping.search", "map.open_place"]
    model = train(0, 14_336, templates)
    tasks = [task for template in templates for task in held_out_tasks(template, 10, [])]
    env = DiscreteControls(gymnasium.make(webrl_gym.ENV_ID))
    by_chance = np.mean(successes(env, tasks, random_policy(np.random.default_rng(0))))
    learned = np.mean(successes(env, tasks, greedy(model)))
    env.close()
    assert by_chance < 0.2
    assert learned > by_chance + 0.4


def test_what_takes_no_text_is_refused(wrapped: DiscreteControls) -> None:
    with pytest.raises(TypeError, match=r"DiscreteControls turns numbers into .* text; .* takes Discrete\(25\)"):
        DiscreteControls(wrapped)
