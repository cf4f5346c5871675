"""Practice tasks that go between the encyclopedia and the map."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave, switch_tab
from webrl_gym.tasks.checks import answer_includes
from webrl_gym.tasks.page_view import Moves, Oracle, OracleLost, PageView, Parameters
from webrl_gym.tasks.practice.map_moves import (
    distance,
    move_goal,
    open_place,
    open_route,
    place,
    places,
    read_route,
    read_tag,
    route_shown,
    way_between,
)
from webrl_gym.tasks.template import Row, Split, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_WIKIPEDIA_THEN_MAP = (Site.WIKIPEDIA, Site.MAP)
_FOR_TRAVELLERS = "kind IN ('Airport', 'Station', 'Hotel', 'Hospital')"


def tabs(*sites: Site) -> str:
    """A start address that opens one tab for each site."""
    return " |AND| ".join(site.placeholder for site in sites)


def _articles(reader: WorldReader, kind: str, novel: bool) -> list[Row]:
    return reader.query(Site.WIKIPEDIA, "SELECT * FROM article WHERE kind = ? AND novel = ? ORDER BY id", (kind, novel))


def _fact(reader: WorldReader, title: str, label: str) -> str:
    value = reader.value(
        Site.WIKIPEDIA,
        "SELECT value FROM fact JOIN article ON article.id = article_id WHERE title = ? AND label = ?",
        (title, label),
    )
    return str(value)


def _open_article(page: PageView, title: str) -> Moves:
    page = yield page.search("Search 'Wikipedia'", title)
    page = yield page.click(title, tag="a")
    return page


def _read_fact(page: PageView, label: str) -> str:
    return page.row(label)["1"]


# The zip code of a person's workplace.


def _draw_person(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    people = _articles(reader, "Person", novel)
    return {"person": rng.choice(people)["title"]} if people else None


def _check_workplace(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(place(reader, _fact(reader, parameters["person"], "Workplace"))["postcode"])


def _solve_workplace(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from _open_article(page, parameters["person"])
    workplace = _read_fact(page, "Workplace")
    page = yield switch_tab(1)
    page = yield from open_place(page, workplace)
    yield leave(read_tag(page, "addr:postcode"))


def _perturb_workplace(reader: WorldReader, parameters: Parameters) -> Statement:
    row = place(reader, _fact(reader, parameters["person"], "Workplace"))
    return Site.MAP, "UPDATE place SET postcode = ? WHERE id = ?", (f"{int(row['postcode']) - 7:05d}", row["id"])


# How far it is from where a person studied.


def _draw_drive(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    people = _articles(reader, "Person", novel)
    if not people:
        return None
    person = rng.choice(people)["title"]
    goals = places(reader, _FOR_TRAVELLERS)
    return {"person": person, "goal": rng.choice(goals)["name"]}


def _check_drive(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    start = place(reader, _fact(reader, parameters["person"], "Education"))
    goal = place(reader, parameters["goal"])
    return answer_includes(distance(way_between(reader, start, goal, "by car")))


def _solve_drive(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from _open_article(page, parameters["person"])
    school = _read_fact(page, "Education")
    page = yield switch_tab(1)
    page = yield from open_route(page, school, parameters["goal"], "by car")
    yield leave(read_route(page)[0])


def _perturb_drive(reader: WorldReader, parameters: Parameters) -> Statement:
    start = place(reader, _fact(reader, parameters["person"], "Education"))
    return move_goal(reader, start, place(reader, parameters["goal"]), "by car", distance)


# The way to an event.


def _draw_event(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    starts = places(reader, f"{_FOR_TRAVELLERS} AND novel = ?", (novel,))
    if not starts:
        return None
    event = rng.choice(_articles(reader, "Event", novel=False))["title"]
    return {"start": rng.choice(starts)["name"], "event": event}


def _check_event(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    start, goal = place(reader, parameters["start"]), place(reader, _fact(reader, parameters["event"], "Venue"))
    return route_shown(reader, start, goal, "by car")


def _solve_event(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from _open_article(page, parameters["event"])
    venue = _read_fact(page, "Venue")
    page = yield switch_tab(1)
    yield from open_route(page, parameters["start"], venue, "by car")
    yield leave()


# The age of what stands at an address.


def _draw_address(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    written_about = _articles(reader, "Place", novel)
    if not written_about:
        return None
    row = place(reader, rng.choice(written_about)["title"])
    address = {name: str(row[name]) for name in ("housenumber", "street", "city")}
    return {"kind": row["kind"].lower(), **address}


def _at_address(reader: WorldReader, parameters: Parameters) -> str:
    """Name of the place at an address."""
    return str(
        reader.value(
            Site.MAP,
            "SELECT name FROM addressed_place WHERE housenumber = ? AND street = ? AND city = ?",
            (int(parameters["housenumber"]), parameters["street"], parameters["city"]),
        )
    )


def _check_address(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(_fact(reader, _at_address(reader, parameters), "Established"))


def _solve_address(page: PageView, parameters: Parameters) -> Oracle:
    where = [parameters[name] for name in ("housenumber", "street", "city")]
    page = yield page.search("Search", " ".join(where))
    name = _name_at(page, ", ".join(where))
    page = yield switch_tab(1)
    page = yield from _open_article(page, name)
    yield leave(_read_fact(page, "Established"))


def _name_at(page: PageView, address: str) -> str:
    for control in page.controls:
        if f", {address}, " in control.text:
            return control.text.partition(", ")[0]
    raise OracleLost(f"no place at {address} on {page.url}:\n{page.text}")


def _perturb_address(reader: WorldReader, parameters: Parameters) -> Statement:
    return (
        Site.WIKIPEDIA,
        "UPDATE fact SET value = value + 1 WHERE label = 'Established'"
        " AND article_id = (SELECT id FROM article WHERE title = ?)",
        (_at_address(reader, parameters),),
    )


WIKIPEDIA_TEMPLATES: tuple[Template, ...] = (
    Template(
        name="cross.workplace_postcode",
        sites=_WIKIPEDIA_THEN_MAP,
        kind=TaskKind.READING,
        wordings=(
            "What is the zip code of the place where {person} works, according to Wikipedia?",
            "Look up on Wikipedia where {person} works, and tell me the zip code of that place",
            "I want to write to {person} at work. Wikipedia names the place; which zip code has it on the map?",
        ),
        draw=_draw_person,
        evaluate=_check_workplace,
        solve=_solve_workplace,
        steps=6,
        perturb=_perturb_workplace,
        start=tabs(*_WIKIPEDIA_THEN_MAP),
    ),
    Template(
        name="cross.drive_from_university",
        sites=_WIKIPEDIA_THEN_MAP,
        kind=TaskKind.READING,
        wordings=(
            "How far is the drive from the university where {person} studied to {goal}?",
            "What is the distance by car from the university that {person} attended to {goal}?",
            "Wikipedia says where {person} studied. How long, in distance, is the way by car from there to {goal}?",
        ),
        draw=_draw_drive,
        evaluate=_check_drive,
        solve=_solve_drive,
        steps=7,
        perturb=_perturb_drive,
        split=Split.TEST_ONLY,
        start=tabs(*_WIKIPEDIA_THEN_MAP),
    ),
    Template(
        name="cross.route_to_event",
        sites=_WIKIPEDIA_THEN_MAP,
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Show me the route by car from {start} to the place where the {event} is held",
            "I am at {start} and want to see the {event}. Show the way by car to its venue on the map",
            "Find out where the {event} takes place and show the driving directions from {start} to there",
        ),
        draw=_draw_event,
        evaluate=_check_event,
        solve=_solve_event,
        steps=7,
        start=tabs(*_WIKIPEDIA_THEN_MAP),
    ),
    Template(
        name="cross.established_at_address",
        sites=(Site.MAP, Site.WIKIPEDIA),
        kind=TaskKind.READING,
        wordings=(
            "In which year was the {kind} at {housenumber} {street} in {city} established?",
            "Find the {kind} at {housenumber} {street}, {city} on the map and tell me when it was established",
            "When was the {kind} that stands at {housenumber} {street}, {city} established, according to Wikipedia?",
        ),
        draw=_draw_address,
        evaluate=_check_address,
        solve=_solve_address,
        steps=5,
        perturb=_perturb_address,
        start=tabs(Site.MAP, Site.WIKIPEDIA),
    ),
)
