"""Fuzzy rules for references in words: names, phrases, addresses, sentences, yes and no, N/A, an order. Pure."""

from __future__ import annotations

import re
from itertools import islice

from webrl_gym.evaluation.fuzzy_context import Context, is_hedged
from webrl_gym.evaluation.fuzzy_quantities import read_quantities
from webrl_gym.evaluation.fuzzy_ruling import Ruling, all_hold
from webrl_gym.evaluation.fuzzy_values import as_quantity, is_identifier, rule_on_quantity
from webrl_gym.evaluation.fuzzy_words import (
    MOST_PLACES,
    NEGATIONS,
    Word,
    content,
    fold,
    is_denied,
    is_one_of_several,
    may_deny,
    phrases,
    read_words,
)

_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+")
_POLARITY = re.compile(r"\W*(?P<word>yes|yep|yeah|no|nope)\b(?!\.?\s*\d)(?P<rest>.*)", re.DOTALL)
_NOT_APPLICABLE = re.compile(
    r"\W*(?:n\s*/\s*a|not (?:applicable|achievable|available))(?![\w/])(?P<rest>.*)", re.DOTALL
)
_NOT_ABLE = (
    r"(?:(?:can|could|do|did|was|were|am|are|have)(?:\s?not|n't)|cannot|(?:am|was|were|are) unable)\s+"
    r"(?:(?:been )?(?:able )?to\s+)?"
)
_SOUGHT = (
    r"(?:it|that|this|them|anything|out|(?:the|an?|any)\s+(?:\w+\s+)?(?:answer|information|data|result|page|item|"
    r"product|place|location|route|order|address|number|time|distance|date|name)s?)"
)
_GIVES_UP = re.compile(
    r"\W*(?:(?:i am |i'm )?(?:sorry|afraid)\b\W*|unfortunately\W*)?(?:(?:but|that)\s+)?"
    r"(?:unknown|not found|no idea|(?:i|we) have no idea|"
    rf"(?:i|we)\s+{_NOT_ABLE}(?:(?:know|determine|locate|identify)\b[^\d.,;:!?()\n]{{0,60}}|"
    rf"(?:find|say|tell|answer)(?:\s+{_SOUGHT})?(?:\s+(?:for|of|to|about|on|in|from|between)\b[^\d.,;:!?()\n]{{0,60}})?))"
    r"\W*"
)
_EXPLAINS = re.compile(r"\s*(?:[.,:;(\n-]|—|–|because|since|as there)")
_ORDERED = re.compile(r"(?:the\s+)?(?:\w+\s+)?(?:order|sequence|route)\s*(?:is\b|:)\s*(?P<items>.+)", re.DOTALL)
_LEAST_PARTS_OF_ADDRESS = 3
_LEAST_WORDS_OF_ACRONYM = 3


def is_not_applicable(text: str) -> bool:
    """True for N/A and nothing else: what was asked cannot be done."""
    found = _NOT_APPLICABLE.fullmatch(fold(text))
    return found is not None and not read_words(found["rest"])


def denies(reference: str) -> bool:
    """True for a reference that says that something is not so, which N/A may mean, too."""
    return is_not_applicable(reference) or any(word.text in NEGATIONS for word in read_words(fold(reference)))


def gives_up(answer: str, reference: str) -> bool:
    """True for an answer that says only that its writer does not know, where something is to be named.

    Args:
        answer: What the agent said.
        reference: What it should mean; where that denies something or is zero, this decides nothing.
    """
    folded, wanted = fold(answer), as_quantity(reference)
    is_nothing = denies(reference) or (wanted is not None and wanted.value == 0)
    if is_nothing or _GIVES_UP.fullmatch(folded) is None:
        return False
    named = {word.text for word in content(read_words(fold(reference)))}
    return not any(word.text in named for word in content(read_words(folded)))


def rule_on_words(reference: str, answer: str, context: Context) -> Ruling:
    """Accepts an answer that holds the reference's words in a row, sentence by sentence, without denying them.

    An address (three parts or more between commas) may have its parts in any order with others between them; its
    numbers are ruled on as numbers. The same can be said in other words, so nothing is rejected but a state that
    excludes the reference's ("pending" for "canceled"), and an answer in which nothing may be a denial where the
    reference begins with "no".
    """
    parts = [part for part in _SENTENCES.split(reference) if part.strip(" .")]
    if len(parts) == 1 and reference.count(",") + 1 >= _LEAST_PARTS_OF_ADDRESS:
        parts = [part for part in reference.split(",") if part.strip()]
    folded = fold(answer)
    words = read_words(folded)
    if fold(reference).startswith("no ") and not (is_not_applicable(answer) or may_deny(words)):
        return Ruling.REJECT
    return all_hold(
        rule_on_quantity(number, answer, context, sole=False)
        if (number := as_quantity(part)) is not None and is_identifier(part, number)
        else _stands_in(part, folded, words, context)
        for part in parts
    )


def _stands_in(part: str, folded: str, words: list[Word], context: Context) -> Ruling:
    wanted = [word.text for word in content(read_words(fold(part)))]
    if not wanted:
        return Ruling.UNSURE
    found = islice(phrases(wanted, content(words)), MOST_PLACES + 1)
    places = [(first.start, last.end) for first, last in found]
    if not places:
        return Ruling.REJECT if context.names_another_state(words, wanted) else Ruling.UNSURE
    if len(places) > MOST_PLACES:
        return Ruling.UNSURE
    limits = (
        is_denied(words, *place)
        or is_one_of_several(folded, *place)
        or context.is_qualified(words, *place)
        or context.is_contradicted(words, *place)
        for place in places
    )
    return Ruling.UNSURE if any(limits) else Ruling.ACCEPT


def has_polarity(reference: str) -> bool:
    """True for a reference that begins with yes or no, such as "No, it is open"."""
    found = _POLARITY.fullmatch(fold(reference))
    return found is not None and (not found["rest"].strip(" .!") or found["rest"].lstrip()[:1] in (",", ".", ";", ":"))


def rule_on_polarity(reference: str, answer: str, context: Context) -> Ruling:
    """Rules on yes and no.

    The other word is rejected, and so are both at once. The right word alone, or with what the reference says after
    it, is accepted; so is what the reference says without the word. "Yes" alone may be followed by anything that
    denies nothing.
    """
    folded = fold(answer)
    wanted = _POLARITY.fullmatch(fold(reference))
    assert wanted is not None, "has_polarity() comes first"
    said = _POLARITY.fullmatch(folded)
    statement = wanted["rest"].strip(" ,.;:!")
    if said is None:
        return rule_on_words(statement, answer, context) if statement else Ruling.UNSURE
    words = read_words(said["rest"])
    other = "yes" if wanted["word"].startswith("n") else "no"
    both = len(words) > 1 and words[0].text in ("or", "and") and words[1].text == other
    if said["word"][0] != wanted["word"][0] or both:
        return Ruling.REJECT
    if not words:
        return Ruling.ACCEPT
    if is_hedged(said["rest"]):
        return Ruling.UNSURE
    if statement:
        return rule_on_words(statement, said["rest"], context)
    return Ruling.UNSURE if any(word.text in NEGATIONS for word in words) else Ruling.ACCEPT


def rule_on_not_applicable(answer: str) -> Ruling:
    """Rules on whether an answer says that a task cannot be done.

    N/A, alone or with a reason that denies something after it, is accepted; an answer in which nothing may be a denial
    is rejected.
    """
    folded = fold(answer)
    said = _NOT_APPLICABLE.fullmatch(folded)
    words = read_words(folded)
    if said is not None:
        reason = said["rest"]
        if not read_words(reason):
            return Ruling.ACCEPT
        turns = any(word.text in ("but", "however", "or", "although", "yet") for word in words)
        denies = any(word.text in NEGATIONS for word in read_words(reason))
        explained = _EXPLAINS.match(reason) is not None and denies and not read_quantities(reason) and not turns
        return Ruling.ACCEPT if explained else Ruling.UNSURE
    return Ruling.UNSURE if "n/a" in folded or may_deny(words) or not words else Ruling.REJECT


def ordered_items(reference: str) -> list[str]:
    """The items of a reference such as "The order is A, B, C"; empty for any other."""
    found = _ORDERED.fullmatch(fold(reference).strip(" ."))
    items = [item.strip() for item in re.split(r",|->|→", found["items"])] if found else []
    return items if len(items) > 1 else []


def rule_on_order(items: list[str], answer: str) -> Ruling:
    """Accepts the items, or their initials, in this order; rejects each of them once in another order."""
    folded = fold(answer)
    words = content(read_words(folded))
    if any(word.text in NEGATIONS or word.text in ("any", "or") for word in words):
        return Ruling.UNSURE
    mentions: list[tuple[int, int]] = []
    for number, item in enumerate(items):
        wanted = content(read_words(fold(item)))
        names = [[word.text for word in wanted]]
        if len(wanted) >= _LEAST_WORDS_OF_ACRONYM:
            names.append(["".join(word.text[0] for word in wanted)])
        places = {first.start for name in names for first, _ in phrases(name, words)}
        mentions.extend((place, number) for place in places)
    order = [number for _, number in sorted(mentions)]
    if order == sorted(order) and set(order) == set(range(len(items))):
        return Ruling.ACCEPT if len(order) == len(items) else Ruling.UNSURE
    return Ruling.REJECT if sorted(order) == list(range(len(items))) else Ruling.UNSURE
