"""Finds what can be measured in a text: dates, phone numbers, durations, distances, money and plain numbers. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from webrl_gym.evaluation.fuzzy_dates import DATE, Day, read_date
from webrl_gym.evaluation.fuzzy_words import NUMBER_IN_WORDS, number_in_words


class Kind(StrEnum):
    """What a quantity measures."""

    DATE = "date"
    PHONE = "phone number"
    DURATION = "duration"
    DISTANCE = "distance"
    MONEY = "amount of money"
    PERCENT = "percentage"
    ORDINAL = "ordinal"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity of a text.

    Attributes:
        kind: What it measures.
        value: Seconds, metres, an amount, a number, the digits of a phone number, or a day.
        start: Where it begins in the folded text.
        end: Where it ends.
        bound: ``<`` or ``>`` for "less than" and "more than", which are part of it; empty for the value itself.
        unit: Money: its currency, empty if it has none. Distance: ``metric`` or ``miles``.
        scale: What its number was multiplied by.
    """

    kind: Kind
    value: Decimal | str | Day
    start: int
    end: int
    bound: str = ""
    unit: str = ""
    scale: Decimal = Decimal(1)


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_METRES = {"mi": "1609.344", "k": "1000", "m": "1", "f": "0.3048", "y": "0.9144"}
"""By the beginnings of the units' names."""
_WHOLE = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
_NUMBER = rf"{_WHOLE}(?:\.\d+)?"
_COUNT = rf"(?:{_NUMBER}|\b(?:{NUMBER_IN_WORDS}|an?)\b)"
_HOURS = r"(?:hour\(s\)|(?:hours?|(?P<short>hrs?|h))(?![a-z]))"
_MINUTES = r"(?:minute\(s\)|(?:minutes?|mins?)(?!\w))"
_SECOND_UNIT = r"(?:seconds?|secs?|s)(?!\w)"
_LENGTH = r"km|kilomet(?:er|re)s?|met(?:er|re)s?|m|miles?|mi|ft|feet|foot|yards?"
_JOIN = r"[\s,;-]*(?:(?:and|plus)\s+|[&+]\s*)?"
_HALF_MORE = r"\s+and\s+a\s+half\b"
_QUANTITY = re.compile(
    rf"""
    (?P<date>{DATE})
  | (?P<phone>(?:\+?\d{{1,3}}[\s.-]?)?(?:\(\d{{3}}\)|\d{{3}})[\s.-]?\d{{3}}[\s.-]?\d{{4}}(?![\w]))
  | (?P<clock>\d{{1,2}}:\d\d(?::\d\d)?(?!\d)(?:\s*[ap]\.?m\b\.?)?)
  | (?P<hours>{_COUNT})(?P<half_before>{_HALF_MORE})?[\s-]*{_HOURS}
      (?:(?(short)\.?){_JOIN}(?P<minutes>{_COUNT})[\s-]*(?:{_MINUTES}|m(?!\w)) | (?P<glued>\d\d?)(?!\w|\.\d)
        | \s(?P<spaced>\d\d)(?=\s*(?:[,;)\n]|\.(?!\d)|\Z)) | (?P<half_after>{_HALF_MORE}))?
  | (?P<half_hour>half[\s-](?:an?[\s-])?hour)\b
  | (?P<only_minutes>{_COUNT})[\s-]*{_MINUTES}(?:{_JOIN}(?P<seconds>{_COUNT})[\s-]*{_SECOND_UNIT})?
  | (?P<only_seconds>{_COUNT})[\s-]*(?:seconds?|secs?)(?!\w)
  | (?P<days>{_COUNT})[\s-]*(?P<long_unit>days?|weeks?)(?!\w)
  | (?P<length>{_COUNT})[\s-]*(?P<length_unit>{_LENGTH})(?!\w)
  | (?P<currency>us\$|[$€£]|usd)\s*(?P<amount>{_NUMBER})
  | (?P<amount_before>{_NUMBER})[^\S\n]*(?P<currency_after>usd|dollars?|euros?|[€$£](?!\s*\d))(?![a-z])
  | (?P<amount_bare>{_WHOLE}\.\d\d)(?![\w%])
  | (?P<percent>{_NUMBER})\s*(?:%|percent)
  | (?P<ordinal>\d+(?:st|nd|rd|th))\b
  | (?P<number>{_NUMBER}|\b{NUMBER_IN_WORDS}\b)(?![\w%])
    """,
    re.VERBOSE,
)
_INSIDE = re.compile(r"(?:\w|\d\.)\Z")
_SIGN = re.compile(r"(?:^|[\s(])[-−]\Z")
_LESS = r"less than|fewer than|under|below|within|at most|up to|no more than|not more than|<"
_MORE = r"more than|greater than|over|above|at least|no less than|>"
_BOUND = re.compile(rf"(?:(?P<less>{_LESS})|(?P<more>{_MORE}))\s*$")
_LONGEST_BOUND = 20
_RANGE = re.compile(r"\s*(?:-|–|—|/|to|or|and)\s*")
_ALTERNATIVE = re.compile(r"\s*(?:-|–|—|/|,|to|or|and|,\s*(?:or|and))?\s*")


def read_quantities(folded: str) -> list[Quantity]:
    """All quantities of a folded text, in order, none inside a longer word or number."""
    found: list[Quantity] = []
    position = 0
    while match := _QUANTITY.search(folded, position):
        if _INSIDE.search(folded, max(0, match.start() - 2), match.start()):
            position = _word_end(folded, match.start())
            continue
        quantity = _quantity(match)
        if _SIGN.search(folded, max(0, match.start() - 2), match.start()) and isinstance(quantity.value, Decimal):
            quantity = replace(quantity, value=-quantity.value)
        bound = _BOUND.search(folded, max(0, match.start() - _LONGEST_BOUND), match.start())
        if bound is not None:
            quantity = replace(quantity, bound="<" if bound["less"] else ">", start=bound.start())
        found.append(quantity)
        position = match.end()
    return _with_shared_units(folded, found)


def _word_end(folded: str, position: int) -> int:
    """The first place after ``position`` where a word may begin."""
    position += 1
    while position < len(folded) and folded[position].isalnum():
        position += 1
    return position


def _quantity(match: re.Match[str]) -> Quantity:
    kind, value, unit, scale = _measured(match)
    return Quantity(kind, value, match.start(), match.end(), unit=unit, scale=scale)


def _measured(match: re.Match[str]) -> tuple[Kind, Decimal | str | Day, str, Decimal]:
    parts = match.groupdict()
    one = Decimal(1)
    if parts["date"] is not None:
        day = read_date(parts["date"])
        return (Kind.DATE, day, "", one) if day else (Kind.ORDINAL, parts["date"], "", one)
    if parts["phone"] is not None:
        digits = "".join(letter for letter in parts["phone"] if letter.isdigit())
        # North American numbers, with or without their country code.
        return Kind.PHONE, digits.removeprefix("1") if len(digits) == 11 else digits, "", one
    if parts["clock"] is not None:
        is_time_of_day = "m" in parts["clock"] or match.string.endswith("at ", 0, match.start())
        return (Kind.ORDINAL, parts["clock"], "", one) if is_time_of_day else _clock(parts["clock"])
    if parts["length"] is not None:
        unit = parts["length_unit"]
        metres = Decimal(next(value for name, value in _METRES.items() if unit.startswith(name)))
        system = "miles" if unit.startswith(("mi", "f", "y")) else "metric"
        return Kind.DISTANCE, _count(parts["length"]) * metres, system, metres
    if amount := parts["amount"] or parts["amount_before"] or parts["amount_bare"]:
        currency = (parts["currency"] or parts["currency_after"] or " ")[-1].strip()
        currency = {"d": "$", "r": "$", "s": "$", "o": "€"}.get(currency, currency)
        return Kind.MONEY, _count(amount), currency, one
    for name, kind in (("percent", Kind.PERCENT), ("number", Kind.NUMBER)):
        if parts[name] is not None:
            return kind, _count(parts[name]), "", one
    if parts["ordinal"] is not None:
        return Kind.ORDINAL, parts["ordinal"], "", one
    return _duration(parts)


def _duration(parts: dict[str, str | None]) -> tuple[Kind, Decimal, str, Decimal]:
    seconds = Decimal(0)
    scale = 0
    long = "w" if (parts["long_unit"] or "").startswith("w") else "d"
    names = {
        "hours": "h", "minutes": "m", "glued": "m", "spaced": "m", "only_minutes": "m", "seconds": "s",
        "only_seconds": "s", "days": long,
    }  # fmt: skip
    for name, unit in names.items():
        text = parts[name]
        if text is not None:
            seconds += _count(text) * _SECONDS[unit]
            scale = scale or _SECONDS[unit]
    if parts["half_hour"] or parts["half_before"] or parts["half_after"]:
        seconds += _SECONDS["h"] // 2
    return Kind.DURATION, seconds, "", Decimal(scale or _SECONDS["h"])


def _clock(text: str) -> tuple[Kind, Decimal, str, Decimal]:
    """``1:45`` is a duration, as the map prints it."""
    hours, minutes, *seconds = text.split(":")
    total = int(hours) * 3600 + int(minutes) * 60 + int(seconds[0] if seconds else 0)
    return Kind.DURATION, Decimal(total), "", Decimal(3600)


def _count(text: str) -> Decimal:
    if text in ("a", "an"):
        return Decimal(1)
    return Decimal(number_in_words(text)) if text[0].isalpha() else Decimal(text.replace(",", ""))


def _with_shared_units(folded: str, found: list[Quantity]) -> list[Quantity]:
    """Gives the first number of "11-12 min" or "1.4 or 1.5 km" the unit of the second."""
    for index in reversed(range(len(found) - 1)):
        one, other = found[index], found[index + 1]
        bare = one.kind is Kind.NUMBER and other.kind in (Kind.DURATION, Kind.DISTANCE, Kind.MONEY)
        if bare and _RANGE.fullmatch(folded, one.end, other.start) and isinstance(one.value, Decimal):
            found[index] = replace(one, kind=other.kind, value=one.value * other.scale, unit=other.unit)
    return found


def are_alternatives(folded: str, one: Quantity, other: Quantity) -> bool:
    """True if nothing but a separator stands between two quantities that follow each other."""
    between = folded[one.end : other.start]
    return len(between) < _LONGEST_BOUND and _ALTERNATIVE.fullmatch(between) is not None
