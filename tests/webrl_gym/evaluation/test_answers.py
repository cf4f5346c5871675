from __future__ import annotations

import pytest

from webrl_gym.errors import FuzzyUndecided, MalformedReference
from webrl_gym.evaluation import match_answer, match_url
from webrl_gym.evaluation.word_tokens import word_tokens


@pytest.mark.parametrize(
    ("references", "answer", "score"),
    [
        ({"exact_match": "Canceled"}, '"canceled"', 1.0),
        ({"exact_match": "Canceled"}, "The order is canceled", 0.0),
        ({"exact_match": "N/A"}, "", 0.0),
        ({"must_include": ["$23.99"]}, "It costs $23.99.", 1.0),
        ({"must_include": ["5"]}, "There are 15 of them", 0.0),
        ({"must_include": ["5"]}, "There are 5/7 of them", 1.0),
        ({"must_include": ["Emma", "Lopez"]}, "emma lopez", 1.0),
        ({"must_include": ["Emma", "Lopez"]}, "emma", 0.0),
        ({"must_include": ["two words"]}, "one two words three", 1.0),
        ({"must_include": ["nike"]}, "It is Nike. That is all", 1.0),
        ({"exact_match": "a", "must_include": ["b"]}, "a", 0.0),
        ({"must_include": ["Acadia"], "fuzzy_match": ["10h 33min"]}, "Acadia, 10 hours 33 minutes", 1.0),
        ({"must_include": ["Acadia"], "fuzzy_match": ["10h 33min"]}, "10 hours 33 minutes", 0.0),
    ],
)
def test_answers_are_matched(references: dict[str, object], answer: str, score: float) -> None:
    assert match_answer(references, answer) == score


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("$3.50, 1.4km!", ["$", "3.50", ",", "1.4km", "!"]),
        ("it's 5.", ["it", "'s", "5", "."]),
        ("there are 5. they are", ["there", "are", "5.", "they", "are"]),
        ("there are 5. 7 are", ["there", "are", "5", ".", "7", "are"]),
        ("i cannot, don't (ever)", ["i", "can", "not", ",", "do", "n't", "(", "ever", ")"]),
        ("\"a\" and 'b'", ["``", "a", "''", "and", "'", "b", "'"]),
        ("mr. x. is at st. y", ["mr.", "x.", "is", "at", "st.", "y"]),
        ("wait... no", ["wait", "...", "no"]),
        ("3/5", ["3/5"]),
    ],
)
def test_words_are_those_of_the_penn_treebank(text: str, tokens: list[str]) -> None:
    assert word_tokens(text) == tokens


@pytest.mark.parametrize(
    "references",
    [
        {"must_include": "a text"},
        {"exact_match": ["a"]},
        {"exact_match": "other", "must_include": "a text"},
        {"fuzzy_match": "a text"},
        {"fuzzy_match": []},
        {"telepathy": ["a"]},
    ],
)
def test_malformed_references_are_named_whatever_the_answer(references: dict[str, object]) -> None:
    with pytest.raises(MalformedReference, match="expected a"):
        match_answer(references, "a")


def test_semantics_are_named() -> None:
    with pytest.raises(ValueError, match="'telepathy' is not a valid Semantics"):
        match_answer({"exact_match": "a"}, "a", semantics="telepathy")


def test_what_no_rule_can_decide_is_undecided() -> None:
    with pytest.raises(FuzzyUndecided, match="no rule can tell"):
        match_answer({"fuzzy_match": ["about an hour"]}, "a good while")


HOSTILE = {
    "one long word": "a" * 10_000_000,
    "numbers": "1 " * 5_000_000,
    "quotes": "\"'" * 5_000_000,
    "full stops": ". " * 5_000_000,
    "marks": ".,!?" * 2_500_000,
    "open brackets": "([{<" * 2_500_000,
    "control characters and halves": "\x00\x1b\ud800\udfff\u2028 5" * 1_000_000,
    "clocks": "1:23:45:" * 1_250_000,
    "phones": "+1 412-" * 1_400_000,
    "commas and digits": "1,234," * 1_600_000,
}
REFERENCES = [
    {"must_include": ["needle in hay", "5"]},
    {"fuzzy_match": ["34 minutes"]},
    {"fuzzy_match": ["walking: 1h", "driving: 2h"]},
    {"fuzzy_match": ["No, it is open"]},
    {"fuzzy_match": ["N/A"]},
    {"fuzzy_match": ["The order is A, B, C"]},
    {"fuzzy_match": ["01:11", "02:16"]},
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_read_in_part_and_never_met(name: str) -> None:
    for references in REFERENCES:
        try:
            assert match_answer(references, HOSTILE[name] + "needle in hay") == 0.0
        except FuzzyUndecided:
            assert "fuzzy_match" in references


@pytest.mark.parametrize(
    ("reference", "url", "note", "score"),
    [
        ("http://map.test/search", "http://map.test/search?query=x", "GOLD in PRED", 1.0),
        ("http://map.test/search", "http://map.test/search?query=x", "EXACT", 0.0),
        ("http://map.test/search/", "http://map.test/search", "EXACT", 1.0),
        ("http://map.test/a |OR| http://map.test/b", "http://map.test/b", "EXACT", 1.0),
        ("http://map.test/a |OR| http://map.test/b", "http://map.test/b/c", "GOLD in PRED", 1.0),
    ],
)
def test_addresses_are_matched(reference: str, url: str, note: str, score: float) -> None:
    assert match_url(reference, url, url_note=note) == score


@pytest.mark.parametrize("semantics", ["vab", "browsergym"])
def test_an_unknown_rule_is_named(semantics: str) -> None:
    with pytest.raises(MalformedReference, match="no matching rule 'FUZZY'"):
        match_url("a", "b", url_note="FUZZY", semantics=semantics)
