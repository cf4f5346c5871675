"""Every official task with a script: its oracle succeeds, its twin fails, its answer follows the record behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.webrl_gym.tasks.episodes import Played, do_nothing, play
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import TaskFileError
from webrl_gym.official_file import find_official_file
from webrl_gym.suites import find_suite
from webrl_gym.tasks.official.script import Perturbation, Script
from webrl_gym.tasks.official.suite import NAME, official_scripts
from webrl_gym.tasks.record import Task

try:
    find_official_file()
except TaskFileError as missing:
    pytest.skip(str(missing), allow_module_level=True)

SCRIPTS = official_scripts()
each = pytest.mark.parametrize("number", sorted(SCRIPTS))


@pytest.fixture(scope="module")
def env() -> Iterator[WebArenaLiteEnv]:
    made = WebArenaLiteEnv(suite=NAME)
    yield made
    made.close()


def official(number: int) -> Task:
    return find_suite(NAME).get(f"{NAME}/{number}")


def solved(env: WebArenaLiteEnv, number: int) -> Played:
    return play(env, official(number), solve=lambda _task, page: SCRIPTS[number].solve(page))


def check_success(number: int, result: Played) -> None:
    """Rules say that the oracle has done its task, or leave it to a judge where only a judge can tell."""
    verdict = result.info["verdict"]
    expected = ("undecided", 0.0) if SCRIPTS[number].judged else ("scored", 1.0)
    assert (verdict.status, result.reward) == expected, f"answered {result.answer!r}: {verdict.detail}"


@each
def test_the_oracle_succeeds_and_doing_nothing_does_not(number: int, env: WebArenaLiteEnv) -> None:
    check_success(number, solved(env, number))
    assert do_nothing(env, official(number)) == 0.0


@each
def test_the_twin_fails(number: int, env: WebArenaLiteEnv) -> None:
    result = play(env, official(number), solve=lambda _task, page: SCRIPTS[number].fail(page))
    verdict = result.info["verdict"]
    # Our rules never reject prose that they cannot read: without a judge it stays undecided, and that is no success.
    assert verdict.status in ("scored", "undecided"), verdict.detail
    assert result.reward == 0.0, f"answered {result.answer!r}: {verdict.detail}"


@each
def test_the_answer_follows_the_record_behind_it(number: int, env: WebArenaLiteEnv) -> None:
    script, task = SCRIPTS[number], official(number)
    asks = "string_match" in task.evaluation["eval_types"]
    assert (script.perturbation is not None or bool(script.constant)) == asks, "perturbation or constant, where asked"
    if script.perturbation is None:
        return
    before = solved(env, number).answer
    after = _perturbed(env, task, script, script.perturbation)
    assert script.perturbation.answer not in before
    assert script.perturbation.answer in after


def _perturbed(env: WebArenaLiteEnv, task: Task, script: Script, perturbation: Perturbation) -> str:
    def change() -> None:
        for site, sql, parameters in perturbation.statements:
            env.world.store(site).execute(sql, parameters)

    return play(env, task, change, lambda _task, page: script.solve(page)).answer
