from __future__ import annotations

import random

from agents.nano import vocabulary
from agents.nano.wording import carry, loosely, proper_name, say


def test_names_stay_whole_whatever_is_put_around_them() -> None:
    rng = random.Random(0)
    for _ in range(200):
        name = proper_name(rng)
        assert carry(rng, name).count(name) >= 1
        told = say(rng, "Open {name} / Is {name} there?", name=name)
        assert name in told
        assert told.removesuffix(".").endswith((name, '"', "?")) or len(told) > len(name) + 8


def test_wordings_quotings_and_wrappings_all_occur() -> None:
    rng = random.Random(1)
    told = [say(rng, "Open {name} / Is {name} there?", name="Bo") for _ in range(300)]
    assert any(text.startswith("Please open") for text in told)
    assert any('"Bo"' in text for text in told)
    assert any("Is Bo there?" in text for text in told)
    assert len(set(told)) > 40


def test_case_is_loose_at_times() -> None:
    rng = random.Random(2)
    assert {loosely(rng, "Bo Nam") for _ in range(100)} == {"Bo Nam", "bo nam"}


def test_every_kind_of_value_is_made_and_varies() -> None:
    for kind, makers in vocabulary.VALUES.items():
        rng = random.Random(3)
        values = {makers[0](rng) for _ in range(40)}
        assert len(values) > 20, kind
        assert all(value.strip() == value and value for value in values)


def test_made_up_words_are_in_no_list() -> None:
    rng = random.Random(4)
    known = {word for group in vocabulary.word_lists() for word in group}
    made = [vocabulary.made_up(rng) for _ in range(300)]
    assert sum(word in known for word in made) < 20
    assert all(word.isalpha() and word.islower() for word in made)
