"""The environment inside Gymnasium's and Stable-Baselines3's vector environments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import gymnasium
import pytest
from gymnasium.vector import AsyncVectorEnv
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv

import webrl_gym

WAIT = 'do(action="Wait")'

# Not a function of this module: a spawned process would import the module to find it, and torch with it.
make = partial(gymnasium.make, "webrl_gym:webrl_gym/WebArenaLite-v0", disable_env_checker=True)


@pytest.mark.parametrize("vectorize", [DummyVecEnv, lambda makers: SubprocVecEnv(makers, start_method="spawn")])
def test_stable_baselines_carries_text_as_it_is(
    vectorize: Callable[[list[Callable[[], gymnasium.Env[webrl_gym.Observation, str]]]], VecEnv],
) -> None:
    vector = vectorize([make, make])
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


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_gymnasium_makes_vectors(mode: str) -> None:
    vector = gymnasium.make_vec(webrl_gym.ENV_ID, num_envs=2, vectorization_mode=mode)
    observations, infos = vector.reset(seed=4)
    assert len(observations["html"]) == 2
    assert infos["task"][0].task_id != infos["task"][1].task_id
    _, rewards, terminated, _, _ = vector.step([WAIT, "exit()"])
    assert rewards.tolist() == [0.0, 0.0]
    assert terminated.tolist() == [False, True]
    vector.close()


def test_shared_memory_carries_the_same_pages_as_pipes() -> None:
    pages = []
    for shared in (True, False):
        vector = AsyncVectorEnv([make, make], shared_memory=shared, context="spawn")
        pages.append(vector.reset(seed=11)[0]["html"])
        vector.close()
    assert tuple(pages[0]) == tuple(pages[1])
