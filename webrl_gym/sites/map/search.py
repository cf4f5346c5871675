"""Finding places, streets and cities by words, by ``near``, and by coordinates (Nominatim's part)."""

from __future__ import annotations

import sqlite3

from webrl_gym.sites.map import elements
from webrl_gym.sites.map.query import (
    LONGEST_QUERY,
    Result,
    begins_words,
    by_distance,
    mismatch,
    plain,
    read_coordinates,
    split_near,
    words_of,
)
from webrl_gym.sites.store import SiteStore

_KIND_TEXT = "lower(' ' || name || ' ' || kind || ' ' || replace(tag_value, '_', ' '))"
_PLACE_TEXT = (
    f"{_KIND_TEXT} || lower(' ' || housenumber || ' ' || street || ' ' || city || ' ' || state || ' ' || postcode)"
)
_STREET_TEXT = "lower(' ' || street.name || ' ' || coalesce(city.name || ' ' || city.state, ''))"
_CITY_TEXT = "lower(' ' || name || ' ' || state)"


def find(store: SiteStore, query: str) -> list[Result]:
    """Everything that a query matches, best first.

    Every word of the query must begin a word of the name, kind or address. ``<words> near <place>`` gives the
    places whose name or kind matches by distance, and a pair of coordinates all places by distance from there. Of very
    long queries only the beginning is read.
    """
    query = query[:LONGEST_QUERY]
    if elements.has_any(store):
        return elements.find(store, query)
    point = read_coordinates(query)
    if point is not None:
        return by_distance(_find_places(store, [], _KIND_TEXT), point)
    near = split_near(query)
    if near is not None:
        anchor = locate(store, near[1])
        if anchor is None:
            return []
        found = _find_places(store, words_of(near[0]), _KIND_TEXT)
        return by_distance([result for result in found if result.path != anchor.path], anchor.point)
    words = words_of(query)
    if not words:
        return []
    results = _find_cities(store, words) + _find_streets(store, words) + _find_places(store, words)
    wanted = plain(query)
    return sorted(results, key=lambda result: (mismatch(result, wanted), result.name))


def locate(store: SiteStore, query: str) -> Result | None:
    """The one place that a query means: the best match, or the point of a pair of coordinates."""
    point = read_coordinates(query)
    if point is not None:
        return Result("Point", f"{point[0]}, {point[1]}", "", "", point)
    if elements.has_any(store):
        return elements.locate(store, query[:LONGEST_QUERY])
    return next(iter(find(store, query)), None)


def place_result(row: sqlite3.Row) -> Result:
    """A row of ``addressed_place`` as a search result."""
    address = f"{row['housenumber']}, {row['street']}, {row['city']}, {row['state']}, {row['postcode']}"
    return Result(row["kind"], row["name"], address, f"/node/{row['id']}", (row["lat"], row["lon"]))


def _find_places(store: SiteStore, words: list[str], text: str = _PLACE_TEXT) -> list[Result]:
    condition, parameters = begins_words(text, words)
    rows = store.query(f"SELECT * FROM addressed_place WHERE {condition} ORDER BY id", parameters)
    return [place_result(row) for row in rows]


def _find_streets(store: SiteStore, words: list[str]) -> list[Result]:
    condition, parameters = begins_words(_STREET_TEXT, words)
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
    condition, parameters = begins_words(_CITY_TEXT, words)
    rows = store.query(f"SELECT * FROM city WHERE {condition} ORDER BY id", parameters)
    return [
        Result("City", row["name"], row["state"], f"/relation/{row['id']}", (row["lat"], row["lon"])) for row in rows
    ]
