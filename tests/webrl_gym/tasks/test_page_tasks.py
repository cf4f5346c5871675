"""Tasks of one's own, on a site of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env

from tests.webrl_gym.tasks.page_tasks import FORM, NAMES, ORIGIN, Greet, greetings, greetings_suite
from webrl_gym import ENV_ID, register_suite, suite_names
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import InfrastructureError, SiteError
from webrl_gym.suites import find_suite
from webrl_gym.tasks import registry
from webrl_gym.tasks.oracle import OracleAgent
from webrl_gym.tasks.page_suite import PageSuite
from webrl_gym.tasks.record import task_from_dict
from webrl_gym.types import VerdictStatus

WHERE = "tests.webrl_gym.tasks.page_tasks:greetings_suite"


@pytest.fixture(scope="module")
def env() -> Iterator[WebArenaLiteEnv]:
    made = WebArenaLiteEnv(suite=greetings_suite(), engine="chromium")
    yield made
    made.close()


def with_attributes(**attributes: Any) -> type[Greet]:
    return type("Odd", (Greet,), attributes)


def play(env: WebArenaLiteEnv, task: str, seed: int = 0) -> tuple[float, bool, bool, dict[str, Any]]:
    agent = OracleAgent(env.suite.solve)
    observation, info = env.reset(seed=seed, options={"task": task})
    agent.reset(info["task"])
    while True:
        observation, reward, terminated, truncated, info = env.step(agent.act(observation))
        if terminated or truncated:
            return reward, terminated, truncated, info


@pytest.mark.browser
def test_a_task_of_ones_own_is_set_up_played_and_scored(env: WebArenaLiteEnv) -> None:
    reward, terminated, _, info = play(env, "greetings/greet")
    assert (reward, terminated, info["step"]) == (1.0, True, 3)
    assert info["verdict"].detail == "the task's own score is 1"
    assert (info["site_state"], info["task"].tags, info["task"].suite) == ("unknown", ("form",), "greetings")
    assert task_from_dict(json.loads(json.dumps(info["task"].as_dict()))) == info["task"]


@pytest.mark.browser
def test_the_seed_decides_what_a_task_leaves_to_chance(env: WebArenaLiteEnv) -> None:
    said = [env.reset(seed=seed, options={"task": "greetings/greet"})[0]["instruction"] for seed in (*range(8), 3)]
    assert said[3] == said[8]
    assert len(set(said)) > 1
    assert {text.removeprefix("Greet ").rstrip(".") for text in said} <= set(NAMES)


@pytest.mark.browser
def test_half_a_score_is_no_success_and_the_step_limit_scores_too(env: WebArenaLiteEnv) -> None:
    _, info = env.reset(seed=0, options={"task": "greetings/greet"})
    name = info["task"].instruction.removeprefix("Greet ").rstrip(".")
    env.step(f'do(action="Type", argument="{name}", element="0")')
    env.step('do(action="Click", element="1")')
    _, reward, terminated, truncated, info = env.step('do(action="Wait")')
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert (info["verdict"].status, info["verdict"].score) == (VerdictStatus.SCORED, 0.5)


@pytest.mark.browser
def test_a_task_may_end_by_itself(env: WebArenaLiteEnv) -> None:
    reward, terminated, truncated, info = play(env, "greetings/at-once")
    assert (reward, terminated, truncated, info["step"]) == (1.0, True, False, 2)


@pytest.mark.browser
def test_a_task_may_open_its_own_start_page_without_leaving_a_way_back(env: WebArenaLiteEnv) -> None:
    observation, _ = env.reset(seed=0, options={"task": "greetings/elsewhere"})
    assert observation["url"] == f"{ORIGIN}/?name=nobody"
    assert "no earlier page" in env.step("go_backward()")[0]["last_action_error"]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("greetings/bad-set-up", "greetings/bad-set-up could not be set up: .*nothing is not defined"),
        ("greetings/too-far", "http://elsewhere.test/"),
    ],
)
def test_a_set_up_that_fails_is_nobodys_zero(env: WebArenaLiteEnv, task: str, reason: str) -> None:
    with pytest.raises(InfrastructureError, match=reason):
        env.reset(options={"task": task})
    assert play(env, "greetings/greet")[0] == 1.0


@pytest.mark.browser
@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "503 Service Unavailable"])
def test_a_start_page_that_is_not_there_is_nobodys_zero(status: str) -> None:
    def errs(_environ: Any, start_response: Any) -> list[bytes]:
        start_response(status, [("Content-Type", "text/html")])
        return [FORM]

    env = WebArenaLiteEnv(suite=PageSuite("away", [Greet], origins=ORIGIN, pages=errs), engine="chromium")
    with pytest.raises(SiteError, match=f"^{ORIGIN}/ answered with status {status[:3]}$"):
        env.reset(seed=0)
    env.close()


@pytest.mark.browser
def test_a_task_may_be_about_a_page_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(FORM)
    task = with_attributes(set_up=lambda _task, page, _rng: page.goto(f"{ORIGIN}/none.html") or "Look.")
    env = WebArenaLiteEnv(suite=PageSuite("gone", [task], origins=ORIGIN, pages=tmp_path), engine="chromium")
    assert env.reset(seed=0)[0]["html"] == "There is no such page."
    env.close()


@pytest.mark.browser
def test_a_set_up_without_an_instruction_names_its_class() -> None:
    suite = PageSuite("mine", [with_attributes(set_up=lambda *_: None)], origins=ORIGIN, pages=greetings)
    env = WebArenaLiteEnv(suite=suite, engine="chromium")
    with pytest.raises(TypeError, match=r"Odd\.set_up must return the instruction as a text, got None"):
        env.reset(seed=0)
    env.close()


@pytest.mark.browser
def test_an_instruction_that_would_be_cut_is_refused() -> None:
    suite = PageSuite("mine", [with_attributes(set_up=lambda *_: "x" * 4_097)], origins=ORIGIN, pages=greetings)
    env = WebArenaLiteEnv(suite=suite, engine="chromium")
    with pytest.raises(ValueError, match=r"an instruction of 4097 characters; an observation holds 4096"):
        env.reset(seed=0)
    env.close()


@pytest.mark.browser
def test_an_end_that_cannot_be_told_is_a_failure(env: WebArenaLiteEnv) -> None:
    reward, terminated, truncated, info = play(env, "greetings/bad-end")
    assert (reward, terminated, truncated, info["verdict"]) == (0.0, False, True, None)
    assert info["failure"].startswith("SiteError: greetings/bad-end cannot tell whether it is over")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("task", "reason"), [("greetings/bad-score", "EvaluationError"), ("greetings/odd-score", "0.0 to 1.0, got 7.0")]
)
def test_a_score_that_fails_leaves_the_episode_unscored(env: WebArenaLiteEnv, task: str, reason: str) -> None:
    reward, terminated, _, info = play(env, task)
    assert (reward, terminated, info["failure"]) == (0.0, True, None)
    assert info["verdict"].status is VerdictStatus.UNSCORED
    assert reason in info["verdict"].detail


@pytest.mark.browser
def test_there_is_no_world_behind_pages_of_ones_own(env: WebArenaLiteEnv) -> None:
    with pytest.raises(AttributeError, match="greetings is not about the embedded sites"):
        _ = env.world


@pytest.mark.browser
@pytest.mark.filterwarnings("error")
def test_the_checker_finds_nothing_to_warn_about() -> None:
    suite = PageSuite("greetings", [Greet], origins=[ORIGIN], pages=greetings)
    env = gymnasium.make(ENV_ID, disable_env_checker=True, suite=suite, engine="chromium")
    check_env(env.unwrapped)
    env.close()


@pytest.mark.browser
def test_a_suite_is_found_by_where_it_is_made_also_from_a_spec() -> None:
    env = gymnasium.make(ENV_ID, suite=WHERE, engine="chromium")
    assert env.spec is not None
    again = gymnasium.make(gymnasium.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert len(again.get_wrapper_attr("suite")) == 8
    env.close()
    again.close()


def test_the_static_engine_is_refused() -> None:
    with pytest.raises(ValueError, match='greetings needs engine="chromium"'):
        WebArenaLiteEnv(suite=greetings_suite())
    with pytest.raises(ValueError, match="cannot be cut down to the sites map"):
        WebArenaLiteEnv(suite=greetings_suite(), engine="chromium", only_sites=["map"])


def test_a_suite_is_registered_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_sources", dict(registry._sources))
    register_suite("mine", greetings_suite)
    register_suite("yours", WHERE)
    assert suite_names()[-2:] == ["mine", "yours"]
    assert [task.task_id for task in find_suite("mine")] == [task.task_id for task in find_suite("yours")]
    for name in ("practice-train", "miniwob", "a:b"):
        with pytest.raises(ValueError, match="hold no colon"):
            register_suite(name, WHERE)
    with pytest.raises(ValueError, match="did you mean mine"):
        find_suite("mime")
    with pytest.raises(TypeError, match="suite made is registered by a function that makes it, or by its place"):
        register_suite("made", greetings_suite())  # type: ignore[arg-type]  # as somebody may try


@pytest.mark.parametrize("name", ["no.such.module:suite", "tests.webrl_gym.tasks.page_tasks:nothing"])
def test_a_suite_that_is_not_where_its_name_says(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be imported"):
        find_suite(name)


def test_a_suite_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="different ids, got 2 of 1"):
        PageSuite("twice", [Greet, Greet], origins=[ORIGIN])
    with pytest.raises(ValueError, match="suite empty has no tasks"):
        PageSuite("empty", [], origins=[ORIGIN])
    with pytest.raises(ValueError, match="suite made takes classes of tasks, or functions that make one, got <"):
        PageSuite("made", [Greet()], origins=[ORIGIN])  # type: ignore[list-item]  # as somebody may try
    with pytest.raises(ValueError, match=r"scheme://host\[:port\], got 'greetings.test'"):
        PageSuite("mine", [Greet], origins=["greetings.test"], pages=greetings)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"start_urls": f"{ORIGIN}/"}, rf"Odd\.start_urls must be a tuple of addresses, got '{ORIGIN}/'"),
        ({"start_urls": ()}, r"Odd\.start_urls must be a tuple of addresses, got \(\)"),
        ({"start_urls": (None,)}, r"Odd\.start_urls must be .*, got \(None,\)"),
        ({"task_id": None}, r"Odd\.task_id must be a text, got None"),
        ({"tags": "form"}, r"Odd\.tags must be a tuple of words, got 'form'"),
        ({"max_steps": 0}, r"Odd\.max_steps must be a whole number of at least 1, got 0"),
        ({"max_steps": 2.5}, r"Odd\.max_steps must be .*, got 2\.5"),
        (
            {"max_steps": 0, "tags": "a"},
            r"suite mine cannot be made: Odd\.tags .*; Odd\.max_steps .*, got 0; an origin is",
        ),
    ],
)
def test_a_task_is_what_its_attributes_say(attributes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        PageSuite("mine", [with_attributes(**attributes)], origins=["nowhere"], pages=greetings)


def test_pages_are_a_folder_that_is_there_or_an_application(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<p>page</p>", encoding="utf-8")
    for pages in (tmp_path / "none", str(tmp_path / "none"), file):
        with pytest.raises(ValueError, match=f"pages must be a folder that is there, got '{pages}'"):
            PageSuite("mine", [Greet], origins=[ORIGIN], pages=pages)
    with pytest.raises(ValueError, match="pages must be a folder or a WSGI application, got 3"):
        PageSuite("mine", [Greet], origins=[ORIGIN], pages=3)
    assert PageSuite("mine", [Greet], origins=ORIGIN, pages=str(tmp_path)).pages == tmp_path


@pytest.mark.parametrize("given", [ORIGIN.replace("greet", "Greet"), f"{ORIGIN}:80", (f"{ORIGIN}:80",)])
def test_origins_are_as_browsers_write_them(given: Any) -> None:
    assert PageSuite("mine", [Greet], origins=given, pages=greetings).origins == (ORIGIN,)


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("https://greetings.test", r"served without TLS: http://greetings\.test in place of https://greetings\.test"),
        ("http://me@greetings.test", r"scheme://host\[:port\], got 'http://me@greetings\.test'"),
        ("http://greetings.test:x", r"scheme://host\[:port\], got 'http://greetings\.test:x'"),
    ],
)
def test_origins_that_nothing_could_serve_are_refused(origin: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        PageSuite("mine", [Greet], origins=[origin], pages=greetings)


def test_a_text_is_one_origin() -> None:
    assert PageSuite("mine", [Greet], origins=ORIGIN, pages=greetings).origins == (ORIGIN,)


def test_tasks_without_world_are_neither_evolved_nor_rephrased() -> None:
    import random

    suite = greetings_suite()
    task = suite.get("greetings/greet")
    assert suite.evolve(task, random.Random(0)) is None
    assert suite.rephrase(task, random.Random(0)) is task
