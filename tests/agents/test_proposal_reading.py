"""What language models write when they are asked for a list, and what is taken of it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.proposal_reading import read_instructions

GITLAB = frozenset({"gitlab"})
TWO = ["Open the issues of blue-parser", "How many stars does blue-parser have?"]


@pytest.mark.parametrize(
    "answer",
    [
        "1. Open the issues of blue-parser\n2. How many stars does blue-parser have?",
        "1) Open the issues of blue-parser\n\n2) How many stars does blue-parser have?\n",
        "Sure! Two tasks:\n\n- Open the issues of blue-parser\n- How many stars does blue-parser have?\nEnjoy.",
        "* **Open the issues of blue-parser**\n* `How many stars does blue-parser have?`",
        "Task 1: Open the issues of blue-parser\nTask 2: How many stars does blue-parser have?",
        "Open the issues of blue-parser\nHow many stars does blue-parser have?",
        "1. [gitlab] Open the issues of blue-parser\n2. GitLab: How many stars does blue-parser have?",
        '["Open the issues of blue-parser", "How many stars does blue-parser have?"]',
        'Here:\n```json\n["Open the issues of blue-parser", "How many stars does blue-parser have?"]\n```',
        '{"tasks": [{"site": "gitlab", "instruction": "Open the issues of blue-parser"}, '
        '{"task": "How many stars does blue-parser have?"}]}',
        "1. Open the issues of blue-parser\n   - Reason: it is like the others\n   - Difficulty: easy\n"
        "2. How many stars does blue-parser have?\n- And so on, as you like",
        "1. 1. Open the issues of blue-parser\n2. 2. How many stars does blue-parser have?",
        "**1. Open the issues of blue-parser**\n**2. How many stars does blue-parser have?**",
        "**1.** Open the issues of blue-parser\n**2.** How many stars does blue-parser have?",
        "1 - Open the issues of blue-parser\n2 - How many stars does blue-parser have?",
        'Here:\n{"instruction": "Open the issues of blue-parser"}\n{"task": "How many stars does blue-parser have?"}',
        '[\n "Open the issues of blue-parser",\n "How many stars does blue-parser have?"\n]\nNote: [these] are good.',
        '1. "Open the issues of blue-parser"\n2. \u201cHow many stars does blue-parser have?\u201d',
    ],
)
def test_lists_of_many_forms_are_read(answer: str) -> None:
    reading = read_instructions(answer, GITLAB)
    assert reading.instructions == TWO
    assert not reading.dropped


@pytest.mark.parametrize(
    ("answer", "dropped"),
    [
        ("", {"empty": 1}),
        (" \n\t\n", {"empty": 1}),
        ("[]", {"empty": 1}),
        ("```\n```", {"empty": 1}),
        ('["", 7]', {"empty": 2}),
        ("I'm sorry, but I can't help with that.", {"prose": 1}),
        ("The user wants tasks about projects.\nThey should be hard.", {"prose": 2}),
        ("Here are the tasks:", {"prose": 1}),
        ("1. Open the page of [product name]", {"prose": 1}),
        ('1. Open the page of "[product name]"', {"prose": 1}),
        ("1. Open {project} and its issues", {"prose": 1}),
        ("1. Search", {"prose": 1}),
        ("1. ?? -- !!", {"prose": 1}),
        ("1. 1. The task is to write a new task.", {"prose": 1}),
        ("1. Open " + "very " * 40 + "long pages", {"too_long": 1}),
        ("1. Open the issue " + "a" * 50_000, {"too_long": 1}),
        ("1. Open <project> and its issues", {"prose": 1}),
        ("1. [reddit] Open the forum of books", {"wrong_site": 1}),
        ('[{"site": "map", "instruction": "Open the page of the town hall"}]', {"wrong_site": 1}),
        ("map: Open the page of the town hall", {"wrong_site": 1}),
    ],
)
def test_what_is_no_instruction_is_counted_by_name(answer: str, dropped: dict[str, int]) -> None:
    reading = read_instructions(answer, GITLAB)
    assert reading.instructions == []
    assert dict(reading.dropped) == dropped


def test_what_is_below_and_above_is_no_blank() -> None:
    answer = "1. Open issues with less than 20 and more than 10 votes (< 20 and > 10, so <20 and >10)"
    assert read_instructions(answer, GITLAB).instructions == [answer[3:]]


def test_quotations_may_hold_what_looks_like_a_blank() -> None:
    answer = '1. Open the post "[Discussion] what I learned... so far"'
    assert read_instructions(answer, GITLAB).instructions == [answer[3:]]


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        ("1. Open the issues of blue-parser\n2. How many sta", 1),
        ("1. Open the issues of blue-parser\n2. How many stars does blue-parser have?\n\n3", 2),
        ('["Open the issues of blue-parser", "How many sta', 1),
        ('```json\n[\n "Open the issues of blue-parser",\n "How many stars does blue-parser have?",\n', 2),
        ('{"tasks": [{"instruction": "Open the issues of blue-parser"}, {"instruction": "How', 1),
        ("1. Open the issues of", 0),
        ('["Open the issues of', 0),
        ("", 0),
    ],
)
def test_half_an_entry_of_a_cut_answer_is_not_taken(answer: str, taken: int) -> None:
    reading = read_instructions(answer, GITLAB, is_cut=True)
    assert reading.instructions == TWO[:taken]
    assert dict(reading.dropped) == {"cut": 1}


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("Open \u201cAda\u2019s shop\u201d now", 'Open "Ada\u2019s shop" now'),
        ("Open \u2018Ada\u2019s shop\u2019, now", 'Open "Ada\u2019s shop", now'),
        ("Open \u00ab Ada's shop \u00bb now", 'Open "Ada\'s shop" now'),
        ("Compare 'Tea' and `Ada's shop` now", 'Compare "Tea" and "Ada\'s shop" now'),
        ("Open **Tea** and \u201eMilk\u201c now", 'Open "Tea" and "Milk" now'),
        ("Find James' and the others' list", "Find James' and the others' list"),
        ("Say \"don't 'stop' `it`\" now", "Say \"don't 'stop' `it`\" now"),
        ("Find what the '90s and the '80s had", "Find what the '90s and the '80s had"),
    ],
)
def test_names_come_in_double_quotes(written: str, taken: str) -> None:
    assert read_instructions(f"1. {written}", GITLAB).instructions == [taken]


def test_halves_of_characters_are_replaced() -> None:
    for answer in (r'["Open the issues of \ud83d now"]', "1. Open the issues of \ud83d now"):
        assert read_instructions(answer, GITLAB).instructions == ["Open the issues of \ufffd now"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet=st.sampled_from('12. -*[]{}":,\n\tOpen the `gitlab')) | st.text(), st.booleans())
def test_any_answer_is_read(answer: str, is_cut: bool) -> None:
    reading = read_instructions(answer, GITLAB, is_cut=is_cut)
    assert len(reading.instructions) + reading.dropped.total() >= 1
    assert all(len(text.split()) <= 40 and "\n" not in text for text in reading.instructions)
