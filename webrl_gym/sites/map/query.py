"""What a query of the map means: its words, a pair of coordinates, or words ``near`` a place; and what it finds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from webrl_gym.road_graph import Point, great_circle_metres

_NEAR = re.compile(r"^(.*?)\b(?:near|nearest to|closest to|close to|next to)\b(.+)$", re.IGNORECASE)
_COORDINATES = re.compile(r"^\s*(-?\d{1,3}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)\s*$")
_SMALL_WORDS = frozenset("a an and around at by for in of on the to".split())
LONGEST_QUERY = 300
"""Characters of a query that are read."""


@dataclass(frozen=True, slots=True)
class Result:
    """Something that a search found.

    Attributes:
        kind: What it is: ``Museum``, ``Residential``, ``City`` …
        name: Its name.
        address: Where it is, in words.
        path: Address of its page, beginning with ``/``.
        point: Where it is.
        metres: Distance from the place that the query asked to be near; None without one.
    """

    kind: str
    name: str
    address: str
    path: str
    point: Point
    metres: float | None = None

    @property
    def display_name(self) -> str:
        """Name and address."""
        return f"{self.name}, {self.address}" if self.address else self.name


def split_near(query: str) -> tuple[str, str] | None:
    """What is sought and near what, of a query such as ``hotels near Boston``; None for any other query."""
    near = _NEAR.match(query)
    return None if near is None else (near[1], near[2])


def read_coordinates(text: str) -> Point | None:
    """Latitude and longitude of a text such as ``40.44, -79.95``; None for any other text."""
    match = _COORDINATES.match(text)
    if match is None:
        return None
    lat, lon = float(match[1]), float(match[2])
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def words_of(query: str) -> list[str]:
    """The words of a query that count: the small ones do only where there are no others."""
    words = re.findall(r"\w+", query.lower())
    return [word for word in words if word not in _SMALL_WORDS] or words


def plain(text: str) -> str:
    """The words of a text, in lower case with one blank between."""
    return " ".join(re.findall(r"\w+", text.lower()))


def singulars(word: str) -> list[str]:
    """A word as it is, and what it may be the plural of."""
    forms = [word]
    if word.endswith("ies"):
        forms.append(word[:-3] + "y")
    if word.endswith("es"):
        forms.append(word[:-2])
    if word.endswith("s"):
        forms.append(word[:-1])
    return [form for form in forms if form]


def begins_words(text: str, words: list[str]) -> tuple[str, list[str]]:
    """SQL that is true when each word, or its singular, begins a word of ``text``."""
    clauses: list[str] = []
    parameters: list[str] = []
    for word in words:
        forms = singulars(word)
        clauses.append("(" + " OR ".join(f"instr({text}, ?)" for _ in forms) + ")")
        parameters.extend(f" {form}" for form in forms)
    return " AND ".join(clauses) or "1", parameters


def mismatch(result: Result, wanted: str) -> int:
    """How badly a result fits the words of a query; 0 is best."""
    name = plain(result.name)
    if wanted in (name, plain(result.display_name)):
        return 0
    if wanted.startswith(f"{name} "):
        return 1
    return 2 if name.startswith(wanted) else 3


def by_distance(results: list[Result], point: Point) -> list[Result]:
    """Results with their distance from a point, nearest first."""
    measured = [replace(result, metres=great_circle_metres(point, result.point)) for result in results]
    return sorted(measured, key=lambda result: (result.metres, result.path))
