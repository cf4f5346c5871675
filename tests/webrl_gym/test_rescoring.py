"""A stored run scored again: by other semantics, and by a judge that was not there when it was played."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agents.trajectory_io import write_trajectories
from agents.types import Completion, Prompt, Step, Trajectory
from tests.completion_server import completion_server
from webrl_gym.actions import format_action, leave
from webrl_gym.cli import main
from webrl_gym.errors import TaskFileError
from webrl_gym.evaluation.fuzzy import Question
from webrl_gym.rescoring import rescore
from webrl_gym.suites import find_suite
from webrl_gym.tasks import checks
from webrl_gym.tasks.record import Task
from webrl_gym.types import Observation, OutcomeVerdict, Site, VerdictStatus

FUZZY = {"eval_types": ["string_match"], "reference_answers": {"fuzzy_match": ["It is light"]}}
UNDECIDED = OutcomeVerdict(VerdictStatus.UNDECIDED, 0.0, "rules", detail="no rule can tell")
DONE = OutcomeVerdict(VerdictStatus.SCORED, 1.0, "rules")
FAILED = OutcomeVerdict(VerdictStatus.SCORED, 0.0, "rules")


class Yes:
    """A judge that agrees to everything."""

    def judge(self, question: Question, reference: str, answer: str) -> tuple[float, str]:
        return 1.0, f"{question.text} {reference} {answer}"


def attempt(
    name: str,
    evaluation: Mapping[str, Any],
    answer: str,
    verdict: OutcomeVerdict | None,
    url: str = "http://shopping.test/x?p=2",
) -> Trajectory:
    task = Task(name, (Site.SHOPPING,), "Why?", ("__SHOPPING__",), evaluation)
    page = Observation(instruction="Why?", url=url, html="", last_action_error="")
    step = Step(page, Prompt((), ""), Completion(format_action(leave(answer))), 0.0, {})
    return Trajectory(task, (step,), page, 0, False, None if verdict else "SiteError: x", verdict)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    attempts = [
        attempt("fuzzy", FUZZY, "It hardly weighs anything", UNDECIDED),
        attempt("spaced", checks.answer_is("5"), " 5 ", FAILED),
        attempt("place", checks.ends_at("__SHOPPING__/x"), "", DONE),
        attempt("pages", checks.pages_show(checks.page_check("last", "", "x")), "", DONE),
        attempt("broken", checks.answer_is("5"), "5", None),
    ]
    write_trajectories(tmp_path / "trajectories.jsonl", attempts)
    return tmp_path


def outcomes(run: Path, **settings: Any) -> dict[str, tuple[str, float] | None]:
    verdicts = {attempt.task_id: attempt.verdict for attempt in rescore(run, **settings)}
    return {name: verdict and (verdict["status"], verdict["score"]) for name, verdict in verdicts.items()}


def test_a_stored_run_is_scored_again(run: Path) -> None:
    same = {"place": ("scored", 1.0), "pages": ("scored", 1.0), "broken": None}
    assert outcomes(run) == {"fuzzy": ("undecided", 0.0), "spaced": ("scored", 0.0), **same}
    judged = outcomes(run, semantics="browsergym", judge=Yes())
    assert judged == {"fuzzy": ("scored", 1.0), "spaced": ("scored", 1.0), **same}


DEPLOYED = {"gitlab": "http://host.test:8023", "shopping_admin": "http://host.test:7780/admin"}


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    """A run on a real deployment, without its card."""
    todos, said = checks.ends_at("__GITLAB__/dashboard/todos"), checks.answer_is("5")
    attempts = [
        attempt("todos", todos, "", DONE, "http://host.test:8023/dashboard/todos"),
        attempt("elsewhere", todos, "", FAILED, "http://host.test:8023/"),
        attempt("storefront", checks.ends_at("__SHOPPING_ADMIN__/../x"), "", FAILED, "http://host.test:7780/x"),
        attempt("said", said, "5", FAILED, "http://host.test:8023/"),
        attempt(
            "addressed", checks.answer_is("__GITLAB__/a"), "http://host.test:8023/a", DONE, "http://host.test:8023/a"
        ),
    ]
    write_trajectories(tmp_path / "trajectories.jsonl", attempts)
    return tmp_path


AS_PLAYED = {
    "todos": ("scored", 1.0),
    "elsewhere": ("scored", 0.0),
    "storefront": ("scored", 0.0),
    "said": ("scored", 1.0),
    "addressed": ("scored", 1.0),
}


def test_a_run_on_a_deployment_is_scored_with_the_addresses_of_its_card(deployed: Path) -> None:
    card = {"config": {"env": {"overrides": True}}, "deployment": DEPLOYED}
    (deployed / "card.json").write_text(json.dumps(card), encoding="utf-8")
    assert outcomes(deployed) == AS_PLAYED
    assert [attempt.stray for attempt in rescore(deployed)] == [""] * 5


def test_without_them_what_depends_on_addresses_keeps_its_verdict(deployed: Path) -> None:
    assert outcomes(deployed) == AS_PLAYED
    strays = {attempt.task_id: attempt.stray for attempt in rescore(deployed) if attempt.after is None}
    assert strays == {
        "todos": "http://host.test:8023",
        "elsewhere": "http://host.test:8023",
        "storefront": "http://host.test:7780",
        "addressed": "http://host.test:8023",
    }


def test_the_command_line_reads_the_addresses_and_counts_what_it_kept(
    deployed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["rescore", str(deployed)]) == 0
    said = capsys.readouterr().out
    assert "3 kept as they were: their last page is at http://host.test:8023, which is no known site" in said
    assert said.endswith("\n2 no success, 3 success (vab semantics)\n")
    monkeypatch.setenv("GITLAB", "http://HOST.test:8023/")
    assert main(["rescore", str(deployed), "--sites", "urls"]) == 0
    assert "kept as they were: their last page is at http://host.test:8023" not in capsys.readouterr().out


def test_a_run_is_scored_by_the_semantics_of_its_card(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = {"config": {"env": {"semantics": "browsergym"}}, "deployment": None}
    (run / "card.json").write_text(json.dumps(card), encoding="utf-8")
    assert outcomes(run)["spaced"] == ("scored", 1.0)
    assert outcomes(run, semantics="vab")["spaced"] == ("scored", 0.0)
    assert main(["rescore", str(run)]) == 0
    assert "spaced: no success -> success\n" in (said := capsys.readouterr().out)
    assert said.endswith(" (browsergym semantics)\n")


@pytest.mark.parametrize("content", ["[]", "{", '{"config": {"env": {}}, "deployment": {"gitlab": "host"}}', "{}"])
def test_a_card_that_cannot_be_used_is_named(deployed: Path, content: str) -> None:
    (deployed / "card.json").write_text(content, encoding="utf-8")
    with pytest.raises(TaskFileError, match=r"the run card .*card\.json cannot be used"):
        list(rescore(deployed))


@pytest.mark.parametrize("overrides", [True, False])
def test_official_records_are_those_of_the_semantics_that_are_asked_for(tmp_path: Path, overrides: bool) -> None:
    try:
        played = find_suite("webarena-lite", overrides=overrides).get("webarena-lite/94")
    except TaskFileError as missing:
        pytest.skip(str(missing))
    other = checks.answer_is("another file's")
    attempts = [
        attempt(played.task_id, played.evaluation, "3", DONE),
        attempt("webarena-lite/95", other, "another file's", DONE),
    ]
    write_trajectories(tmp_path / "trajectories.jsonl", attempts)
    card = {"config": {"env": {"overrides": overrides}}, "deployment": None}
    (tmp_path / "card.json").write_text(json.dumps(card), encoding="utf-8")
    kept = {"webarena-lite/95": ("scored", 1.0)}
    assert outcomes(tmp_path) == {"webarena-lite/94": ("scored", 1.0), **kept}
    assert outcomes(tmp_path, semantics="browsergym") == {"webarena-lite/94": ("scored", float(overrides)), **kept}


def test_the_command_line_asks_a_judge_once_and_reads_its_cache_afterwards(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache, output = str(tmp_path / "verdicts"), tmp_path / "rescored.jsonl"
    with completion_server() as server:
        server.say("CORRECT")
        asked = ["--judge-url", server.url, "--judge-model", "judge-1", "--judge-cache", cache]
        assert main(["rescore", str(run), *asked]) == 0
    first = capsys.readouterr().out
    assert "fuzzy: undecided -> success (fuzzy, by llm)" in first
    assert "1 failed, 1 no success, 2 success, 1 success (fuzzy, by llm) (vab semantics)" in first
    assert main(["rescore", str(run), "--judge-cache", cache]) == 2
    assert capsys.readouterr().err == "webrl-gym: a judge needs the name of its model: model=...\n"
    offline = ["--judge-model", "judge-1", "--judge-cache", cache, "--output", str(output)]
    assert main(["rescore", str(run / "trajectories.jsonl"), *offline]) == 0
    assert capsys.readouterr().out == first
    stored = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [line["task_id"] for line in stored] == ["fuzzy", "spaced", "place", "pages", "broken"]
    assert stored[0]["verdict"]["fuzzy_by"] == "llm"


@pytest.mark.parametrize(
    ("output", "said"), [("nowhere/x.jsonl", "there is no folder .*nowhere"), (".", "it is a folder")]
)
def test_verdicts_that_could_not_be_kept_are_not_asked_for(
    run: Path, output: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with completion_server() as server:
        server.say("CORRECT")
        asked = ["--judge-url", server.url, "--judge-model", "judge-1", "--output", str(run / output)]
        assert main(["rescore", str(run), *asked]) == 2
        assert server.requests == []
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.fullmatch(f"webrl-gym: .* cannot be written: {said}\n", shown.err)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_sentence(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rescore", str(run), "--output", "/dev/full"]) == 2
    assert capsys.readouterr().err == "webrl-gym: /dev/full cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"format": "other"}\n', "line 1: .*expected the format"),
        (b"nonsense\n", "line 1"),
        (b"\xff\xfe", "cannot be read"),
        (b'{"format": "webrl-gym trajectories", "version": 1}\n{"task": {}}\n', "line 2|Task"),
    ],
)
def test_a_file_that_is_no_run_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "trajectories.jsonl").write_bytes(content)
    with pytest.raises(TaskFileError, match=said):
        list(rescore(tmp_path))
    with pytest.raises(TaskFileError, match="cannot be read"):
        list(rescore(tmp_path / "nowhere.jsonl.gz"))
