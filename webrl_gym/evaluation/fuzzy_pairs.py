"""Fuzzy rules for lists of pairs: "170: cancelled", "walking: 1h 45min", "01:11". Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webrl_gym.evaluation.fuzzy_quantities import read_quantities
from webrl_gym.evaluation.fuzzy_ruling import Ruling, all_hold
from webrl_gym.evaluation.fuzzy_words import WAYS_OF_TRAVEL, Word, content, fold, phrases, read_words

_PAIR = re.compile(r"(?P<label>[^:]{1,60}):\s*(?P<value>\S.*)", re.DOTALL)
_NUMBERS = re.compile(r"\d{1,2}:\d+")
_WRITTEN_NUMBERS = re.compile(r"(?<![\d:])(\d{1,2})\s*[:=]\s*(\d+)(?![\d:])")
RuleOnValue = Callable[[str, str], Ruling]
"""Rules on a part of an answer for a reference without its label."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and what the answer must say of it."""

    label: str
    value: str


def as_pairs(references: Sequence[str]) -> list[Pair]:
    """The references as pairs; empty unless all of them are, with labels of their own."""
    found = [_PAIR.fullmatch(reference.strip()) for reference in references]
    pairs = [Pair(match["label"].strip(), match["value"].strip()) for match in found if match is not None]
    distinct = len({fold(pair.label) for pair in pairs}) == len(references) > 1
    return pairs if len(pairs) == len(references) and distinct else []


def rule_on_pairs(references: Sequence[str], answer: str, rule_on_value: RuleOnValue) -> Ruling:
    """Rules on an answer that must say the right thing of each label.

    The answer is cut at the labels: each part belongs to the label before it or, where values come first, after it.
    A value that stands with the label of another pair is rejected.
    """
    if all(_NUMBERS.fullmatch(reference.strip()) for reference in references):
        return _rule_on_numbers(references, answer)
    pairs = as_pairs(references)
    parts = _parts(pairs, fold(answer))
    return all_hold(_rule_on_pair(pair, part, pairs, rule_on_value) for pair, part in zip(pairs, parts, strict=True))


def _rule_on_pair(pair: Pair, part: str | None, pairs: Sequence[Pair], rule_on_value: RuleOnValue) -> Ruling:
    if part is None:
        return Ruling.UNSURE
    ruling = rule_on_value(pair.value, part)
    others = [other.value for other in pairs if fold(other.value) != fold(pair.value)]
    if ruling is Ruling.UNSURE and any(rule_on_value(value, part) is Ruling.ACCEPT for value in others):
        return Ruling.REJECT
    return ruling


def _rule_on_numbers(references: Sequence[str], answer: str) -> Ruling:
    wanted = {int(label): int(value) for label, value in (reference.split(":") for reference in references)}
    said = [(int(label), int(value)) for label, value in _WRITTEN_NUMBERS.findall(fold(answer))]
    if any(label in wanted and wanted[label] != value for label, value in said):
        return Ruling.REJECT
    return Ruling.ACCEPT if said and dict(said) == wanted else Ruling.UNSURE


def _parts(pairs: Sequence[Pair], folded: str) -> list[str | None]:
    """The part of the answer that is about each pair; None where its label is not named exactly once."""
    words = read_words(folded)
    places = [_places(pair.label, words) for pair in pairs]
    if any(len(found) != 1 for found in places):
        return [None] * len(pairs)
    labels = sorted((found[0], number) for number, found in enumerate(places))
    named = {word.sentence for word in words for (start, end), _ in labels if start <= word.start < end}
    inside = [word for word in words if word.sentence in named]
    first, last = inside[0].start, _sentence_end(folded, inside[-1].end)
    if not read_quantities(fold(pairs[labels[-1][1]].value)):
        # What is said in words may go on over several sentences.
        last = len(folded)
    values_first = bool(read_quantities(folded[first : labels[0][0][0]]))
    starts = [first, *(end for (_, end), _ in labels[:-1])] if values_first else [end for (_, end), _ in labels]
    ends = [start for (start, _), _ in labels] if values_first else [*(start for (start, _), _ in labels[1:]), last]
    parts: list[str | None] = [None] * len(pairs)
    for (_, number), start, end in zip(labels, starts, ends, strict=True):
        parts[number] = folded[start:end].strip(" :=-,;")
    return parts


def _sentence_end(folded: str, position: int) -> int:
    found = re.compile(r"[.;!?](?=\s|$)|\n|$").search(folded, position)
    return found.start() if found else len(folded)


def _places(label: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    wanted = [word.text for word in content(read_words(fold(label)))]
    if wanted and wanted[0].isdigit():
        number = int(wanted[0])
        return [(word.start, word.end) for word in words if word.text.isdigit() and int(word.text) == number]
    ways = [way for way in WAYS_OF_TRAVEL if set(wanted) <= way]
    if ways:
        return [(word.start, word.end) for word in words if word.text in ways[0]]
    return [(first.start, last.end) for first, last in phrases(wanted, content(words), cut_off=True)]
