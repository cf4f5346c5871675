"""Which instructions are nearly the same: by example, against brute force, and in how much time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from agents.duplicates import THRESHOLD, InstructionIndex, KnownTasks, fingerprint, overlap
from tests.agents.toy_env import toy_task
from webrl_gym.types import Site

WORDS = "show list count price stock order review open page cheapest newest total author status".split()
NAMES = ["Copper Planner", "blue-parser", '"a Quoted Title"', "000000170", "$9.99", ""]


def made(rng: random.Random, words: int, names: Sequence[str] = NAMES) -> str:
    return f"{' '.join(rng.choices(WORDS, k=words))} {rng.choice(names)}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the price of Copper Planner?", "Please tell me the price of the Copper Planner."),
        ("How many open issues are in blue-parser?", "Count the open issues in blue-parser"),
        ('Who wrote "A day at sea"?', 'Who wrote the post "a day at sea"?'),
        ("Cancel order 000000170", "cancel the order 000000170 now"),
        ("Show me my orders", "Show my orders!"),
    ],
)
def test_the_same_in_nearly_the_same_words(one: str, other: str) -> None:
    index = InstructionIndex()
    index.add("shopping", one)
    assert index.find("shopping", other) == one
    assert index.find("gitlab", other) is None


@pytest.mark.parametrize("marked", ["\u201c{}\u201d", "\u00ab {} \u00bb", "'{}'", "`{}`", "**{}**", "{}"])
@pytest.mark.parametrize("words", ["Open the page of {} now", "please open the page of {}"])
def test_whatever_marks_stand_around_a_name(marked: str, words: str) -> None:
    index = InstructionIndex()
    known = 'Open the page of "a Copper Planner" now'
    index.add("shopping", known)
    if marked != "{}" or words.startswith("Open"):  # without marks the same words are known, and no others
        assert index.find("shopping", words.format(marked.format("a Copper Planner"))) == known
    assert index.find("shopping", words.format(marked.format("a Copper Ladle"))) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the price of Copper Planner?", "What is the price of Copper Ladle?"),
        ("What is the price of Copper Planner?", "How many reviews does Copper Planner have?"),
        ("Cancel order 000000170", "Cancel order 000000171"),
        ("Open the issues of blue-parser", "Open the issues of red-parser"),
        ('Who wrote "A day at sea"?', 'Who wrote "A day at home"?'),
        ("Show the products under $20", "Show the products under $30"),
    ],
)
def test_another_thing_or_another_question(one: str, other: str) -> None:
    index = InstructionIndex()
    index.add("shopping", one)
    assert index.find("shopping", other) is None


@pytest.mark.parametrize("threshold", [0.3, THRESHOLD, 0.8, 1.0])
@pytest.mark.parametrize("seed", range(15))
def test_the_index_finds_what_brute_force_finds(seed: int, threshold: float) -> None:
    rng = random.Random(seed)
    known = [made(rng, rng.randrange(6)) for _ in range(rng.randrange(40))]
    asked = made(rng, rng.randrange(6))
    index = InstructionIndex(threshold)
    for text in known:
        index.add("shopping", text)
    own = fingerprint(asked)
    prints = {text: fingerprint(text) for text in known}
    like = {text: overlap(own.words, held.words) for text, held in prints.items() if held.names == own.names}
    like = {text: value for text, value in like.items() if value >= threshold}
    found = index.find("shopping", asked)
    assert (found is None) is (not like)
    if found is not None:
        assert like[found] == max(like.values())
    backwards = InstructionIndex(threshold)
    for text in reversed(known):
        backwards.add("shopping", text)
    assert backwards.find("shopping", asked) == found


def test_a_thousand_proposals_find_their_likes_among_ten_thousand() -> None:
    rng = random.Random(0)
    index = InstructionIndex()
    for _ in range(10_000):
        index.add("shopping", made(rng, 5, NAMES[-2:]))
    asked = [made(rng, 5, NAMES[-2:]) for _ in range(1_000)]
    found = [index.find("shopping", text) for text in asked]
    assert sum(text is not None for text in found) > 900


def test_known_tasks_tell_template_tasks_apart_by_key_and_others_by_their_words() -> None:
    made = [toy_task("Red", order) for order in range(2)]
    written = replace(made[0], template=None, task_id="written/1", instruction="Open the Red page")
    known = KnownTasks([made[0]])
    assert made[0] in known
    assert made[1] not in known
    assert known.resembled(made[1]) is None
    assert known.resembled(written) == "Open Red"
    assert KnownTasks([written]).resembled(made[1]) == "Open the Red page"
    again = KnownTasks.from_records(KnownTasks([written, *made]).as_records())
    assert again.as_records() == KnownTasks([*reversed(made), written, written]).as_records()
    assert written in again


@pytest.mark.parametrize("threshold", [0.0, 1.1])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match=r"threshold in \(0, 1\]"):
        InstructionIndex(threshold)


@pytest.mark.parametrize(
    "asked", [(Site.GITLAB, Site.REDDIT), (Site.REDDIT, Site.GITLAB), (Site.REDDIT,), (Site.GITLAB,)]
)
def test_a_task_of_two_sites_is_known_on_each_of_them(asked: tuple[Site, ...]) -> None:
    made = replace(toy_task("Blue", 0), sites=(Site.REDDIT, Site.GITLAB), instruction="Post the issues of blue-parser")
    known = KnownTasks([made])
    written = replace(
        made, task_id="w", template=None, sites=asked, instruction="Please post the issues of blue-parser"
    )
    assert known.resembled(written) == made.instruction
    assert KnownTasks.from_records(known.as_records()).resembled(written) == made.instruction
    assert known.resembled(replace(written, sites=(Site.MAP,))) is None
