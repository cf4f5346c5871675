"""The fuzzy rules on answers that mean the reference and on answers that do not, near misses among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webrl_gym.errors import TaskFileError
from webrl_gym.evaluation.fuzzy import rule_on
from webrl_gym.evaluation.fuzzy_ruling import Ruling
from webrl_gym.official_file import find_official_file, read_official_file

FOLDER = Path(__file__).parent


@dataclass
class Case:
    """One list of references, its question, and answers."""

    references: list[str]
    question: str = ""
    right: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)


def read_cases(name: str) -> Iterator[Case]:
    case: Case | None = None
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        label, _, text = line.partition(": ")
        texts = text.replace("\\n", "\n").split(" ~ ")
        if label == "means":
            if case is not None:
                yield case
            case = Case(texts)
        elif case is not None and label == "asked":
            case.question = text
        elif case is not None and label in ("right", "wrong", "open"):
            getattr(case, label).extend(texts)
    if case is not None:
        yield case


BY_RULE = list(read_cases("fuzzy_answers_by_rule.txt"))
BY_AGENTS = list(read_cases("fuzzy_answers_by_agents.txt"))
FROM_A_REVIEW = list(read_cases("fuzzy_answers_from_a_review.txt"))
ALL = [*BY_RULE, *BY_AGENTS, *FROM_A_REVIEW]
each = pytest.mark.parametrize("case", ALL, ids=lambda case: case.references[0][:30])


def test_the_answers_are_many() -> None:
    assert sum(len(case.right) for case in ALL) > 250
    assert sum(len(case.wrong) for case in ALL) > 380


@each
def test_right_answers_are_accepted(case: Case) -> None:
    rulings = {answer: rule_on(case.references, answer, case.question) for answer in case.right}
    assert [answer for answer, ruling in rulings.items() if ruling is not Ruling.ACCEPT] == []


@each
def test_no_wrong_answer_is_accepted(case: Case) -> None:
    accepted = [answer for answer in case.wrong if rule_on(case.references, answer, case.question) is Ruling.ACCEPT]
    assert accepted == []


@each
def test_what_may_be_right_is_left_open(case: Case) -> None:
    rulings = {answer: rule_on(case.references, answer, case.question) for answer in case.open}
    assert [answer for answer, ruling in rulings.items() if ruling is not Ruling.UNSURE] == []


@pytest.mark.parametrize(
    ("references", "answer"),
    [
        (["11 min"], "12 minutes"),
        (["11 min"], "11 or 12 minutes"),
        (["0"], "0 1 2 3 4 5"),
        (["3/2/22"], "March 3, 2022"),
        (["+1 412 578 5000"], "412-578-5001"),
        (["$0 total spend"], "$10"),
        (["Yes"], "No"),
        (["No, it is open"], "Yes, it is closed"),
        (["N/A"], "The zipper is loose"),
        (["N/A"], ""),
        (["A soft and light cloth"], " .\n"),
        (["A soft and light cloth"], "N/A"),
        (["No comments written about the lamp."], "They say it is bright"),
        (["The parcel was canceled"], "It is pending"),
        (["A1 Hotel, Main Street, Springfield, 12345"], "A1 Hotel, Main Street, Springfield, 12354"),
        (["170: cancelled", "189: pending"], "170: pending, 189: cancelled"),
        (["01:11", "02:16"], "01:11, 02:17"),
        (["The order is A1, B2, C3"], "A1, C3, B2"),
        (["11 min"], "Carnegie Hall"),
        (["11 min"], "done"),
        (["11 min"], "by the bridge"),
        (["11 min"], "I could not find it"),
        (["Carnegie Hall"], "I don't know"),
        (["Yes"], "I do not know"),
        (["Carnegie Hall"], "Sorry, I was unable to determine the nearest one."),
        (["John", "Mary"], "We couldn't find any information about the reviewers"),
        (["170: cancelled", "189: pending"], "Unknown"),
    ],
)
def test_what_is_plainly_wrong_is_rejected(references: list[str], answer: str) -> None:
    assert rule_on(references, answer) is Ruling.REJECT


@pytest.mark.parametrize(
    ("references", "answer"),
    [
        (["11 min"], "a while"),
        (["0"], "I could not find any order"),
        (["Nothing"], "I do not know"),
        (["No, it is open"], "I could not find it"),
        (["N/A"], "I could not find it"),
        (["uncomfortable"], "I did not find it comfortable"),
        (["Carnegie Hall"], "I did not find Carnegie Hall, it is closed"),
        (["11 min"], "It takes 11 minutes, or 35 when it rains and the road is closed for cars"),
        (["3/2/22"], "March 2022"),
        (["Yes"], "It can be reached easily"),
        (["N/A"], "I found no reviews of it"),
        (["A soft and light cloth"], "Soft cloth"),
        (["170: cancelled", "189: pending"], "Both are fine"),
    ],
)
def test_what_needs_judgement_is_left_open(references: list[str], answer: str) -> None:
    assert rule_on(references, answer) is Ruling.UNSURE


def official_references() -> Iterator[tuple[int, list[str], str]]:
    for record in read_official_file(find_official_file()):
        found = [(record["eval"]["reference_answers"] or {}).get("fuzzy_match")]
        checks = record["eval"]["program_html"] or []
        found += [check["required_contents"].get("fuzzy_match") for check in checks]
        for references in found:
            if references:
                yield record["task_id"], [references] if references == "N/A" else references, record["intent"]


def test_the_rules_decide_every_official_reference_in_its_own_words() -> None:
    try:
        cases = list(official_references())
    except TaskFileError as missing:
        pytest.skip(str(missing))
    assert len(cases) == 40
    undecided = [
        number
        for number, references, question in cases
        if rule_on(references, ". ".join(references), question) is not Ruling.ACCEPT
    ]
    assert undecided == []


FRAGMENTS = st.sampled_from(
    "1 0 12:3 1:45 - ' \" n/a yes no $ 3/2/22 13/13/13 0/0/00 99/99/9999 jan 31 may 0 2022 ½ ² ① ٣ 一 İ ß "
    "ﬁ 1, 1,000,00 1e5 +1-412-578-5000 km h min m or 170 189 : . .. ? ! ( ) { } % \\ twenty twenty- a an "
    "# walking driving open 's / 01:11 \ud800 \x00 \u2028".split(" ")
)


@given(st.lists(FRAGMENTS, max_size=12), st.sampled_from(["", " ", ", ", "\n"]))
@settings(max_examples=100, deadline=None)
def test_no_answer_breaks_a_rule(fragments: list[str], separator: str) -> None:
    for case in BY_RULE + FROM_A_REVIEW:
        assert rule_on(case.references, separator.join(fragments), case.question) in tuple(Ruling)


PLAIN = {
    3: "Driving takes 13 minutes, walking takes 1 hour 45 minutes",
    5: "0",
    6: "DoubleTree by Hilton Hotel Pittsburgh Airport, 1.4 km",
    7: "Yes",
    10: "0 orders, $0",
    11: "11 minutes",
    16: "MIT, Harvard University, Boston Logan International Airport",
    18: "1h 4min",
    19: "0:34",
    24: "Fuku Tea, 3716 Forbes Avenue, Central Oakland, Pittsburgh; 653 m",
    26: "01:11, 02:16, 03:14, 04:08, 05:08, 06:13, 07:09, 08:08, 09:10, 10:04, 11:05, 12:10",
    28: "March 2, 2022",
    34: "0 commits",
    35: "3:20",
    38: "9 minutes",
    44: "No, the issue is open",
    48: "5/23/2023",
    51: "N/A",
    52: "The Oaklander Hotel is 338 m away, Wyndham Pittsburgh University Center 375 m",
    53: "Walking 1 minute, driving less than 1 minute, biking less than 1 minute",
    57: "Schiller's Pharmacy, 811 South Aiken Avenue, Shadyside, Pittsburgh",
    61: "412-578-5000",
    64: "Acadia National Park, 10h 33min",
    69: "8 hours 33 minutes",
    79: "1/16/2023",
    80: "0 reviews",
    84: "170 is canceled and 189 is pending",
    85: "1400 m",
    91: "N/A",
    114: "N/A",
}
"""Right answers to official tasks as an agent might put them."""


def test_plainly_right_answers_to_official_tasks_need_no_judge() -> None:
    try:
        cases = {number: (references, question) for number, references, question in official_references()}
    except TaskFileError as missing:
        pytest.skip(str(missing))
    rulings = {number: rule_on(cases[number][0], answer, cases[number][1]) for number, answer in PLAIN.items()}
    assert [number for number, ruling in rulings.items() if ruling is not Ruling.ACCEPT] == []
    # The answer to one task is a wrong answer to every other, apart from those whose answer is a part of it.
    same = {5, 34, 80, 51, 91, 114, 85}
    for number, answer in PLAIN.items():
        for other in set(PLAIN) - same - {number}:
            assert rule_on(cases[other][0], answer, cases[other][1]) is not Ruling.ACCEPT, (number, other)
