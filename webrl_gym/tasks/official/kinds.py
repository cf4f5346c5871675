"""What an official task does to its sites: the file says nothing of it, its ``require_reset`` is false everywhere."""

from __future__ import annotations

from collections.abc import Collection

CHANGING, NAVIGATING, READING = "changing", "navigating", "reading"
"""Changes what sites store; ends on a page; ends with an answer."""

_SHOWS_ONLY = frozenset(
    (
        29,  # a search in the shop
        87,  # a page of the map
        102,  # a page of the map
        123,  # a form that is filled and not sent
        142,  # a form that is filled and not sent
        149,  # a report of the back office, made of its address
        150,  # a report of the back office, made of its address
        155,  # a route on the map
        158,  # a route on the map
        159,  # a route on the map
    )
)
"""Judged by the contents of the last page, but nothing is stored. Not among them: 145, since the back office keeps the
filters of its grids for the next visit."""
_ASKS_FOR_A_CHANGE = frozenset(
    (
        114,  # a message to a customer: the shop refuses it, an agent may store something else
        161,  # a file in a repository: its contents do not exist, an agent may store it all the same
        162,  # another address for an order: the shop has no such form, an agent may change the account's
    )
)
"""Judged by their answer, which is that it cannot be done; who tries may change something."""


def kind_of(number: int, types: Collection[str]) -> str:
    """The kind of an official task.

    Args:
        number: Its number in the official file.
        types: Its evaluation types.
    """
    if number in _ASKS_FOR_A_CHANGE or ("program_html" in types and number not in _SHOWS_ONLY):
        return CHANGING
    return READING if "string_match" in types else NAVIGATING
