"""What the fuzzy rules read beside an answer: the question, and the other references of the same list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from webrl_gym.evaluation.fuzzy_quantities import Quantity, read_quantities
from webrl_gym.evaluation.fuzzy_words import WAYS_OF_TRAVEL, Word, fold, may_deny, read_words, same

_QUALIFIERS = frozenset(
    "until till before after since later earlier every each per past ago nearly almost maximum max minimum most least "
    "than less more fewer plus minus used half quarter non fax week idea clue".split()
)
"""Words that make another statement of what stands beside them: "after March 2", "11 minutes longer than"."""
_HEDGE = re.compile(
    r"\b(?:maybe|perhaps|possibly|probably|likely|guess|unsure|if|might|not (?:\w+ )?(?:sure|certain))\b"
)
"""What makes a guess or a condition of an answer."""
_EXCLUDING = (
    frozenset("open closed".split()),
    frozenset("canceled pending complete processing shipped delivered refunded hold".split()),
)
"""States that exclude each other."""


@dataclass(frozen=True)
class Context:
    """What an answer is read beside.

    Attributes:
        question: What was asked.
        others: The other references, which the answer must mean, too.
    """

    question: str = ""
    others: Sequence[str] = ()

    @cached_property
    def quantities(self) -> list[Quantity]:
        """Quantities that an answer may name without answering anything by them."""
        return [quantity for text in (self.question, *self.others) for quantity in read_quantities(fold(text))]

    @cached_property
    def words(self) -> frozenset[str]:
        """Words that an answer may repeat."""
        return frozenset(word.text for text in (self.question, *self.others) for word in read_words(fold(text)))

    def is_qualified(self, words: Sequence[Word], start: int, end: int) -> bool:
        """True if a word in the clause of a passage, outside it and not of the question, makes it another statement.

        Args:
            words: All words of the answer.
            start: Where the passage begins.
            end: Where it ends.
        """
        clauses = {word.clause for word in words if start <= word.start < end}
        return any(
            word.text in _QUALIFIERS and word.text not in self.words
            for word in words
            if word.clause in clauses and not start <= word.start < end
        )

    def is_contradicted(self, words: Sequence[Word], start: int, end: int) -> bool:
        """True if the answer also names a state that excludes the one that a passage names."""
        inside = {word.text for word in words if start <= word.start < end}
        named = {word.text for word in words}
        return any(states & inside and (states & named) - inside for states in _EXCLUDING)

    def names_another_state(self, words: Sequence[Word], wanted: Sequence[str]) -> bool:
        """True if the answer names a state that excludes a wanted one, not that one, and nothing may be a denial."""
        named = {word.text for word in words}
        return not may_deny(words) and any(
            states & set(wanted) and states & named and not states & set(wanted) & named for states in _EXCLUDING
        )

    def counts_something_else(self, words: Sequence[Word], end: int) -> bool:
        """True if what follows a number is nothing that was asked for: "0 stars" where comments are counted.

        Args:
            words: All words of the answer.
            end: Where the number ends.
        """
        before = [word for word in words if word.end <= end]
        following = [word for word in words if word.start >= end and before and word.clause == before[-1].clause][:2]
        known = any(same(word.text, asked) for word in following for asked in self.words)
        return bool(self.question and following) and not known

    def goes_another_way(self, words: Sequence[Word]) -> bool:
        """True if the question is about one way of travel and the answer names another, too."""
        asked = [way for way in WAYS_OF_TRAVEL if way & self.words]
        said = [way for way in WAYS_OF_TRAVEL if any(word.text in way for word in words)]
        return bool(asked) and any(way not in asked for way in said)


def is_hedged(folded: str) -> bool:
    """True for an answer that guesses or sets a condition."""
    return _HEDGE.search(folded) is not None
