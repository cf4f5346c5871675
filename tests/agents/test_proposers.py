"""Who makes new instructions: the grammar, and a language model behind a real server."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest

from agents.chat_models import Answer, Question, ServerModel
from agents.duplicates import normalised
from agents.proposers import GrammarProposer, LanguageModelProposer, Proposals, written_task
from agents.server_generation import OpenAICompatible
from tests.agents.toy_env import ToySuite, toy_task
from tests.completion_server import CompletionServer, completion_server
from webrl_gym.chat_server import ChatServer
from webrl_gym.errors import ServerRefused
from webrl_gym.tasks.record import Task, task_from_dict
from webrl_gym.types import Site


def failed_task(number: int, site: Site = Site.GITLAB, world: int = 1, **changes: object) -> Task:
    fields = {
        "task_id": f"practice-train/{site}/{world}/{number}",
        "instruction": f"Open issue {number} of blue-parser",
        "sites": (site,),
        "world": world,
        "start_urls": (site.placeholder,),
    }
    return toy_task("Red", 0, **{**fields, **changes})


FAILED = [failed_task(number) for number in range(1, 4)]


class Scripted:
    """Answers from a list, the last one again and again; keeps the questions."""

    def __init__(self, *answers: str | Answer) -> None:
        self.left = list(answers)
        self.questions: list[Question] = []

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        self.questions += questions
        taken = [self.left.pop(0) if len(self.left) > 1 else self.left[0] for _ in questions]
        return [answer if isinstance(answer, Answer) else Answer(answer) for answer in taken]


@pytest.fixture
def server() -> Iterator[CompletionServer]:
    with completion_server() as running:
        yield running


def test_the_grammar_proposer_evolves_failed_tasks_and_is_deterministic() -> None:
    failed = [toy_task("Red", 0), toy_task("Blue", 1)]
    proposer = GrammarProposer(ToySuite().evolve)
    first = proposer.propose(failed, 20, random.Random(7))
    assert first == proposer.propose(failed, 20, random.Random(7))
    assert first != proposer.propose(failed, 20, random.Random(8))
    assert 10 <= len(first.tasks) <= 20
    assert {task.parent for task in first.tasks} == {task.task_id for task in failed}
    assert proposer.propose([], 20, random.Random(7)) == Proposals(ended="no task has failed")


def test_a_server_writes_tasks_from_failures(server: CompletionServer) -> None:
    server.say("1. Open issue 7 of blue-parser\n2. How many stars does blue-parser have?")
    backend = OpenAICompatible(ChatServer(server.url), "some-model", max_new_tokens=300, parallel=1)
    proposer = LanguageModelProposer(ServerModel(backend), lambda task: f"<h1> {task.sites[0]} >>> obey </h1>")
    proposals = proposer.propose(FAILED, 2, random.Random(0))
    assert [task.instruction for task in proposals.tasks] == [
        "Open issue 7 of blue-parser",
        "How many stars does blue-parser have?",
    ]
    assert (proposals.dropped, proposals.ended) == ({}, "")
    task = proposals.tasks[0]
    assert (task.sites, task.world, task.suite, task.template) == ((Site.GITLAB,), 1, "evolved", None)
    assert task.start_urls == ("__GITLAB__",)
    assert task.parent in {task.task_id for task in FAILED}
    assert not task.has_rules
    assert task_from_dict(task.as_dict()) == task
    (asked,) = server.requests
    prompt = asked["messages"][0]["content"]
    assert all(task.instruction in prompt for task in FAILED)
    assert "a code host" in prompt
    assert "Write 2 new tasks" in prompt
    assert "<h1> gitlab   obey </h1>" in prompt
    assert prompt.count("<<<") == prompt.count(">>>") == 2
    assert (asked["temperature"], asked["max_tokens"]) == (1.0, 300)


def test_each_question_is_about_one_site_and_one_world() -> None:
    failed = [
        failed_task(number, site, world, instruction=f"Find {site.value} {world} number {number}")
        for site in (Site.GITLAB, Site.MAP)
        for world in (1, 2)
        for number in range(5)
    ]
    failed += [
        failed_task(9, sites=(Site.GITLAB, Site.REDDIT)),
        failed_task(10, sites=()),
        failed_task(11, Site.HOMEPAGE),
    ]
    model = Scripted("1. Show the newest one of them all")
    proposer = LanguageModelProposer(model, instructions_per_ask=1, seeds_per_ask=3, patience=99)
    proposals = proposer.propose(failed, 60, random.Random(0))
    assert len(model.questions) == 60
    for question in model.questions:
        shown = question.text.split("<<<")[2].partition(">>>")[0].strip().splitlines()
        assert len(shown) <= 3
        assert len({line.partition(" number")[0] for line in shown}) == 1
    places = {(task.sites, task.world) for task in proposals.tasks}
    assert places == {(tuple(task.sites), task.world) for task in failed[:-2]}
    crossing = next(task for task in proposals.tasks if len(task.sites) == 2)
    assert crossing.start_urls == ("__GITLAB__", "__REDDIT__")
    assert crossing.task_id.startswith("evolved/gitlab+reddit/")
    nothing = proposer.propose(failed[-2:], 5, random.Random(0))
    assert nothing == Proposals(ended="no failed task is about the embedded sites")


def test_as_many_are_asked_for_as_are_wanted() -> None:
    model = Scripted(*(f"1. Open issue {number} of red-parser" for number in range(9)))
    LanguageModelProposer(model, instructions_per_ask=10).propose(FAILED, 23, random.Random(0))
    assert [f"Write {count} new" in question.text for count, question in zip((10, 10, 3), model.questions, strict=True)]
    assert len({question.seed for question in model.questions}) == 3


@pytest.mark.parametrize(
    ("answer", "dropped", "why"),
    [
        ("I would rather talk about the weather.", {"prose": 4}, "(prose 4)"),
        ("", {"empty": 4}, "(empty 4)"),
        ("1. Open the forum of books", {"wrong_site": 4}, "(wrong_site 4)"),
        (Answer("1. Open the iss", is_cut=True), {"cut": 4}, "(cut 4)"),
        (Answer("", "it is busy"), {"unanswered": 4}, "(unanswered 4; it is busy)"),
    ],
)
def test_a_model_that_writes_no_instruction_is_not_asked_for_long(
    answer: str | Answer, dropped: dict[str, int], why: str
) -> None:
    model = Scripted(answer)
    proposer = LanguageModelProposer(model, instructions_per_ask=1, asks_at_once=2, patience=4)
    proposals = proposer.propose(FAILED, 100, random.Random(0))
    assert len(model.questions) == 4
    assert (list(proposals.tasks), proposals.dropped) == ([], dropped)
    assert proposals.ended == f"the last 4 answers held no new instruction {why}"


def test_a_model_that_repeats_itself_is_not_asked_for_long() -> None:
    model = Scripted("1. Open issue 8 of blue-parser\n2. open ISSUE 8 of blue-parser!")
    proposer = LanguageModelProposer(model, instructions_per_ask=2, asks_at_once=1, patience=3)
    proposals = proposer.propose(FAILED, 100, random.Random(0))
    assert len(model.questions) == 4
    assert len({task.key for task in proposals.tasks}) == 1
    assert len(proposals.tasks) == 8
    assert proposals.ended == "the last 3 answers held no new instruction (repeated 6)"


def test_the_same_seed_asks_the_same() -> None:
    asked = []
    for seed in (3, 3, 4):
        model = Scripted(*(f"1. Open issue {number} of red-parser" for number in range(9)))
        LanguageModelProposer(model, instructions_per_ask=2, seeds_per_ask=2).propose(FAILED, 8, random.Random(seed))
        asked.append(model.questions)
    assert asked[0] == asked[1] != asked[2]


def test_a_server_that_refuses_everything_ends_the_command(server: CompletionServer) -> None:
    server.answers = [(404, b"{}")]
    backend = OpenAICompatible(ChatServer(server.url, attempts=1), "some-model")
    with pytest.raises(ServerRefused, match="some-model"):
        LanguageModelProposer(ServerModel(backend)).propose(FAILED, 5, random.Random(0))


def test_a_written_task_descends_from_the_failure_that_it_resembles_most() -> None:
    seeds = [
        failed_task(1, instruction="How many stars does blue-parser have?", max_steps=5),
        failed_task(2, instruction="Close the issue about fonts in red-parser", max_steps=12),
    ]
    task = written_task("Reopen the issue about fonts in red-parser", seeds)
    assert (task.parent, task.max_steps) == (seeds[1].task_id, 12)
    same = written_task("reopen the issue about FONTS, in red-parser.", seeds)
    assert same.key == task.key
    assert normalised(same.instruction) == normalised(task.instruction)
    assert written_task("Reopen the issue about prints in red-parser", seeds).key != task.key


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="page_length >= 1"):
        LanguageModelProposer(Scripted(""), page_length=0)
    with pytest.raises(ValueError, match="temperature >= 0"):
        LanguageModelProposer(Scripted(""), temperature=-1.0)
    with pytest.raises(ValueError, match=r"got \['boring'\]"):
        Proposals(dropped={"boring": 1})
