"""The map's pages, on OpenStreetMap's routes: search, nodes, ways, relations and directions."""

from __future__ import annotations

from flask import Flask, abort, render_template, request, url_for

from webrl_gym.road_graph import Point, Route, TravelMode, distance_text, duration_text
from webrl_gym.sites import web
from webrl_gym.sites.map.directions import road_graph, turn_list
from webrl_gym.sites.map.drawing import Drawing, draw
from webrl_gym.sites.map.search import Result, find, locate, place_result
from webrl_gym.sites.web import store
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
    centers = [(row["lat"], row["lon"]) for row in store().query("SELECT lat, lon FROM city ORDER BY id")]
    return render_template("home.html", drawing=_draw(centers))


def search() -> str:
    """Results of ``query``, ten a page; ``page`` counts from 1."""
    query = request.args.get("query", "").strip()
    page = max(request.args.get("page", 1, type=int), 1)
    results = find(store(), query)
    shown = results[(page - 1) * RESULTS_A_PAGE : page * RESULTS_A_PAGE]
    more = url_for("search", query=query, page=page + 1) if len(results) > page * RESULTS_A_PAGE else None
    drawing = _draw([result.point for result in shown]) if shown else None
    return render_template("search.html", query=query, results=shown, total=len(results), more=more, drawing=drawing)


def node(identity: int) -> str:
    """A place and its tags."""
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
    """A street, its tags and the first places on it."""
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
    """A city and its tags."""
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


def _read_mode(text: str) -> TravelMode:
    try:
        return TravelMode(text)
    except ValueError:
        abort(400, f"engine must be one of {', '.join(TravelMode)}, got {text!r}.")


def _element(
    kind: str, identity: int, result: Result, tags: dict[str, object], places: list[Result] | None = None
) -> str:
    """The page of one node, way or relation; empty tags are left out."""
    return render_template(
        "element.html",
        kind=kind,
        identity=identity,
        result=result,
        tags={key: value for key, value in sorted(tags.items()) if value not in ("", None)},
        places=places or [],
        drawing=_draw([result.point]),
    )


def _draw(markers: list[Point], route: Route | None = None) -> Drawing:
    line: list[Point] = []
    if route is not None:
        line = [route.stretches[0].start, *(stretch.end for stretch in route.stretches)]
    return draw(road_graph(store()), markers, line)
