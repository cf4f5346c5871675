"""Names that a user gives: one, or several."""

from __future__ import annotations

from collections.abc import Iterable


def given_names(given: str | Iterable[str]) -> tuple[str, ...]:
    """The names; a text by itself is one name, not a list of letters.

    Args:
        given: One name, or several.
    """
    return (given,) if isinstance(given, str) else tuple(given)
