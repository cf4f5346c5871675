"""What a fuzzy rule says of an answer."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Ruling(StrEnum):
    """Whether an answer means what a reference says."""

    ACCEPT = "accept"
    """It does, beyond doubt."""
    REJECT = "reject"
    """It does not, beyond doubt."""
    UNSURE = "unsure"
    """The rule cannot tell."""


def all_hold(rulings: Iterable[Ruling]) -> Ruling:
    """What follows where every one must hold: one that does not decides."""
    seen = set(rulings)
    if Ruling.REJECT in seen:
        return Ruling.REJECT
    return Ruling.UNSURE if Ruling.UNSURE in seen else Ruling.ACCEPT
