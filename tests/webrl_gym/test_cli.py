"""The command line of the environment."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, redirect
from werkzeug.serving import make_server

from webrl_gym.cli import main
from webrl_gym.tasks.registry import suite_names

TASK = "practice-test/shopping.order_status/0"


def test_suites_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suites"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == suite_names()
    assert next(line for line in lines if line.startswith("practice-train")).split()[1:3] == ["1000", "tasks"]


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
        (["tasks", "os:getcwd"], "'os:getcwd' gives no suite: expected a PageSuite, got str"),
        (["tasks", "os:environ"], "'os:environ' gives no suite: expected a PageSuite, got _Environ"),
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


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["play", TASK, "--engine", "netscape"],
        *(["play", TASK, "--seed", seed] for seed in ("-1", "1.5", "x")),
    ],
)
def test_a_wrong_command_line_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: webrl-gym" in capsys.readouterr().err


def test_a_seed_that_is_none_is_told_what_one_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["play", TASK, "--seed", "-1"])
    assert "argument --seed: expected a whole number of 0 or more, got '-1'" in capsys.readouterr().err


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


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "a page.html"
    file.write_text("<!DOCTYPE html><meta charset=utf-8><p>Grüße <a href='#'>Link</a></p>", encoding="utf-8")
    return file


@pytest.mark.browser
@pytest.mark.parametrize(
    ("address_of", "profile", "text"),
    [
        (str, [], 'Grüße <a id="0"> Link </a>\n'),
        (Path.as_uri, ["--profile", "webrl"], '<a id="0" data-text="Link" data-bbox="'),
    ],
    ids=["path-full", "address-webrl"],
)
def test_a_file_reads_as_a_policy_reads_it(
    address_of: Callable[[Path], str], profile: list[str], text: str, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["observe", address_of(page), *profile]) == 0
    url, _, shown = capsys.readouterr().out.partition("\n")
    assert url == page.as_uri()
    assert text in shown


@pytest.mark.browser
def test_a_page_of_the_web_is_observed(tmp_path: Path, site: str, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "page.png"
    assert main(["observe", f"{site}/moved", "--budget", "200", "--screenshot", str(picture)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{site}/here\n")
    assert len(shown) < 300
    assert "lines below: Scroll Down to see them]" in shown
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.browser
def test_a_page_that_cannot_be_observed_is_one_sentence(
    site: str, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for address, said in [
        (f"{site}/away", "/away cannot be opened: net::ERR_CONNECTION_REFUSED"),
        ("http://127.0.0.1:99999/", "is not an address: Port out of range"),
        (f"{site}/broken", "/broken answered with status 500"),
        (page.parent.as_uri() + "/none.html", "none.html cannot be opened: net::ERR_FILE_NOT_FOUND"),
        (
            "example.test",
            "address or the path of a file; there is no file 'example.test'",
        ),
    ]:
        assert main(["observe", address]) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.startswith("webrl-gym: ")
        assert shown.err.count("\n") == 1
        assert said in shown.err


def test_a_budget_too_small_for_a_window_is_refused(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["observe", str(page), "--budget", "20"]) == 2
    assert "budget must be at least 200, got 20" in capsys.readouterr().err


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Root of a small site of its own, directly on a loopback port."""
    app = Flask(__name__)
    app.add_url_rule("/moved", "moved", lambda: redirect("/here"))
    app.add_url_rule("/away", "away", lambda: redirect("http://127.0.0.2/"))
    app.add_url_rule("/here", "here", lambda: "<title>Here</title>" + "<p>One line of many</p>" * 50)
    app.add_url_rule("/broken", "broken", lambda: ("<p>Broken</p>", 500))
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
