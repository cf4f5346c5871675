"""Practice tasks on the map: the tags of a place here, ways and searches in the modules beside it."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import answer_includes, answer_is, ends_at
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.map_moves import open_place, place, places, point, read_tag
from webrl_gym.tasks.practice.map_search import SEARCH_TEMPLATES
from webrl_gym.tasks.practice.map_ways import WAY_TEMPLATES
from webrl_gym.tasks.template import Split, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site


def _set(reader: WorldReader, parameters: Parameters, column: str, value: object) -> Statement:
    row = place(reader, parameters["place"])
    return Site.MAP, f"UPDATE place SET {column} = ? WHERE id = ?", (value, row["id"])


def _draw_place(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = places(reader, "novel = ?", (novel,))
    return {"place": rng.choice(rows)["name"]} if rows else None


def _check_phone(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    phone = place(reader, parameters["place"])["phone"]
    return answer_includes(phone) if phone else answer_is("N/A")


def _solve_phone(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_place(page, parameters["place"])
    yield leave(read_tag(page, "phone"))


def _check_postcode(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(place(reader, parameters["place"])["postcode"])


def _solve_postcode(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_place(page, parameters["place"])
    yield leave(read_tag(page, "addr:postcode"))


def _perturb_postcode(reader: WorldReader, parameters: Parameters) -> Statement:
    postcode = int(place(reader, parameters["place"])["postcode"])
    return _set(reader, parameters, "postcode", f"{(postcode + 1111) % 100_000:05d}")


def _check_address(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    row = place(reader, parameters["place"])
    return answer_includes(f"{row['housenumber']} {row['street']}")


def _solve_address(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_place(page, parameters["place"])
    yield leave(f"{read_tag(page, 'addr:housenumber')} {read_tag(page, 'addr:street')}")


def _perturb_address(reader: WorldReader, parameters: Parameters) -> Statement:
    return _set(reader, parameters, "housenumber", place(reader, parameters["place"])["housenumber"] + 1)


def _draw_hours(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = places(reader, "novel = ? AND opening_hours <> ''", (novel,))
    return {"place": rng.choice(rows)["name"]} if rows else None


def _check_hours(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(place(reader, parameters["place"])["opening_hours"])


def _solve_hours(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_place(page, parameters["place"])
    yield leave(read_tag(page, "opening_hours"))


def _check_coordinates(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(*(str(degrees) for degrees in point(place(reader, parameters["place"]))))


def _solve_coordinates(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_place(page, parameters["place"])
    yield leave(page.after("Location:"))


def _perturb_coordinates(reader: WorldReader, parameters: Parameters) -> Statement:
    lat, _ = point(place(reader, parameters["place"]))
    return _set(reader, parameters, "lat", round(lat + 0.00107, 5))


def _perturb_phone(reader: WorldReader, parameters: Parameters) -> Statement:
    return _set(reader, parameters, "phone", "+1-800-555-0123")


def _perturb_hours(reader: WorldReader, parameters: Parameters) -> Statement:
    return _set(reader, parameters, "opening_hours", "Mo-Fr 05:15-23:45")


def _check_opened(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return ends_at(f"__MAP__/node/{place(reader, parameters['place'])['id']}")


def _solve_opened(page: PageView, parameters: Parameters) -> Oracle:
    yield from open_place(page, parameters["place"])
    yield leave()


_TAG_TEMPLATES = (
    Template(
        name="map.phone",
        sites=(Site.MAP,),
        kind=TaskKind.READING,
        wordings=(
            "What is the phone number of {place}? Answer N/A if the map has none",
            "Tell me the telephone number of {place}, or N/A if there is none",
            "I want to call {place}. Which number does the map give? Say N/A if it gives none",
            "Find the phone number of {place} (N/A if it is not listed)",
        ),
        draw=_draw_place,
        evaluate=_check_phone,
        solve=_solve_phone,
        steps=3,
        perturb=_perturb_phone,
    ),
    Template(
        name="map.postcode",
        sites=(Site.MAP,),
        kind=TaskKind.READING,
        wordings=(
            "What is the zip code of {place}?",
            "Tell me the postcode of {place}",
            "I am writing a letter to {place}. Which zip code does it have?",
            "Find the zip code for {place}",
        ),
        draw=_draw_place,
        evaluate=_check_postcode,
        solve=_solve_postcode,
        steps=3,
        perturb=_perturb_postcode,
    ),
    Template(
        name="map.coordinates",
        sites=(Site.MAP,),
        kind=TaskKind.READING,
        wordings=(
            "What are the coordinates of {place} (latitude, longitude)?",
            "Tell me the coordinates of {place} in decimal degrees",
            "Get the latitude and longitude of {place}",
        ),
        draw=_draw_place,
        evaluate=_check_coordinates,
        solve=_solve_coordinates,
        steps=3,
        perturb=_perturb_coordinates,
    ),
    Template(
        name="map.address",
        sites=(Site.MAP,),
        kind=TaskKind.READING,
        wordings=(
            "What is the street address of {place}? Give house number and street",
            "At which house number and street is {place}?",
            "Tell me the house number and the street of {place}, the number first",
        ),
        draw=_draw_place,
        evaluate=_check_address,
        solve=_solve_address,
        steps=3,
        perturb=_perturb_address,
        split=Split.VALID_ONLY,
    ),
    Template(
        name="map.opening_hours",
        sites=(Site.MAP,),
        kind=TaskKind.READING,
        wordings=(
            "What are the opening hours of {place}, as the map writes them?",
            "When is {place} open? Answer as the map writes it",
            "Tell me the opening hours that the map gives for {place}",
        ),
        draw=_draw_hours,
        evaluate=_check_hours,
        solve=_solve_hours,
        steps=3,
        perturb=_perturb_hours,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="map.open_place",
        sites=(Site.MAP,),
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Open the page of {place}",
            "Show me the map entry of {place}",
            "Go to the page with the details of {place}",
            "Pull up the description page of {place} on the map",
        ),
        draw=_draw_place,
        evaluate=_check_opened,
        solve=_solve_opened,
        steps=3,
    ),
)

TEMPLATES: tuple[Template, ...] = (*_TAG_TEMPLATES, *WAY_TEMPLATES, *SEARCH_TEMPLATES)
