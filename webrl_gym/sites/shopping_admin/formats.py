"""How the store writes money and dates, and how it reads what people type into its forms."""

from __future__ import annotations

import re
from datetime import date, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AMOUNT = re.compile(r"\$?\s*(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.(\d{1,4}))?")
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})")


def money(cents: int) -> str:
    """``$1,234.50`` for 123450."""
    return f"${cents // 100:,}.{cents % 100:02}"


def plain_amount(cents: int) -> str:
    """``1234.50`` for 123450, as form fields hold it."""
    return f"{cents // 100}.{cents % 100:02}"


def parse_amount(text: str) -> int | None:
    """Hundredths in ``12``, ``12.5``, ``$1,234.50``; None when ``text`` is no such amount."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        return None
    return int(match[1].replace(",", "")) * 100 + int(((match[2] or "") + "00")[:2])


def parse_count(text: str) -> int | None:
    """The whole number in ``text``, None when it holds no number from 0 to 99999999."""
    stripped = text.strip()
    return int(stripped) if stripped.isascii() and stripped.isdigit() and len(stripped) <= 8 else None


def page_number(text: str, pages: int) -> int:
    """The page that a ``page`` parameter asks for: the first when it is no number, the last when there are fewer."""
    return min(max(parse_count(text) or 1, 1), pages)


def moment(stored: str) -> str:
    """``May 31, 2023 2:55:09 AM`` for ``2023-05-31 02:55:09``."""
    when = datetime.fromisoformat(stored)
    hour = when.hour % 12 or 12
    return f"{day(stored)} {hour}:{when:%M:%S} {'AM' if when.hour < 12 else 'PM'}"


def day(stored: str) -> str:
    """``May 31, 2023`` for ``2023-05-31`` with or without a time."""
    if not stored:
        return ""
    return f"{_MONTHS[int(stored[5:7]) - 1]} {int(stored[8:10])}, {stored[:4]}"


def short_day(when: date) -> str:
    """``5/31/23``, as date fields show it."""
    return f"{when.month}/{when.day}/{when.year % 100:02}"


def parse_day(text: str) -> date | None:
    """The day in ``5/31/23``, ``05/31/2023`` or ``2023-05-31``; None when there is none."""
    stripped = text.strip()
    match = _DAY.fullmatch(stripped)
    try:
        if match is None:
            return date.fromisoformat(stripped)
        year = int(match[3])
        return date(year + 2000 if year < 100 else year, int(match[1]), int(match[2]))
    except ValueError:
        return None
