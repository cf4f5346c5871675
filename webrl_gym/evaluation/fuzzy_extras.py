"""Answers that are lists, and those that name more than was asked: other things, another address. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from webrl_gym.evaluation.fuzzy_ruling import Ruling
from webrl_gym.evaluation.fuzzy_words import fold, read_words

_NUMBERED = re.compile(r"^[^\S\n]*(\d{1,2})[.)][^\S\n]+(?=\S)", re.MULTILINE)
_ITEM = re.compile(r"(?:^|[\n;,])\s*(?:\d{1,2}[.)]|[-*•])\s+")
_SEPARATOR = re.compile(r"\s*;\s*")
_LABEL = re.compile(r"[\W_]*\w[^:\n]{0,40}:")
_STREET = r"street|st|avenue|ave|road|rd|boulevard|blvd|drive|dr|lane|ln|way|highway|hwy|court|ct|place|pl|square|sq"
_ADDRESS = re.compile(rf"(?<![\d.,:-])(?P<house>\d{{1,5}})\s+(?:[a-z][\w.']*\s+){{1,4}}(?:{_STREET})\b")
Rule = Callable[[str, str], Ruling]
"""Rules on a text for one reference."""


def without_numbering(answer: str) -> str:
    """The answer without the numbers of a list's lines, which count from 1 and answer nothing."""
    numbers = _NUMBERED.findall(answer)
    counted = len(numbers) > 1 and [int(number) for number in numbers] == list(range(1, len(numbers) + 1))
    return _NUMBERED.sub("", answer) if counted else answer


def names_more(references: Sequence[str], answer: str, question: str, rule: Rule) -> bool:
    """True if an answer to several references lists things beside them, or names another house number.

    Each item of a list must hold a reference that no other item holds; an item with a label ("Opening hours: ...") may
    tell something else of the same thing.

    Args:
        references: What must be said; a single one is ruled on by itself.
        answer: What the agent said.
        question: What it was asked; its addresses may be named again.
        rule: Rules on an item for one reference.
    """
    if len(references) < 2:
        return False
    folded = fold(answer)
    known = {number for text in (*references, question) for number in re.findall(r"\d+", text)}
    houses = {found["house"] for found in _ADDRESS.finditer(folded)}
    if houses - known and any(reference.strip().isdigit() for reference in references):
        return True
    items = [item for item in _items(answer) if read_words(fold(item))]
    if len(items) < 2:
        return False
    held = [{reference for reference in references if rule(reference, item) is Ruling.ACCEPT} for item in items]
    return any(
        not own - set().union(*held[:place], *held[place + 1 :]) and not _LABEL.match(item)
        for place, (item, own) in enumerate(zip(items, held, strict=True))
    )


def _items(answer: str) -> list[str]:
    marks = list(_ITEM.finditer(answer))
    if len(marks) < 2:
        return _SEPARATOR.split(answer)
    ends = [*(mark.start() for mark in marks[1:]), len(answer)]
    return [answer[mark.end() : end].partition("\n")[0] for mark, end in zip(marks, ends, strict=True)]
