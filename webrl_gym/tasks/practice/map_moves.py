"""What the templates about the map share: reading its tables, and the moves of its oracles."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from webrl_gym.actions import Action, click
from webrl_gym.road_graph import Point, Road, RoadGraph, Route, TravelMode, distance_text, duration_text
from webrl_gym.tasks.checks import page_check, pages_show
from webrl_gym.tasks.page_view import Moves, OracleLost, PageView
from webrl_gym.tasks.template import Row, Statement, WorldReader
from webrl_gym.types import Site

MODES = {"by car": TravelMode.CAR, "by bicycle": TravelMode.BICYCLE, "on foot": TravelMode.FOOT}
"""How instructions call the travel modes."""

_OPTIONS = {"by car": "Car (OSRM)", "by bicycle": "Bicycle (OSRM)", "on foot": "Foot (OSRM)"}
_SUMMARY = re.compile(r"Distance: (\S+)\. Time: (\d+:\d\d)\.")
_ONE_OF_ITS_NAME = "name IN (SELECT name FROM place GROUP BY name HAVING count(*) = 1)"


def places(reader: WorldReader, condition: str = "1", parameters: tuple[object, ...] = ()) -> list[Row]:
    """Places that no other place shares its name with and that meet an SQL condition, by id."""
    sql = f"SELECT * FROM addressed_place WHERE {_ONE_OF_ITS_NAME} AND ({condition}) ORDER BY id"
    return reader.query(Site.MAP, sql, parameters)


def place(reader: WorldReader, name: str) -> Row:
    """The place with this name."""
    row = reader.one(Site.MAP, "SELECT * FROM addressed_place WHERE name = ? ORDER BY id", (name,))
    if row is None:
        raise LookupError(f"world {reader.number} has no place {name!r}")
    return row


def point(row: Row) -> Point:
    """Where a place is."""
    return row["lat"], row["lon"]


def road_graph(reader: WorldReader) -> RoadGraph:
    """The road network of a world."""
    junctions = {row["id"]: point(row) for row in reader.query(Site.MAP, "SELECT id, lat, lon FROM junction")}
    rows = reader.query(
        Site.MAP,
        "SELECT start_id, end_id, name, highway, metres FROM road"
        " JOIN street ON street.id = street_id ORDER BY road.id",
    )
    return RoadGraph(junctions, [Road(*row) for row in rows])


def route(graph: RoadGraph, start: Point, goal: Point, mode: str) -> Route:
    """The fastest way; ``mode`` is a key of ``MODES``."""
    found = graph.route(start, goal, MODES[mode])
    if found is None:
        raise LookupError(f"there is no way {mode} from {start} to {goal}")
    return found


def way_between(reader: WorldReader, start: Row, goal: Row, mode: str) -> Route:
    """The fastest way from one place to another; ``mode`` is a key of ``MODES``."""
    return route(road_graph(reader), point(start), point(goal), mode)


def distance(way: Route) -> str:
    """Length of a way as the map writes it."""
    return distance_text(way.metres)


def duration(way: Route) -> str:
    """Travel time of a way as the map writes it."""
    return duration_text(way.seconds)


def route_shown(reader: WorldReader, start: Row, goal: Row, mode: str) -> dict[str, Any]:
    """An evaluation: the last page shows the way from one place to another."""
    length = distance(way_between(reader, start, goal, mode))
    return pages_show(
        page_check("last", 'document.querySelector("#route_from").value', start["name"]),
        page_check("last", 'document.querySelector("#route_to").value', goal["name"]),
        page_check("last", 'document.querySelector("select.routing_engines").value', MODES[mode].value, exactly=True),
        page_check("last", 'document.querySelector("#routing_summary").outerText', f"Distance: {length}."),
    )


def draw_trip(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    """A start, a goal and a mode; by bicycle and on foot both are in one city."""
    starts = places(reader, "novel = ?", (novel,))
    if not starts:
        return None
    start, mode = rng.choice(starts), rng.choice(list(MODES))
    near = "1" if mode == "by car" else f"city_id = {start['city_id']}"
    goal = rng.choice(places(reader, f"{near} AND id <> ?", (start["id"],)))
    return {"start": start["name"], "goal": goal["name"], "mode": mode}


def move_goal(reader: WorldReader, start: Row, goal: Row, mode: str, text_of: Callable[[Route], str]) -> Statement:
    """Moves ``goal`` to where another place is, so that ``text_of`` the way there changes."""
    graph = road_graph(reader)
    before = text_of(route(graph, point(start), point(goal), mode))
    for other in places(reader, "id NOT IN (?, ?)", (start["id"], goal["id"])):
        if text_of(route(graph, point(start), point(other), mode)) != before:
            return Site.MAP, "UPDATE place SET lat = ?, lon = ? WHERE id = ?", (*point(other), goal["id"])
    raise LookupError(f"every place is {before} away from {start['name']}")


def result_link(page: PageView, name: str) -> Action:
    """Clicks the first search result called ``name``."""
    for control in page.controls:
        if control.tag == "a" and control.text.startswith(f"{name}, "):
            return click(control.id)
    raise OracleLost(f"no search result {name!r} on {page.url}:\n{page.text}")


def open_place(page: PageView, name: str) -> Moves:
    """Searches for a place and opens its page; two actions."""
    page = yield page.search("Search", name)
    page = yield result_link(page, name)
    return page


def open_route(page: PageView, start: str, goal: str, mode: str) -> Moves:
    """Asks for directions; three actions by car, else four."""
    page = yield page.click("Find directions")
    if mode != "by car":
        page = yield page.select("Travel mode", _OPTIONS[mode])
    page = yield page.type("From", start)
    page = yield page.search("To", goal)
    return page


def read_route(page: PageView) -> tuple[str, str]:
    """Distance and travel time on a page with directions."""
    match = _SUMMARY.search(page.text)
    if match is None:
        raise OracleLost(f"no route on {page.url}:\n{page.text}")
    return match[1], match[2]


def read_tag(page: PageView, tag: str) -> str:
    """A tag of the place whose page this is; ``N/A`` when it has no such tag."""
    tags = {row["0"]: row["1"] for row in page.rows()}
    return tags.get(tag, "N/A")
