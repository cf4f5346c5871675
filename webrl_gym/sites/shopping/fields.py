"""What visitors send, read strictly: whole numbers, amounts, row ids. Whatever is none of these is None."""

from __future__ import annotations

MOST_PIECES = 10_000
"""Largest quantity of one product in a cart or wish list."""
MOST_CENTS = 10**12
"""Upper bound of prices."""
_LARGEST_ID = 2**62


def read_quantity(text: str | None) -> int | None:
    """A quantity from 0 to ``MOST_PIECES``."""
    return _whole_number(text, MOST_PIECES)


def read_id(text: str | None) -> int | None:
    """The id of a row."""
    return _whole_number(text, _LARGEST_ID)


def read_cents(text: str) -> int | None:
    """An amount of dollars, ``12.50`` for example, as cents."""
    try:
        cents = round(float(text) * 100)
    except (ValueError, OverflowError):
        return None
    return cents if 0 <= cents <= MOST_CENTS else None


def _whole_number(text: str | None, most: int) -> int | None:
    cleaned = (text or "").strip()
    if not cleaned.isascii() or not cleaned.isdigit() or len(cleaned) > len(str(most)):
        return None
    return int(cleaned) if int(cleaned) <= most else None
