from __future__ import annotations

import os
import re
import signal
from dataclasses import replace
from typing import Any

import gymnasium
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webrl_gym.early_stops import EarlyStops
from webrl_gym.engines.driver_client import acquire_driver, release_driver
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import DeploymentBusy, InfrastructureError, ResetFailed, SignInFailed, SiteError
from webrl_gym.evaluation import LanguageModelJudge
from webrl_gym.orm_prompt import OrmPrompt
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import StepTiming, VerdictStatus

STATUS_TASK = "practice-train/shopping.order_status/0"


def test_the_seed_decides_the_task(env: WebArenaLiteEnv) -> None:
    first = [env.reset(seed=seed)[1]["task"].task_id for seed in (7, 8, 9)]
    assert first == [env.reset(seed=seed)[1]["task"].task_id for seed in (7, 8, 9)]
    assert len(set(first)) == 3
    env.reset(seed=7)
    following = [env.reset()[1]["task"].task_id for _ in range(3)]
    env.reset(seed=7)
    assert following == [env.reset()[1]["task"].task_id for _ in range(3)]


def test_infos_say_what_happened(env: WebArenaLiteEnv) -> None:
    observation, info = env.reset(seed=1)
    assert observation in env.observation_space
    assert set(observation) == {"instruction", "url", "html", "last_action_error"}
    assert (info["step"], info["verdict"], info["failure"], info["site_state"]) == (0, None, None, "clean")
    observation, reward, terminated, truncated, info = env.step("nonsense")
    assert observation["last_action_error"] == info["action_error"]
    assert "not an action" in info["action_error"]
    assert (reward, terminated, truncated, info["step"]) == (0.0, False, False, 1)
    assert isinstance(info["timing"], StepTiming)
    observation, reward, terminated, truncated, info = env.step('exit(message="wrong")')
    assert (reward, terminated, truncated) == (0.0, True, False)
    assert info["verdict"].status is VerdictStatus.SCORED
    assert info["rule_verdict"] == info["verdict"]
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step("exit()")


def test_the_step_limit_truncates_and_scores() -> None:
    env = WebArenaLiteEnv(max_steps=2)
    env.reset(seed=0)
    assert env.step('do(action="Wait")')[2:4] == (False, False)
    _, reward, terminated, truncated, info = env.step('do(action="Wait")')
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert info["verdict"].status is VerdictStatus.SCORED
    env.close()


def test_an_agent_that_repeats_itself_is_stopped_when_that_is_asked_for() -> None:
    env = WebArenaLiteEnv(early_stops=True)
    for actions, reason in (
        (['do(action="Wait")'] * 5, "the same action 5 times"),
        (['do(action="Wait")', *(f"words {number}" for number in range(5))], "5 texts in a row were no actions"),
    ):
        env.reset(seed=0)
        ends = []
        for action in actions:
            _, _, terminated, truncated, info = env.step(action)
            ends.append((terminated, truncated))
        assert ends == [(False, False)] * (len(actions) - 1) + [(False, True)]
        assert reason in info["early_stop"]
        assert info["verdict"].status is VerdictStatus.SCORED
    env.close()


def test_an_agent_may_repeat_itself_otherwise(env: WebArenaLiteEnv) -> None:
    env.reset(seed=0)
    assert [env.step('do(action="Wait")')[3] for _ in range(6)] == [False] * 6
    stopping = EarlyStops()
    given = ["a", "a", "a", "a", "b", "a", "a", "a", "a"]
    assert [stopping.after(text, parsed=text != "b") for text in given] == [""] * 9
    assert "5 times in a row" in stopping.after("a", parsed=True)


@pytest.mark.parametrize(
    ("action", "hint"),
    [
        ('do(action="Click", element="9999")', 'no element "9999"'),
        ('do(action="Click", element="link")', 'no element "link"'),
        ('do(action="Switch Tab", argument="7")', "no tab"),
        ("go_backward()", "no earlier page"),
        ("go_forward()", "no later page"),
        ('do(action="Scroll Up")', "top of the page"),
        ('do(action="Scroll Down")', "end of the page"),
        ("x" * 1_000_000, "characters; at most"),
    ],
)
def test_what_cannot_be_done_becomes_a_sentence(env: WebArenaLiteEnv, action: str, hint: str) -> None:
    env.reset(seed=0)
    observation, *_, info = env.step(action)
    assert hint in observation["last_action_error"]
    assert info["failure"] is None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_no_text_raises_out_of_step(env: WebArenaLiteEnv, action: str) -> None:
    env.reset(seed=0)
    observation, _, _, _, info = env.step(action)
    assert observation in env.observation_space
    assert info["failure"] is None


def test_a_broken_site_ends_the_episode_as_a_failure_and_the_next_reset_works(
    env: WebArenaLiteEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    env.reset(seed=0)

    def broken(*_: object) -> Any:
        raise SiteError("http://shopping.test/ answered with status 500")

    with monkeypatch.context() as patch:
        patch.setattr(env._engine, "snapshot", broken)
        observation, reward, terminated, truncated, info = env.step('do(action="Wait")')
    assert observation in env.observation_space
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert info["failure"] == "SiteError: http://shopping.test/ answered with status 500"
    assert info["verdict"] is None
    assert env.reset(seed=0)[1]["failure"] is None


@pytest.mark.parametrize("engine", ["static", pytest.param("chromium", marks=pytest.mark.browser)])
def test_a_start_page_that_is_not_there_is_nobodys_zero(engine: str) -> None:
    env = WebArenaLiteEnv(engine=engine)
    task = replace(env.suite.get(STATUS_TASK), start_urls=("__SHOPPING__/no-such-page.html",))
    with pytest.raises(SiteError, match=r"^http://shopping\.test/no-such-page\.html answered with status 404$"):
        env.reset(options={"task": task})
    assert env.reset(options={"task": STATUS_TASK})[1]["failure"] is None
    env.close()


def test_a_start_page_outside_the_sites_is_no_action_of_the_agent(env: WebArenaLiteEnv) -> None:
    away = replace(env.suite.get(STATUS_TASK), start_urls=("http://elsewhere.test/",))
    with pytest.raises(SiteError, match=r"^http://elsewhere\.test/ lies outside the allowed sites$"):
        env.reset(options={"task": away})


@pytest.mark.parametrize(("error", "tries"), [(SiteError, 2), (SignInFailed, 1), (ResetFailed, 1), (DeploymentBusy, 1)])
def test_only_what_may_pass_is_tried_again(
    error: type[InfrastructureError], tries: int, env: WebArenaLiteEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []

    def fail(task: object, _: object) -> Any:
        begun.append(task)
        raise error("no")

    monkeypatch.setattr(env._episodes, "begin", fail)
    with pytest.raises(error):
        env.reset(seed=0)
    assert len(begun) == tries


@pytest.mark.browser
def test_a_browser_that_dies_before_the_end_is_judged_truncates() -> None:
    env = WebArenaLiteEnv(suite="practice-valid", engine="chromium")
    # A task that is judged on a page of its own.
    task = next(task for task in env.suite if task.evaluation["eval_types"] == ["program_html"])
    env.reset(options={"task": task})
    driver = acquire_driver(None)
    os.kill(driver.pid, signal.SIGKILL)
    release_driver(driver)
    _, reward, terminated, truncated, info = env.step('exit(message="x")')
    assert (reward, terminated, truncated, info["verdict"]) == (0.0, False, True, None)
    assert info["failure"].startswith("BrowserError")
    assert env.reset(options={"task": task})[1]["failure"] is None
    env.close()


def test_environments_do_not_see_each_others_writes_and_reset_undoes_them() -> None:
    one, two = WebArenaLiteEnv(), WebArenaLiteEnv()
    for env in (one, two):
        env.reset(options={"task": STATUS_TASK})
    site = one.task.sites[0]
    clean = one.world.store(site).dump_hash()
    assert clean == two.world.store(site).dump_hash()
    one.world.store(site).execute("UPDATE product SET price_cents = 1")
    assert one.step('do(action="Wait")')[4]["site_state"] == "dirty"
    assert two.world.store(site).dump_hash() == clean
    one.reset(options={"task": STATUS_TASK})
    assert one.world.store(site).dump_hash() == clean
    for env in (one, two):
        env.close()


@pytest.mark.parametrize("stable", [False, True])
def test_ids_may_stay_with_their_elements(stable: bool) -> None:
    env = WebArenaLiteEnv(suite="practice-valid", stable_ids=stable)
    task = next(task for task in env.suite if task.template == "shopping.search")
    observation, _ = env.reset(options={"task": task})
    summary = re.search(r'<summary id="(\d+)" expanded="true"> Menu', observation["html"])
    after = re.search(r'<a id="(\d+)"> Contact Us', observation["html"])
    assert summary
    assert after
    closed = env.step(f'do(action="Click", element="{summary[1]}")')[0]["html"]
    assert 'expanded="false"' in closed
    assert (f'<a id="{after[1]}"> Contact Us' in closed) == stable
    env.close()


@pytest.mark.browser
def test_a_page_may_be_read_as_the_released_policies_do() -> None:
    env = WebArenaLiteEnv(suite="practice-valid", engine="chromium", profile="webrl")
    task = next(task for task in env.suite if task.template == "shopping.search")
    observation, _ = env.reset(options={"task": task})
    assert observation["html"].startswith('<html data-bbox="0,0,1280,')
    field = re.search(r'<input id="(\d+)"[^>]*placeholder="Search', observation["html"])
    assert field
    missing = env.step('do(action="Click", element="999")')[0]
    assert 'no element "999"' in missing["last_action_error"]
    found, *_, info = env.step(f'do(action="Search", argument="set", element="{field[1]}")')
    assert found["url"].endswith("q=set")
    assert info["timing"].settle > 0
    below = env.step('do(action="Scroll Down")')[0]
    assert below["html"] != found["html"]
    assert env.step('do(action="Scroll Up")')[0]["html"] == found["html"]
    assert env.step('do(action="Scroll Up")')[0]["last_action_error"] == "This is the top of the page."
    env.close()


def test_the_webrl_profile_needs_a_browser_and_numbers_pages_anew() -> None:
    with pytest.raises(ValueError, match=r'profile="webrl" needs engine="chromium".*stable_ids is for'):
        WebArenaLiteEnv(profile="webrl", stable_ids=True)
    with pytest.raises(ValueError, match="profile must be full or webrl"):
        WebArenaLiteEnv(profile="axtree")


def test_arguments_are_checked_all_at_once() -> None:
    with pytest.raises(ValueError, match=r"reward must be.*max_steps must be.*budget must be.*engine must be"):
        WebArenaLiteEnv(reward="stars", max_steps=0, budget=10, engine="netscape")
    with pytest.raises(ValueError, match="needs scorer"):
        WebArenaLiteEnv(reward="orm")
    with pytest.raises(ValueError, match="did you mean practice-test"):
        WebArenaLiteEnv(suite="practice-tests")
    with pytest.raises(ValueError, match="no site 'myspace'"):
        WebArenaLiteEnv(only_sites=["myspace"])
    with pytest.raises(ValueError, match="renders 'ansi' only"):
        WebArenaLiteEnv(render_mode="rgb_array")


@pytest.mark.parametrize("value", ["no", "off", "", 1, 0, []])
def test_a_switch_is_true_or_false_and_no_word_for_it(value: Any) -> None:
    said = "overrides must be .*; early_stops must be true, false or nothing, got .*; stable_ids must be true or false"
    with pytest.raises(ValueError, match=said) as caught:
        WebArenaLiteEnv(overrides=value, early_stops=value, stable_ids=value)
    assert str(caught.value).count(f"got {value!r}") == 3


def test_an_unknown_task_is_named_with_near_ones(env: WebArenaLiteEnv) -> None:
    with pytest.raises(ValueError, match=STATUS_TASK):
        env.reset(options={"task": STATUS_TASK + "0000"})


class Yes:
    """A scorer that is never in doubt."""

    def p_yes(self, prompts: list[OrmPrompt]) -> list[float]:
        return [0.9] * len(prompts)


def asked(question: object, reference: str, answer: str) -> tuple[float, str]:
    """Not a judge: a judge has this as its method."""
    return 1.0, "CORRECT"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"scorer": Yes()}, 'scorer=... is for reward="orm"; with reward="rules" nothing would ask it'),
        ({"reward": "orm", "scorer": Yes}, r"scorer must be an object with p_yes\(prompts\), got <class"),
        ({"reward": "orm", "scorer": "judge"}, "scorer must be an object with .*, got 'judge'"),
        ({"judge": "gpt"}, "judge must be an object with judge.*, or the settings of a language model .*, got 'gpt'"),
        ({"judge": asked}, "judge must be an object .* got <function asked"),
        ({"judge": LanguageModelJudge}, "judge must be an object .* got <class"),
        ({"judge": "gpt", "scorer": Yes(), "budget": 1}, 'is for reward="orm".*judge must be.*budget must be'),
    ],
)
def test_who_cannot_be_asked_is_refused_at_once(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        WebArenaLiteEnv(**arguments)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"task_id": STATUS_TASK}, ValueError, "reset knows the options task, got 'task_id'"),
        ({"task": STATUS_TASK, "tasks": [STATUS_TASK], 1: 2}, ValueError, "got 'tasks', 1$"),
        (STATUS_TASK, TypeError, f"options must be a mapping such as .*, got '{STATUS_TASK}'"),
        ("", TypeError, "got ''"),
        ([("task", STATUS_TASK)], TypeError, "must be a mapping"),
    ],
)
def test_no_other_task_is_played_than_was_asked_for(
    env: WebArenaLiteEnv, options: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        env.reset(seed=0, options=options)


@pytest.mark.parametrize("options", [None, {}, {"task": None}])
def test_a_task_is_drawn_where_none_is_asked_for(env: WebArenaLiteEnv, options: Any) -> None:
    assert env.reset(seed=3, options=options)[1]["task"] == env.reset(seed=3)[1]["task"]


def test_only_sites_keeps_the_order() -> None:
    env = WebArenaLiteEnv(suite="practice-test", only_sites=["map", "gitlab"])
    assert {site.value for task in env.suite for site in task.sites} == {"map", "gitlab"}
    assert len(env.suite) == 56
    env.close()


@pytest.mark.parametrize("argument", [{"only_sites": "map"}, {"only_templates": "map.phone"}])
def test_one_name_is_a_list_of_one(argument: dict[str, str]) -> None:
    one = WebArenaLiteEnv(**argument)
    several = WebArenaLiteEnv(**{name: [value] for name, value in argument.items()})
    assert one.suite.tasks == several.suite.tasks
    assert 0 < len(one.suite) < 1000
    for env in (one, several):
        env.close()
    with pytest.raises(ValueError, match="there is no site 'maps'"):
        WebArenaLiteEnv(only_sites="maps")
    with pytest.raises(ValueError, match=r"'map\.phones'; near: map\.phone"):
        WebArenaLiteEnv(only_templates="map.phones")


@pytest.mark.parametrize("suite", [None, ["practice-train"], TaskSuite])
def test_what_is_no_suite_is_refused(suite: Any) -> None:
    said = "suite must be the name of a suite, package.module:function or a TaskSuite, got .*; budget must be"
    with pytest.raises(ValueError, match=said):
        WebArenaLiteEnv(suite=suite, budget=1)


def test_a_judge_may_give_the_reward() -> None:
    class Reads(Yes):
        def p_yes(self, prompts: list[OrmPrompt]) -> list[float]:
            assert "Decide whether" in prompts[0].text
            assert prompts[0].evidence.completions == ('exit(message="wrong")',)
            return super().p_yes(prompts)

    env = WebArenaLiteEnv(reward="orm", scorer=Reads())
    env.reset(seed=0)
    _, reward, _, _, info = env.step('exit(message="wrong")')
    assert reward == 1.0
    assert (info["verdict"].source, info["verdict"].p_yes) == ("orm", 0.9)
    assert (info["rule_verdict"].source, info["rule_verdict"].success) == ("rules", False)
    env.close()
