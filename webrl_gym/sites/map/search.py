"""Finding places, streets and cities by words, by ``near``, and by coordinates (Nominatim's part)."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, replace

from webrl_gym.road_graph import Point, great_circle_metres
from webrl_gym.sites.store import SiteStore

_KIND_TEXT = "lower(' ' || name || ' ' || kind || ' ' || replace(tag_value, '_', ' '))"
_PLACE_TEXT = (
    f"{_KIND_TEXT} || lower(' ' || housenumber || ' ' || street || ' ' || city || ' ' || state || ' ' || postcode)"
)
_STREET_TEXT = "lower(' ' || street.name || ' ' || coalesce(city.name || ' ' || city.state, ''))"
_CITY_TEXT = "lower(' ' || name || ' ' || state)"
_NEAR = re.compile(r"^(.*?)\b(?:near|nearest to|closest to|close to|next to)\b(.+)$", re.IGNORECASE)
_COORDINATES = re.compile(r"^\s*(-?\d{1,3}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)\s*$")
_LONGEST_QUERY = 300
_SMALL_WORDS = frozenset("a an and around at by for in of on the to".split())


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


def find(store: SiteStore, query: str) -> list[Result]:
    """Everything that a query matches, best first.

    Every word of the query must begin a word of the name, kind or address. ``<words> near <place>`` gives the
    places whose name or kind matches by distance, and a pair of coordinates all places by distance from there. Of very
    long queries only the beginning is read.
    """
    query = query[:_LONGEST_QUERY]
    point = read_coordinates(query)
    if point is not None:
        return _by_distance(_find_places(store, [], _KIND_TEXT), point)
    near = _NEAR.match(query)
    if near is not None:
        anchor = locate(store, near[2])
        if anchor is None:
            return []
        found = _find_places(store, _words(near[1]), _KIND_TEXT)
        return _by_distance([result for result in found if result.path != anchor.path], anchor.point)
    words = _words(query)
    if not words:
        return []
    results = _find_cities(store, words) + _find_streets(store, words) + _find_places(store, words)
    wanted = _plain(query)
    return sorted(results, key=lambda result: (_mismatch(result, wanted), result.name))


def locate(store: SiteStore, query: str) -> Result | None:
    """The one place that a query means: the best match, or the point of a pair of coordinates."""
    point = read_coordinates(query)
    if point is not None:
        return Result("Point", f"{point[0]}, {point[1]}", "", "", point)
    return next(iter(find(store, query)), None)


def read_coordinates(text: str) -> Point | None:
    """Latitude and longitude of a text such as ``40.44, -79.95``; None for any other text."""
    match = _COORDINATES.match(text)
    if match is None:
        return None
    lat, lon = float(match[1]), float(match[2])
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def place_result(row: sqlite3.Row) -> Result:
    """A row of ``addressed_place`` as a search result."""
    address = f"{row['housenumber']}, {row['street']}, {row['city']}, {row['state']}, {row['postcode']}"
    return Result(row["kind"], row["name"], address, f"/node/{row['id']}", (row["lat"], row["lon"]))


def _words(query: str) -> list[str]:
    words = re.findall(r"\w+", query.lower())
    return [word for word in words if word not in _SMALL_WORDS] or words


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _singulars(word: str) -> list[str]:
    """A word as it is, and what it may be the plural of."""
    forms = [word]
    if word.endswith("ies"):
        forms.append(word[:-3] + "y")
    if word.endswith("es"):
        forms.append(word[:-2])
    if word.endswith("s"):
        forms.append(word[:-1])
    return [form for form in forms if form]


def _condition(text: str, words: list[str]) -> tuple[str, list[str]]:
    """SQL that is true when each word, or its singular, begins a word of ``text``."""
    clauses: list[str] = []
    parameters: list[str] = []
    for word in words:
        forms = _singulars(word)
        clauses.append("(" + " OR ".join(f"instr({text}, ?)" for _ in forms) + ")")
        parameters.extend(f" {form}" for form in forms)
    return " AND ".join(clauses) or "1", parameters


def _find_places(store: SiteStore, words: list[str], text: str = _PLACE_TEXT) -> list[Result]:
    condition, parameters = _condition(text, words)
    rows = store.query(f"SELECT * FROM addressed_place WHERE {condition} ORDER BY id", parameters)
    return [place_result(row) for row in rows]


def _find_streets(store: SiteStore, words: list[str]) -> list[Result]:
    condition, parameters = _condition(_STREET_TEXT, words)
    rows = store.query(
        "SELECT street.id, street.name, street.highway, city.name AS city, city.state, junction.lat, junction.lon"
        " FROM street LEFT JOIN city ON city.id = street.city_id"
        " JOIN road ON road.id = (SELECT id FROM road WHERE street_id = street.id ORDER BY id LIMIT 1 OFFSET 1)"
        f" JOIN junction ON junction.id = road.start_id WHERE {condition} ORDER BY street.id",
        parameters,
    )
    return [
        Result(
            row["highway"].capitalize(),
            row["name"],
            f"{row['city']}, {row['state']}" if row["city"] else "",
            f"/way/{row['id']}",
            (row["lat"], row["lon"]),
        )
        for row in rows
    ]


def _find_cities(store: SiteStore, words: list[str]) -> list[Result]:
    condition, parameters = _condition(_CITY_TEXT, words)
    rows = store.query(f"SELECT * FROM city WHERE {condition} ORDER BY id", parameters)
    return [
        Result("City", row["name"], row["state"], f"/relation/{row['id']}", (row["lat"], row["lon"])) for row in rows
    ]


def _mismatch(result: Result, wanted: str) -> int:
    """How badly a result fits the words of a query; 0 is best."""
    name = _plain(result.name)
    if wanted in (name, _plain(result.display_name)):
        return 0
    if wanted.startswith(f"{name} "):
        return 1
    return 2 if name.startswith(wanted) else 3


def _by_distance(results: list[Result], point: Point) -> list[Result]:
    measured = [replace(result, metres=great_circle_metres(point, result.point)) for result in results]
    return sorted(measured, key=lambda result: (result.metres, result.path))
