"""The replica's nodes, ways and relations: finding them as Nominatim does, and what their pages show."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from webrl_gym.road_graph import Point
from webrl_gym.sites.map.query import (
    Result,
    mismatch,
    plain,
    read_coordinates,
    singulars,
    split_near,
    words_of,
)
from webrl_gym.sites.store import SiteStore

_MOST_RESULTS = 100
"""Elements that a search lists at most."""

_CODES = {
    **{"pa": "pennsylvania", "ny": "new york", "nj": "new jersey", "ma": "massachusetts", "ct": "connecticut"},
    **{"ri": "rhode island", "vt": "vermont", "nh": "new hampshire", "me": "maine", "oh": "ohio"},
    **{"wv": "west virginia", "md": "maryland", "de": "delaware", "dc": "district of columbia"},
}
_MISMATCH = (
    "CASE WHEN plain_name = :wanted THEN 0 WHEN :wanted LIKE plain_name || ' %' THEN 1"
    " WHEN substr(plain_name, 1, length(:wanted)) = :wanted THEN 2 ELSE 3 END"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the lists of members and of relations that an element is part of."""

    type: str
    id: int
    name: str
    role: str

    @property
    def label(self) -> str:
        """Name and id, or the id alone."""
        return f"{self.name} ({self.id})" if self.name else str(self.id)


def has_any(store: SiteStore) -> bool:
    """True on the replica: the other worlds hold places, streets and cities instead."""
    return store.one("SELECT 1 FROM element LIMIT 1") is not None


def find(store: SiteStore, query: str) -> list[Result]:
    """Elements and streets that a query matches, best first; see ``search.find``."""
    point = read_coordinates(query)
    if point is not None:
        return _by_distance(store, point, "1", {})
    near = split_near(query)
    if near is not None:
        anchor = _best(store, near[1])
        return _near(store, near[0], anchor) if anchor else []
    words, wanted = _read(query)
    if not words:
        return []
    ranked = _ranked_elements(store, words, wanted, _MOST_RESULTS) + _ranked_streets(store, words, wanted)
    return [result for _, result in sorted(ranked, key=lambda pair: pair[0])]


def locate(store: SiteStore, query: str) -> Result | None:
    """The best of what ``find`` gives."""
    if split_near(query) is not None:
        return next(iter(find(store, query)), None)
    return _best(store, query)


def get(store: SiteStore, kind: str, identity: int) -> sqlite3.Row | None:
    """The element of a type (``node``, ``way`` or ``relation``) with an id."""
    return store.one("SELECT * FROM element WHERE type = ? AND id = ?", (kind, identity))


def tags_of(store: SiteStore, kind: str, identity: int) -> dict[str, object]:
    """An element's tags."""
    rows = store.query("SELECT key, value FROM tag WHERE type = ? AND id = ?", (kind, identity))
    return {row["key"]: row["value"] for row in rows}


def members_of(store: SiteStore, relation: int) -> list[Part]:
    """What a relation is made of."""
    return _parts(
        store.query(
            "SELECT type, id, name, role FROM member JOIN element USING (type, id)"
            " WHERE relation_id = ? ORDER BY position",
            (relation,),
        )
    )


def relations_with(store: SiteStore, kind: str, identity: int) -> list[Part]:
    """The relations that an element is part of."""
    return _parts(
        store.query(
            "SELECT element.type, element.id, name, role FROM member"
            " JOIN element ON element.type = 'relation' AND element.id = relation_id"
            " WHERE member.type = ? AND member.id = ? ORDER BY relation_id",
            (kind, identity),
        )
    )


def result_of(row: sqlite3.Row) -> Result:
    """A row of ``element`` as a search result."""
    return Result(row["kind"], row["name"], row["address"], f"/{row['type']}/{row['id']}", (row["lat"], row["lon"]))


def _parts(rows: list[sqlite3.Row]) -> list[Part]:
    return [Part(*row) for row in rows]


def _condition(column: str, words: list[str]) -> tuple[str, dict[str, str]]:
    """SQL that is true when each word, its singular or the state it is the code of begins a word of ``column``."""
    clauses: list[str] = []
    parameters: dict[str, str] = {}
    for word in words:
        forms = [*singulars(word), *([_CODES[word]] if word in _CODES else [])]
        names = [f"word{len(parameters) + position}" for position in range(len(forms))]
        clauses.append("(" + " OR ".join(f"{column} GLOB :{name}" for name in names) + ")")
        parameters |= {name: f"* {form}*" for name, form in zip(names, forms, strict=True)}
    return " AND ".join(clauses) or "1", parameters


def _read(query: str) -> tuple[list[str], str]:
    """The words of a query, and its whole text as names are compared with it."""
    text = query.replace("'", "")
    return words_of(text), plain(text)


def _best(store: SiteStore, query: str) -> Result | None:
    exact = _exact(store, query)
    if exact is not None:
        return exact
    words, wanted = _read(query)
    best = _ranked_elements(store, words, wanted, 1) if words else []
    if words and (not best or best[0][0] > 1):  # a street's own name may fit better than what stands on it
        best = sorted(best + _ranked_streets(store, words, wanted), key=lambda pair: pair[0])
    return best[0][1] if best else None


def _exact(store: SiteStore, query: str) -> Result | None:
    """The most important element of just this name, or of just this name and address."""
    name, _, address = query.strip().partition(", ")
    row = store.one(
        "SELECT type, id, name, kind, address, lat, lon FROM element WHERE plain_name = :name AND name <> ''"
        " AND (:address = '' OR address = :address) ORDER BY importance DESC, name, type, id",
        {"name": _read(name)[1], "address": address},
    )
    return None if row is None else result_of(row)


def _ranked_elements(store: SiteStore, words: list[str], wanted: str, limit: int) -> list[tuple[int, Result]]:
    condition, parameters = _condition("words", words)
    rows = store.query(
        f"SELECT type, id, name, kind, address, lat, lon, {_MISMATCH} AS mismatch FROM element"
        f" WHERE name <> '' AND {condition} ORDER BY mismatch, importance DESC, name, type, id LIMIT {limit}",
        {"wanted": wanted, **parameters},
    )
    return [(row["mismatch"], result_of(row)) for row in rows]


def _ranked_streets(store: SiteStore, words: list[str], wanted: str) -> list[tuple[int, Result]]:
    return [(mismatch(street, wanted), street) for street in _streets(store, *_condition("words", words))]


def _near(store: SiteStore, words: str, anchor: Result) -> list[Result]:
    condition, parameters = _condition("kind_words", _read(words)[0])
    return [result for result in _by_distance(store, anchor.point, condition, parameters) if result.path != anchor.path]


def _by_distance(store: SiteStore, point: Point, condition: str, parameters: Mapping[str, str]) -> list[Result]:
    """Elements that meet a condition, nearest first; distances are those of a flat map."""
    lat, lon = point
    rows = store.query(
        f"SELECT type, id, name, kind, address, lat, lon FROM element WHERE name <> '' AND {condition}"
        " ORDER BY (lat - :lat) * (lat - :lat) + (lon - :lon) * (lon - :lon) * :shrink, type, id"
        f" LIMIT {_MOST_RESULTS}",
        {"lat": lat, "lon": lon, "shrink": math.cos(math.radians(lat)) ** 2, **parameters},
    )
    return [result_of(row) for row in rows]


def street(store: SiteStore, identity: int) -> Result | None:
    """The street with an id."""
    return next(iter(_streets(store, "street.id = :id", {"id": identity})), None)


def _streets(store: SiteStore, condition: str, parameters: Mapping[str, object]) -> list[Result]:
    rows = store.query(
        "SELECT street.id, name, highway, address, lat, lon FROM street"
        " JOIN road ON road.id = (SELECT min(id) FROM road WHERE street_id = street.id)"
        f" JOIN junction ON junction.id = start_id WHERE {condition} ORDER BY street.id",
        dict(parameters),
    )
    return [
        Result(row["highway"].capitalize(), row["name"], row["address"], f"/way/{row['id']}", (row["lat"], row["lon"]))
        for row in rows
    ]
