"""Fuzzy rules for references that are one quantity: "34 minutes", "$0 total spend", "+1 412 578 5000". Pure.

An answer is accepted if the one quantity of this kind in it is the reference's; quantities of the question, restated,
do not count. It is rejected if all are others, or if it offers alternatives. The rest is for a judge.
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise

from webrl_gym.evaluation.fuzzy_context import Context, is_hedged
from webrl_gym.evaluation.fuzzy_dates import Day
from webrl_gym.evaluation.fuzzy_quantities import Kind, Quantity, are_alternatives, read_quantities
from webrl_gym.evaluation.fuzzy_ruling import Ruling
from webrl_gym.evaluation.fuzzy_words import (
    MOST_PLACES,
    NUMBER_IN_WORDS,
    Word,
    content,
    fold,
    is_asked_back,
    is_denied,
    read_words,
    sentence_around,
)

_MOST_WORDS_BESIDE = 2
_MEASURED = (Kind.DURATION, Kind.DISTANCE)
_NOTHING = frozenset(("none", "nothing"))
_AMOUNT = re.compile(
    rf"\d|\b(?:{NUMBER_IN_WORDS}|an?|half|halves|quarters?|dozens?|couple|pair|both|single|double|few|several|many|some"
    r"|once|twice|thrice|hundreds?|thousands?|millions?|first|second|third|free)\b"
)


def as_quantity(reference: str) -> Quantity | None:
    """The quantity that a reference consists of, apart from a word or two such as ``orders``; None if it does not."""
    folded = fold(reference)
    found = read_quantities(folded)
    if len(found) != 1:
        return None
    outside = read_words(folded[: found[0].start] + " " + folded[found[0].end :])
    beside = [word for word in content(outside) if word.text not in ("less", "than", "more")]
    return found[0] if len(beside) <= _MOST_WORDS_BESIDE else None


def is_identifier(reference: str, wanted: Quantity) -> bool:
    """True for a whole number that stands alone, such as a house number or an order's: it counts nothing."""
    return wanted.kind is Kind.NUMBER and reference.strip().isdigit() and len(reference.strip()) > 1


def rule_on_quantity(wanted: Quantity, answer: str, context: Context, *, sole: bool = True) -> Ruling:
    """Rules on an answer to a reference that is a quantity.

    Args:
        wanted: The reference's.
        answer: The answer, or the part of it that the reference is about.
        context: What it is read beside; its quantities may be named again.
        sole: False if other numbers are to be expected beside it (a house number in an address).
    """
    folded = fold(answer)
    words = read_words(folded)
    found = read_quantities(folded)
    candidates = [one for one in found if one.kind is wanted.kind]
    right = [one for one in candidates if agree(wanted, one)]
    wrong = [one for one in candidates if not agree(wanted, one) and not _is_restated(one, context)]
    if not right:
        if sole and _names_no_amount(wanted, folded):
            return Ruling.REJECT
        if not candidates and wanted.value == 0 and len(words) == 1 and words[0].text in _NOTHING:
            return Ruling.ACCEPT
        may_agree = any(_may_agree(wanted, one) for one in wrong) or _add_up(wanted, wrong)
        return Ruling.REJECT if wrong and not may_agree else Ruling.UNSURE
    if len(right) > MOST_PLACES:
        return Ruling.UNSURE
    parts_of_it = _add_up(wanted, wrong) and not _all_offered(folded, candidates)
    if not parts_of_it and _are_offered_together(folded, wanted, candidates, context):
        return Ruling.REJECT
    numbers = [one for one in found if one.kind is Kind.NUMBER and not _is_restated(one, context)]
    if (sole and wrong and not parts_of_it) or any(_stands_by_number(folded, one, numbers) for one in right):
        return Ruling.UNSURE
    if wanted.kind in _MEASURED and context.goes_another_way(words):
        return Ruling.UNSURE
    if sole and any(_says_more(one, numbers, words, context) for one in right):
        return Ruling.UNSURE
    return Ruling.UNSURE if any(_is_limited(one, folded, words, context) for one in right) else Ruling.ACCEPT


def _names_no_amount(wanted: Quantity, folded: str) -> bool:
    """True for an answer without a digit or a word that counts, where some amount is wanted: it cannot be that one."""
    is_amount = isinstance(wanted.value, Decimal) and wanted.value != 0 and not wanted.bound
    return is_amount and _AMOUNT.search(folded) is None


def _is_restated(found: Quantity, context: Context) -> bool:
    return any(agree(found, known) for known in context.quantities)


def _is_limited(found: Quantity, folded: str, words: list[Word], context: Context) -> bool:
    """True if the text around a quantity denies it, guesses it, asks for it or makes something else of it."""
    start, end = found.start, found.end
    first, last = sentence_around(words, start, end)
    return (
        is_denied(words, start, end)
        or is_hedged(folded[first:last])
        or context.is_qualified(words, start, end)
        or is_asked_back(folded, end)
    )


def _says_more(one: Quantity, numbers: list[Quantity], words: list[Word], context: Context) -> bool:
    """True if a number counts something else, or a bare number follows a measure in its sentence."""
    if one.kind is Kind.NUMBER:
        return context.counts_something_else(words, one.end)
    _, last = sentence_around(words, one.start, one.end)
    return one.kind in _MEASURED and not context.others and any(one.end <= other.start < last for other in numbers)


def _stands_by_number(folded: str, one: Quantity, numbers: list[Quantity]) -> bool:
    """True for "two 11-minute walks" and "11 minutes, or 35": a bare number is next to the quantity."""
    return one.kind is not Kind.NUMBER and any(
        are_alternatives(folded, *sorted((one, other), key=lambda quantity: quantity.start)) for other in numbers
    )


def agree(wanted: Quantity, found: Quantity) -> bool:
    """True if two quantities are the same, as exactly as the first is given; "0:00" is less than any bound."""
    if wanted.kind is not found.kind:
        return False
    if wanted.bound != found.bound:
        return wanted.bound == "<" and not found.bound and found.value == 0
    if isinstance(wanted.value, Day) and isinstance(found.value, Day):
        return wanted.value.is_meant_by(found.value)
    if wanted.kind is Kind.MONEY:
        return wanted.value == found.value and (wanted.unit == found.unit or not (wanted.unit and found.unit))
    if wanted.unit != found.unit and isinstance(wanted.value, Decimal) and isinstance(found.value, Decimal):
        # Miles and kilometres never agree exactly: as many places count as the reference has.
        own = (wanted.value / wanted.scale).normalize()
        place = Decimal(1).scaleb(min(0, int(own.as_tuple().exponent)))
        return -place / 2 <= found.value / wanted.scale - own < place / 2
    return wanted.value == found.value


def _may_agree(wanted: Quantity, found: Quantity) -> bool:
    """True if the answer says less than the reference, or more, but nothing else."""
    if isinstance(wanted.value, Day) and isinstance(found.value, Day):
        return wanted.value.may_be(found.value)
    if isinstance(wanted.value, Decimal) and isinstance(found.value, Decimal) and wanted.bound and not found.bound:
        return found.value < wanted.value if wanted.bound == "<" else found.value > wanted.value
    return wanted.value == found.value


def _are_offered_together(folded: str, wanted: Quantity, candidates: list[Quantity], context: Context) -> bool:
    """True if a right and a wrong one follow each other with nothing but a separator between them."""
    return any(
        agree(wanted, one) != agree(wanted, other)
        and are_alternatives(folded, one, other)
        and not (_is_restated(one, context) or _is_restated(other, context))
        for one, other in pairwise(candidates)
    )


def _all_offered(folded: str, candidates: list[Quantity]) -> bool:
    return all(are_alternatives(folded, one, other) for one, other in pairwise(candidates))


def _add_up(wanted: Quantity, others: list[Quantity]) -> bool:
    """True if the others are the parts that the wanted one is the sum of."""
    parts = [one.value for one in others if isinstance(one.value, Decimal)]
    return len(parts) == len(others) > 1 and sum(parts) == wanted.value
