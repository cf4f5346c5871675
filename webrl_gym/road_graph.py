"""Fastest ways over a road network, for one who travels by car, by bicycle or on foot.

Pure: rows in, routes out. The map site draws its directions from this, and the practice tasks their reference
answers, so neither has to know the other.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

Point = tuple[float, float]
"""Latitude and longitude in degrees."""

EARTH_RADIUS = 6_371_000.0
"""Mean radius of the earth, in metres."""

_START, _GOAL = -1, -2


class TravelMode(StrEnum):
    """The ways to travel, by the names of OpenStreetMap's routing engines."""

    CAR = "fossgis_osrm_car"
    BICYCLE = "fossgis_osrm_bike"
    FOOT = "fossgis_osrm_foot"


SPEEDS: dict[TravelMode, dict[str, float]] = {
    TravelMode.CAR: {"motorway": 100.0, "trunk": 70.0, "primary": 45.0, "residential": 28.0, "ferry": 6.0},
    TravelMode.BICYCLE: {"trunk": 17.0, "primary": 15.0, "residential": 15.0, "cycleway": 18.0, "ferry": 6.0},
    TravelMode.FOOT: {"trunk": 5.0, "primary": 5.0, "residential": 5.0, "cycleway": 5.0, "footway": 5.0, "ferry": 6.0},
}
"""Kilometres an hour by mode and OpenStreetMap's ``highway`` class; a class that is missing may not be used."""

_NO_STOPPING = frozenset(("motorway", "ferry"))


@dataclass(frozen=True, slots=True)
class Road:
    """A piece of street between two junctions, open in both directions.

    Attributes:
        start: Id of the junction at one end.
        end: Id of the junction at the other end.
        street: Name of the street.
        highway: Class of the road, a key of ``SPEEDS``.
        metres: Length.
    """

    start: int
    end: int
    street: str
    highway: str
    metres: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A straight part of a route.

    Attributes:
        street: Name of the street.
        start: Where it begins.
        end: Where it ends.
        metres: Length.
        seconds: Travel time.
    """

    street: str
    start: Point
    end: Point
    metres: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Route:
    """A way from one point to another, in travel order."""

    stretches: tuple[Stretch, ...]

    @property
    def metres(self) -> float:
        """Length of the whole way."""
        return sum(stretch.metres for stretch in self.stretches)

    @property
    def seconds(self) -> float:
        """Travel time of the whole way."""
        return sum(stretch.seconds for stretch in self.stretches)


@dataclass(frozen=True, slots=True)
class _RoadPoint:
    """A place on a road: ``fraction`` of its length away from its start."""

    road: Road
    fraction: float


class RoadGraph:
    """A road network that finds fastest routes."""

    def __init__(self, junctions: Mapping[int, Point], roads: Sequence[Road]) -> None:
        """Prepares the network.

        Args:
            junctions: Junction id (positive) to its point.
            roads: The pieces of street between them.
        """
        self.junctions = dict(junctions)
        self.roads = tuple(roads)
        self._links: dict[TravelMode, dict[int, list[tuple[int, float, Road]]]] = {}
        ends = [(*self.junctions[road.start], *self.junctions[road.end]) for road in self.roads]
        # One row each of starts' latitudes and longitudes, and of ends': all roads are measured at once.
        self._ends = np.array(ends, dtype=np.float64).reshape(-1, 4).T
        self._no_stop = {
            mode: np.array(
                [road.highway in _NO_STOPPING or road.highway not in speeds for road in self.roads], dtype=bool
            )
            for mode, speeds in SPEEDS.items()
        }

    def roads_within(self, south: float, west: float, north: float, east: float) -> list[Road]:
        """Roads with an end in a box of degrees, in the order they were given."""
        start_lat, start_lon, end_lat, end_lon = self._ends
        inside = (start_lat >= south) & (start_lat <= north) & (start_lon >= west) & (start_lon <= east)
        inside |= (end_lat >= south) & (end_lat <= north) & (end_lon >= west) & (end_lon <= east)
        return [self.roads[position] for position in np.flatnonzero(inside)]

    def route(self, start: Point, goal: Point, mode: TravelMode) -> Route | None:
        """The fastest way between the road points nearest to ``start`` and ``goal``; None when there is none."""
        here, there = self._nearest_road_point(start, mode), self._nearest_road_point(goal, mode)
        if here is None or there is None:
            return None
        if here.road is there.road:
            return Route((self._stretch(here.road, mode, here.fraction, there.fraction),))
        before = self._search(here, there, mode)
        if _GOAL not in before:
            return None
        stretches: list[Stretch] = []
        node = _GOAL
        while node != _START:
            previous, road = before[node]
            begin = here.fraction if previous == _START else float(previous == road.end)
            end = there.fraction if node == _GOAL else float(node == road.end)
            stretches.append(self._stretch(road, mode, begin, end))
            node = previous
        return Route(tuple(reversed(stretches)))

    def _links_of(self, mode: TravelMode) -> dict[int, list[tuple[int, float, Road]]]:
        """For each junction the next ones, with the seconds to them and the roads; made when a mode is first asked."""
        if mode not in self._links:
            speeds = SPEEDS[mode]
            links: dict[int, list[tuple[int, float, Road]]] = {junction: [] for junction in self.junctions}
            for road in self.roads:
                if road.highway in speeds:
                    seconds = _seconds(road, mode)
                    links[road.start].append((road.end, seconds, road))
                    links[road.end].append((road.start, seconds, road))
            self._links[mode] = links
        return self._links[mode]

    def _search(self, here: _RoadPoint, there: _RoadPoint, mode: TravelMode) -> dict[int, tuple[int, Road]]:
        """Dijkstra's algorithm; gives for each node reached the node before it and the road between them."""
        links = self._links_of(mode)
        last_steps = {
            there.road.start: _seconds(there.road, mode) * there.fraction,
            there.road.end: _seconds(there.road, mode) * (1 - there.fraction),
        }
        before: dict[int, tuple[int, Road]] = {}
        cost: dict[int, float] = {}
        heap: list[tuple[float, int]] = []

        def relax(node: int, seconds: float, previous: int, road: Road) -> None:
            if seconds < cost.get(node, math.inf):
                cost[node] = seconds
                before[node] = (previous, road)
                heapq.heappush(heap, (seconds, node))

        relax(here.road.start, _seconds(here.road, mode) * here.fraction, _START, here.road)
        relax(here.road.end, _seconds(here.road, mode) * (1 - here.fraction), _START, here.road)
        while heap:
            seconds, node = heapq.heappop(heap)
            if node == _GOAL:
                break
            if seconds > cost[node]:
                continue
            if node in last_steps:
                relax(_GOAL, seconds + last_steps[node], node, there.road)
            for neighbour, more, road in links[node]:
                relax(neighbour, seconds + more, node, road)
        return before

    def _nearest_road_point(self, point: Point, mode: TravelMode) -> _RoadPoint | None:
        lat, lon = point
        shrink = math.cos(math.radians(lat))
        start_lat, start_lon, end_lat, end_lon = self._ends
        ahead_x, ahead_y = (end_lon - start_lon) * shrink, end_lat - start_lat
        x, y = (lon - start_lon) * shrink, lat - start_lat
        squares = ahead_x * ahead_x + ahead_y * ahead_y
        squares[squares == 0.0] = 1.0
        along = np.clip((x * ahead_x + y * ahead_y) / squares, 0.0, 1.0)
        gaps = (x - along * ahead_x) ** 2 + (y - along * ahead_y) ** 2
        gaps[self._no_stop[mode]] = math.inf
        if not np.isfinite(gaps).any():
            return None
        nearest = int(gaps.argmin())
        return _RoadPoint(self.roads[nearest], float(along[nearest]))

    def _stretch(self, road: Road, mode: TravelMode, begin: float, end: float) -> Stretch:
        part = abs(end - begin)
        start_point, end_point = self.junctions[road.start], self.junctions[road.end]
        return Stretch(
            road.street,
            _between(start_point, end_point, begin),
            _between(start_point, end_point, end),
            road.metres * part,
            _seconds(road, mode) * part,
        )


def great_circle_metres(one: Point, other: Point) -> float:
    """Distance as the crow flies, in metres (haversine formula)."""
    lat, other_lat = math.radians(one[0]), math.radians(other[0])
    half_lat, half_lon = (other_lat - lat) / 2, math.radians(other[1] - one[1]) / 2
    root = math.sin(half_lat) ** 2 + math.cos(lat) * math.cos(other_lat) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(root))


def distance_text(metres: float) -> str:
    """A distance as OpenStreetMap writes it: ``560m``, ``5.2km``, ``52km``."""
    if metres < 999.5:
        return f"{metres:.0f}m"
    return f"{metres / 1000:.1f}km" if metres < 10_000 else f"{metres / 1000:.0f}km"


def duration_text(seconds: float) -> str:
    """A travel time as OpenStreetMap writes it, in hours and minutes: ``0:12``."""
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02d}"


def _seconds(road: Road, mode: TravelMode) -> float:
    return road.metres / SPEEDS[mode][road.highway] * 3.6


def _between(start: Point, end: Point, fraction: float) -> Point:
    return start[0] + (end[0] - start[0]) * fraction, start[1] + (end[1] - start[1]) * fraction
