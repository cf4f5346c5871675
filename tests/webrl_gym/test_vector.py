"""The environment inside Gymnasium's and Stable-Baselines3's vector environments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import gymnasium
import pytest
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv

import webrl_gym

WAIT = 'do(action="Wait")'

# Not a function of this module: a spawned process would import the module to find it, and torch with it.
make = partial(gymnasium.make, "webrl_gym:webrl_gym/WebArenaLite-v0", disable_env_checker=True)

ENGINES = ["static", pytest.param("chromium", marks=(pytest.mark.browser, pytest.mark.slow))]
"""A browser for each worker takes long to start; the fast tests leave that to the driver's own tests."""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("vectorize", [DummyVecEnv, partial(SubprocVecEnv, start_method="spawn")])
def test_stable_baselines_carries_text_as_it_is(
    vectorize: Callable[[list[Callable[[], gymnasium.Env[webrl_gym.Observation, str]]]], VecEnv], engine: str
) -> None:
    vector = vectorize([partial(make, engine=engine)] * 2)
    vector.seed(3)
    observations = vector.reset()
    assert isinstance(observations, dict)
    assert observations["instruction"].shape == (2,)
    assert all(isinstance(text, str) and text for text in observations["html"])
    _, rewards, dones, infos = vector.step([WAIT, 'exit(message="x")'])
    assert rewards.tolist() == [0.0, 0.0]
    assert dones.tolist() == [False, True]
    assert infos[1]["terminal_observation"]["instruction"]
    vector.close()


def test_stable_baselines_makes_vectors_without_asking_for_more() -> None:
    vector = make_vec_env(webrl_gym.ENV_ID, n_envs=2, seed=0)
    assert vector.render_mode is None
    assert vector.reset()["html"].shape == (2,)
    vector.close()


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("engine", ENGINES)
def test_gymnasium_makes_vectors(engine: str, mode: str) -> None:
    vector = gymnasium.make_vec(webrl_gym.ENV_ID, num_envs=2, vectorization_mode=mode, engine=engine)
    observations, infos = vector.reset(seed=4)
    assert observations in vector.observation_space
    assert infos["task"][0].task_id != infos["task"][1].task_id
    vector.action_space.seed(0)
    assert vector.action_space.sample() in vector.action_space
    _, rewards, terminated, _, infos = vector.step([WAIT, "exit()"])
    assert rewards.tolist() == [0.0, 0.0]
    assert terminated.tolist() == [False, True]
    assert infos["verdict"][1].source == "rules"
    assert vector.step([WAIT, WAIT])[4]["step"].tolist() == [2, 0]
    vector.close()


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_the_end_of_an_episode_is_kept_when_the_next_begins_at_once(mode: str) -> None:
    settings = {"autoreset_mode": AutoresetMode.SAME_STEP}
    vector = gymnasium.make_vec(webrl_gym.ENV_ID, num_envs=2, vectorization_mode=mode, vector_kwargs=settings)
    first = vector.reset(seed=4)[0]["instruction"][1]
    observations, _, terminated, _, infos = vector.step([WAIT, "exit()"])
    assert terminated.tolist() == [False, True]
    assert infos["final_obs"][1]["instruction"] == first != observations["instruction"][1]
    assert infos["final_info"]["verdict"][1].source == "rules"
    vector.close()


def test_a_vector_may_leave_resets_to_its_user() -> None:
    settings = {"autoreset_mode": AutoresetMode.DISABLED}
    vector = gymnasium.make_vec(webrl_gym.ENV_ID, num_envs=2, vector_kwargs=settings)
    vector.reset(seed=4)
    ended = vector.step([WAIT, "exit()"])[2]
    vector.reset(options={"reset_mask": ended})
    assert vector.step([WAIT, WAIT])[4]["step"].tolist() == [2, 1]
    vector.close()


@pytest.mark.parametrize("context", [None, pytest.param("spawn", marks=pytest.mark.slow)])
def test_shared_memory_carries_the_same_pages_as_pipes(context: str | None) -> None:
    pages = []
    for shared in (True, False):
        vector = AsyncVectorEnv([make, make], shared_memory=shared, context=context)
        pages.append(vector.reset(seed=11)[0]["html"])
        vector.close()
    assert tuple(pages[0]) == tuple(pages[1])


@pytest.mark.browser
def test_a_vector_shows_a_picture_of_each() -> None:
    vector = gymnasium.make_vec(webrl_gym.ENV_ID, num_envs=2, engine="chromium", render_mode="rgb_array")
    vector.reset(seed=4)
    assert [frame.shape for frame in vector.render() or ()] == [(720, 1280, 3)] * 2
    vector.close()
