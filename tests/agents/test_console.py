"""Progress on a terminal and in a log."""

from __future__ import annotations

import pytest
from rich.console import Console

from agents.console import ConsoleProgress


def test_a_log_gets_a_line_at_the_end_of_each_stage(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ConsoleProgress("oracle: ")
    for stage, total in (("episodes", 3), ("pictures", 1)):
        progress.begin(stage, total)
        for _ in range(total):
            progress.advance()
        progress.end()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == ["oracle: episodes: 3/3", "oracle: pictures: 1/1"]
    assert all(line.endswith("left") for line in lines)


def test_a_log_gets_a_line_now_and_then_with_the_time_that_is_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("agents.console.time.monotonic", lambda: now[0])
    progress = ConsoleProgress()
    progress.begin("episodes", 10)
    for _ in range(5):
        now[0] += 15.0
        progress.advance()
    said = capsys.readouterr().err.splitlines()
    assert said == ["episodes: 2/10, 30 s, about 120 s left", "episodes: 4/10, 60 s, about 90 s left"]


def test_nothing_is_said_of_the_time_left_before_the_first_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ConsoleProgress()
    progress.begin("episodes", 2)
    progress.end()
    assert capsys.readouterr().err == "episodes: 0/2, 0 s\n"


def test_a_stage_without_work_ends_too(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ConsoleProgress()
    progress.begin("episodes", 0)
    progress.end()
    assert "episodes: 0/0" in capsys.readouterr().err


def test_a_terminal_gets_a_bar_a_stage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("agents.console.Console", lambda stderr: Console(stderr=stderr, force_terminal=True, width=100))
    progress = ConsoleProgress("a: ")
    for stage in ("first", "second"):
        progress.begin(stage, 2)
        progress.advance(2)
        progress.end()
    said = capsys.readouterr().err
    assert "a: first" in said
    assert "a: second" in said
    assert "2/2" in said
