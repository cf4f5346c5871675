"""The command line of the environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from webrl_gym.cli import main
from webrl_gym.tasks.registry import suite_names

TASK = "practice-test/shopping.order_status/0"


def test_suites_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suites"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == suite_names()
    assert lines[0].split()[1:3] == ["1000", "tasks"]


def test_tasks_are_listed_with_their_instructions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "practice-test"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 165
    assert any(line.startswith(f"{TASK} ") for line in lines)


def test_a_task_is_played_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", TASK]) == 0
    said = capsys.readouterr().out
    assert said.startswith("instruction: ")
    assert "--- http://shopping.test/" in said
    assert ">>> exit(message=" in said
    assert "reward 1.0" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tasks", "practice-tets"], "did you mean practice-test"),
        (["play", "practice-test/shopping.order_status/00"], f"near: {TASK}"),
        (["play", "nonsense"], "there is no suite 'nonsense'"),
    ],
)
def test_what_there_is_not_is_said_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("webrl-gym: ")
    assert said in shown.err


@pytest.mark.parametrize("arguments", [[], ["dance"], ["play", TASK, "--engine", "netscape"]])
def test_a_wrong_command_line_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: webrl-gym" in capsys.readouterr().err


def test_a_named_browser_is_the_one_that_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("WEBRL_GYM_CHROMIUM", str(program))
    assert main(["browser"]) == 0
    assert capsys.readouterr().out == f"Chromium: {program}\n"
    program.unlink()
    assert main(["browser"]) == 2
    assert str(program) in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m webrl_gym tasks practice-train | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_ctrl_c_ends_quietly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("webrl_gym.suites.load_suite", interrupt)
    assert main(["tasks", "practice-test"]) == 130
    assert capsys.readouterr().err == ""
