from __future__ import annotations

import copy
import dataclasses
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from agents.batching import collate
from agents.errors import GenerationFailed
from agents.generation import InProcess, OpenAICompatible
from agents.models import LanguageModel
from agents.policy import LLMPolicy
from agents.types import Prompt
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama

MODELS = [tiny_nano(), small_llama()]
both = pytest.mark.parametrize("model", MODELS, ids=["nano", "chat"])


def _prompts(model: LanguageModel) -> list[Prompt]:
    texts = [
        "<|task|> Go\n<|page|> x y z\n<|action|>",
        "<|task|> Stay here a while\n<|page|> q\n<|action|>",
        "<|action|>",
    ]
    return [Prompt(tuple(model.tokenizer.encode(text)), text) for text in texts]


@both
def test_greedy_generation_does_not_depend_on_company(model: LanguageModel) -> None:
    prompts = _prompts(model)
    together = InProcess(model, max_new_tokens=6).generate(prompts, temperature=0.0)
    apart = InProcess(model, max_new_tokens=6, batch_size=1).generate(prompts, temperature=0.0)
    assert [completion.token_ids for completion in together] == [completion.token_ids for completion in apart]
    for one, other in zip(together, apart, strict=True):
        assert one.log_probs == pytest.approx(other.log_probs, abs=1e-4)


@both
def test_log_probabilities_are_those_that_training_sees(model: LanguageModel) -> None:
    prompts = _prompts(model)
    generator = torch.Generator().manual_seed(1)
    completions = InProcess(model, max_new_tokens=7).generate(prompts, temperature=0.7, generator=generator)
    batch = collate([p.token_ids for p in prompts], [c.token_ids for c in completions], model.pad_id)
    with torch.no_grad():
        scored = LLMPolicy(model).token_log_probs(batch)
    for row, completion in enumerate(completions):
        count = len(completion.token_ids)
        assert scored[row, :count].tolist() == pytest.approx(completion.log_probs, abs=1e-4)


@both
def test_sampling_follows_its_generator(model: LanguageModel) -> None:
    backend = InProcess(model, max_new_tokens=8)
    runs = [
        backend.generate(_prompts(model), temperature=1.5, generator=torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    ]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@both
def test_generation_stops_at_the_end_token_or_the_limit(model: LanguageModel) -> None:
    prompts = _prompts(model)
    endless = InProcess(model, max_new_tokens=5).generate(prompts, temperature=0.0)
    form = copy.copy(model.prompt_format)
    form.end_id = endless[0].token_ids[1]
    ending = InProcess(dataclasses.replace(model, prompt_format=form), max_new_tokens=5)
    completions = ending.generate(prompts, temperature=0.0)
    for completion, whole in zip(completions, endless, strict=True):
        ids = whole.token_ids
        expected = ids[: ids.index(form.end_id) + 1] if form.end_id in ids else ids
        assert completion.token_ids == expected
        assert len(completion.log_probs) == len(expected)
    assert len(completions[0].token_ids) <= 2
    assert len(endless[0].token_ids) == 5


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="got 0 and 16"):
        InProcess(MODELS[0], max_new_tokens=0)
    with pytest.raises(ValueError, match="negative"):
        InProcess(MODELS[0]).generate([], temperature=-1.0)
    with pytest.raises(ValueError, match="got 0 and 8"):
        OpenAICompatible("http://127.0.0.1:1/v1", "m", attempts=0)


class _Server(ThreadingHTTPServer):
    """Answers with what stands in the prompt; the first ``failures`` requests fail with ``status``."""

    status = 503
    failures = 0
    requests: list[tuple[dict[str, object], str | None]]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:  # the name is http.server's
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((body, self.headers.get("Authorization")))
        failed = len(self.server.requests) <= self.server.failures
        text = " " + body["messages"][0]["content"].upper()
        answer = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
        self.send_response(self.server.status if failed else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing on the console."""


@pytest.fixture
def server() -> Iterator[_Server]:
    running = _Server(("127.0.0.1", 0), _Handler)
    running.requests = []
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def _backend(server: _Server, attempts: int = 3) -> OpenAICompatible:
    return OpenAICompatible(
        f"http://127.0.0.1:{server.server_port}/v1", "some-model", attempts=attempts, backoff_s=0.01, parallel=2
    )


def test_server_completions_come_back_in_order(server: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sesame")
    prompts = [Prompt((), f"go {number}") for number in range(5)]
    completions = _backend(server).generate(prompts, temperature=0.0)
    assert [completion.text for completion in completions] == [f"GO {number}" for number in range(5)]
    assert all(completion.token_ids == () for completion in completions)
    body, key = server.requests[0]
    assert body["temperature"] == 0.0
    assert body["model"] == "some-model"
    assert key == "Bearer sesame"


def test_a_busy_server_is_asked_again(
    server: _Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sesame")
    server.failures = 2
    completions = _backend(server).generate([Prompt((), "go")], temperature=1.0, generator=torch.Generator())
    assert completions[0].text == "GO"
    assert len(server.requests) == 3
    assert "seed" in server.requests[0][0]
    assert "status 503" in caplog.text
    assert "sesame" not in caplog.text


@pytest.mark.parametrize(("status", "requests"), [(503, 3), (401, 1)])
def test_a_server_that_keeps_failing_is_an_error(
    server: _Server, status: int, requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server.failures, server.status = 99, status
    with pytest.raises(GenerationFailed, match=f"status {status}"):
        _backend(server).generate([Prompt((), "go")], temperature=0.0)
    assert len(server.requests) == requests
    assert server.requests[0][1] is None


def test_no_server_is_an_error(server: _Server) -> None:
    backend = OpenAICompatible("http://127.0.0.1:9/v1", "m", attempts=2, backoff_s=0.01)
    with pytest.raises(GenerationFailed, match="ConnectError"):
        backend.generate([Prompt((), "go")], temperature=0.0)
