from __future__ import annotations

import re
import sqlite3
import statistics
from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from flask.testing import FlaskClient

from webrl_gym.engines.static import StaticEngine
from webrl_gym.observation import simplify
from webrl_gym.road_graph import TravelMode, distance_text, great_circle_metres
from webrl_gym.sites import web
from webrl_gym.sites.map import seed
from webrl_gym.sites.map.directions import road_graph
from webrl_gym.sites.map.query import read_coordinates
from webrl_gym.sites.map.search import find
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.worlds import World, site_random, world_file
from webrl_gym.types import Site

HOSTILE = """<script>alert("x")</script>' OR 1=1; --"""


@pytest.fixture
def world() -> Iterator[World]:
    """A practice world; the replica has tests of its own."""
    opened = World(1)
    yield opened
    opened.close()


@pytest.fixture
def store(world: World) -> SiteStore:
    return world.store(Site.MAP)


@pytest.fixture
def client(store: SiteStore) -> FlaskClient:
    client = web.site_app(Site.MAP).test_client()
    client.environ_base[web.STORE_KEY] = store  # type: ignore[assignment]  # WSGI servers put any object there
    return client


def page(client: FlaskClient, path: str, **query: str) -> lxml.html.HtmlElement:
    response = client.get(path, query_string=query or None)
    assert response.status_code == 200
    return lxml.html.fromstring(response.text)


def results(document: lxml.html.HtmlElement) -> list[str]:
    return [entry.text_content() for entry in document.cssselect(".search_results_entry")]


def test_the_start_page_has_the_search_box_and_the_way_to_directions(client: FlaskClient) -> None:
    document = page(client, "/")
    (box,) = document.cssselect("input[name=query]")
    assert box.get("placeholder") == "Search"
    (form,) = document.cssselect("form")
    assert (form.get("action"), form.cssselect("button")[0].text_content()) == ("/search", "Go")
    assert [link.get("href") for link in document.cssselect("a.switch_link")] == ["/directions"]


def test_every_place_is_the_first_result_for_its_name_and_city(store: SiteStore) -> None:
    once = "SELECT * FROM addressed_place GROUP BY name, city HAVING count(*) = 1 ORDER BY id LIMIT 60"
    rows = store.query(once)
    assert len(rows) == 60
    for row in rows:
        assert find(store, f"{row['name']}, {row['city']}")[0].path == f"/node/{row['id']}"


def test_the_words_of_a_query_may_stand_in_name_kind_and_address(client: FlaskClient, store: SiteStore) -> None:
    row = store.one("SELECT * FROM addressed_place WHERE kind = 'Museum' ORDER BY id")
    assert row is not None
    document = page(client, "/search", query=f"museums in {row['city'].upper()} {row['postcode']}")
    names = [text for text in results(document) if row["name"] in text]
    assert len(names) == 1
    assert names[0].startswith(f"Museum {row['name']}, {row['housenumber']}, {row['street']}, {row['city']}, ")


def test_near_gives_the_places_of_a_kind_by_distance(client: FlaskClient, store: SiteStore) -> None:
    anchor = store.one("SELECT * FROM addressed_place WHERE kind = 'University' ORDER BY id")
    assert anchor is not None
    here = anchor["lat"], anchor["lon"]
    pharmacies = store.query("SELECT * FROM place WHERE kind = 'Pharmacy'")
    nearest = min(pharmacies, key=lambda row: great_circle_metres(here, (row["lat"], row["lon"])))
    first = results(page(client, "/search", query=f"pharmacies near {anchor['name']}"))[0]
    assert first.startswith(f"Pharmacy {nearest['name']}, {nearest['housenumber']}, ")
    assert first.endswith(distance_text(great_circle_metres(here, (nearest["lat"], nearest["lon"]))))


def test_coordinates_find_what_is_there(store: SiteStore) -> None:
    row = store.one("SELECT * FROM place ORDER BY id")
    assert row is not None
    assert find(store, f"{row['lat']}, {row['lon']}")[0].path == f"/node/{row['id']}"


@pytest.mark.parametrize("text", ["", "12", "91, 0", "0, 181", "a, b", "40.1, -79.2 x"])
def test_other_texts_are_no_coordinates(text: str) -> None:
    assert read_coordinates(text) is None


def test_long_results_are_paged_without_loss(client: FlaskClient, store: SiteStore) -> None:
    seen: list[str] = []
    path: str | None = "/search?query=cafe"
    pages = 0
    while path:
        document = page(client, path)
        assert len(results(document)) <= 10
        seen += [link.get("href") for link in document.cssselect("a.set_position")]
        path = next((link.get("href") for link in document.cssselect(".search_more a")), None)
        pages += 1
    assert pages > 1
    assert len(seen) == len(set(seen)) == len(find(store, "cafe"))
    assert store.value("SELECT count(*) FROM place WHERE kind = 'Cafe'") <= len(seen)


@pytest.mark.parametrize(
    "query", ["", "   ", "qqqqq", "pharmacy near qqqqq", "%", "_", HOSTILE, "near x " * 900, "qq " * 900]
)
def test_a_query_without_results_says_so(client: FlaskClient, query: str) -> None:
    document = page(client, "/search", query=query)
    assert document.cssselect(".search_results_error")[0].text_content() == "No results found"
    assert document.cssselect("input[name=query]")[0].get("value") == query.strip()
    assert not document.cssselect("script")


def test_a_node_shows_its_tags_and_leaves_out_missing_ones(client: FlaskClient, store: SiteStore) -> None:
    for missing in (False, True):
        row = store.one("SELECT * FROM addressed_place WHERE (phone = '') = ? ORDER BY id", (missing,))
        assert row is not None
        document = page(client, f"/node/{row['id']}")
        tags = {
            line.cssselect("th")[0].text_content(): line.cssselect("td")[0].text_content()
            for line in document.cssselect(".browse-tag-list tr")
        }
        assert tags["name"] == row["name"]
        assert tags["addr:street"] == row["street"]
        assert tags["addr:housenumber"] == str(row["housenumber"])
        assert tags["addr:postcode"] == row["postcode"]
        assert tags.get("phone", "") == row["phone"]
        assert document.cssselect(".geo")[0].text_content() == f"{row['lat']}, {row['lon']}"


def test_ways_and_relations_have_pages(client: FlaskClient, store: SiteStore) -> None:
    street = store.one("SELECT * FROM street WHERE id IN (SELECT street_id FROM place) ORDER BY id")
    assert street is not None
    document = page(client, f"/way/{street['id']}")
    assert street["name"] in document.cssselect("h2")[0].text_content()
    assert document.cssselect(".results-list a")
    for row in store.query("SELECT id FROM street WHERE city_id IS NULL"):
        page(client, f"/way/{row['id']}")
    city = store.one("SELECT * FROM city ORDER BY id")
    assert city is not None
    assert str(city["population"]) in page(client, f"/relation/{city['id']}").text_content()


@pytest.mark.parametrize("path", ["/node/1", "/way/99999", "/relation/99", "/nowhere", "/node/" + "9" * 30])
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def two_places(store: SiteStore) -> tuple[sqlite3.Row, sqlite3.Row]:
    rows = store.query(
        "SELECT * FROM addressed_place WHERE kind IN ('Museum', 'Zoo', 'Stadium') AND city_id = 1 ORDER BY id LIMIT 2"
    )
    return rows[0], rows[1]


@pytest.mark.parametrize("mode", list(TravelMode))
def test_directions_show_the_fastest_way(client: FlaskClient, store: SiteStore, mode: TravelMode) -> None:
    start, goal = two_places(store)
    expected = road_graph(store).route((start["lat"], start["lon"]), (goal["lat"], goal["lon"]), mode)
    assert expected is not None
    document = page(client, "/directions", engine=mode.value, route_from=start["name"], route_to=goal["name"])
    summary = document.cssselect("#routing_summary")[0].text_content()
    assert summary.startswith(f"Distance: {distance_text(expected.metres)}. Time: ")
    assert document.cssselect("#route_from")[0].get("value").startswith(f"{start['name']}, {start['housenumber']}, ")
    assert document.cssselect("select.routing_engines")[0].value == mode.value
    turns = [row.text_content() for row in document.cssselect(".turn")]
    assert turns[0].startswith("1. Start on ")
    assert turns[-1].endswith("Reach destination")
    assert document.cssselect("path.route")


def test_the_modes_are_offered_in_the_originals_order(client: FlaskClient) -> None:
    document = page(client, "/directions")
    (select,) = document.cssselect("select.routing_engines")
    assert [option.text for option in select] == ["Bicycle (OSRM)", "Car (OSRM)", "Foot (OSRM)"]
    assert select.value == "fossgis_osrm_car"


def test_reversing_directions_swaps_the_ends(client: FlaskClient, store: SiteStore) -> None:
    start, goal = two_places(store)
    document = page(client, "/directions", **{"from": start["name"], "to": goal["name"]})
    reverse = document.cssselect("a.reverse_directions")[0].get("href")
    swapped = page(client, reverse)
    assert swapped.cssselect("#route_from")[0].get("value").startswith(goal["name"])
    assert swapped.cssselect("#route_to")[0].get("value").startswith(start["name"])
    assert summary_of(swapped) == summary_of(document)


def test_coordinates_give_the_same_way_as_names(client: FlaskClient, store: SiteStore) -> None:
    start, goal = two_places(store)
    by_name = page(client, "/directions", **{"from": start["name"], "to": goal["name"]})
    coordinates = f"{start['lat']},{start['lon']};{goal['lat']},{goal['lon']}"
    by_point = page(client, "/directions", engine="fossgis_osrm_car", route=coordinates)
    assert summary_of(by_point) == summary_of(by_name)


def summary_of(document: lxml.html.HtmlElement) -> str:
    return str(document.cssselect("#routing_summary")[0].text_content())


def test_an_unknown_end_is_named(client: FlaskClient, store: SiteStore) -> None:
    document = page(client, "/directions", route_from=two_places(store)[0]["name"], route_to=HOSTILE)
    assert document.cssselect(".search_results_error")[0].text_content() == f"Couldn't locate '{HOSTILE}'."
    assert document.cssselect("#route_to")[0].get("value") == HOSTILE
    assert not document.cssselect("#routing_summary")
    assert not document.cssselect("script")


def test_an_unknown_engine_is_refused(client: FlaskClient) -> None:
    response = client.get("/directions?engine=rocket")
    assert response.status_code == 400
    assert "fossgis_osrm_car" in response.text


def test_a_place_links_to_directions_from_and_to_it(client: FlaskClient, store: SiteStore) -> None:
    row = two_places(store)[0]
    links = page(client, f"/node/{row['id']}").cssselect(".actions a")
    fields = ["route_from", "route_to"]
    for link, field in zip(links, fields, strict=True):
        document = page(client, link.get("href"))
        assert document.cssselect(f"#{field}")[0].get("value").startswith(row["name"])


def test_the_road_network_follows_the_database(store: SiteStore) -> None:
    start, goal = two_places(store)
    ends = ((start["lat"], start["lon"]), (goal["lat"], goal["lon"]))
    before = road_graph(store).route(*ends, TravelMode.FOOT)
    store.execute("UPDATE road SET metres = metres * 3")
    after = road_graph(store).route(*ends, TravelMode.FOOT)
    store.reset()
    again = road_graph(store).route(*ends, TravelMode.FOOT)
    assert before is not None
    assert after is not None
    assert after.metres == pytest.approx(3 * before.metres)
    assert again == before


@pytest.mark.parametrize("number", range(1, 11))
def test_every_place_of_every_world_can_be_reached(number: int) -> None:
    store = SiteStore(world_file(Site.MAP, number))
    graph = road_graph(store)
    rows = store.query("SELECT lat, lon FROM place ORDER BY id")
    for mode in TravelMode:
        for row in rows[1::9]:
            assert graph.route((rows[0]["lat"], rows[0]["lon"]), (row["lat"], row["lon"]), mode) is not None
    store.close()


def test_addresses_ids_and_phones_are_unique(store: SiteStore) -> None:
    assert store.value("SELECT count(*) FROM place") >= 200
    for columns in ("street_id, housenumber", "id", "nullif(phone, '')"):
        assert not store.query(f"SELECT 1 FROM place WHERE phone <> '' GROUP BY {columns} HAVING count(*) > 1")
    assert all(len(str(row["id"])) == 6 for row in store.query("SELECT id FROM place"))


def build(number: int, path: Path) -> SiteStore:
    connection = sqlite3.connect(path)
    connection.executescript((Path(seed.__file__).parent / "schema.sql").read_text())
    seed.populate(connection, number, site_random(Site.MAP, number))
    connection.commit()
    connection.close()
    return SiteStore(path)


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[list[SiteStore]]:
    stores = [build(number, tmp_path / f"{position}.db") for position, number in enumerate((1, 1, 2))]
    yield stores
    for store in stores:
        store.close()


def test_a_world_is_the_same_each_time_and_another_one_is_not(worlds: list[SiteStore]) -> None:
    one, again, other = (store.dump_hash() for store in worlds)
    assert one == again
    assert one != other


def test_novel_places_have_words_of_their_own_world(worlds: list[SiteStore]) -> None:
    names = [row["name"] for row in worlds[0].query("SELECT name FROM place WHERE novel = 1")]
    other = " ".join(row["name"] for row in worlds[2].query("SELECT name FROM place"))
    assert 0.1 < len(names) / worlds[0].value("SELECT count(*) FROM place") < 0.2
    assert not [name for name in names if re.search(rf"\b{name.split()[0]}\b", other)]


def test_pages_are_lean(world: World, store: SiteStore) -> None:
    engine = StaticEngine(world)
    start, goal = two_places(store)
    paths = [
        "/",
        "/directions",
        "/search?query=cafe",
        "/search?query=street",
        f"/search?query=bank+near+{start['name']}",
    ]
    paths += [
        f"/directions?from={start['name']}&to={row['name']}" for row in store.query("SELECT * FROM place LIMIT 20")
    ]
    paths += [f"/node/{row['id']}" for row in store.query("SELECT id FROM place LIMIT 20")]
    paths += [f"/way/{row['id']}" for row in store.query("SELECT id FROM street LIMIT 12")]
    paths += [f"/relation/{row['id']}" for row in store.query("SELECT id FROM city")]
    sizes, controls = [], []
    for path in paths:
        engine.start([f"http://map.test{path}"], [])
        simplified = simplify(engine.snapshot())
        sizes.append(sum(len(str(line)) + 1 for line in simplified.lines))
        controls.append(len(simplified.elements))
    engine.close()
    assert statistics.median(sizes) <= 1500
    assert statistics.quantiles(sizes, n=20)[-1] <= 3000
    assert statistics.median(controls) <= 30
    assert max(controls) <= 60
    assert goal["name"] != start["name"]
