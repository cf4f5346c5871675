"""What a benchmark says below its table of a model's completions and an agent's actions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.benchmark import benchmark
from agents.errors import CheckpointMismatch
from tests.agents.test_benchmark import card, config, run
from tests.completion_server import CompletionServer, completion, completion_server


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server() -> Iterator[CompletionServer]:
    with completion_server() as running:
        yield running


def test_completions_that_were_cut_are_told_below_the_table(
    server: CompletionServer, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["agent=openai", f"base_url={server.url}", "model=m"]
    left = (200, completion({"message": {"content": "exit()"}}))
    cut = (200, completion({"message": {"content": None}, "finish_reason": "length"}))
    server.answers = [cut, (400, b'{"error": "the prompt is too long"}'), left]
    for _ in range(2):  # shown again, it is told again
        benchmark(config(*given, "output=here"))
        said = capsys.readouterr().out
        assert "1 of 4 completions were empty or cut at max_tokens=256: raise max_tokens\n" in said
        assert "1 of 4 pages were cut: the server found the prompt too long for its model\n" in said
    assert (card(Path("here"))["unfinished_completions"], card(Path("here"))["cut_pages"]) == (1, 1)
    benchmark(config(*given, "output=whole", "max_tokens=2000", "temperature=null"))
    assert "completions were" not in capsys.readouterr().out
    assert server.requests[-1]["max_tokens"] == 2000
    assert "temperature" not in server.requests[-1]
    with pytest.raises(CheckpointMismatch, match="max_tokens: 2000 there, 256 now"):
        run(*given, "output=whole", "temperature=null")


def test_an_agent_of_another_language_is_told_so(server: CompletionServer, capsys: pytest.CaptureFixture[str]) -> None:
    choice = {"message": {"content": "click [1]"}}
    server.answers = [(200, completion(choice, usage={"prompt_tokens": 100, "completion_tokens": 2}))]
    benchmark(config("agent=openai", f"base_url={server.url}", "model=m", "output=here", "env.max_steps=2"))
    said = capsys.readouterr().out
    assert '6 of 6 actions are none of the action language (docs/environment.md): "click [1]", ...\n' in said
    assert "600 tokens were read, 12 written\n" in said
    noted = card(Path("here"))
    assert (noted["unreadable_actions"], noted["tokens"], noted["model"]) == (6, {"prompt": 600, "completion": 12}, "m")
