"""Practice tasks about ways between two places of the map."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import answer_includes, answer_is
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.map_moves import (
    distance,
    draw_trip,
    duration,
    move_goal,
    open_route,
    place,
    places,
    point,
    read_route,
    road_graph,
    route,
    route_shown,
    way_between,
)
from webrl_gym.tasks.template import Row, Split, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_CLEARLY_FARTHER = 1.2
"""How many times farther the farther one of two places is, at least."""
_TRIES = 20


def _ends(reader: WorldReader, parameters: Parameters) -> tuple[Row, Row]:
    """The places where the way begins and where it ends."""
    return place(reader, parameters["start"]), place(reader, parameters["goal"])


def _check_distance(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(distance(way_between(reader, *_ends(reader, parameters), parameters["mode"])))


def _solve_distance(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_route(page, parameters["start"], parameters["goal"], parameters["mode"])
    yield leave(read_route(page)[0])


def _perturb_distance(reader: WorldReader, parameters: Parameters) -> Statement:
    return move_goal(reader, *_ends(reader, parameters), parameters["mode"], distance)


def _check_duration(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(duration(way_between(reader, *_ends(reader, parameters), parameters["mode"])))


def _solve_duration(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_route(page, parameters["start"], parameters["goal"], parameters["mode"])
    yield leave(read_route(page)[1])


def _perturb_duration(reader: WorldReader, parameters: Parameters) -> Statement:
    return move_goal(reader, *_ends(reader, parameters), parameters["mode"], duration)


def _check_shown_route(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return route_shown(reader, *_ends(reader, parameters), parameters["mode"])


def _solve_shown_route(page: PageView, parameters: Parameters) -> Oracle:
    yield from open_route(page, parameters["start"], parameters["goal"], parameters["mode"])
    yield leave()


def _draw_closer(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    anchors = places(reader, "novel = ?", (novel,))
    if not anchors:
        return None
    anchor, graph = rng.choice(anchors), road_graph(reader)
    rows = places(reader, "city_id = ? AND id <> ?", (anchor["city_id"], anchor["id"]))
    for _ in range(_TRIES):
        pair = rng.sample(rows, 2)
        nearer, farther = sorted(route(graph, point(anchor), point(row), "on foot").metres for row in pair)
        if farther > _CLEARLY_FARTHER * nearer + 100:
            return {"place": anchor["name"], "first": pair[0]["name"], "second": pair[1]["name"]}
    return None


def _check_closer(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    anchor, graph = place(reader, parameters["place"]), road_graph(reader)
    names = (parameters["first"], parameters["second"])
    return answer_is(
        min(names, key=lambda name: route(graph, point(anchor), point(place(reader, name)), "on foot").metres)
    )


def _solve_closer(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_route(page, parameters["place"], parameters["first"], "on foot")
    first = _metres(read_route(page)[0])
    page = yield page.search("To", parameters["second"])
    second = _metres(read_route(page)[0])
    yield leave(parameters["first"] if first < second else parameters["second"])


def _metres(text: str) -> float:
    return float(text[:-2]) * 1000 if text.endswith("km") else float(text[:-1])


def _perturb_closer(reader: WorldReader, parameters: Parameters) -> Statement:
    first, second = place(reader, parameters["first"]), place(reader, parameters["second"])
    return (
        Site.MAP,
        "UPDATE place SET lat = CASE id WHEN ? THEN ? ELSE ? END, lon = CASE id WHEN ? THEN ? ELSE ? END"
        " WHERE id IN (?, ?)",
        (first["id"], second["lat"], first["lat"], first["id"], second["lon"], first["lon"], first["id"], second["id"]),
    )


WAY_TEMPLATES: tuple[Template, ...] = (
    Template(
        name="map.distance",
        sites=(Site.MAP,),
        kind=TaskKind.READING,
        wordings=(
            "How far is it {mode} from {start} to {goal}?",
            "What is the distance from {start} to {goal} if I travel {mode}?",
            "Tell me the length of the way {mode} from {start} to {goal}",
            "I want to go {mode} from {start} to {goal}. How long is that way in distance?",
        ),
        draw=draw_trip,
        evaluate=_check_distance,
        solve=_solve_distance,
        steps=5,
        perturb=_perturb_distance,
    ),
    Template(
        name="map.duration",
        sites=(Site.MAP,),
        kind=TaskKind.READING,
        wordings=(
            "How long does it take {mode} from {start} to {goal}? Answer in the form h:mm",
            "What is the travel time {mode} from {start} to {goal}, as h:mm?",
            "Tell me how much time I need {mode} to get from {start} to {goal}, as h:mm",
            "I am at {start}. How long until I reach {goal} {mode}? Answer as h:mm",
        ),
        draw=draw_trip,
        evaluate=_check_duration,
        solve=_solve_duration,
        steps=5,
        perturb=_perturb_duration,
    ),
    Template(
        name="map.show_route",
        sites=(Site.MAP,),
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Show me the route {mode} from {start} to {goal}",
            "Show the way from {start} to {goal} {mode}",
            "Get directions {mode} from {start} to {goal}",
            "Pull up the directions for going {mode} from {start} to {goal}",
        ),
        draw=draw_trip,
        evaluate=_check_shown_route,
        solve=_solve_shown_route,
        steps=5,
    ),
    Template(
        name="map.closer_place",
        sites=(Site.MAP,),
        kind=TaskKind.READING,
        wordings=(
            "Which one is the shorter walk from {place}: {first} or {second}? Answer with its name only",
            "I am at {place}. Is {first} or {second} closer on foot? Give only the name",
            "Starting at {place}, which can be reached by a shorter walk, {first} or {second}? Answer with the name",
        ),
        draw=_draw_closer,
        evaluate=_check_closer,
        solve=_solve_closer,
        steps=6,
        perturb=_perturb_closer,
        split=Split.TEST_ONLY,
    ),
)
