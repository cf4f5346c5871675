"""The drawn map beside the text: one small SVG of roads, a route and markers, made on the server."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from webrl_gym.road_graph import Point, RoadGraph

_SIZE = 1000
_MAIN_CLASSES = ("motorway", "trunk", "primary", "ferry")
_WIDEST_MARGIN = 0.1
"""Degrees around a map whose roads are drawn too."""
_MAIN_ROADS_ONLY = 0.7
"""Half the height of a map, in degrees, from which small roads are left out."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Path data for an SVG of 1000 by 1000 units: ``d`` attributes of its paths, and markers as (x, y)."""

    small_roads: str
    main_roads: str
    route: str
    markers: tuple[tuple[int, int], ...]


def draw(graph: RoadGraph, shown: Sequence[Point], route: Sequence[Point] = (), *, margin: float = 0.25) -> Drawing:
    """Draws the roads around some points.

    Args:
        graph: The road network.
        shown: Points that must be on the map; the markers.
        route: Points of a line to emphasise.
        margin: Room around the points, as a share of their extent; at least about a kilometre is shown.
    """
    points = [*shown, *route]
    south, north = min(lat for lat, _ in points), max(lat for lat, _ in points)
    west, east = min(lon for _, lon in points), max(lon for _, lon in points)
    middle_lat, middle_lon = (south + north) / 2, (west + east) / 2
    shrink = math.cos(math.radians(middle_lat))
    half = max((north - south) / 2, (east - west) / 2 * shrink) * (1 + margin) + 0.006

    def place(point: Point) -> tuple[int, int]:
        x = ((point[1] - middle_lon) * shrink / half + 1) / 2 * _SIZE
        y = (1 - (point[0] - middle_lat) / half) / 2 * _SIZE
        return round(x), round(y)

    around = half + min(2 * half, _WIDEST_MARGIN)  # roads may cross the map from margin to margin
    box = (middle_lat - around, middle_lon - around / shrink, middle_lat + around, middle_lon + around / shrink)
    small: list[str] = []
    main: list[str] = []
    for road in graph.roads_within(*box):
        is_main = road.highway in _MAIN_CLASSES
        if is_main or half < _MAIN_ROADS_ONLY:
            start, end = place(graph.junctions[road.start]), place(graph.junctions[road.end])
            (main if is_main else small).append(f"M{start[0]} {start[1]}L{end[0]} {end[1]}")
    line = "L".join(f"{x} {y}" for x, y in map(place, route))
    return Drawing("".join(small), "".join(main), f"M{line}" if line else "", tuple(place(point) for point in shown))
