"""Fills world 0 of the map: places around Pittsburgh and the Northeast, for the official tasks and around them.

Names, addresses, telephone numbers and coordinates of known places are facts; they stand in ``replica_*.json``, and so
do the main roads. Everything else is drawn from the generator. Which lengths of roads the official answers hang on is
told in ``tests/webrl_gym/sites/test_map_replica.py``.
"""

from __future__ import annotations

import math
import random
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from webrl_gym.road_graph import Point
from webrl_gym.sites.map.seed_replica_gazetteer import (
    COUNTRIES,
    Town,
    cities,
    neighbourhoods,
    read_data,
    states,
    town_names,
)
from webrl_gym.sites.map.seed_replica_network import Approach, Network, Piece, build_network
from webrl_gym.sites.map.vocabulary_replica import KINDS, PROPER_NAMES, SENSITIVE_IN_PITTSBURGH, Kind

_FIRST_IDS = {"node": 300_000_017, "way": 200_000_029, "relation": 100_000_007}
_ID_STEP = 41
_HOUSE_OFFSET = 0.00012


@dataclass(slots=True)
class Element:
    """A row of ``element`` before it has an id, and its tags."""

    type: str
    name: str
    kind: str
    address: str
    point: Point
    importance: int
    other_words: str = ""
    tags: dict[str, str] = field(default_factory=dict)


def populate_replica(connection: sqlite3.Connection, rng: random.Random) -> None:
    """Stores the whole replica."""
    known = read_data("places")
    network = build_network([_approach(row) for row in known], rng)
    elements = [_known_place(row) for row in known]
    elements += [_city(town) for town in cities().values()]
    elements += _town_places(network, rng)
    _store_network(connection, network)
    state_elements = [_state(name) for name in states()]
    borders = [_border(one, other) for one, other in read_data("states")["borders"]]
    ids = _store_elements(connection, [*elements, *state_elements, *borders])
    _store_members(connection, dict(zip(states(), ids[len(elements) :], strict=False)), ids[-len(borders) :])


def _known_place(row: list[Any]) -> Element:
    """An element from a row of ``replica_places.json``."""
    type_, name, kind, tag, _, _, _, lat, lon, importance, words, _, tags = row
    address = _address(row)
    key, value = tag.split("=")
    all_tags = {"name": name, key: value, **_address_tags(address), **tags}
    return Element(type_, name, kind, address, (lat, lon), importance, f"{value.replace('_', ' ')} {words}", all_tags)


def _approach(row: list[Any]) -> Approach:
    """The road to the place of a row of ``replica_places.json``."""
    street, start, metres = row[11]
    return Approach(row[1], street, _address(row).partition(f"{street}, ")[2], start, metres, (row[7], row[8]))


def _address(row: list[Any]) -> str:
    """The whole address: rows in a known town leave out the town."""
    town, address, postcode = row[4:7]
    return str(address) if town is None else cities()[town].located(address, postcode)


def _address_tags(address: str) -> dict[str, str]:
    """What an address of search results says in tags; only what can be told for certain."""
    parts = address.split(", ")
    tags = {"addr:country": "US"}
    if parts[0].isdigit():
        tags |= {"addr:housenumber": parts[0], "addr:street": parts[1]}
    for part in parts[1:]:
        if re.fullmatch(r"\d{5}", part):
            tags["addr:postcode"] = part
        elif part in states():
            tags["addr:state"] = states()[part].code
        if part in town_names():
            tags.setdefault("addr:city", part)
    return tags


def _city(town: Town) -> Element:
    importance = 40 + round(8 * math.log10(town.population))
    words = "nyc new york city manhattan" if town.key == "New York NY" else town.key.rsplit(" ", 1)[1].lower()
    tags = {"name": town.name, "place": "city", "population": str(town.population), "boundary": "administrative"}
    return Element(
        "relation", town.name, "City", f"{town.address}, {COUNTRIES['US']}", town.point, importance, words, tags
    )


def _state(name: str) -> Element:
    state = states()[name]
    tags = {
        "ISO3166-2": f"{state.country}-{state.code}",
        "admin_level": "4",
        "boundary": "administrative",
        "name": name,
        "population": str(state.population),
        "ref": state.code,
    }
    return Element(
        "relation", name, "State Boundary", COUNTRIES[state.country], state.point, 95, state.code.lower(), tags
    )


def _border(one: str, other: str) -> Element:
    (lat, lon), (other_lat, other_lon) = states()[one].point, states()[other].point
    middle = (round((lat + other_lat) / 2, 5), round((lon + other_lon) / 2, 5))
    tags = {"admin_level": "4", "boundary": "administrative", "source": "USGS"}
    return Element("way", "", "Administrative Boundary", "", middle, 0, "", tags)


def _town_places(network: Network, rng: random.Random) -> Iterator[Element]:
    for town in (*cities().values(), *neighbourhoods()):
        taken: set[tuple[str, int]] = set()
        for kind in KINDS:
            if kind.name in SENSITIVE_IN_PITTSBURGH and "Pittsburgh" in (town.name, *town.address.split(", ")):
                continue
            for _ in range(kind.count):
                yield _town_place(kind, town, network.pieces[town.key], taken, rng)


def _town_place(
    kind: Kind, town: Town, pieces: list[Piece], taken: set[tuple[str, int]], rng: random.Random
) -> Element:
    ending = rng.choice(kind.names)
    name = rng.choice(PROPER_NAMES) + ending if ending.startswith(" ") else ending
    while True:
        piece, step, side = rng.choice(pieces), rng.randrange(8, 42), rng.randrange(2)
        number = (piece.position + 1) * 100 + 2 * step + side
        if (piece.street, number) not in taken:
            break
    taken.add((piece.street, number))
    part, shift = step / 50, _HOUSE_OFFSET * (1 if side else -1)
    (lat, lon), (end_lat, end_lon) = piece.start, piece.end
    point = (round(lat + (end_lat - lat) * part + shift, 7), round(lon + (end_lon - lon) * part + shift, 7))
    address = town.located(f"{number}, {piece.street}")
    key, value = kind.tag.split("=")
    tags = {"name": name, key: value, **_address_tags(address)}
    if rng.random() < 0.7:
        tags["phone"] = f"+1 {town.area_code} {rng.randrange(200, 990)} {rng.randrange(1000, 10_000)}"
    if kind.hours:
        tags["opening_hours"] = rng.choice(kind.hours)
    if kind.tags:
        tag_key, _, tag_value = rng.choice(kind.tags).partition("=")
        tags[tag_key] = tag_value
    if not ending.startswith(" "):
        tags["brand"] = name
    words = f"{value.replace('_', ' ')} {kind.words}"
    return Element("node", name, kind.name, address, point, kind.importance, words, tags)


def _store_network(connection: sqlite3.Connection, network: Network) -> None:
    connection.executemany("INSERT INTO street (id, name, highway, address) VALUES (?, ?, ?, ?)", network.streets)
    connection.executemany("INSERT INTO junction (id, lat, lon) VALUES (?, ?, ?)", network.junctions)
    connection.executemany("INSERT INTO road (street_id, start_id, end_id, metres) VALUES (?, ?, ?, ?)", network.roads)


def _store_elements(connection: sqlite3.Connection, elements: list[Element]) -> list[int]:
    """Stores elements and their tags; gives their ids."""
    ids = [_FIRST_IDS[element.type] + _ID_STEP * number for number, element in enumerate(elements)]
    connection.executemany(
        "INSERT INTO element (type, id, name, kind, address, other_words, importance, lat, lon)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (one.type, identity, one.name, one.kind, one.address, one.other_words, one.importance, *one.point)
            for identity, one in zip(ids, elements, strict=True)
        ],
    )
    connection.executemany(
        "INSERT INTO tag (type, id, key, value) VALUES (?, ?, ?, ?)",
        [
            (element.type, identity, key, value)
            for identity, element in zip(ids, elements, strict=True)
            for key, value in element.tags.items()
        ],
    )
    return ids


def _store_members(connection: sqlite3.Connection, state_ids: dict[str, int], border_ids: list[int]) -> None:
    """Makes each border a part of the two states that share it."""
    members: dict[str, list[int]] = {name: [] for name in state_ids}
    for pair, identity in zip(read_data("states")["borders"], border_ids, strict=True):
        for name in pair:
            members[name].append(identity)
    connection.executemany(
        "INSERT INTO member (relation_id, position, type, id, role) VALUES (?, ?, 'way', ?, 'outer')",
        [
            (state_ids[name], position, identity)
            for name, ids in members.items()
            for position, identity in enumerate(ids, start=1)
        ],
    )
