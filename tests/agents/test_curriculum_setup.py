"""From ``conf/curriculum`` to proposers and filters."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from agents.curriculum_setup import curriculum_parts, remembered_pages, require_proposer
from agents.errors import ConfigConflict
from agents.feasibility import RulesThenJudge, SiteRules
from agents.proposers import LanguageModelProposer
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama
from tests.agents.toy_env import ToySuite, toy_task
from tests.completion_server import CompletionServer, completion_server
from webrl_gym.errors import ServerRefused
from webrl_gym.types import Observation


@pytest.fixture
def server() -> Iterator[CompletionServer]:
    with completion_server() as running:
        yield running


def settings(option: str, **changes: object) -> dict[str, object]:
    written = (Path(str(files("conf"))) / "curriculum" / f"{option}.yaml").read_text(encoding="utf-8")
    return {**yaml.safe_load(written), **changes}


def llm(server: CompletionServer, **changes: object) -> dict[str, object]:
    return settings("llm", base_url=server.url, model="m", **changes)


def test_the_default_is_the_grammar_and_asks_nobody(tmp_path: Path) -> None:
    parts = curriculum_parts(settings("grammar"), ToySuite(), lambda _: "", tmp_path / "answers")
    assert parts.proposer is None
    assert isinstance(parts.feasibility, SiteRules)
    require_proposer(settings("grammar"))
    assert not (tmp_path / "answers").exists()


def test_a_server_proposes_and_judges(
    server: CompletionServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBRL_CURRICULUM_API_KEY", "sesame")
    server.say("1. Open the page of green", "Fine.\nYES")
    made = llm(server, instructions_per_ask=1, temperature=0.3, page_length=20)
    parts = curriculum_parts(made, ToySuite(), lambda _: "<h1> a rather long page </h1>", tmp_path)
    assert isinstance(parts.proposer, LanguageModelProposer)
    (task,) = parts.proposer.propose([toy_task("Red", 0)], 1, random.Random(0)).tasks
    assert [finding.feasibility.value for finding in parts.feasibility.judge([task])] == ["feasible"]
    assert [request["key"] for request in server.requests] == ["Bearer sesame"] * 2
    assert [request["temperature"] for request in server.requests] == [0.3, 0.0]
    assert all("<h1> a rather long p\n[cut]" in request["messages"][0]["content"] for request in server.requests)
    assert len(list(tmp_path.iterdir())) == 2
    alone = curriculum_parts(llm(server, judge=False), ToySuite(), lambda _: "", tmp_path)
    assert isinstance(alone.feasibility, SiteRules)


def test_a_local_model_proposes(tmp_path: Path) -> None:
    small_llama().save(tmp_path / "chat")
    given = settings("local", model=str(tmp_path / "chat"), max_new_tokens=8, patience=1)
    parts = curriculum_parts(given, ToySuite(), lambda _: "", tmp_path / "answers")
    assert isinstance(parts.feasibility, RulesThenJudge)
    assert parts.proposer is not None
    proposals = parts.proposer.propose([toy_task("Red", 0)], 1, random.Random(0))
    assert len(proposals.tasks) + sum(proposals.dropped.values()) >= 1
    (file,) = (tmp_path / "answers").iterdir()
    assert json.loads(file.read_text(encoding="utf-8"))["model"] == str(tmp_path / "chat")


def test_a_server_that_refuses_is_found_out_at_once(server: CompletionServer) -> None:
    server.answers = [(401, b"{}")]
    with pytest.raises(ServerRefused, match="WEBRL_CURRICULUM_API_KEY"):
        require_proposer(llm(server))
    assert len(server.requests) == 1
    server.answers = [(503, b"")]
    require_proposer(llm(server, attempts=1))


def test_a_field_that_the_server_does_not_take_is_found_out_at_once_and_can_be_left_out(
    server: CompletionServer,
) -> None:
    server.answers = [(422, b'{"detail": "unknown field seed"}')]
    with pytest.raises(ServerRefused, match="leave out seed"):
        require_proposer(llm(server))
    server.say("ready")
    require_proposer(llm(server, seed=False, temperature=None, max_new_tokens=None))
    assert {"max_tokens", "temperature", "seed"} <= set(server.requests[0])
    assert not {"max_tokens", "temperature", "seed"} & set(server.requests[1])


def test_a_local_model_that_is_not_there_is_found_out_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigConflict, match=r"curriculum\.model: .*empty is no causal language model that can be"):
        require_proposer(settings("local", model=str(tmp_path / "empty")))
    small_llama().save(tmp_path / "chat")
    require_proposer(settings("local", model=str(tmp_path / "chat"), max_new_tokens=100))
    with pytest.raises(
        ConfigConflict, match=r"max_new_tokens must be below the context of .*chat, 512 tokens; got 512"
    ):
        require_proposer(settings("local", model=str(tmp_path / "chat")))
    tiny_nano().save(tmp_path / "nano")
    with pytest.raises(ConfigConflict, match=r"curriculum\.model: .*nano is a nano model, which writes no sentences"):
        require_proposer(settings("local", model=str(tmp_path / "nano"), max_new_tokens=100))


def test_a_page_is_read_once_for_its_place_and_world() -> None:
    opened = []

    def read(task: object) -> Observation | None:
        opened.append(task)
        return None if len(opened) == 2 else Observation(instruction="", url="", html="page", last_action_error="")

    page_of = remembered_pages(read)
    tasks = [toy_task("Red", 0), toy_task("Blue", 0), toy_task("Red", 0, world=2), toy_task("Red", 1, world=2)]
    assert [page_of(task) for task in tasks] == ["page", "page", "", ""]
    assert len(opened) == 2
