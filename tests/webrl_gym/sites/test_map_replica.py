"""World 0 of the map: the ways, neighbours and pages that official tasks hang on."""

from __future__ import annotations

import re
import sqlite3
from itertools import pairwise
from pathlib import Path

import lxml.html
import pytest
from flask.testing import FlaskClient

from webrl_gym.road_graph import TravelMode, distance_text, duration_text, great_circle_metres
from webrl_gym.sites import web
from webrl_gym.sites.map import seed
from webrl_gym.sites.map.directions import road_graph
from webrl_gym.sites.map.query import Result
from webrl_gym.sites.map.search import find, locate
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.worlds import World, site_random
from webrl_gym.types import Site

HOSTILE = """<script>alert("x")</script>' OR 1=1; --"""
CMU, PITT, MIT = "Carnegie Mellon University", "University of Pittsburgh", "Massachusetts Institute of Technology"
HYATT = "Hyatt Regency Pittsburgh International Airport"
CAR, BICYCLE, FOOT = TravelMode.CAR, TravelMode.BICYCLE, TravelMode.FOOT


@pytest.fixture
def store(world: World) -> SiteStore:
    return world.store(Site.MAP)


@pytest.fixture
def client(store: SiteStore) -> FlaskClient:
    return visitor(store)


def visitor(store: SiteStore) -> FlaskClient:
    client = web.site_app(Site.MAP).test_client()
    client.environ_base[web.STORE_KEY] = store  # type: ignore[assignment]  # WSGI servers put any object there
    return client


def page(client: FlaskClient, path: str, **query: str) -> lxml.html.HtmlElement:
    response = client.get(path, query_string=query or None, follow_redirects=True)
    assert response.status_code == 200
    return lxml.html.fromstring(response.text)


def tags(document: lxml.html.HtmlElement) -> dict[str, str]:
    rows = document.cssselect(".browse-tag-list tr")
    return {row.cssselect("th")[0].text_content(): row.cssselect("td")[0].text_content() for row in rows}


def place(store: SiteStore, query: str) -> Result:
    found = locate(store, query)
    assert found is not None, query
    return found


def way(store: SiteStore, start: str, goal: str, mode: TravelMode) -> tuple[float, float]:
    """Metres and minutes."""
    route = road_graph(store).route(place(store, start).point, place(store, goal).point, mode)
    assert route is not None
    return route.metres, route.seconds / 60


@pytest.mark.parametrize(
    ("start", "goal", "mode", "distance", "time"),
    [
        ("Randyland", CMU, CAR, "", "0:13"),
        ("Randyland", CMU, FOOT, "", "1:45"),
        ("DoubleTree by Hilton Hotel Pittsburgh Airport", "Giant Eagle, Moon Township", FOOT, "1.4km", ""),
        ("Carnegie Museum of Art", "library CMU", FOOT, "", "0:11"),
        (CMU, "United States Postal Service", FOOT, "", "0:01"),
        (CMU, "United States Postal Service", CAR, "", "0:00"),
        (CMU, "United States Postal Service", BICYCLE, "", "0:00"),
        (MIT, "Harvard University", FOOT, "", "0:44"),
        ("Harvard University", "Boston Logan International Airport", CAR, "", "0:20"),
        ("Homewood Suites Southpointe", "PPG Paints Arena", CAR, "", "0:34"),
        (CMU, MIT, CAR, "914km", ""),
        (PITT, "Fuku Tea", FOOT, "653m", ""),
        ("Scranton, Pennsylvania", "Bridgeport", CAR, "", "3:20"),
        ("Animal Rescue League of Pittsburgh", "Schenley park", CAR, "", "0:09"),
        ("Wyndham Pittsburgh University Cente", "Gardner Steel Conference Center", FOOT, "375m", ""),
        ("The Oaklander Hotel", "Gardner Steel Conference Center", FOOT, "338m", ""),
        ("Vinalhaven, ME", "Acadia National Park", BICYCLE, "", "10:33"),
        ("Pittsburgh", "Philadelphia", CAR, "", "8:33"),
        (CMU, "CVS, Centre Avenue", FOOT, "1.4km", ""),
    ],
)
def test_official_ways_come_out_of_the_roads(
    store: SiteStore, start: str, goal: str, mode: TravelMode, distance: str, time: str
) -> None:
    metres, minutes = way(store, start, goal, mode)
    assert distance in ("", distance_text(metres))
    assert time in ("", duration_text(60 * minutes))


@pytest.mark.parametrize(
    ("words", "anchor", "first"),
    [
        ("cafes", "CMU Hunt library", "De Fer Coffee & Tea"),
        ("tea cafe", PITT, "Fuku Tea"),
        ("post office", CMU, "United States Postal Service"),
        ("pharmacy", "Carnegie Mellon", "Schiller's Pharmacy"),
        ("CVS", CMU, "CVS"),
        ("supermarket", "DoubleTree by Hilton Hotel Pittsburgh Airport", "Giant Eagle"),
        ("Hilton hotel", "Pittsburgh Airport", "DoubleTree by Hilton Hotel Pittsburgh Airport"),
        ("Hyatt hotel", "Pittsburgh Airport", HYATT),
        ("national park", "Vinalhaven, ME", "Acadia National Park"),
        ("Apple Store", "Pitt", "Apple Store"),
    ],
)
def test_nothing_of_its_kind_is_nearer_than_the_official_place(
    store: SiteStore, words: str, anchor: str, first: str
) -> None:
    start, graph = place(store, anchor), road_graph(store)
    walks = []
    for candidate in find(store, f"{words} near {anchor}")[:12]:
        route = graph.route(start.point, candidate.point, FOOT)
        assert route is not None
        walks.append((route.metres, candidate.name))
    assert find(store, f"{words} near {anchor}")[0].name == min(walks)[1] == first
    assert len({round(metres) for metres, _ in walks[:2]}) == len(walks[:2])


def test_limits_of_distance_and_time_let_in_the_official_places_only(store: SiteStore) -> None:
    def within(query: str, anchor: str, mode: TravelMode, *, metres: float = 1e9, minutes: float = 1e9) -> set[str]:
        names = set()
        for candidate in find(store, f"{query} near {anchor}")[:20]:
            length, time = way(store, anchor, f"{candidate.point[0]}, {candidate.point[1]}", mode)
            if length <= metres and time <= minutes:
                names.add(candidate.name)
        return names

    hotels = {"The Oaklander Hotel", "Wyndham Pittsburgh University Cente"}
    assert within("hotels", "Gardner Steel Conference Center", FOOT, minutes=8) == hotels
    assert within("supermarkets", HYATT, CAR, minutes=25) == {"Giant Eagle", "ALDI"}
    airports = [result for result in find(store, f"international airport near {CMU}") if result.kind == "Aerodrome"]
    near = [one.name for one in airports if great_circle_metres(place(store, CMU).point, one.point) < 100_000]
    assert near == ["Pittsburgh International Airport"]
    assert way(store, CMU, near[0], CAR)[0] < 45_000
    assert not find(store, f"US Citizenship and Immigration Services near {CMU}")
    assert not find(store, f"USCIS near {CMU}")


def test_the_best_order_of_three_stops_is_the_official_one(store: SiteStore) -> None:
    stops = [MIT, "Harvard University", "Boston Logan International Airport"]
    forth = [way(store, one, other, CAR)[1] for one, other in pairwise(stops)]
    round_about = [way(store, MIT, stops[2], CAR)[1], way(store, stops[2], stops[1], CAR)[1]]
    assert sum(forth) + 5 < sum(round_about)


def test_no_road_is_shorter_than_the_straight_line(store: SiteStore) -> None:
    graph = road_graph(store)
    for road in graph.roads:
        straight = great_circle_metres(graph.junctions[road.start], graph.junctions[road.end])
        assert road.metres >= straight - 2, road


def test_the_replica_is_large_and_all_of_it_can_be_reached(store: SiteStore) -> None:
    rows = store.query("SELECT lat, lon FROM element WHERE kind NOT LIKE '%Boundary' ORDER BY type, id")
    assert len(rows) >= 1500
    graph, start = road_graph(store), place(store, CMU).point
    for number, row in enumerate(rows[::29]):
        mode = list(TravelMode)[number % 3]
        assert graph.route(start, (row["lat"], row["lon"]), mode) is not None


def test_the_rows_are_the_same_each_time(store: SiteStore, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "again.db")
    connection.executescript((Path(seed.__file__).parent / "schema.sql").read_text())
    seed.populate(connection, 0, site_random(Site.MAP, 0))
    connection.commit()
    connection.close()
    again = SiteStore(tmp_path / "again.db")
    assert again.dump_hash() == store.dump_hash()
    again.close()


def test_names_are_found_by_what_people_call_them(store: SiteStore) -> None:
    for query, name in {
        "CMU": CMU,
        "carnegie mellon": CMU,
        "gates building CMU": "Gates and Hillman Centers",
        "Allentown, PA": "Allentown",
        "Carnegie Music Hall": "Carnegie Music Hall",
        "Carnegie Music Hall in NYC": "Carnegie Hall",
        "Washington": "Washington",
        "schillers": "Schiller's Pharmacy",
        "Forbes Avenue": "Forbes Avenue",
    }.items():
        assert place(store, query).name == name
    assert "District of Columbia" in place(store, "Washington").address


def test_a_place_is_found_again_by_its_whole_address(store: SiteStore) -> None:
    rows = store.query("SELECT * FROM element WHERE name <> '' ORDER BY type, id")
    for row in rows[::37]:
        address = f"{row['name']}, {row['address']}"
        assert place(store, address).display_name == address


def test_the_address_bar_writes_blanks_as_the_original_does(client: FlaskClient) -> None:
    response = client.get("/search?query=hotels+near+Carnegie+Music+Hall%2B")
    assert response.status_code == 302
    assert response.headers["Location"] == "/search?query=hotels%20near%20Carnegie%20Music%20Hall%2B"


def test_search_results_are_paged_without_loss(client: FlaskClient, store: SiteStore) -> None:
    seen: list[str] = []
    path: str | None = "/search?query=hotels%20Pennsylvania"
    while path:
        document = page(client, path)
        seen += [link.get("href") for link in document.cssselect("a.set_position")]
        path = next((link.get("href") for link in document.cssselect(".search_more a")), None)
    assert len(seen) == len(set(seen)) == len(find(store, "hotels Pennsylvania")) > 20


def test_an_element_shows_its_tags_and_the_article_about_it(client: FlaskClient, store: SiteStore) -> None:
    document = page(client, place(store, "Western Pennsylvania Hospital").path)
    assert tags(document)["phone"] == "+1 412 578 5000"
    document = page(client, place(store, "Chatham University").path)
    assert tags(document)["addr:postcode"] == "15232"
    (article,) = document.cssselect(".browse-tag-v a")
    assert article.get("href").endswith("/A/Chatham_University")
    document = page(client, place(store, "Flight 93 National Memorial").path)
    assert "Somerset County" in document.cssselect('[id="sidebar_content"]')[0].text_content()


def test_a_state_is_part_of_the_borders_that_it_shares(client: FlaskClient, store: SiteStore) -> None:
    document = page(client, place(store, "New Hampshire").path)
    neighbours = set()
    for member in document.cssselect(".parts a"):
        sharing = page(client, member.get("href")).cssselect(".parts a")
        names = {re.sub(r" \(\d+\)", "", link.text_content()) for link in sharing}
        assert "New Hampshire" in names
        neighbours |= names
    assert neighbours == {"New Hampshire", "Massachusetts", "Vermont", "Maine", "Quebec"}


def test_streets_have_pages(client: FlaskClient, store: SiteStore) -> None:
    street = place(store, "Vinalhaven Ferry")
    assert tags(page(client, street.path)) == {"highway": "ferry", "name": "Vinalhaven Ferry"}


@pytest.mark.parametrize("path", ["/node/1", "/way/1", "/relation/1"])
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("query", ["", "%", HOSTILE, f"cafes near {HOSTILE}", f"{HOSTILE} near Boston", "x " * 900])
def test_hostile_queries_find_nothing_and_are_shown_as_text(client: FlaskClient, query: str) -> None:
    document = page(client, "/search", query=query)
    assert document.cssselect(".search_results_error")
    assert document.cssselect("input[name=query]")[0].get("value") == query.strip()
    document = page(client, "/directions", route_from=query, route_to=CMU)
    assert not document.cssselect("#routing_summary")
    assert not document.cssselect("script")
