"""Reads dates as shops and people write them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?\b"
DATE = (
    r"\d{4}-\d{1,2}-\d{1,2}(?!\d)|\d{4}/\d{1,2}/\d{1,2}(?!\d)|\d{1,2}([/.-])\d{1,2}\1(?:\d{4}|\d{2})(?!\d|\.\d)".replace(
        "([/.-])", "(?P<mark>[/.-])"
    ).replace(r"\1", "(?P=mark)")
    + rf"|\b{_MONTH}\s*{_DAY}(?:(?:,\s*|\s+)\d{{4}}\b)?|{_DAY}\s+(?:of\s+)?{_MONTH}(?:,?\s*\d{{4}}\b)?"
    + rf"|\b{_MONTH},?\s+\d{{4}}\b"
)
"""Pattern of a date in a folded text."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date, or as much of it as was said: without year or without day."""

    year: int | None
    month: int
    day: int | None

    def is_meant_by(self, other: Day) -> bool:
        """True if ``other`` says at least as much as this, and the same."""
        return (
            self.month == other.month
            and (self.day is None or self.day == other.day)
            and (self.year is None or self.year == other.year)
        )

    def may_be(self, other: Day) -> bool:
        """True if the two do not contradict each other."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(one is None or two is None or one == two for one, two in pairs)


def read_date(text: str) -> Day | None:
    """The date that a text matching ``DATE`` says; None if there is no such day.

    Month, day and year in this order, as the sites print them, unless only the other order makes a date.
    """
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    name = re.search(r"[a-z]{3}", re.sub(r"\d+(?:st|nd|rd|th)", "", text).replace("of", ""))
    if name is not None:
        month = _MONTHS.index(name[0]) + 1
        year = next((number for number in numbers if number > 31), None)
        day = next((number for number in numbers if number <= 31), None)
        return _day(year, month, day)
    if numbers[0] > 31:
        year, month, day = numbers
        return _day(year, month, day)
    month, day, year = numbers
    year += 2000 if year < 100 else 0
    return _day(year, month, day) or _day(year, day, month)


def _day(year: int | None, month: int, day: int | None) -> Day | None:
    return Day(year, month, day) if 1 <= month <= 12 and (day is None or 1 <= day <= 31) else None
