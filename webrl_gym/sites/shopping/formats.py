"""How the store writes money and dates."""

from __future__ import annotations

from datetime import datetime


def price(cents: int) -> str:
    """An amount in cents as ``$1,234.50``."""
    return f"${cents / 100:,.2f}"


def short_date(stamp: str) -> str:
    """A stored moment as ``5/17/23``, the form of tables and reviews."""
    when = datetime.fromisoformat(stamp)
    return f"{when.month}/{when.day}/{when:%y}"


def long_date(stamp: str) -> str:
    """A stored moment as ``May 17, 2023``, the form of an order's page."""
    when = datetime.fromisoformat(stamp)
    return f"{when:%B} {when.day}, {when.year}"
