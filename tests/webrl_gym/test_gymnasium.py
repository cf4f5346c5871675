"""What Gymnasium promises of any environment: the checker, specs, seeds, the standard wrappers."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import Any

import gymnasium
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import RecordEpisodeStatistics

import webrl_gym
from webrl_gym.env import WebArenaLiteEnv

WITH_PREFIX = "webrl_gym:webrl_gym/WebArenaLite-v0"
ENGINES = ["static", pytest.param("chromium", marks=pytest.mark.browser)]
OUR_IDS = [spec.id for spec in gymnasium.registry.values() if spec.namespace == "webrl_gym"]


def test_the_environment_is_registered_under_its_id() -> None:
    assert webrl_gym.ENV_ID in OUR_IDS


@pytest.mark.parametrize("env_id", OUR_IDS)
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"render_mode": "ansi"},
        pytest.param({"engine": "chromium"}, marks=(pytest.mark.browser, pytest.mark.slow)),
        pytest.param({"engine": "chromium", "render_mode": "rgb_array"}, marks=pytest.mark.browser),
    ],
    ids=lambda arguments: "-".join(arguments.values()) or "default",
)
def test_the_checker_finds_nothing_to_warn_about(env_id: str, arguments: dict[str, str]) -> None:
    env = gymnasium.make(env_id, **arguments)
    check_env(env.unwrapped)
    env.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_spec_survives_json(engine: str) -> None:
    env = gymnasium.make(WITH_PREFIX, engine=engine, suite="practice-valid", only_sites=("gitlab", "map"), budget=2_000)
    assert env.spec is not None
    restored = EnvSpec.from_json(json.loads(json.dumps(env.spec.to_json())))
    again = gymnasium.make(restored)
    ours, theirs = env.reset(seed=5), again.reset(seed=5)
    assert ours == theirs
    assert len(ours[0]["html"]) <= 2_000
    assert {site.value for site in ours[1]["task"].sites} <= {"gitlab", "map"}
    assert again.get_wrapper_attr("suite").tasks == env.get_wrapper_attr("suite").tasks
    env.close()
    again.close()


@pytest.mark.browser
def test_the_seed_decides_the_task_whatever_the_engine() -> None:
    drawn = []
    for engine in ("static", "chromium"):
        env = gymnasium.make(webrl_gym.ENV_ID, engine=engine)
        drawn.append([env.reset(seed=seed)[0] for seed in (1, 2)])
        env.close()
    assert drawn[0] == drawn[1]


def test_the_standard_wrappers_have_nothing_to_warn_about() -> None:
    env: gymnasium.Env[Any, Any] = RecordEpisodeStatistics(gymnasium.make(webrl_gym.ENV_ID, max_steps=3))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step("exit()")
    env.reset(seed=0)
    ends = [env.step('do(action="Wait")')[2:4] for _ in range(3)]
    assert ends == [(False, False), (False, False), (False, True)]
    env.reset(seed=0)
    info = env.step("exit()")[4]
    assert (info["episode"]["l"], info["episode"]["r"]) == (1, 0.0)
    env.close()


def test_a_limit_of_gymnasiums_is_refused_wherever_it_comes_from() -> None:
    refusal = "use max_steps=3 in place of max_episode_steps=3: .* ends episodes unscored"
    with pytest.raises(ValueError, match=refusal):
        gymnasium.make(webrl_gym.ENV_ID, max_episode_steps=3)
    with pytest.raises(ValueError, match=refusal):
        gymnasium.make_vec(webrl_gym.ENV_ID, num_envs=2, vectorization_mode="sync", max_episode_steps=3)
    spec = gymnasium.spec(webrl_gym.ENV_ID)
    with pytest.raises(ValueError, match=refusal):
        gymnasium.make(replace(spec, max_episode_steps=3))
    env = gymnasium.make(webrl_gym.ENV_ID, max_episode_steps=-1)  # Gymnasium's way to say none
    assert env.spec is not None
    with pytest.raises(ValueError, match=refusal):
        gymnasium.make(EnvSpec.from_json(env.spec.to_json()), max_episode_steps=3)
    env.close()


def test_nothing_works_before_the_first_reset() -> None:
    env = WebArenaLiteEnv(render_mode="ansi")
    for use in (lambda: env.step("exit()"), env.render, lambda: env.task):
        with pytest.raises(gymnasium.error.ResetNeeded, match="reset"):
            use()
    env.close()


def test_only_templates_keeps_what_was_made_from_them() -> None:
    env = WebArenaLiteEnv(only_templates=["shopping.search", "map.phone"])
    assert {task.template for task in env.suite} == {"shopping.search", "map.phone"}
    assert env.reset(seed=0)[1]["task"] in env.suite.tasks
    env.close()
    with pytest.raises(ValueError, match=r"'shopping\.searching'; near: shopping\.search"):
        WebArenaLiteEnv(only_templates=["shopping.searching"])
    with pytest.raises(ValueError, match=r"no task made from the template 'map\.phone'"):
        WebArenaLiteEnv(only_sites=["reddit"], only_templates=["map.phone"])


def test_an_episode_can_begin_after_a_reset_that_raised() -> None:
    with closing(gymnasium.make(webrl_gym.ENV_ID)) as env:
        with pytest.raises(ValueError, match="has no task"):
            env.reset(options={"task": "practice-train/none"})
        with pytest.raises(ValueError, match=r"has no task 'map\.phone/0'; near: practice-train/map\.phone/0"):
            env.reset(options={"task": "map.phone/0"})
        env.reset(seed=1)
        assert len(env.step('do(action="Scroll Down")')) == 5


def test_an_environment_that_was_closed_says_so() -> None:
    env = WebArenaLiteEnv()
    env.reset(seed=0)
    env.close()
    env.close()
    with pytest.raises(gymnasium.error.ClosedEnvironmentError, match="make a new environment"):
        env.reset(seed=0)
