"""The replica's streets and roads: those of its data files, and a grid of streets in every town."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import pairwise

from webrl_gym.road_graph import Point, great_circle_metres
from webrl_gym.sites.map.seed_replica_gazetteer import Town, cities, neighbourhoods, read_data
from webrl_gym.sites.map.vocabulary_replica import AVENUES, STREETS

_ROWS, _COLUMNS = 3, 4
_BLOCK_LAT, _BLOCK_LON = 0.0027, 0.0038
_CENTER = (1, 1)
_FIRST_STREET = 50_000_001
_PLAIN_DETOUR = 1.03


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a town's street between two junctions; ``position`` counts from one end of the street."""

    street: str
    start: Point
    end: Point
    position: int


@dataclass(slots=True)
class Network:
    """Streets, junctions and roads as rows of their tables."""

    streets: list[tuple[int, str, str, str]] = field(default_factory=list)
    junctions: list[tuple[int, float, float]] = field(default_factory=list)
    roads: list[tuple[int, int, int, int]] = field(default_factory=list)
    pieces: dict[str, list[Piece]] = field(default_factory=dict)
    _by_name: dict[str, int] = field(default_factory=dict)
    _street_ids: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def add_junction(self, name: str, point: Point) -> int:
        """Makes a junction that roads can name; the name may be empty."""
        identity = len(self.junctions) + 1
        self.junctions.append((identity, round(point[0], 7), round(point[1], 7)))
        if name:
            self._by_name[name] = identity
        return identity

    def junction(self, name: str) -> int:
        """The junction of this name."""
        return self._by_name[name]

    def add_road(self, street: str, address: str, highway: str, ends: tuple[int, int], metres: float | None) -> None:
        """Joins two junctions; without ``metres`` by a road a little longer than the straight line."""
        key = (street, address, highway)
        if key not in self._street_ids:
            self._street_ids[key] = _FIRST_STREET + 7 * len(self.streets)
            self.streets.append((self._street_ids[key], street, highway, address))
        if metres is None:
            metres = self._straight(ends) * _PLAIN_DETOUR
        self.roads.append((self._street_ids[key], *ends, max(1, round(metres))))

    def add_chain(self, street: str, highway: str, detour: float, names: list[str], lengths: dict[str, int]) -> None:
        """Joins named junctions one after the other; ``lengths`` overrides the length of ``a|b``."""
        for one, other in pairwise(names):
            ends = (self.junction(one), self.junction(other))
            metres = lengths.get(f"{one}|{other}", self._straight(ends) * detour)
            self.add_road(street, "", highway, ends, metres)

    def _straight(self, ends: tuple[int, int]) -> float:
        one, other = (self.junctions[end - 1][1:] for end in ends)
        return great_circle_metres(one, other)


@dataclass(frozen=True, slots=True)
class Approach:
    """The road that a known place stands at the end of.

    Attributes:
        place: Name of the place; others may start at ``@`` and this name.
        street: Name of the road.
        address: Where the road is; empty if that is not known.
        start: Name of the junction where it begins.
        metres: Length.
        end: Where the place is.
    """

    place: str
    street: str
    address: str
    start: str
    metres: float
    end: Point


def build_network(approaches: list[Approach], rng: random.Random) -> Network:
    """Lays out all roads.

    Args:
        approaches: Roads to known places, after those they start from.
        rng: Draws street names.
    """
    network = Network()
    data = read_data("roads")
    for town in (*cities().values(), *neighbourhoods()):
        network.add_junction(town.key, town.point)
        _lay_out_town(network, town, rng)
    for name, point in data["junctions"].items():
        network.add_junction(name, point)
    for street, highway, detour, names in data["roads"]:
        network.add_chain(street, highway, detour, names, data["lengths"])
    for town in neighbourhoods():
        ends = (network.junction("Pittsburgh PA"), network.junction(town.key))
        network.add_road(f"{town.name} Connector", town.address, "primary", ends, None)
    for approach in approaches:
        ends = (network.junction(approach.start), network.add_junction(f"@{approach.place}", approach.end))
        network.add_road(approach.street, approach.address, "residential", ends, approach.metres)
    return network


def _lay_out_town(network: Network, town: Town, rng: random.Random) -> None:
    """Draws a small grid around the town's center, which is one of its corners."""
    corners = [[0] * _COLUMNS for _ in range(_ROWS)]
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            if (row, column) == _CENTER:
                corners[row][column] = network.junction(town.key)
                continue
            lat = town.point[0] + (row - _CENTER[0] + rng.uniform(-0.15, 0.15)) * _BLOCK_LAT
            lon = town.point[1] + (column - _CENTER[1] + rng.uniform(-0.15, 0.15)) * _BLOCK_LON
            corners[row][column] = network.add_junction("", (lat, lon))
    address = f"{town.name}, {town.address}"
    lines = [(f"{name} Street", [row[c] for row in corners]) for c, name in enumerate(rng.sample(STREETS, _COLUMNS))]
    lines += [(f"{name} Avenue", corners[r]) for r, name in enumerate(rng.sample(AVENUES, _ROWS))]
    pieces = network.pieces.setdefault(town.key, [])
    for street, line in lines:
        for position, (start, end) in enumerate(pairwise(line)):
            network.add_road(street, address, "residential", (start, end), None)
            one, other = (network.junctions[number - 1][1:] for number in (start, end))
            pieces.append(Piece(street, one, other, position))
