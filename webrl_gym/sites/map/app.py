"""The map's pages, on OpenStreetMap's routes: search, nodes, ways, relations and directions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from flask import Flask, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webrl_gym.road_graph import Point, Route, TravelMode, distance_text, duration_text
from webrl_gym.sites import web
from webrl_gym.sites.map import elements
from webrl_gym.sites.map.directions import road_graph, turn_list
from webrl_gym.sites.map.drawing import Drawing, draw
from webrl_gym.sites.map.query import Result
from webrl_gym.sites.map.search import find, locate, place_result
from webrl_gym.sites.web import site_url, store
from webrl_gym.sites.wikipedia.app import BOOK
from webrl_gym.types import Site

RESULTS_A_PAGE = 10
PLACES_ON_A_STREET = 12

ENGINE_NAMES = {
    TravelMode.BICYCLE: "Bicycle (OSRM)",
    TravelMode.CAR: "Car (OSRM)",
    TravelMode.FOOT: "Foot (OSRM)",
}
"""Options of the travel mode, in the original's order."""


def create_app() -> Flask:
    """The map site."""
    app = web.create_site(Site.MAP, __name__)
    app.jinja_env.filters.update(distance=distance_text, duration=duration_text)
    app.add_url_rule("/", "home", home)
    app.add_url_rule("/search", "search", search)
    app.add_url_rule("/node/<int(max=999999999):identity>", "node", node)
    app.add_url_rule("/way/<int(max=999999999):identity>", "way", way)
    app.add_url_rule("/relation/<int(max=999999999):identity>", "relation", relation)
    app.add_url_rule("/directions", "directions", directions)
    return app


def home() -> str:
    """The start page: the search box beside the whole region."""
    rows = store().query(
        "SELECT lat, lon FROM city UNION ALL SELECT lat, lon FROM"
        " (SELECT lat, lon FROM element WHERE kind = 'City' ORDER BY importance DESC, id LIMIT 12)"
    )
    return render_template("home.html", drawing=_draw([(row["lat"], row["lon"]) for row in rows]))


def search() -> str | Response:
    """Results of ``query``, ten a page; ``page`` counts from 1.

    The replica's address bar shows blanks as ``%20``: the original writes addresses by script, and official tasks
    compare them by the letter.
    """
    if b"+" in request.query_string and elements.has_any(store()):
        return redirect(f"{request.path}?{request.query_string.decode('latin-1').replace('+', '%20')}")
    query = request.args.get("query", "").strip()
    page = max(request.args.get("page", 1, type=int), 1)
    results = find(store(), query)
    shown = results[(page - 1) * RESULTS_A_PAGE : page * RESULTS_A_PAGE]
    more = url_for("search", query=query, page=page + 1) if len(results) > page * RESULTS_A_PAGE else None
    drawing = _draw([result.point for result in shown]) if shown else None
    return render_template("search.html", query=query, results=shown, total=len(results), more=more, drawing=drawing)


def node(identity: int) -> str:
    """A place and its tags."""
    if elements.has_any(store()):
        return _replica_element("node", identity)
    row = store().one("SELECT * FROM addressed_place WHERE id = ?", (identity,))
    if row is None:
        abort(404, f"Sorry, node #{identity} could not be found.")
    tags = {
        "addr:city": row["city"],
        "addr:housenumber": row["housenumber"],
        "addr:postcode": row["postcode"],
        "addr:state": row["state"],
        "addr:street": row["street"],
        row["tag_key"]: row["tag_value"],
        "name": row["name"],
        "opening_hours": row["opening_hours"],
        "phone": row["phone"],
        "website": row["website"],
    }
    return _element("Node", identity, place_result(row), tags)


def way(identity: int) -> str:
    """A street, its tags and the first places on it; on the replica also any other way."""
    if elements.has_any(store()):
        return _replica_way(identity)
    row = store().one(
        "SELECT street.*, city.name AS city, city.state, junction.lat, junction.lon"
        " FROM street LEFT JOIN city ON city.id = street.city_id"
        " JOIN road ON road.street_id = street.id JOIN junction ON junction.id = road.start_id"
        " WHERE street.id = ? ORDER BY road.id LIMIT 1",
        (identity,),
    )
    if row is None:
        abort(404, f"Sorry, way #{identity} could not be found.")
    places = store().query(
        "SELECT * FROM addressed_place WHERE street_id = ? ORDER BY housenumber LIMIT ?",
        (identity, PLACES_ON_A_STREET),
    )
    address = f"{row['city']}, {row['state']}" if row["city"] else ""
    street = Result(row["highway"], row["name"], address, f"/way/{identity}", (row["lat"], row["lon"]))
    tags = {"addr:city": row["city"], "highway": row["highway"], "name": row["name"]}
    return _element("Way", identity, street, tags, [place_result(place) for place in places])


def relation(identity: int) -> str:
    """A city and its tags; on the replica also any other relation, with its members."""
    if elements.has_any(store()):
        return _replica_element("relation", identity)
    row = store().one("SELECT * FROM city WHERE id = ?", (identity,))
    if row is None:
        abort(404, f"Sorry, relation #{identity} could not be found.")
    city = Result("City", row["name"], row["state"], f"/relation/{identity}", (row["lat"], row["lon"]))
    tags = {
        "addr:state": row["state"],
        "name": row["name"],
        "place": "city",
        "population": row["population"],
    }
    return _element("Relation", identity, city, tags)


def directions() -> str:
    """The directions form and, when both ends are known, the way between them.

    ``from`` and ``to`` (or the form's ``route_from`` and ``route_to``) are places in words or coordinates;
    ``route=lat,lon;lat,lon`` is read when both are missing.
    """
    arguments = request.args
    ends = [arguments.get("route_" + name) or arguments.get(name, "") for name in ("from", "to")]
    if not any(ends) and "route" in arguments:
        ends = [*arguments["route"].split(";"), "", ""][:2]
    mode = _read_mode(arguments.get("engine", TravelMode.CAR))
    found = [locate(store(), text) if text.strip() else None for text in ends]
    names = [result.display_name if result else text for text, result in zip(ends, found, strict=True)]
    missing = [text for text, result in zip(ends, found, strict=True) if text.strip() and result is None]
    start, goal = found
    route: Route | None = None
    if start is not None and goal is not None:
        route = road_graph(store()).route(start.point, goal.point, mode)
    markers = [result.point for result in found if result is not None]
    return render_template(
        "directions.html",
        names=names,
        missing=missing,
        asked=start is not None and goal is not None,
        route=route,
        turns=turn_list(route) if route else [],
        engines=ENGINE_NAMES,
        mode=mode,
        drawing=_draw(markers, route) if markers else None,
    )


def _replica_element(kind: str, identity: int) -> str:
    row = elements.get(store(), kind, identity)
    if row is None:
        abort(404, f"Sorry, {kind} #{identity} could not be found.")
    members = elements.members_of(store(), identity) if kind == "relation" else []
    return _element(
        kind.capitalize(),
        identity,
        elements.result_of(row),
        elements.tags_of(store(), kind, identity),
        members=members,
        part_of=elements.relations_with(store(), kind, identity),
    )


def _replica_way(identity: int) -> str:
    street = elements.street(store(), identity)
    if street is None:
        return _replica_element("way", identity)
    return _element("Way", identity, street, {"highway": street.kind.lower(), "name": street.name})


def _article_link(value: str) -> str | None:
    """Address of the article that a ``wikipedia`` tag names."""
    match = re.fullmatch(r"en:(.+)", value)
    return match and f"{site_url('wikipedia')}/{BOOK}/A/{quote(match[1].replace(' ', '_'))}"


def _read_mode(text: str) -> TravelMode:
    try:
        return TravelMode(text)
    except ValueError:
        abort(400, f"engine must be one of {', '.join(TravelMode)}, got {text!r}.")


def _element(
    kind: str,
    identity: int,
    result: Result,
    tags: dict[str, object],
    places: Sequence[Result] = (),
    members: Sequence[elements.Part] = (),
    part_of: Sequence[elements.Part] = (),
) -> str:
    """The page of one node, way or relation; empty tags are left out."""
    return render_template(
        "element.html",
        kind=kind,
        identity=identity,
        result=result,
        tags={key: value for key, value in sorted(tags.items()) if value not in ("", None)},
        article=_article_link(str(tags.get("wikipedia", ""))),
        places=places,
        members=members,
        part_of=part_of,
        drawing=_draw([result.point]),
    )


def _draw(markers: list[Point], route: Route | None = None) -> Drawing:
    line: list[Point] = []
    if route is not None:
        line = [route.stretches[0].start, *(stretch.end for stretch in route.stretches)]
    return draw(road_graph(store()), markers, line)
