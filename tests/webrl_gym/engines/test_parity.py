"""Both engines give the same text for every page that an oracle visits, and the same result for every action."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.webrl_gym.tasks.episodes import draw
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.suites import load_suite
from webrl_gym.tasks.oracle import OracleAgent
from webrl_gym.tasks.practice import all_templates
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import PRACTICE_SUITES
from webrl_gym.tasks.template import Template

pytestmark = pytest.mark.browser
TEMPLATES = [
    # every sixth in the fast tests: templates of a site stand together
    pytest.param(template, id=template.name, marks=pytest.mark.slow if place % 6 else ())
    for place, template in enumerate(all_templates())
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[WebArenaLiteEnv]:
    env = WebArenaLiteEnv(engine="chromium")
    yield env
    env.close()


def walk_together(static: WebArenaLiteEnv, chromium: WebArenaLiteEnv, task: Task) -> None:
    agent = OracleAgent()
    agent.reset(task)
    here, _ = static.reset(options={"task": task})
    there, _ = chromium.reset(options={"task": task})
    over = False
    while not over:
        assert there == here
        action = agent.act(here)
        here, reward, terminated, truncated, info = static.step(action)
        there, *result, other = chromium.step(action)
        assert result == [reward, terminated, truncated], other
        assert other["verdict"] == info["verdict"]
        assert other["site_state"] == info["site_state"]
        over = terminated or truncated
    assert reward == 1.0


@pytest.mark.parametrize("template", TEMPLATES)
def test_one_task_of_each_template_goes_the_same_on_both_engines(
    template: Template, env: WebArenaLiteEnv, chromium: WebArenaLiteEnv
) -> None:
    task = draw(template, 10)
    assert task is not None
    walk_together(env, chromium, task)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("suite", list(PRACTICE_SUITES))
def test_every_task_goes_the_same_on_both_engines(suite: str, env: WebArenaLiteEnv, chromium: WebArenaLiteEnv) -> None:
    for task in load_suite(suite):
        walk_together(env, chromium, task)
