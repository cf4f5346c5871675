from __future__ import annotations

import pytest
import torch

from agents.errors import GenerationFailed
from agents.server_generation import OpenAICompatible
from agents.types import Prompt
from tests.completion_server import CompletionServer, completion_server
from webrl_gym.chat_server import ChatServer
from webrl_gym.errors import ServerRefused


def _backend(server: CompletionServer) -> OpenAICompatible:
    return OpenAICompatible(ChatServer(server.url, attempts=3, sleep=lambda _: None), "some-model", parallel=1)


def test_server_completions_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sesame")
    with completion_server() as server:
        server.say(" one", "two ", "three")
        completions = _backend(server).generate([Prompt((), f"go {number}") for number in range(3)], temperature=0.0)
    assert [completion.text for completion in completions] == ["one", "two", "three"]
    assert all(completion.token_ids == () for completion in completions)
    first = server.requests[0]
    assert (first["temperature"], first["model"], first["key"]) == (0.0, "some-model", "Bearer sesame")
    assert [request["messages"][0]["content"] for request in server.requests] == ["go 0", "go 1", "go 2"]


def test_a_busy_server_is_asked_again() -> None:
    with completion_server() as server:
        server.say("go")
        server.answers = [(503, b""), (503, b""), *server.answers]
        completions = _backend(server).generate([Prompt((), "go")], temperature=1.0, generator=torch.Generator())
    assert completions[0].text == "go"
    assert len(server.requests) == 3
    assert "seed" in server.requests[0]


@pytest.mark.parametrize(("status", "error", "requests"), [(503, GenerationFailed, 3), (401, ServerRefused, 1)])
def test_a_server_that_keeps_failing_is_an_error(status: int, error: type[Exception], requests: int) -> None:
    with completion_server() as server:
        server.answers = [(status, b"")]
        with pytest.raises(error, match=f"status {status}"):
            _backend(server).generate([Prompt((), "go")], temperature=0.0)
    assert len(server.requests) == requests


def test_an_answer_without_text_is_an_error() -> None:
    with completion_server() as server:
        server.say(None)
        with pytest.raises(GenerationFailed, match="answered without text"):
            _backend(server).generate([Prompt((), "go")], temperature=0.0)


def test_a_server_is_sent_only_what_it_takes() -> None:
    sampled = {"temperature": 1.0, "generator": torch.Generator()}
    with completion_server() as server:
        server.say("go")
        asked = ChatServer(server.url)
        OpenAICompatible(asked, "m", max_new_tokens=7).generate([Prompt((), "go")], **sampled)
        spare = OpenAICompatible(asked, "m", max_new_tokens=None, sends_temperature=False, sends_seed=False)
        spare.generate([Prompt((), "go")], **sampled)
        spoken = [sorted(request) for request in server.requests]
    assert spoken[0] == sorted({*spoken[1], "max_tokens", "temperature", "seed"})
    assert not {"max_tokens", "temperature", "seed"} & set(spoken[1])


@pytest.mark.parametrize("wrong", [{"parallel": 0}, {"max_new_tokens": 0}])
def test_wrong_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        OpenAICompatible(ChatServer("http://127.0.0.1:1/v1"), "m", **wrong)
