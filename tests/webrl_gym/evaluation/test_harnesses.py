"""The two harnesses in use: equal scores in every golden case, and one case for each difference between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from webrl_gym.errors import EvaluationError, MalformedReference
from webrl_gym.evaluation import match_answer, match_url
from webrl_gym.types import Semantics

GOLDENS = Path(__file__).resolve().parents[4] / "shared" / "goldens" / "evaluators.json"


def score(case: dict[str, Any], semantics: str) -> float | str:
    record = case["eval"]
    try:
        if case["kind"] == "string":
            return match_answer(record["reference_answers"], case["answer"], semantics=semantics)
        return match_url(record["reference_url"], case["url"], url_note=record["url_note"], semantics=semantics)
    except EvaluationError:
        return "error"


@pytest.mark.skipif(not GOLDENS.is_file(), reason="the harnesses' scores are not here")
@pytest.mark.parametrize("semantics", Semantics)
def test_every_score_is_the_harness_own(semantics: Semantics) -> None:
    cases = json.loads(GOLDENS.read_text(encoding="utf-8"))["cases"]
    differ = [case for case in cases if score(case, semantics) != case["score"][semantics]]
    assert len(cases) == 693
    assert differ == []


@pytest.mark.parametrize(
    ("references", "answer", "vab", "browsergym"),
    [
        pytest.param({"exact_match": "N/A"}, " N/A ", 0.0, 1.0, id="white space around an answer"),
        pytest.param({"must_include": ["nike"]}, "nikes", 0.0, 1.0, id="a word must be a word"),
        pytest.param({"must_include": ["5", "a"]}, "a 15", 0.0, 1.0, id="a character among several references"),
        pytest.param({"must_include": ["5"]}, "4/5", 1.0, 0.0, id="a word between slashes"),
        pytest.param({"must_include": ["65 |OR| 3"]}, "3", 1.0, 0.0, id="alternatives in an answer's reference"),
    ],
)
def test_the_harnesses_differ_on_answers(
    references: dict[str, Any], answer: str, vab: float, browsergym: float
) -> None:
    assert match_answer(references, answer) == vab
    assert match_answer(references, answer, semantics="browsergym") == browsergym


GOLD = "GOLD in PRED"


@pytest.mark.parametrize(
    ("reference", "url", "note", "vab", "browsergym"),
    [
        pytest.param("http://a.test/x?p=1&q=2", "http://a.test/x?q=2&p=1", GOLD, 0.0, 1.0, id="order of parameters"),
        pytest.param("http://a.test/x?p=1", "http://a.test/x?p=12", GOLD, 1.0, 0.0, id="a value that goes on"),
        pytest.param("http://a.test/x?q=a%20b", "http://a.test/x?q=a+b", GOLD, 0.0, 1.0, id="how spaces are written"),
        pytest.param("http://a.test/x", "https://a.test/x", GOLD, 0.0, 1.0, id="the scheme"),
        pytest.param("http://a.test/x", "http://a.test/x?p=2", None, 0.0, 1.0, id="no rule: equal, or a part"),
        pytest.param("http://localhost/x", "http://127.0.0.1/x", GOLD, 1.0, 0.0, id="localhost"),
        pytest.param("http://a.test/x//", "http://a.test/x", GOLD, 0.0, 1.0, id="slashes at the end"),
    ],
)
def test_the_harnesses_differ_on_addresses(
    reference: str, url: str, note: str | None, vab: float, browsergym: float
) -> None:
    assert match_url(reference, url, url_note=note) == vab
    assert match_url(reference, url, url_note=note, semantics="browsergym") == browsergym


def test_one_harness_knows_equal_addresses_only_and_the_other_does_not() -> None:
    assert match_url("http://a.test/x", "http://a.test/x/", url_note="EXACT") == 1.0
    with pytest.raises(MalformedReference, match="no matching rule 'EXACT'"):
        match_url("http://a.test/x", "http://a.test/x/", url_note="EXACT", semantics="browsergym")
