"""Random names, values and sentences for the exercises: half of them words that no list holds."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from importlib import resources

_ONSETS = (
    "b c d f g h j k l m n p r s t v w z bl br ch cl cr dr fl fr gl gr pl pr qu sh sk sl sm sn sp st str th tr".split()
)
_NUCLEI = "a e i o u ai ea ee ie oa oo ou".split()
_CODAS = " b ck d g l m n p r s t x ld mp nd ng nk nt rd rk rn rt sk st th".split(" ")
_DOMAINS = "com org net io edu co".split()
_MONTHS = "January February March April May June July August September October November December".split()
_SIGNS = "$ € £".split()


@cache
def word_lists() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """General English words, and given and family names, all in lower case."""
    words, names = resources.files("agents.nano").joinpath("words.txt").read_text("utf-8").strip().split("\n")
    return tuple(words.split()), tuple(names.split())


def made_up(rng: random.Random) -> str:
    """A pronounceable word of one to three syllables that no list holds."""
    return "".join(
        rng.choice(_ONSETS) + rng.choice(_NUCLEI) + (rng.choice(_CODAS) if rng.random() < 0.4 else "")
        for _ in range(rng.choice((1, 1, 2, 2, 2, 3)))
    )


def word(rng: random.Random) -> str:
    """A word in lower case, made up in half of the cases."""
    return made_up(rng) if rng.random() < 0.5 else rng.choice(word_lists()[0])


def _cased(rng: random.Random, words: list[str]) -> str:
    style = rng.random()
    if style < 0.6:
        return " ".join(text.capitalize() for text in words)
    if style < 0.85:
        return " ".join(words).capitalize()
    return " ".join(words)


def phrase(rng: random.Random) -> str:
    """One to five words in one of three casings, sometimes with a number or a sign."""
    words = [word(rng) for _ in range(rng.choice((1, 1, 2, 2, 2, 3, 3, 4, 5)))]
    if rng.random() < 0.12:
        words.insert(rng.randrange(len(words) + 1), str(rng.randint(1, 400)))
    if len(words) > 1 and rng.random() < 0.08:
        words.insert(1, rng.choice(("&", "-", "for", "and", "of", "/")))
    return _cased(rng, words)


def person(rng: random.Random) -> str:
    """A given and a family name."""
    names = word_lists()[1]
    return " ".join((rng.choice(names) if rng.random() < 0.5 else made_up(rng)).capitalize() for _ in range(2))


def user_name(rng: random.Random) -> str:
    """A user name such as ``torvald_mip`` or ``PrendaKol42``."""
    parts = [word(rng) for _ in range(rng.choice((1, 2, 2)))]
    style = rng.random()
    joined = (
        "".join(part.capitalize() for part in parts) if style < 0.4 else rng.choice(("", "_", "-", ".")).join(parts)
    )
    return joined + (str(rng.randint(1, 999)) if rng.random() < 0.3 else "")


def email(rng: random.Random) -> str:
    """An e-mail address."""
    return f"{user_name(rng).lower()}@{word(rng)}.{rng.choice(_DOMAINS)}"


def money(rng: random.Random) -> str:
    """An amount with its sign."""
    amount = rng.choice((rng.uniform(0, 30), rng.uniform(0, 400), rng.uniform(0, 9000)))
    return rng.choice(_SIGNS if rng.random() < 0.2 else _SIGNS[:1]) + f"{amount:,.2f}"


def number(rng: random.Random) -> str:
    """A number of one to five digits, sometimes with a decimal point."""
    size = rng.choice((9, 99, 99, 999, 9999, 99999))
    return str(rng.randint(0, size)) if rng.random() < 0.85 else f"{rng.uniform(0, size):.1f}"


def date(rng: random.Random) -> str:
    """A date in one of four forms."""
    year, month, day = rng.randint(2015, 2026), rng.randint(1, 12), rng.randint(1, 28)
    forms = (
        f"{month}/{day}/{year % 100:02d}",
        f"{year}-{month:02d}-{day:02d}",
        f"{_MONTHS[month - 1][:3]} {day}, {year}",
        f"{_MONTHS[month - 1]} {day}, {year}",
    )
    return rng.choice(forms)


def phone(rng: random.Random) -> str:
    """A phone number in one of three forms."""
    area, middle, end = rng.randint(200, 999), rng.randint(100, 999), rng.randint(0, 9999)
    return rng.choice((f"{area}-{middle}-{end:04d}", f"({area}) {middle}-{end:04d}", f"+1 {area} {middle} {end:04d}"))


def code(rng: random.Random) -> str:
    """An identifier: an order number, an article number, an issue number."""
    letters = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(rng.randint(1, 3)))
    return rng.choice(
        (
            f"{rng.randint(1, 999):09d}",
            f"{letters}{rng.randint(0, 99999):05d}",
            f"{letters}-{rng.randint(1, 999)}",
            f"#{rng.randint(1, 9999)}",
            str(rng.randint(10000, 99999)),
        )
    )


def address(rng: random.Random) -> str:
    """A street address."""
    return f"{rng.randint(1, 999)} {word(rng).capitalize()} {rng.choice(('Street', 'Avenue', 'Road', 'Lane'))}"


def measure(rng: random.Random) -> str:
    """A share, length or duration."""
    return rng.choice(
        (
            f"{rng.randint(1, 100)}%",
            f"{rng.uniform(0, 90):.1f}km",
            f"{rng.randint(0, 9)}h {rng.randint(0, 59)}min",
            f"{rng.randint(0, 23)}:{rng.randint(0, 59):02d}",
            f"{rng.randint(1, 5)} out of 5",
        )
    )


def sentence(rng: random.Random, least: int = 4, most: int = 12) -> str:
    """Words in a row."""
    text = " ".join(word(rng) for _ in range(rng.randint(least, most)))
    if rng.random() < 0.6:
        text = text.capitalize()
    return text + rng.choice(("", "", ".", "!", "?"))


Maker = Callable[[random.Random], str]
"""What makes a random text."""

NAMES: tuple[Maker, ...] = (phrase, phrase, phrase, person, user_name, code, email)
"""What a record can be called."""

VALUES: dict[str, tuple[Maker, ...]] = {
    "text": (phrase,),
    "person": (person,),
    "email": (email,),
    "user": (user_name,),
    "money": (money,),
    "number": (number,),
    "date": (date,),
    "phone": (phone,),
    "code": (code,),
    "address": (address,),
    "measure": (measure,),
}
"""Kinds of values with what makes them."""
