"""The store's settings, as its database holds them; what it does not hold has a default here."""

from __future__ import annotations

from webrl_gym.sites.web import store


def page_sizes(path: str, otherwise: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
    """How many entries a page of a list may have, the usual number first.

    Returns:
        The numbers, and whether the visitor chooses among them on the page.
    """
    value = store().value("SELECT value FROM store_config WHERE path = ?", (path,))
    return (otherwise, False) if value is None else (tuple(int(size) for size in value.split(",")), True)
