"""A server of chat completions: asked again where it is busy, given up at once where it says no, no key shown."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from tests.completion_server import CompletionServer, completion, completion_server
from webrl_gym.chat_server import ChatServer, without_thoughts
from webrl_gym.errors import CompletionFailed, PromptTooLarge, ServerRefused

DONE = (200, completion({"message": {"content": "done"}}))


@pytest.fixture
def server() -> Iterator[CompletionServer]:
    with completion_server() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    """The seconds that were waited, without waiting."""
    return []


def ask(url: str, waits: list[float], **settings: Any) -> dict[str, Any]:
    asked = ChatServer(url, "TEST_KEY", sleep=waits.append, **settings)
    with asked.client() as client:
        return asked.ask(client, {"model": "some-model"})


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_busy_server_is_asked_again_after_longer_and_longer_waits(
    server: CompletionServer, waits: list[float], status: int
) -> None:
    server.answers = [(status, b"busy")] * 3 + [DONE]
    assert ask(server.url, waits) == {"message": {"content": "done"}}
    assert waits == [2.0, 4.0, 8.0]


def test_tries_and_waits_have_an_end(server: CompletionServer, waits: list[float]) -> None:
    server.answers = [(503, b"busy")]
    with pytest.raises(CompletionFailed, match="no completion in 8 tries; last: status 503"):
        ask(server.url, waits, attempts=8)
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert len(server.requests) == 8


@pytest.mark.parametrize(
    ("asked_for", "waited"),
    [("17", 17.0), ("0.5", 2.0), ("3600", 60.0), ("-3", 2.0), ("nan", 2.0), ("inf", 2.0), ("soon", 2.0), ("", 2.0)],
)
def test_a_server_says_how_long_to_wait(
    server: CompletionServer, waits: list[float], asked_for: str, waited: float
) -> None:
    server.answers = [(429, b""), DONE]
    server.headers["Retry-After"] = asked_for
    ask(server.url, waits)
    assert waits == [waited]


def test_a_server_says_until_when_to_wait(server: CompletionServer, waits: list[float]) -> None:
    server.answers = [(503, b""), DONE]
    server.headers["Retry-After"] = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    ask(server.url, waits)
    assert waits == [pytest.approx(30, abs=5)]


def test_a_server_that_nobody_reaches_is_told_while_it_is_tried_again(
    waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ServerRefused, match=r"nobody answers at http://127.0.0.1:9/v1/.*server runs; ConnectError"):
        ask("http://127.0.0.1:9/v1", waits)
    assert waits == [2.0, 4.0, 8.0, 16.0]
    assert "try 2 of 5 in 2 s" in caplog.text


def test_a_server_that_lets_nobody_in_is_none(waits: list[float]) -> None:
    patience = []

    def swallow(request: httpx.Request) -> httpx.Response:
        patience.append(request.extensions["timeout"]["connect"])
        raise httpx.ConnectTimeout("timed out", request=request)

    asked = ChatServer("http://10.0.0.1/v1", "TEST_KEY", sleep=waits.append, timeout_s=300, attempts=2)
    with (
        httpx.Client(transport=httpx.MockTransport(swallow)) as client,
        pytest.raises(ServerRefused, match=r"nobody answers at http://10.0.0.1/v1/.*; ConnectTimeout"),
    ):
        asked.ask(client, {"model": "some-model"})
    assert patience == [10.0, 10.0]


def test_a_slow_server_is_asked_again(server: CompletionServer, waits: list[float]) -> None:
    server.answers = [DONE]
    server.slow = True
    with pytest.raises(CompletionFailed, match="in 2 tries; last: ReadTimeout"):
        ask(server.url, waits, timeout_s=0.05, attempts=2)
    assert waits == [2.0]


def test_a_server_that_trickles_is_a_slow_one(server: CompletionServer, waits: list[float]) -> None:
    server.answers = [DONE]
    server.pause = 0.02
    with pytest.raises(CompletionFailed, match=r"in 2 tries; last: ReadTimeout: no answer within 0\.1 s"):
        ask(server.url, waits, timeout_s=0.1)
    assert waits == [2.0]


NO_MODEL = json.dumps({"error": {"message": "the model does not exist"}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, NO_MODEL, "check the model name 'some-model'; it says: the model does not exist"),
        (400, b'{"message": "temperature?"}', "leave out temperature, or send what it takes; it says: temperature?"),
        (422, b'{"detail": "a seed"}', "leave out seed, or send what it takes; it says: a seed"),
        (400, b'"no"', "check the model name 'some-model'; it says: no"),
        (401, NO_MODEL, "check the key in the variable TEST_KEY (it is not set)"),
        (403, b"", "check the key in the variable TEST_KEY (it is not set) and whether it may use 'some-model'"),
        (404, NO_MODEL, "check base_url and the model name 'some-model'; it says: the model does not exist"),
        (404, b"<html>Not Found</html>", "check base_url and the model name 'some-model'"),
        (302, b"", "check base_url"),
    ],
)
def test_a_refusal_is_taken_at_once_and_says_what_to_check(
    server: CompletionServer, waits: list[float], status: int, body: bytes, said: str
) -> None:
    server.answers = [(status, body)]
    with pytest.raises(ServerRefused) as caught:
        ask(server.url.replace("http://", "http://me:sk-hidden@"), waits)
    assert str(caught.value) == f"{server.url}/chat/completions refused the request with status {status}: {said}"
    assert (len(server.requests), waits) == (1, [])


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"error": {"code": "context_length_exceeded", "message": "at most the context of 4096 tokens"}}'),
        (400, b'{"message": "the prompt is too long"}'),
        (400, b'{"message": "The decoder prompt (length 5000) is longer than the maximum model length of 4096."}'),
        (400, b'{"message": "The input token count (5000) exceeds the maximum number of tokens allowed (4096)."}'),
        (400, b'{"error": {"message": "stopped by the content filter of this context"}}'),
        (413, b""),
    ],
)
def test_a_prompt_that_is_refused_says_nothing_about_the_next(
    server: CompletionServer, waits: list[float], status: int, body: bytes
) -> None:
    server.answers = [(status, body)]
    with pytest.raises(
        CompletionFailed, match=f"refused the request with status {status}: .*(context|long|filter|large|maximum)"
    ) as caught:
        ask(server.url, waits)
    assert isinstance(caught.value, PromptTooLarge) is (b"filter" not in body)
    assert (len(server.requests), waits) == (1, [])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
def test_a_key_is_sent_and_not_shown(
    server: CompletionServer, waits: list[float], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", " sk-secret\n")
    body = json.dumps({"error": {"message": "x" * 195 + "sk-secret is unknown, and so is sk-s***et"}}).encode()
    server.answers = [(status, body)]
    with pytest.raises(ServerRefused) as caught:
        ask(server.url + "?key=sk-hidden", waits)
    assert server.requests[0]["key"] == "Bearer sk-secret"
    assert "sk-" not in str(caught.value)
    assert "not set" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-sec\nret", "sk-sécret", "sk-\x00secret"])
def test_a_key_that_no_header_can_carry_is_not_shown(
    server: CompletionServer, waits: list[float], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webrl_gym.chat_server.os.environ", {"TEST_KEY": key})
    with pytest.raises(ServerRefused, match="TEST_KEY holds no key that can be sent") as caught:
        ask(server.url, waits)
    assert "sk-" not in str(caught.value)
    assert (server.requests, waits) == ([], [])


@pytest.mark.parametrize("url", ["localhost:8000/v1", "http://x:port", "http://me:sk-hidden@x:port", "ftp://x/v1", ""])
def test_what_is_no_address_is_not_tried_again(waits: list[float], url: str) -> None:
    with pytest.raises(ServerRefused, match="check base_url") as caught:
        ask(url, waits)
    assert "sk-" not in str(caught.value)
    assert waits == []


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"null", b'{"choices": []}', b'{"choices": ["YES"]}'])
def test_an_answer_that_is_no_completion_is_a_failure_of_its_request(
    server: CompletionServer, waits: list[float], body: bytes
) -> None:
    server.answers = [(200, body)]
    with pytest.raises(CompletionFailed, match="something else than a chat completion"):
        ask(server.url, waits)
    assert (len(server.requests), waits) == (1, [])


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Sets variables; those of whoever runs the tests are gone."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


UNUSABLE = [
    ("ALL_PROXY", "socks5://me:s3cret@127.0.0.1:9", 'a SOCKS proxy needs pip install "httpx[socks]"; check ALL_PROXY'),
    ("http_proxy", "foo://me:s3cret@x", "no proxy can be made of what the variables hold; check http_proxy"),
    ("HTTP_PROXY", "http://s3cret:y z", "no proxy can be made of what the variables hold; check HTTP_PROXY"),
    ("NO_PROXY", "[::1],a", "no proxy can be made of what the variables hold; check NO_PROXY"),
    ("SSL_CERT_FILE", "/not/there", "the certificates cannot be read (No such file or directory); check SSL_CERT_FILE"),
]


@pytest.mark.parametrize(("variable", "value", "said"), UNUSABLE)
def test_variables_that_cannot_be_used_are_named(
    no_proxies: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    no_proxies.setenv(variable, value)
    if "socks" in value:
        no_proxies.setitem(sys.modules, "socksio", None)
    with pytest.raises(ServerRefused) as caught:
        ChatServer("http://me:sk-hidden@llm.test/v1").client()
    assert str(caught.value) == f"http://llm.test/v1/chat/completions cannot be asked: {said}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"])
def test_a_server_of_this_machine_is_asked_without_a_proxy(no_proxies: pytest.MonkeyPatch, host: str) -> None:
    no_proxies.setenv("ALL_PROXY", "foo://x")
    ChatServer(f"http://{host}:8000/v1").client().close()
    with pytest.raises(ServerRefused, match="check ALL_PROXY"):
        ChatServer(f"https://{host}:8000/v1").client()


@pytest.mark.parametrize(
    ("variables", "url", "said"),
    [
        ({"HTTP_PROXY": "http://127.0.0.1:9"}, "http://llm.test/v1", "HTTP_PROXY"),
        ({"https_proxy": "127.0.0.1:9"}, "https://llm.test/v1", "https_proxy"),
        ({"ALL_PROXY": "http://127.0.0.1:9"}, "http://llm.test:8000/v1", "ALL_PROXY"),
    ],
)
def test_a_proxy_before_a_server_that_nobody_reaches_is_named(
    no_proxies: pytest.MonkeyPatch, waits: list[float], variables: dict[str, str], url: str, said: str
) -> None:
    for name, value in variables.items():
        no_proxies.setenv(name, value)
    expected = f"nobody answers at {url}/chat/completions through the proxy of {said}: check {said}, base_url and that"
    with pytest.raises(ServerRefused, match=expected):
        ask(url, waits, attempts=1)


def test_what_a_proxy_answers_is_told_as_its_answer(
    no_proxies: pytest.MonkeyPatch, server: CompletionServer, waits: list[float]
) -> None:
    no_proxies.setenv("HTTP_PROXY", server.url)
    server.answers = [(502, b"")]
    with pytest.raises(CompletionFailed, match=r"llm\.test/v1/chat/completions through the proxy of HTTP_PROXY gave"):
        ask("http://llm.test/v1", waits, attempts=1)
    server.answers = [(403, b"")]
    with pytest.raises(ServerRefused, match="through the proxy of HTTP_PROXY refused the request with status 403"):
        ask("http://llm.test/v1", waits)


def test_thoughts_are_left_out_wherever_they_begin() -> None:
    assert without_thoughts("<think>a</think>\nb<think>c</think>d") == "bd"
    assert without_thoughts("a\n</think>\nb") == "b"
    assert without_thoughts("b<think>a") == "b"
    assert without_thoughts(" a < b ") == "a < b"


def test_no_log_line_shows_what_an_address_hides(
    server: CompletionServer, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.answers = [(503, b"busy"), DONE]
    ask(server.url.replace("//", "//me:s3cret@") + "?key=s3cret", waits)
    assert server.requests[1]["path"] == "/v1/chat/completions?key=s3cret"
    assert server.requests[1]["key"].startswith("Basic ")
    assert f"HTTP Request: POST {server.url}/chat/completions" in caplog.text
    assert "s3cret" not in caplog.text
