"""Environments and suites by configuration."""

from __future__ import annotations

import pytest

from agents.environments import make_env, make_vec_env, suite_of
from agents.hydra_entry import compose_config
from webrl_gym.suites import load_suite

SETTINGS = compose_config("train", ["env.num_envs=2", "env.budget=1000", "env.max_steps=3"])["env"]


def test_the_configuration_reaches_the_environment() -> None:
    env = make_env("practice-valid", ["map"], SETTINGS)
    try:
        task = env.get_wrapper_attr("suite").tasks[0]
        assert {site.value for site in task.sites} == {"map"}
        observation, _ = env.reset(options={"task": task})
        assert len(observation["html"]) <= 1000
        ends = [env.step('do(action="Wait")')[3] for _ in range(3)]
        assert ends == [False, False, True]
    finally:
        env.close()


def test_a_vector_environment_has_slots_of_its_own() -> None:
    vec_env = make_vec_env("practice-valid", (), SETTINGS)
    try:
        first, second = load_suite("practice-valid").tasks[:2]
        for slot, task in enumerate((first, second)):
            vec_env.env_method("reset", options={"task": task}, indices=[slot])
        assert vec_env.get_attr("task") == [first, second]
        assert vec_env.num_envs == 2
    finally:
        vec_env.close()


def test_a_suite_is_the_environments() -> None:
    assert suite_of("practice-test").tasks == load_suite("practice-test").tasks
    assert {site.value for task in suite_of("practice-test", ["gitlab"]) for site in task.sites} == {"gitlab"}
    with pytest.raises(ValueError, match="did you mean practice-test"):
        suite_of("practice-tets")
    with pytest.raises(ValueError, match="no site 'myspace'"):
        suite_of("practice-test", ["myspace"])
    with pytest.raises(ValueError, match="engine must be static or chromium"):
        make_env("practice-test", (), {**SETTINGS, "engine": "netscape"})


@pytest.mark.browser
def test_a_suite_of_page_tasks_needs_no_environment_to_be_read() -> None:
    where = "tests.webrl_gym.tasks.page_tasks:greetings_suite"
    tasks = suite_of(where).tasks
    assert tasks[0].task_id == "greetings/greet"
    with pytest.raises(ValueError, match="cannot be cut down to the sites map"):
        suite_of(where, ["map"])
    env = make_env(where, (), {**SETTINGS, "engine": "chromium"})
    assert env.get_wrapper_attr("suite").tasks == tasks
    env.close()
