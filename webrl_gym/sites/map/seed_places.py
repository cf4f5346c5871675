"""The places of a world's map. The encyclopedia imports ``world_map`` to write about the same ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from webrl_gym.road_graph import Point
from webrl_gym.sites.map.seed_geography import City, Geography, RoadPiece, build_geography
from webrl_gym.sites.map.vocabulary import PLACE_KINDS, PlaceKind
from webrl_gym.sites.words import PLACE_NAMES, novel_words
from webrl_gym.sites.worlds import site_random
from webrl_gym.types import Site

FIRST_NODE_ID = 410_001
"""Ids of places have six digits each, so that no address of a place is the beginning of another."""

_NOVEL_SHARE = 0.15
_HOUSE_OFFSET = 0.00012


@dataclass(frozen=True, slots=True)
class Place:
    """A place with its address and tags; empty text where the map has no such tag."""

    id: int
    name: str
    kind: PlaceKind
    road: RoadPiece
    city: City
    housenumber: int
    postcode: str
    point: Point
    phone: str
    website: str
    opening_hours: str
    novel: bool


def build_map(world: int, rng: random.Random) -> tuple[Geography, list[Place]]:
    """Draws a world's geography and its places."""
    geography = build_geography(world, rng)
    return geography, _build_places(geography, world, rng)


def world_map(world: int) -> tuple[Geography, list[Place]]:
    """The geography and places that the map site of ``world`` holds."""
    return build_map(world, site_random(Site.MAP, world))


def _build_places(geography: Geography, world: int, rng: random.Random) -> list[Place]:
    wanted = [(city, kind) for kind in PLACE_KINDS for city in geography.cities for _ in range(kind.count)]
    novel_names = novel_words(world, "place", round(len(wanted) * _NOVEL_SHARE))
    novel_positions = dict(zip(sorted(rng.sample(range(len(wanted)), len(novel_names))), novel_names, strict=True))
    proper_names = {kind.name: _proper_names(kind, len(geography.cities) * kind.count, rng) for kind in PLACE_KINDS}
    house_numbers: set[tuple[int, int]] = set()
    phones: set[str] = set()
    drafts = []
    for position, (city, kind) in enumerate(wanted):
        novel = position in novel_positions
        proper_name = novel_positions[position] if novel else next(proper_names[kind.name])
        name = f"{proper_name} {rng.choice(kind.endings)}"
        road, number, point = _free_house(geography, city, house_numbers, rng)
        drafts.append(
            Place(
                id=0,
                name=name,
                kind=kind,
                road=road,
                city=city,
                housenumber=number,
                postcode=_postcode(city, point),
                point=point,
                phone=_phone(city, phones, rng) if rng.random() < 0.82 else "",
                website=f"https://{name.lower().replace(' ', '')}.example" if rng.random() < 0.6 else "",
                opening_hours=rng.choice(kind.hours) if kind.hours and rng.random() < 0.9 else "",
                novel=novel,
            )
        )
    rng.shuffle(drafts)
    return [_numbered(place, FIRST_NODE_ID + 13 * index) for index, place in enumerate(drafts)]


def _numbered(place: Place, identity: int) -> Place:
    values = {name: getattr(place, name) for name in Place.__slots__}
    return Place(**{**values, "id": identity})


def _proper_names(kind: PlaceKind, count: int, rng: random.Random) -> Iterator[str]:
    """Names for all places of a kind: each once, or each several times for chains."""
    if kind.chain:
        few = rng.sample(PLACE_NAMES, (count + 1) // 2)
        return iter((few * 2)[:count])
    return iter(rng.sample(PLACE_NAMES, count))


def _free_house(
    geography: Geography, city: City, taken: set[tuple[int, int]], rng: random.Random
) -> tuple[RoadPiece, int, Point]:
    """A house that no place has yet: its road, its number and where it stands."""
    roads = [
        road
        for road in geography.roads
        if road.street.city is city and road.street.highway in ("residential", "primary")
    ]
    while True:
        road, step, side = rng.choice(roads), rng.randrange(10, 45), rng.randrange(2)
        number = (road.position + 1) * 100 + step * 2 + side
        if (road.street.id, number) not in taken:
            taken.add((road.street.id, number))
            break
    (lat, lon), (end_lat, end_lon) = geography.junctions[road.start], geography.junctions[road.end]
    part, shift = step / 50, _HOUSE_OFFSET * (1 if side else -1)
    across = (0.0, shift) if abs(end_lat - lat) > abs(end_lon - lon) else (shift, 0.0)
    point = (lat + (end_lat - lat) * part + across[0], lon + (end_lon - lon) * part + across[1])
    return road, number, (round(point[0], 5), round(point[1], 5))


def _postcode(city: City, point: Point) -> str:
    east = point[1] - city.center[1]
    return city.postcodes[0 if east < -0.0065 else 1 if east < 0.0065 else 2]


def _phone(city: City, taken: set[str], rng: random.Random) -> str:
    while True:
        phone = f"+1-{city.area_code}-{rng.randrange(200, 990)}-{rng.randrange(1000, 10_000)}"
        if phone not in taken:
            taken.add(phone)
            return phone
