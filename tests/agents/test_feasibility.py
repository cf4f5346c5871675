"""What can be done: by rules about the embedded sites, and by a language model's judgement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from agents.chat_models import ServerModel
from agents.feasibility import FEASIBLE, Feasibility, FeasibilityJudge, RulesThenJudge, SiteRules, read_verdict
from agents.proposers import written_task
from agents.server_generation import OpenAICompatible
from tests.agents.toy_env import ToySuite, toy_task
from tests.completion_server import CompletionServer, completion_server
from webrl_gym.chat_server import ChatServer
from webrl_gym.suites import load_suite
from webrl_gym.tasks.record import Task
from webrl_gym.types import Site

TRAIN = load_suite("practice-train")


def written(instruction: str, site: Site, world: int = 1) -> Task:
    return written_task(instruction, [toy_task("Red", 0, sites=(site,), world=world)])


def test_tasks_of_templates_follow_from_their_templates() -> None:
    rules = SiteRules(TRAIN)
    tasks = TRAIN.tasks[::25]
    assert rules.judge(tasks) == [FEASIBLE] * len(tasks)
    spoiled = [replace(task, instruction=task.instruction + " Now!") for task in tasks]
    assert {finding.feasibility for finding in rules.judge(spoiled)} == {Feasibility.INFEASIBLE}


@pytest.mark.parametrize(
    ("site", "instruction", "why"),
    [
        (Site.MAP, "Show the traffic on the way to the airport", "'traffic'"),
        (Site.GITLAB, "Open the failed pipelines of blue-parser", "'pipelines'"),
        (Site.SHOPPING, "Start a live chat about my order", "'live chat'"),
        (Site.GITLAB, 'Open the issue "A title that nobody wrote"', "'A title that nobody wrote'"),
    ],
)
def test_what_a_site_has_not_is_infeasible(site: Site, instruction: str, why: str) -> None:
    (finding,) = SiteRules(TRAIN).judge([written(instruction, site)])
    assert finding.feasibility is Feasibility.INFEASIBLE
    assert why in finding.reason


@pytest.mark.parametrize(
    ("site", "instruction"),
    [
        (Site.REDDIT, 'Post a comment that says "A title that nobody wrote"'),
        (Site.SHOPPING, 'What is the status of order 000000170? Answer "N/A" if there is none.'),
        (Site.SHOPPING, 'Search for "live chat lamp"'),
        (Site.MAP, "How far is it on foot from the town hall to the park?"),
    ],
)
def test_the_rules_have_nothing_against_the_rest(site: Site, instruction: str) -> None:
    assert SiteRules(TRAIN).judge([written(instruction, site)]) == [FEASIBLE]


def test_the_rules_take_few_training_tasks_for_impossible_ones() -> None:
    """Their words without their template: as if a language model had written them."""
    asked = [replace(task, template=None) for task in TRAIN.tasks[::2]]
    refused = [finding for finding in SiteRules(TRAIN).judge(asked) if finding is not FEASIBLE]
    assert len(refused) <= 0.005 * len(asked)


@pytest.fixture
def server() -> Iterator[CompletionServer]:
    with completion_server() as running:
        yield running


def judge(server: CompletionServer, attempts: int = 1) -> FeasibilityJudge:
    reached = ChatServer(server.url, attempts=attempts, sleep=lambda _: None)
    return FeasibilityJudge(ServerModel(OpenAICompatible(reached, "m", parallel=1)), lambda _: "<h1> Home </h1>")


def test_a_judge_gives_a_reason_and_a_verdict(server: CompletionServer) -> None:
    server.say("Projects have stars.\nYES", "There are no pipelines: NO", "Well, YES and NO")
    tasks = [written(f"Do thing {number} in blue-parser", Site.GITLAB) for number in range(3)]
    findings = judge(server).judge(tasks)
    assert [finding.feasibility.value for finding in findings] == ["feasible", "infeasible", "undecided"]
    assert findings[1].reason == "There are no pipelines: NO"
    prompt = server.requests[0]["messages"][0]["content"]
    assert "<<<\nDo thing 0 in blue-parser\n>>>" in prompt
    assert "<h1> Home </h1>" in prompt
    assert "a code host" in prompt
    assert server.requests[0]["temperature"] == 0.0


@pytest.mark.parametrize("answer", [(401, b"{}"), (200, b"no json"), (503, b"")], ids=["refused", "broken", "busy"])
def test_a_judge_out_of_reach_leaves_it_undecided(server: CompletionServer, answer: tuple[int, bytes]) -> None:
    server.answers = [answer]
    tasks = [written(f"Do thing {number} in blue-parser", Site.GITLAB) for number in range(2)]
    findings = judge(server).judge(tasks)
    assert [finding.feasibility for finding in findings] == [Feasibility.UNDECIDED] * 2
    assert all(finding.reason.startswith("the judge ") for finding in findings)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("YES", "feasible"),
        ("It asks for weather.\n[NO]", "infeasible"),
        ("NO problem here.\n\nAnswer: **YES**\n", "feasible"),
        ("It can be done.", "undecided"),
        ("", "undecided"),
        ("yes", "undecided"),
        ("NO. And yet\nYES or NO", "undecided"),
    ],
)
def test_verdicts_are_read_from_the_last_line_that_has_one(answer: str, found: str) -> None:
    assert read_verdict(answer).feasibility == found


def test_only_written_tasks_that_pass_the_rules_are_judged(server: CompletionServer) -> None:
    server.say("NO")
    tasks = [
        toy_task("Red", 0),
        written("Open the page of blue", Site.SHOPPING),
        written('Open the page of "grey"', Site.SHOPPING),
        toy_task("Red", 0, template="toy.unknown"),
    ]
    findings = RulesThenJudge(SiteRules(ToySuite()), judge(server)).judge(tasks)
    assert [finding.feasibility.value for finding in findings] == ["feasible", *["infeasible"] * 3]
    assert len(server.requests) == 1
    assert findings[1].reason == "NO"
    assert RulesThenJudge(SiteRules(ToySuite()), judge(server)).judge([]) == []
