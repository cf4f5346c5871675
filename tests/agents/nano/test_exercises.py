from __future__ import annotations

import random
import re

import pytest

from agents.nano.compact import from_compact, to_compact
from agents.nano.exercises import KINDS, make_exercise
from agents.nano.vocabulary import word_lists
from webrl_gym.actions import ActionKind, format_action, parse_action


@pytest.mark.parametrize("kind", KINDS)
def test_exercises_can_be_answered_from_their_page(kind: str) -> None:
    rng = random.Random(1)
    for _ in range(60):
        exercise = make_exercise(rng, kind)
        page = exercise.observation["html"]
        assert exercise.kind == kind
        assert from_compact(to_compact(page)) == page
        if exercise.question is not None:
            assert exercise.action in ("YES", "NO")
            assert exercise.observation["instruction"] in exercise.question.text
            continue
        action = parse_action(exercise.action)
        assert format_action(action) == exercise.action
        if action.element is not None:
            assert len(re.findall(f' id="{action.element}"', page)) == 1
        if action.kind is ActionKind.EXIT:
            assert (action.argument or "") in page
        elif action.argument is not None and action.kind is not ActionKind.SWITCH_TAB:
            assert action.argument.lower() in exercise.observation["instruction"].lower()


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_numbered_in_document_order(kind: str) -> None:
    page = make_exercise(random.Random(2), kind).observation["html"]
    found = [int(number) for number in re.findall(r' id="(\d+)"', page)]
    assert found == list(range(len(found)))


def test_the_same_seed_gives_the_same_exercise() -> None:
    drawn = [make_exercise(random.Random(5)) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != make_exercise(random.Random(6))


def test_all_kinds_are_drawn_and_both_judgements() -> None:
    rng = random.Random(0)
    drawn = [make_exercise(rng) for _ in range(600)]
    assert {exercise.kind for exercise in drawn} == set(KINDS)
    assert {exercise.action for exercise in drawn if exercise.kind == "judge"} == {"YES", "NO"}


def test_earlier_actions_and_errors_stand_in_exercises_of_all_kinds() -> None:
    rng = random.Random(0)
    drawn = [make_exercise(rng) for _ in range(1500)]
    acting = [exercise for exercise in drawn if exercise.question is None]
    assert {exercise.kind for exercise in acting if exercise.history} == {*KINDS} - {"judge"}
    failed = [exercise for exercise in acting if exercise.observation["last_action_error"]]
    assert 0.02 < len(failed) / len(acting) < 0.08
    assert all(exercise.history and not exercise.action.startswith("exit") for exercise in failed)


def test_half_of_the_words_are_in_no_list() -> None:
    words, names = word_lists()
    known = {*words, *names}
    rng = random.Random(0)
    seen = [
        word.lower()
        for _ in range(40)
        for word in re.findall(r"[a-z]{4,}", from_compact(make_exercise(rng, "find").observation["html"]).lower())
    ]
    unknown = sum(word not in known for word in seen) / len(seen)
    assert 0.3 < unknown < 0.7


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        make_exercise(random.Random(0), "dance")
