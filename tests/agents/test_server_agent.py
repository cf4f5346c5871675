"""The agent on a model's server: what it asks, how it reads answers, whose failure is whose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agents.actors import task_info
from agents.errors import GenerationFailed
from agents.panel import play_task
from agents.server_agent import OpenAIAgent
from tests.completion_server import CompletionServer, completion, completion_server
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import ServerRefused
from webrl_gym.suites import load_suite
from webrl_gym.types import Observation

PAGE = """<a id="0"> Home </a>
<p> 12 orders </p>"""


def seen(html: str = PAGE, error: str = "") -> Observation:
    return Observation(
        instruction="Find the order 000170", url="http://shopping.test/", html=html, last_action_error=error
    )


@pytest.fixture(scope="module")
def server() -> Iterator[CompletionServer]:
    with completion_server() as running:
        yield running


@pytest.fixture
def model(server: CompletionServer) -> OpenAIAgent:
    """An agent whose tries follow each other at once."""
    server.requests.clear()
    server.slow = False
    agent = OpenAIAgent(f"{server.url}/", "some-model", api_key_variable="TEST_KEY", sleep=lambda _seconds: None)
    agent.reset(task_info(load_suite("practice-test").tasks[0]))
    return agent


def test_a_model_behind_a_server_reads_page_history_and_error(
    server: CompletionServer, model: OpenAIAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", " sk-secret\n")
    server.say('```do(action="Click", element="0")```', 'exit(message="12")')
    assert model.act(seen()) == 'do(action="Click", element="0")'
    assert model.act(seen(error="There is no tab 3.")) == 'exit(message="12")'
    first, second = server.requests
    assert (first["path"], first["key"]) == ("/v1/chat/completions", "Bearer sk-secret")
    assert (first["model"], first["temperature"]) == ("some-model", 0.0)
    assert first["messages"][0]["content"] == OpenAIAgent.prompt_text
    assert "nothing yet" in first["messages"][1]["content"]
    asked = second["messages"][1]["content"]
    assert '1. Click "Home"' in asked
    assert "The last action failed: There is no tab 3." in asked
    assert PAGE in asked
    model.reset(task_info(load_suite("practice-test").tasks[1]))
    model.act(seen())
    assert "nothing yet" in server.requests[-1]["messages"][1]["content"]


def test_without_a_key_none_is_sent(server: CompletionServer, model: OpenAIAgent) -> None:
    server.say("exit()")
    model.act(seen())
    assert server.requests[0]["key"] is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_busy_is_asked_again(server: CompletionServer, model: OpenAIAgent, status: int) -> None:
    server.answers = [(status, b"busy"), (status, b"busy"), (200, completion({"message": {"content": "exit()"}}))]
    assert model.act(seen()) == "exit()"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "body", [b"nonsense", b"[]", b"null", b'{"choices": []}', b'{"choices": [null]}', b'{"choices": [{"message": 3}]}']
)
def test_nonsense_from_a_server_is_a_failure_of_generation(
    server: CompletionServer, model: OpenAIAgent, body: bytes
) -> None:
    server.answers = [(200, body)]
    with pytest.raises(GenerationFailed, match="answered with"):
        model.act(seen())
    assert len(server.requests) == 1


LEFT = 'exit(message="N/A")'


@pytest.mark.parametrize(
    "said",
    [
        f"<think>The page shows 12 orders.</think>\n\n{LEFT}",
        f"The page shows 12 orders.\n</think>\n\n{LEFT}",
        f"```python\n{LEFT}\n```",
        f"```\n{LEFT}\n```\n",
        f"```{LEFT}```",
        f"`{LEFT}`",
        f"<think>```python\nexit()\n```</think>\n```python\n{LEFT}",
    ],
)
def test_an_action_is_read_without_thoughts_and_marks(server: CompletionServer, model: OpenAIAgent, said: str) -> None:
    server.say(said)
    assert model.act(seen()) == LEFT
    assert model.completion_counts.unfinished == 0


def test_what_is_written_beside_an_action_stays(server: CompletionServer, model: OpenAIAgent) -> None:
    server.say(f"I leave.\n{LEFT}", "```python\nexit()\n```\nor\n```python\ngo_backward()\n```")
    assert model.act(seen()) == f"I leave.\n{LEFT}"
    assert "or" in model.act(seen())


@pytest.mark.parametrize(
    ("choice", "action"),
    [
        ({"message": {"content": None, "reasoning_content": "Let me"}, "finish_reason": "length"}, ""),
        ({"message": {"content": None}}, ""),
        ({"message": {"content": "<think>Let me see"}, "finish_reason": "length"}, ""),
        ({"message": {"content": "exit(mess"}, "finish_reason": "length"}, "exit(mess"),
    ],
)
def test_a_completion_that_is_empty_or_cut_is_a_step_that_is_counted(
    server: CompletionServer, model: OpenAIAgent, env: WebArenaLiteEnv, choice: Any, action: str
) -> None:
    whole = completion({"message": {"content": "exit()"}, "finish_reason": "stop"})
    server.answers = [(200, completion(choice)), (200, whole)]
    result, trajectory = play_task(env, model, env.suite.tasks[0], seed=0)
    assert [step.completion.text for step in trajectory.steps] == [action, "exit()"]
    assert (result.status, result.steps, result.unfinished) == ("scored", 2, 1)
    assert play_task(env, model, env.suite.tasks[0], seed=0)[0].unfinished == 0


TOO_LONG = (400, b'{"error": {"message": "This model\'s maximum context length is 4096 tokens."}}')
LONG = "\n".join(f"<p> line {number} </p>" for number in range(100))


def shown(request: dict[str, Any]) -> str:
    """The page of a request."""
    return str(request["messages"][1]["content"]).partition("<<<\n")[2].rpartition("\n>>>")[0]


def test_a_page_that_is_too_long_for_the_model_is_cut_from_its_end(
    server: CompletionServer, model: OpenAIAgent
) -> None:
    left = (200, completion({"message": {"content": "exit()"}}))
    server.answers = [TOO_LONG, TOO_LONG, left]
    assert model.act(seen(LONG)) == "exit()"
    whole, half, quarter = (shown(request) for request in server.requests)
    assert whole == LONG
    for part, most in ((half, len(LONG) // 2), (quarter, len(LONG) // 4)):
        lines, _, note = part.rpartition("\n")
        assert LONG.startswith(f"{lines}\n")
        assert most - 20 < len(lines) < most
        assert "not shown" in note
    assert model.completion_counts.cut_pages == 1
    model.act(seen())
    assert model.completion_counts.cut_pages == 1


def test_a_prompt_that_is_too_long_without_a_page_is_given_up(server: CompletionServer, model: OpenAIAgent) -> None:
    server.answers = [TOO_LONG]
    with pytest.raises(GenerationFailed, match=r"maximum context length is 4096 tokens\. \(asked without a page\)"):
        model.act(seen(LONG))
    assert len(server.requests) == 8
    assert "line" not in shown(server.requests[-1])


def test_a_prompt_that_a_filter_stops_is_not_asked_again(server: CompletionServer, model: OpenAIAgent) -> None:
    server.answers = [(400, b'{"error": "stopped by the content filter"}')]
    with pytest.raises(GenerationFailed, match="content filter"):
        model.act(seen(LONG))
    assert len(server.requests) == 1


def test_what_was_asked_and_said_is_kept_with_the_step(server: CompletionServer, model: OpenAIAgent) -> None:
    answers = [{"content": "<think>a link</think>exit()"}, {"content": "exit()", "reasoning_content": "a link"}]
    server.answers = [(200, completion({"message": message})) for message in answers]
    env = WebArenaLiteEnv()
    for _ in answers:
        _, trajectory = play_task(env, model, env.suite.tasks[0], 0)
        (step,) = trajectory.steps
        assert (step.completion.text, step.info["said"]) == ("exit()", "<think>a link</think>exit()")
        assert env.suite.tasks[0].instruction in step.prompt.text
        assert step.observation["html"] in step.prompt.text
    env.close()


def test_tokens_are_counted_as_the_server_counts_them(server: CompletionServer, model: OpenAIAgent) -> None:
    choice = {"message": {"content": "exit()"}}
    usages = [{"prompt_tokens": 700, "completion_tokens": 3}, {"prompt_tokens": 77, "completion_tokens": None}, None]
    server.answers = [(200, completion(choice, usage=usage)) for usage in usages]
    for _ in usages:
        model.act(seen())
    counts = model.completion_counts
    assert (counts.prompt_tokens, counts.completion_tokens) == (777, 3)


def test_what_is_none_is_left_out_of_the_request(server: CompletionServer, model: OpenAIAgent) -> None:
    server.say("exit()")
    model.act(seen())
    assert (server.requests[0]["temperature"], server.requests[0]["max_tokens"]) == (0.0, 256)
    OpenAIAgent(server.url, "some-model", temperature=None, max_tokens=None).act(seen())
    assert not {"temperature", "max_tokens"} & set(server.requests[1])


def test_a_server_that_stays_busy_is_given_up(server: CompletionServer, model: OpenAIAgent) -> None:
    server.answers = [(503, b"busy")]
    with pytest.raises(GenerationFailed, match="no completion in 5 tries; last: status 503"):
        model.act(seen())


def test_a_refusal_of_everything_is_no_failure_of_one_task(
    server: CompletionServer, model: OpenAIAgent, env: WebArenaLiteEnv
) -> None:
    server.answers = [(401, b"no")]
    with pytest.raises(ServerRefused, match="check the key in the variable TEST_KEY"):
        play_task(env, model, env.suite.tasks[0], seed=0)
    assert len(server.requests) == 1


def test_a_proxy_that_cannot_be_used_is_named_when_the_agent_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "foo://x")
    with pytest.raises(ServerRefused, match=r"no proxy can be made of what the variables hold; check .*HTTP_PROXY"):
        OpenAIAgent("http://llm.test/v1", "some-model")
