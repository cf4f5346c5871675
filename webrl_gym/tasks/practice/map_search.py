"""Practice tasks about searching the map: the nearest place of a kind, the one on a street, the branch in a city."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.road_graph import great_circle_metres
from webrl_gym.tasks.checks import answer_includes, ends_at
from webrl_gym.tasks.page_view import Oracle, OracleLost, PageView, Parameters
from webrl_gym.tasks.practice.map_moves import place, places, point, read_tag, result_link
from webrl_gym.tasks.template import Row, Split, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_COMMON_KINDS = (
    "Pharmacy Cafe Bank Hotel Restaurant Bakery Supermarket School Church Park Library Cinema Station".split()
)
_CLEARLY_FARTHER = 1.2
"""How many times farther the second nearest place is than the nearest one, at least."""
_TRIES = 20


def _by_distance(reader: WorldReader, parameters: Parameters) -> list[tuple[float, Row]]:
    """Places of the kind asked for with their distance in metres, nearest first."""
    anchor = place(reader, parameters["place"])
    rows = reader.query(
        Site.MAP,
        "SELECT * FROM addressed_place WHERE lower(kind) = ? AND id <> ? ORDER BY id",
        (parameters["kind"], anchor["id"]),
    )
    measured = [(great_circle_metres(point(anchor), point(row)), row) for row in rows]
    return sorted(measured, key=lambda pair: pair[0])


def _nearest(reader: WorldReader, parameters: Parameters) -> Row:
    return _by_distance(reader, parameters)[0][1]


def _draw_nearest(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    anchors = places(reader, "novel = ?", (novel,))
    for _ in range(_TRIES if anchors else 0):
        anchor = rng.choice(anchors)
        kind = rng.choice([kind for kind in _COMMON_KINDS if kind != anchor["kind"]])
        parameters = {"place": anchor["name"], "kind": kind.lower()}
        (metres, first), (farther, second), *_ = _by_distance(reader, parameters)
        if farther > _CLEARLY_FARTHER * metres + 50 and first["name"] != second["name"]:
            return parameters
    return None


def _draw_nearest_phone(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    for _ in range(_TRIES):
        parameters = _draw_nearest(reader, rng, novel)
        if parameters is not None and _nearest(reader, parameters)["phone"]:
            return parameters
    return None


def _check_nearest(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(_nearest(reader, parameters)["name"])


def _solve_nearest(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.search("Search", f"{parameters['kind']} near {parameters['place']}")
    yield leave(_first_result(page).partition(", ")[0])


def _first_result(page: PageView) -> str:
    line = page.line_of("Search Results")
    for control in page.controls:
        if control.tag == "a" and control.line > line:
            return control.text
    raise OracleLost(f"no search result on {page.url}:\n{page.text}")


def _perturb_nearest(reader: WorldReader, parameters: Parameters) -> Statement:
    row = _nearest(reader, parameters)
    return Site.MAP, "UPDATE place SET lat = lat + 1 WHERE id = ?", (row["id"],)


def _check_nearest_phone(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(_nearest(reader, parameters)["phone"])


def _solve_nearest_phone(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.search("Search", f"{parameters['kind']} near {parameters['place']}")
    page = yield page.click(_first_result(page))
    yield leave(read_tag(page, "phone"))


def _perturb_nearest_phone(reader: WorldReader, parameters: Parameters) -> Statement:
    row = _nearest(reader, parameters)
    return Site.MAP, "UPDATE place SET phone = '+1-800-555-0199' WHERE id = ?", (row["id"],)


def _draw_on_street(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = reader.query(
        Site.MAP,
        "SELECT kind, street, city FROM addressed_place GROUP BY kind, street_id"
        " HAVING count(*) = 1 AND max(novel) = ? ORDER BY min(id)",
        (novel,),
    )
    if not rows:
        return None
    row = rng.choice(rows)
    return {"kind": row["kind"].lower(), "street": row["street"], "city": row["city"]}


def _on_street(reader: WorldReader, parameters: Parameters) -> Row:
    return reader.one(
        Site.MAP,
        "SELECT * FROM addressed_place WHERE lower(kind) = ? AND street = ? AND city = ?",
        (parameters["kind"], parameters["street"], parameters["city"]),
    )


def _check_on_street(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(_on_street(reader, parameters)["name"])


def _solve_on_street(page: PageView, parameters: Parameters) -> Oracle:
    kind, where = parameters["kind"].capitalize(), f", {parameters['street']}, {parameters['city']}, "
    page = yield page.search("Search", f"{kind} {parameters['street']} {parameters['city']}")
    for line in page.plain_lines:
        if line.startswith(f"{kind} ") and where in line:
            yield leave(line.removeprefix(f"{kind} ").partition(", ")[0])
            return
    raise OracleLost(f"no {kind}{where} on {page.url}:\n{page.text}")


def _perturb_on_street(reader: WorldReader, parameters: Parameters) -> Statement:
    row = _on_street(reader, parameters)
    return Site.MAP, "UPDATE place SET name = ? WHERE id = ?", (f"Old {row['name']}", row["id"])


def _draw_branch(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    if novel:
        return None
    rows = reader.query(
        Site.MAP,
        "SELECT name, city FROM addressed_place AS branch"
        " WHERE (SELECT count(*) FROM place WHERE name = branch.name) > 1"
        " GROUP BY name, city HAVING count(*) = 1 ORDER BY min(id)",
    )
    if not rows:
        return None
    row = rng.choice(rows)
    return {"place": row["name"], "city": row["city"]}


def _check_branch(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    identity = reader.value(
        Site.MAP,
        "SELECT id FROM addressed_place WHERE name = ? AND city = ?",
        (parameters["place"], parameters["city"]),
    )
    return ends_at(f"__MAP__/node/{identity}")


def _solve_branch(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.search("Search", f"{parameters['place']}, {parameters['city']}")
    yield result_link(page, parameters["place"])
    yield leave()


SEARCH_TEMPLATES: tuple[Template, ...] = (
    Template(
        name="map.nearest",
        sites=(Site.MAP,),
        kind=TaskKind.READING,
        wordings=(
            "What is the name of the {kind} nearest to {place}?",
            "Find the closest {kind} to {place}",
            "I am at {place}. Which {kind} is the nearest one as the crow flies?",
            "Tell me which {kind} lies nearest to {place}",
        ),
        draw=_draw_nearest,
        evaluate=_check_nearest,
        solve=_solve_nearest,
        steps=2,
        perturb=_perturb_nearest,
    ),
    Template(
        name="map.nearest_phone",
        sites=(Site.MAP,),
        kind=TaskKind.READING,
        wordings=(
            "What is the phone number of the {kind} nearest to {place}?",
            "I need to call the {kind} that is closest to {place}. What is its number?",
            "Find the closest {kind} to {place} and tell me its phone number",
        ),
        draw=_draw_nearest_phone,
        evaluate=_check_nearest_phone,
        solve=_solve_nearest_phone,
        steps=3,
        perturb=_perturb_nearest_phone,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="map.kind_on_street",
        sites=(Site.MAP,),
        kind=TaskKind.READING,
        wordings=(
            "What is the name of the {kind} on {street} in {city}?",
            "There is a {kind} on {street} in {city}. What is it called?",
            "Tell me the name of the {kind} that lies on {street}, {city}",
        ),
        draw=_draw_on_street,
        evaluate=_check_on_street,
        solve=_solve_on_street,
        steps=2,
        perturb=_perturb_on_street,
        split=Split.VALID_ONLY,
    ),
    Template(
        name="map.open_branch",
        sites=(Site.MAP,),
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Open the page of the {place} in {city}",
            "Show me the map entry of {place} in {city}",
            "Go to the page of the {place} that is in {city}",
        ),
        draw=_draw_branch,
        evaluate=_check_branch,
        solve=_solve_branch,
        steps=3,
    ),
)
