from __future__ import annotations

import pytest

from webrl_gym.errors import EvaluationError
from webrl_gym.evaluation import match_answer, match_url


@pytest.mark.parametrize(
    ("references", "answer", "score"),
    [
        ({"exact_match": "Canceled"}, ' "canceled" ', 1.0),
        ({"exact_match": "Canceled"}, "The order is canceled", 0.0),
        ({"exact_match": "N/A"}, "N/A", 1.0),
        ({"exact_match": "N/A"}, "", 0.0),
        ({"must_include": ["$23.99"]}, "It costs $23.99.", 1.0),
        ({"must_include": ["5"]}, "There are 15 of them", 0.0),
        ({"must_include": ["5"]}, "There are 5/7 of them", 1.0),
        ({"must_include": ["Emma", "Lopez"]}, "emma lopez", 1.0),
        ({"must_include": ["Emma", "Lopez"]}, "emma", 0.0),
        ({"must_include": ["65|OR|3"]}, "3 of them", 1.0),
        ({"must_include": ["two words"]}, "one two words three", 1.0),
        ({"exact_match": "a", "must_include": ["b"]}, "a", 0.0),
    ],
)
def test_answers_are_matched(references: dict[str, object], answer: str, score: float) -> None:
    assert match_answer(references, answer) == score


def test_a_hostile_answer_is_read_only_in_part() -> None:
    assert match_answer({"must_include": ["needle in hay"]}, "x" * 10_000_000 + "needle in hay") == 0.0


def test_fuzzy_references_need_a_judge() -> None:
    with pytest.raises(EvaluationError, match="need a judge"):
        match_answer({"fuzzy_match": ["about an hour"]}, "60 minutes")


@pytest.mark.parametrize(
    ("reference", "url", "note", "score"),
    [
        ("http://map.test/search", "http://map.test/search?query=x", "GOLD in PRED", 1.0),
        ("http://map.test/search", "http://map.test/search?query=x", "EXACT", 0.0),
        ("http://map.test/search/", "http://map.test/search", "EXACT", 1.0),
        ("http://map.test/a |OR| http://map.test/b", "http://map.test/b", "EXACT", 1.0),
        ("http://map.test/?q=a b", "http://map.test/?q=a+b", "EXACT", 1.0),
        ("http://map.test/?q=a b", "http://map.test/?q=a%20b", "GOLD in PRED", 1.0),
    ],
)
def test_addresses_are_matched(reference: str, url: str, note: str, score: float) -> None:
    assert match_url(reference, url, url_note=note) == score


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(EvaluationError, match="no matching rule 'FUZZY'"):
        match_url("a", "b", url_note="FUZZY")
