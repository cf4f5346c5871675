"""Agents: floors, the oracle, and other people's."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.actors import (
    Agent,
    FixedAgent,
    RandomAgent,
    ScriptedOracle,
    begin_task,
    load_agent,
    next_action,
    task_info,
    version_of,
)
from agents.errors import AgentError, AgentFailed, GenerationFailed
from agents.panel import play_task
from webrl_gym.actions import ActionKind, parse_action
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import ServerRefused, SiteError, WebRLGymError
from webrl_gym.suites import load_suite
from webrl_gym.types import Observation

PAGE = """<a id="0"> Home </a>
<input id="1" name="q">
<select id="2"> Newest | Oldest </select>
<input id="3" type="checkbox">
<p> 12 orders </p>"""


def seen(html: str = PAGE, instruction: str = "Find the order 000170", error: str = "") -> Observation:
    return Observation(instruction=instruction, url="http://shopping.test/", html=html, last_action_error=error)


def test_an_agent_is_told_nothing_that_gives_the_answer_away() -> None:
    task = load_suite("practice-test").tasks[0]
    info = task_info(task)
    assert set(info) == {"task_id", "instruction", "sites", "start_urls", "max_steps"}
    assert (info["instruction"], info["sites"]) == (task.instruction, [site.value for site in task.sites])


@pytest.mark.parametrize("message", ["", "N/A"])
def test_a_fixed_agent_leaves_at_once(message: str) -> None:
    action = parse_action(FixedAgent(message).act(seen()))
    assert (action.kind, action.argument or "") == (ActionKind.EXIT, message)


def test_the_random_agent_uses_every_control_in_a_way_that_fits_it() -> None:
    agent = RandomAgent(seed=3)
    agent.reset(task_info(load_suite("practice-test").tasks[0]))
    actions = [parse_action(agent.act(seen())) for _ in range(200)]
    kinds = {(action.kind, action.element) for action in actions}
    assert kinds == {
        (ActionKind.CLICK, "0"),
        (ActionKind.TYPE, "1"),
        (ActionKind.SEARCH, "1"),
        (ActionKind.SELECT_DROPDOWN_OPTION, "2"),
        (ActionKind.CLICK, "3"),
        (ActionKind.EXIT, None),
    }
    chosen = {action.argument for action in actions if action.kind is ActionKind.SELECT_DROPDOWN_OPTION}
    assert chosen == {"Newest", "Oldest"}


def test_the_random_agent_depends_on_seed_and_task_only() -> None:
    def draws(seed: int, place: int, before: int = 0) -> list[str]:
        agent = RandomAgent(seed)
        for _ in range(before):
            agent.act(seen())
        agent.reset(task_info(load_suite("practice-test").tasks[place]))
        return [agent.act(seen()) for _ in range(20)]

    assert draws(0, 0) == draws(0, 0, before=5)
    assert draws(0, 0) != draws(1, 0)
    assert draws(0, 0) != draws(0, 1)


@pytest.mark.parametrize("html", ["", "no elements", '<a id="0">  </a>'])
def test_the_random_agent_writes_actions_on_poor_pages_too(html: str) -> None:
    agent = RandomAgent()
    for _ in range(30):
        parse_action(agent.act(seen(html, instruction="???")))


def test_the_oracle_follows_the_script_of_its_task(env: WebArenaLiteEnv) -> None:
    tasks = load_suite("practice-valid").tasks[::40]
    oracle = ScriptedOracle({task.task_id: task for task in tasks}.__getitem__)
    assert [play_task(env, oracle, task, seed=0)[0].success for task in tasks] == [True] * len(tasks)


AGENT = """
class Agent:
    def __init__(self, word="x"):
        self.word = word
    def reset(self, task_info):
        pass
    def act(self, observation):
        return f'exit(message="{self.word}")'

class Wrong(Agent):
    def reset(self, task_info):
        if self.word == "early":
            open("/nowhere/at/all")
    def act(self, observation):
        if self.word == "deep":
            import json
            return json.loads("{")
        if self.word == "texts":
            return ["exit()"]

class Async(Agent):
    async def act(self, observation):
        return "exit()"

class AsyncReset(Agent):
    async def reset(self, task_info):
        pass

class NoArguments(Agent):
    def act(self):
        return "exit()"

class Needs(Agent):
    def __init__(self, word):
        self.word = word

class Leaves(Agent):
    def act(self, observation):
        raise SystemExit

class Unmade(Agent):
    def __init__(self):
        {}["key"]

class Half:
    def act(self, observation):
        return ""

constant = 3
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "someones_agent.py").write_text(AGENT, encoding="utf-8")
    (tmp_path / "someones_broken_agent.py").write_text("import a_module_that_is_not_there", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return "someones_agent"


def test_an_agent_is_made_from_its_path_and_arguments(module: str) -> None:
    assert load_agent(f"{module}:Agent").act(seen()) == 'exit(message="x")'
    assert load_agent(f"{module}:Agent", {"word": "y"}).act(seen()) == 'exit(message="y")'


TASK = load_suite("practice-test").tasks[0]


def first_action(agent: Agent) -> str:
    begin_task(agent, TASK)
    return next_action(agent, seen(), TASK.task_id)


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("Wrong", {"word": "early"}, r"reset raised FileNotFoundError: .* \(.*someones_agent\.py:13\)$"),
        ("Wrong", {"word": "deep"}, r"act raised JSONDecodeError: .* \(.*someones_agent\.py:17\)$"),
        ("Wrong", {}, "act returned NoneType, expected str$"),
        ("Wrong", {"word": "texts"}, "act returned list, expected str$"),
        ("Leaves", {}, r"act raised SystemExit: .* \(.*someones_agent\.py:39\)$"),
        ("Async", {}, "act is async, expected a plain method$"),
        ("AsyncReset", {}, "reset is async, expected a plain method$"),
        ("NoArguments", {}, r"act raised TypeError: .*takes 1 positional argument but 2 were given$"),
    ],
)
def test_a_fault_of_the_agents_code_is_told_as_such(
    module: str, name: str, arguments: dict[str, str], said: str
) -> None:
    agent = load_agent(f"{module}:{name}", arguments)
    with pytest.raises(AgentFailed, match=f"^agent someones_agent:{name} failed at {TASK.task_id}: {said}"):
        first_action(agent)


def test_an_agent_that_cannot_be_made_for_a_fault_of_its_own_says_where(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AgentFailed, match=r"failed when it was made: KeyError: 'key' \(.*someones_agent\.py:43\)$"):
        load_agent(f"{module}:Unmade")
    (tmp_path / "someones_unread_agent.py").write_text("a = {}\na['key']\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AgentFailed, match=r"failed when it was made: KeyError: 'key' \(.*_unread_agent\.py:2\)$"):
        load_agent("someones_unread_agent:Agent")
    with pytest.raises(AgentFailed, match=r"ModuleNotFoundError: .*'a_module_that_is_not_there' .*_agent\.py:\d"):
        load_agent("someones_broken_agent:Agent")


def test_an_agent_cannot_change_what_is_recorded() -> None:
    class Greedy(FixedAgent):
        def act(self, observation: Observation) -> str:
            return str(observation.pop("html"))  # type: ignore[misc]  # what nobody should do

    page = seen()
    next_action(Greedy(""), page, "a task")
    assert page == seen()


def test_a_version_is_the_agents_own_or_its_files(module: str) -> None:
    class Versioned(FixedAgent):
        version = 3

    assert version_of(Versioned("")) == "3"
    assert version_of(load_agent(f"{module}:NoArguments")) == version_of(load_agent(f"{module}:Async"))
    assert version_of(load_agent(f"{module}:Async")) != version_of(FixedAgent(""))


@pytest.mark.parametrize("error", [GenerationFailed("none"), ServerRefused("all"), SiteError("gone")])
def test_what_is_said_on_purpose_passes_unchanged(error: Exception) -> None:
    class Purposeful(FixedAgent):
        def act(self, observation: Observation) -> str:
            raise error

    with pytest.raises((AgentError, WebRLGymError)) as caught:
        next_action(Purposeful(""), seen(), "a task")
    assert caught.value is error


@pytest.mark.parametrize(
    ("path", "arguments", "said"),
    [
        ("someones_agent:Half", {}, "has no method reset"),
        ("someones_agent:Nobody", {}, "Nobody"),
        ("someones_agent:constant", {}, "someones_agent has no class constant"),
        ("someones_agent:", {}, "expected package.module:Class"),
        ("someones_agent:Agent", {"wrd": "y"}, "unexpected keyword argument 'wrd'"),
        ("someones_agent:Needs", {}, "missing a required argument: 'word'; agent_arguments.NAME=VALUE gives it"),
        ("not_there_at_all:Agent", {}, "No module named 'not_there_at_all'"),
    ],
)
def test_an_agent_that_cannot_be_made_says_why(module: str, path: str, arguments: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        load_agent(path, arguments)
