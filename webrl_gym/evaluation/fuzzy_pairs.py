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

    The answer is cut at the labels, in two ways: each part belongs to the label before it or to the one after it. A
    cut by which some label's part says nothing of any value is no reading of the answer. A value that stands with the
    label of another pair is rejected, where no reading has it otherwise.
    """
    if all(_NUMBERS.fullmatch(reference.strip()) for reference in references):
        return _rule_on_numbers(references, answer)
    pairs = as_pairs(references)
    rulings = [
        all_hold(_rule_on_pair(pair, part, pairs, rule_on_value) for pair, part in zip(pairs, parts, strict=True))
        for parts in _cuts(pairs, fold(answer))
        if all(any(rule_on_value(pair.value, part) is not Ruling.UNSURE for pair in pairs) for part in parts)
    ]
    if Ruling.ACCEPT in rulings:
        return Ruling.ACCEPT
    return Ruling.REJECT if rulings and set(rulings) == {Ruling.REJECT} else Ruling.UNSURE


def _rule_on_pair(pair: Pair, part: str, pairs: Sequence[Pair], rule_on_value: RuleOnValue) -> Ruling:
    ruling = rule_on_value(pair.value, part)
    others = [other.value for other in pairs if fold(other.value) != fold(pair.value)]
    if ruling is Ruling.UNSURE and any(rule_on_value(value, part) is Ruling.ACCEPT for value in others):
        return Ruling.REJECT
    return ruling


def _rule_on_numbers(references: Sequence[str], answer: str) -> Ruling:
    wanted = {_bare(label): _bare(value) for label, value in (reference.strip().split(":") for reference in references)}
    said = [(_bare(label), _bare(value)) for label, value in _WRITTEN_NUMBERS.findall(fold(answer))]
    if any(label in wanted and wanted[label] != value for label, value in said):
        return Ruling.REJECT
    return Ruling.ACCEPT if said and dict(said) == wanted else Ruling.UNSURE


def _bare(digits: str) -> str:
    """A whole number without zeros before it; of any length, which ``int`` is not."""
    return digits.lstrip("0") or "0"


def _cuts(pairs: Sequence[Pair], folded: str) -> list[list[str]]:
    """The parts of the answer that are about the pairs, by labels first and by values first.

    Empty where a label is not named exactly once.
    """
    words = read_words(folded)
    places = [_places(pair.label, words) for pair in pairs]
    if any(len(found) != 1 for found in places):
        return []
    labels = sorted((found[0], number) for number, found in enumerate(places))
    named = {word.sentence for word in words for (start, end), _ in labels if start <= word.start < end}
    inside = [word for word in words if word.sentence in named]
    first, last = inside[0].start, _sentence_end(folded, inside[-1].end)
    if not read_quantities(fold(pairs[labels[-1][1]].value)):
        # What is said in words may go on over several sentences.
        last = len(folded)
    starts, ends = [start for (start, _), _ in labels], [end for (_, end), _ in labels]
    spans = (zip(ends, [*starts[1:], last], strict=True), zip([first, *ends[:-1]], starts, strict=True))
    cuts = []
    for cut in spans:
        texts = [folded[start:end].strip(" :=-,;") for start, end in cut]
        parts = {number: text for (_, number), text in zip(labels, texts, strict=True)}
        cuts.append([parts[number] for number in range(len(pairs))])
    return cuts


def _sentence_end(folded: str, position: int) -> int:
    found = re.compile(r"[.;!?](?=\s|$)|\n|$").search(folded, position)
    return found.start() if found else len(folded)


def _places(label: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    wanted = [word.text for word in content(read_words(fold(label)))]
    if wanted and wanted[0].isdigit():
        number = _bare(wanted[0])
        return [(word.start, word.end) for word in words if word.text.isdigit() and _bare(word.text) == number]
    ways = [way for way in WAYS_OF_TRAVEL if set(wanted) <= way]
    if ways:
        return [(word.start, word.end) for word in words if word.text in ways[0]]
    return [(first.start, last.end) for first, last in phrases(wanted, content(words), cut_off=True)]
