"""The published pages of MiniWoB++, where they are installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import TaskFileError
from webrl_gym.tasks.miniwob.scripts import SCRIPTS
from webrl_gym.tasks.miniwob.suite import pages_folder
from webrl_gym.tasks.oracle import OracleAgent

try:
    pages_folder()
except TaskFileError as missing:
    pytest.skip(str(missing), allow_module_level=True)

pytestmark = pytest.mark.browser
SEEDS = range(3)


@pytest.fixture(scope="module")
def env() -> Iterator[WebArenaLiteEnv]:
    made = WebArenaLiteEnv(suite="miniwob", engine="chromium")
    yield made
    made.close()


def starts(env: WebArenaLiteEnv, task: str) -> None:
    """Starts it twice alike, and takes an action."""
    observation, info = env.reset(seed=3, options={"task": task})
    assert observation in env.observation_space
    assert observation["instruction"]
    assert observation["instruction"] == info["task"].instruction
    assert "START" not in observation["html"]
    assert env.reset(seed=3, options={"task": task})[0] == observation
    observation, _, _, _, info = env.step('do(action="Wait")')
    assert (info["failure"], info["action_error"]) == (None, "")


def solved(env: WebArenaLiteEnv, task: str, seed: int) -> bool:
    agent = OracleAgent(env.suite.solve)
    observation, info = env.reset(seed=seed, options={"task": task})
    agent.reset(info["task"])
    reward, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, info = env.step(agent.act(observation))
        over = terminated or truncated
    return reward == 1.0


@pytest.mark.parametrize("name", ["click-shape", "email-inbox", "click-tab"])
def test_a_page_starts(env: WebArenaLiteEnv, name: str) -> None:
    starts(env, f"miniwob/{name}")


@pytest.mark.parametrize("name", ["click-checkboxes", "email-inbox", "choose-date-easy", "navigate-tree"])
def test_an_oracle_solves_a_page(env: WebArenaLiteEnv, name: str) -> None:
    assert all(solved(env, f"miniwob/{name}", seed) for seed in SEEDS)


def test_there_is_an_oracle_for_pages_that_exist(env: WebArenaLiteEnv) -> None:
    with_oracle = {task.task_id.removeprefix("miniwob/") for task in env.suite if "oracle" in task.tags}
    assert with_oracle == set(SCRIPTS)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_all_pages_start(env: WebArenaLiteEnv) -> None:
    assert len(env.suite) >= 100
    for task in env.suite:
        starts(env, task.task_id)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_oracle_solves_what_it_is_for(env: WebArenaLiteEnv, name: str) -> None:
    assert all(solved(env, f"miniwob/{name}", seed) for seed in SEEDS)
