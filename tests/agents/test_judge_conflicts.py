"""What a judge could not be asked is told before anything is done."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from agents.hydra_entry import compose_config
from agents.judge_conflicts import judge_conflicts
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama

FIRST_TOKEN = "orm.answers: the tokenizer begins the answers 'Done' and 'Done not' with the same token"
FIXED = "orm.answers: the nano model answers YES or NO, not 'Done'"
NO_TEMPLATE = "orm.prompt_template needs a judge that reads templates"


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_nano().save("small-nano")
    small_llama().save("llama")
    strict = small_llama()
    strict.tokenizer = copy.deepcopy(strict.tokenizer)
    strict.tokenizer.chat_template = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    )
    strict.save("strict")
    Path("judge.txt").write_text("[system]\nJudge.\n[user]\n{instruction} {actions} {page}", encoding="utf-8")


@cache
def composed() -> dict[str, Any]:
    return compose_config("train")


def told(model: str | None, **orm: object) -> list[str]:
    return judge_conflicts({**composed(), "orm": {**composed()["orm"], **orm}}, model)


@pytest.mark.parametrize(
    ("model", "orm", "problem"),
    [
        ("nano", {"answers": ["Done", "Missed"]}, FIXED),
        ("small-nano", {"answers": ["Done", "Missed"]}, FIXED),
        ("small-nano", {"prompt_template": "judge.txt"}, NO_TEMPLATE),
        ("llama", {"answers": ["Done", "Done not"]}, FIRST_TOKEN),
        ("strict", {"prompt_template": "judge.txt"}, "orm.prompt_template: the model's chat template does not take"),
        ("llama", {"answers": ["", "NO"]}, "orm.answers: the tokenizer has no token for the answer ''"),
    ],
)
def test_what_a_model_cannot_answer_or_read_is_a_conflict(model: str, orm: dict[str, Any], problem: str) -> None:
    (found,) = told(model, **orm)
    assert found.startswith(problem)


def test_what_it_can_is_none() -> None:
    assert told("nano") == told("llama") == told("nano", answers=["NO", "YES"]) == []
    assert told("llama", answers=["Done", "Missed"], prompt_template="judge.txt") == []
    # Whoever loads these says what is wrong; of a hub nothing is fetched to see.
    assert told(None, answers=["Done", "Missed"]) == told("org/my-model", answers=["Done", "Missed"]) == []
