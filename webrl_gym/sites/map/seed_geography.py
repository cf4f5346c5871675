"""The cities, streets and roads of a world.

Pure functions of a random generator: the same world has the same geography on every machine, and the encyclopedia
builds it again to write about the same places (see ``seed_places.world_map``).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from webrl_gym.road_graph import Point, great_circle_metres
from webrl_gym.sites.map.vocabulary import CITY_NAMES, COUNTRY_ROADS, STATES, STREET_NAMES, TRAIL_NAMES
from webrl_gym.sites.words import novel_words

COLUMNS, ROWS = 9, 8
"""Streets running north and avenues running east, in each city."""

_BLOCK_LAT, _BLOCK_LON = 0.0036, 0.0050
_CITY_OFFSETS = ((0.0, 0.0), (0.13, 0.34), (-0.21, 0.24))
_MAIN_ROW, _MAIN_COLUMN = ROWS // 2, COLUMNS // 2
_NOVEL_STREETS = 2


@dataclass(frozen=True, slots=True)
class City:
    """A city; ``postcodes`` go from west to east."""

    id: int
    name: str
    state: str
    center: Point
    population: int
    area_code: int
    postcodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Street:
    """A named street; ``city`` is None for roads between cities."""

    id: int
    name: str
    city: City | None
    highway: str
    novel: bool = False


@dataclass(frozen=True, slots=True)
class RoadPiece:
    """A street between two junctions; ``position`` counts its pieces from the west or the south."""

    street: Street
    start: int
    end: int
    metres: int
    position: int


@dataclass(slots=True)
class Geography:
    """All cities, streets, junctions (id to point) and road pieces of a world."""

    cities: list[City] = field(default_factory=list)
    streets: list[Street] = field(default_factory=list)
    junctions: dict[int, Point] = field(default_factory=dict)
    roads: list[RoadPiece] = field(default_factory=list)

    def add_street(self, name: str, city: City | None, highway: str, *, novel: bool = False) -> Street:
        """Makes a street with the next id."""
        street = Street(len(self.streets) + 1, name, city, highway, novel)
        self.streets.append(street)
        return street

    def add_junction(self, lat: float, lon: float) -> int:
        """Makes a junction with the next id."""
        identity = len(self.junctions) + 1
        self.junctions[identity] = (round(lat, 5), round(lon, 5))
        return identity

    def add_road(self, street: Street, start: int, end: int, position: int, detour: float = 1.0) -> None:
        """Joins two junctions; ``detour`` is how much longer the road is than the straight line."""
        metres = round(great_circle_metres(self.junctions[start], self.junctions[end]) * detour)
        self.roads.append(RoadPiece(street, start, end, metres, position))


def build_geography(world: int, rng: random.Random) -> Geography:
    """Draws three cities and the roads in and between them."""
    geography = Geography()
    state = rng.choice(STATES)
    south, west = rng.uniform(40.1, 41.6), rng.uniform(-80.2, -75.4)
    prefixes = rng.sample(range(120, 190), len(_CITY_OFFSETS))
    area_codes = rng.sample(range(212, 860), len(_CITY_OFFSETS))
    novel_names = novel_words(world, "street", _NOVEL_STREETS * len(_CITY_OFFSETS))
    corners: list[list[list[int]]] = []
    for number, name in enumerate(rng.sample(CITY_NAMES, len(_CITY_OFFSETS))):
        north_of, east_of = _CITY_OFFSETS[number]
        center = (south + north_of + rng.uniform(-0.03, 0.03), west + east_of + rng.uniform(-0.03, 0.03))
        city = City(
            id=number + 1,
            name=name,
            state=state,
            center=(round(center[0], 5), round(center[1], 5)),
            population=rng.randrange(18_000, 320_000),
            area_code=area_codes[number],
            postcodes=tuple(f"{prefixes[number]}{part:02d}" for part in sorted(rng.sample(range(1, 60), 3))),
        )
        geography.cities.append(city)
        novel = novel_names[number * _NOVEL_STREETS : (number + 1) * _NOVEL_STREETS]
        corners.append(_lay_out_city(geography, city, novel, rng))
    _connect_cities(geography, corners, rng)
    return geography


def _lay_out_city(geography: Geography, city: City, novel_names: list[str], rng: random.Random) -> list[list[int]]:
    """Draws a city's streets; returns its junctions by row and column."""
    corners = [
        [
            geography.add_junction(
                city.center[0] + (row - _MAIN_ROW + rng.uniform(-0.18, 0.18)) * _BLOCK_LAT,
                city.center[1] + (column - _MAIN_COLUMN + rng.uniform(-0.18, 0.18)) * _BLOCK_LON,
            )
            for column in range(COLUMNS)
        ]
        for row in range(ROWS)
    ]
    names = rng.sample(STREET_NAMES, COLUMNS + ROWS - len(novel_names)) + novel_names
    rng.shuffle(names)
    for column in range(COLUMNS):
        main = column == _MAIN_COLUMN
        name = names[column]
        street = geography.add_street(
            f"{name} Street", city, "primary" if main else "residential", novel=name in novel_names
        )
        for row in range(ROWS - 1):
            geography.add_road(street, corners[row][column], corners[row + 1][column], row)
    for row in range(ROWS):
        main = row == _MAIN_ROW
        name = names[COLUMNS + row]
        street = geography.add_street(
            f"{name} Avenue", city, "primary" if main else "residential", novel=name in novel_names
        )
        for column in range(COLUMNS - 1):
            # Avenues may have gaps: the streets and the main avenue still hold the city together.
            if main or rng.random() > 0.12:
                geography.add_road(street, corners[row][column], corners[row][column + 1], column)
    _add_trails(geography, city, corners, rng)
    return corners


def _add_trails(geography: Geography, city: City, corners: list[list[int]], rng: random.Random) -> None:
    """Ways across blocks that cars may not use, so that the three modes differ."""
    names = rng.sample(TRAIL_NAMES, 4)
    for number, name in enumerate(names):
        trail = geography.add_street(name, city, "cycleway" if number % 2 else "footway")
        row, column = rng.randrange(ROWS - 2), rng.randrange(COLUMNS - 2)
        rising = rng.random() < 0.5
        for step in range(2):
            low, high = (row + step, row + step + 1) if rising else (row + 2 - step, row + 1 - step)
            geography.add_road(trail, corners[low][column + step], corners[high][column + step + 1], step, detour=1.05)


def _connect_cities(geography: Geography, corners: list[list[list[int]]], rng: random.Random) -> None:
    """A motorway for cars and a country road for all between each two cities."""
    numbers = rng.sample(range(61, 99), 3)
    country_names = rng.sample(COUNTRY_ROADS, 3)
    for pair, (one, other) in enumerate(((0, 1), (0, 2), (2, 1))):
        start, end = corners[one][_MAIN_ROW][COLUMNS - 1], corners[other][_MAIN_ROW][0]
        motorway = geography.add_street(f"Interstate {numbers[pair]}", None, "motorway")
        _add_long_road(geography, motorway, start, end, 0.012, rng)
        start, end = corners[one][ROWS - 1][_MAIN_COLUMN + 1], corners[other][0][_MAIN_COLUMN - 1]
        country_road = geography.add_street(country_names[pair], None, "trunk")
        _add_long_road(geography, country_road, start, end, 0.03, rng)


def _add_long_road(geography: Geography, street: Street, start: int, end: int, bend: float, rng: random.Random) -> None:
    (lat, lon), (end_lat, end_lon) = geography.junctions[start], geography.junctions[end]
    pieces = max(2, math.ceil(abs(end_lon - lon) / 0.08))
    before = start
    for piece in range(1, pieces):
        part = piece / pieces
        between = geography.add_junction(
            lat + (end_lat - lat) * part + rng.uniform(-bend, bend), lon + (end_lon - lon) * part
        )
        geography.add_road(street, before, between, piece - 1, detour=1.04)
        before = between
    geography.add_road(street, before, end, pieces - 1, detour=1.04)
