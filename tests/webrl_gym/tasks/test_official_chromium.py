"""The official tasks' oracles in a real browser: some of each site and kind in the fast tests, all in the long ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.webrl_gym.tasks.episodes import play
from tests.webrl_gym.tasks.test_official_scripts import NAME, SCRIPTS, check_success, official
from webrl_gym.env import WebArenaLiteEnv

pytestmark = pytest.mark.browser

QUICK = frozenset(
    # One task at least of each evaluation type on each site, and of each pair of sites.
    [
        *(28, 29, 66, 94, 103, 104, 121, 142),  # shopping
        *(17, 27, 40, 88, 106, 110, 149),  # shopping_admin
        *(14, 97, 98, 131, 133),  # reddit
        *(9, 45, 62, 63, 100, 112, 163),  # gitlab
        *(7, 12, 87, 90),  # map
        *(23, 146, 155),  # cross-site
    ]
)


@pytest.fixture(scope="module")
def browser() -> Iterator[WebArenaLiteEnv]:
    env = WebArenaLiteEnv(suite=NAME, engine="chromium")
    yield env
    env.close()


@pytest.mark.parametrize(
    "number", [pytest.param(number, marks=() if number in QUICK else pytest.mark.slow) for number in sorted(SCRIPTS)]
)
def test_the_oracle_succeeds_and_its_twin_does_not(number: int, browser: WebArenaLiteEnv) -> None:
    task, script = official(number), SCRIPTS[number]
    result = play(browser, task, solve=lambda _task, page: script.solve(page))
    check_success(number, result)
    if number not in QUICK:
        assert play(browser, task, solve=lambda _task, page: script.fail(page)).reward == 0.0
