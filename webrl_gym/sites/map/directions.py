"""From a route to the words and lines of the directions page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from webrl_gym.road_graph import Point, Road, RoadGraph, Route, Stretch
from webrl_gym.sites.store import SiteStore

_GRAPHS: dict[Path, RoadGraph] = {}
"""Road networks of the unchanged world files; there are as many as worlds."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of the turn list."""

    instruction: str
    metres: float


def road_graph(store: SiteStore) -> RoadGraph:
    """The road network of a store; read once a world file, or each time for a store that was written to."""
    if store.changed:
        return _read_graph(store)
    if store.path not in _GRAPHS:
        _GRAPHS[store.path] = _read_graph(store)
    return _GRAPHS[store.path]


def turn_list(route: Route) -> list[Turn]:
    """What to do along a route, one entry for each street."""
    legs: list[list[Stretch]] = []
    for stretch in route.stretches:
        if stretch.metres < 1:
            continue
        if legs and legs[-1][0].street == stretch.street:
            legs[-1].append(stretch)
        else:
            legs.append([stretch])
    turns = []
    for number, leg in enumerate(legs):
        words = _turn_words(legs[number - 1][-1], leg[0]) if number else "Start on"
        turns.append(Turn(f"{words} {leg[0].street}", sum(stretch.metres for stretch in leg)))
    return [*turns, Turn("Reach destination", 0.0)]


def _read_graph(store: SiteStore) -> RoadGraph:
    junctions = {row["id"]: (row["lat"], row["lon"]) for row in store.query("SELECT id, lat, lon FROM junction")}
    rows = store.query(
        "SELECT start_id, end_id, name, highway, metres FROM road JOIN street ON street.id = street_id ORDER BY road.id"
    )
    return RoadGraph(junctions, [Road(*row) for row in rows])


def _turn_words(before: Stretch, after: Stretch) -> str:
    turn = (_bearing(after.start, after.end) - _bearing(before.start, before.end) + 540) % 360 - 180
    if abs(turn) < 25:
        return "Continue on"
    side = "right" if turn > 0 else "left"
    if abs(turn) < 55:
        return f"Slight {side} onto"
    return f"Turn {side} onto" if abs(turn) < 130 else f"Sharp {side} onto"


def _bearing(start: Point, end: Point) -> float:
    """Direction of travel in degrees, clockwise from north."""
    east = (end[1] - start[1]) * math.cos(math.radians(start[0]))
    return math.degrees(math.atan2(east, end[0] - start[0]))
