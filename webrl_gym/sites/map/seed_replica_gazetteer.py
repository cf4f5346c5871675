"""The towns and states of the replica, read from its data files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from webrl_gym.road_graph import Point
from webrl_gym.sites.map.vocabulary_replica import NEIGHBOURHOODS

COUNTRIES = {"US": "United States", "CA": "Canada"}


@dataclass(frozen=True, slots=True)
class State:
    """A state, or a province of the neighbour."""

    name: str
    code: str
    country: str
    point: Point
    population: int


@dataclass(frozen=True, slots=True)
class Town:
    """A city, a town or a part of Pittsburgh, with a grid of streets of its own.

    Attributes:
        key: Name and code of the state: what the data files call it.
        name: Its name.
        address: What follows its name, from the county on and without zip code and country.
        point: Its center.
        population: People who live there; 0 for a part of a city.
        postcode: Zip code of its center.
        area_code: Of its telephone numbers.
        is_part: True for a part of Pittsburgh.
    """

    key: str
    name: str
    address: str
    point: Point
    population: int
    postcode: str
    area_code: int
    is_part: bool = False

    def located(self, where: str, postcode: str = "") -> str:
        """The address of something in this town, in the form of search results."""
        return f"{where}, {self.name}, {self.address}, {postcode or self.postcode}, {COUNTRIES['US']}"


def read_data(name: str) -> Any:
    """A data file of the replica."""
    return json.loads((files("webrl_gym.sites.map") / f"replica_{name}.json").read_text(encoding="utf-8"))


@cache
def states() -> dict[str, State]:
    """States by name."""
    rows = read_data("states")["states"]
    return {name: State(name, code, country, (lat, lon), people) for name, code, country, lat, lon, people in rows}


@cache
def cities() -> dict[str, Town]:
    """Cities and towns by key, for example ``Pittsburgh PA``."""
    found = {}
    for name, county, state, lat, lon, population, postcode, area_code in read_data("cities"):
        key = f"{name} {states()[state].code}"
        address = state if county == state else f"{county}, {state}"
        found[key] = Town(key, name, address, (lat, lon), population, postcode, area_code)
    return found


@cache
def town_names() -> frozenset[str]:
    """Names of all cities and towns."""
    return frozenset(town.name for town in cities().values())


@cache
def neighbourhoods() -> tuple[Town, ...]:
    """Parts of Pittsburgh."""
    pittsburgh = cities()["Pittsburgh PA"]
    address = f"{pittsburgh.name}, {pittsburgh.address}"
    return tuple(
        Town(f"{name} PA", name, address, (lat, lon), 0, postcode, pittsburgh.area_code, is_part=True)
        for name, lat, lon, postcode in NEIGHBOURHOODS
    )
