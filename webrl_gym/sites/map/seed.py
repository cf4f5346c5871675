"""Fills the map's database with one world."""

from __future__ import annotations

import random
import sqlite3

from webrl_gym.sites.map.seed_places import build_map
from webrl_gym.sites.map.seed_replica import populate_replica


def populate(connection: sqlite3.Connection, world: int, rng: random.Random) -> None:
    """Draws a world and stores it; world 0 is the replica."""
    if world == 0:
        populate_replica(connection, rng)
        return
    geography, places = build_map(world, rng)
    connection.executemany(
        "INSERT INTO city (id, name, state, lat, lon, population) VALUES (?, ?, ?, ?, ?, ?)",
        [(city.id, city.name, city.state, *city.center, city.population) for city in geography.cities],
    )
    connection.executemany(
        "INSERT INTO street (id, name, city_id, highway, novel) VALUES (?, ?, ?, ?, ?)",
        [
            (street.id, street.name, street.city.id if street.city else None, street.highway, street.novel)
            for street in geography.streets
        ],
    )
    connection.executemany(
        "INSERT INTO junction (id, lat, lon) VALUES (?, ?, ?)",
        [(identity, *point) for identity, point in geography.junctions.items()],
    )
    connection.executemany(
        "INSERT INTO road (street_id, start_id, end_id, metres) VALUES (?, ?, ?, ?)",
        [(road.street.id, road.start, road.end, road.metres) for road in geography.roads],
    )
    connection.executemany(
        "INSERT INTO place (id, name, kind, tag_key, tag_value, city_id, street_id, housenumber, postcode, lat, lon,"
        " phone, website, opening_hours, novel) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                place.id,
                place.name,
                place.kind.name,
                place.kind.key,
                place.kind.value,
                place.city.id,
                place.road.street.id,
                place.housenumber,
                place.postcode,
                *place.point,
                place.phone,
                place.website,
                place.opening_hours,
                place.novel,
            )
            for place in places
        ],
    )
