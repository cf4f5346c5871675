from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from flask.testing import FlaskClient

from webrl_gym.engines.static import StaticEngine
from webrl_gym.observation import simplify
from webrl_gym.sites import web
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.wikipedia import seed
from webrl_gym.sites.worlds import World, site_random, world_file
from webrl_gym.types import Site

BOOK = "wikipedia_en_all_maxi_2022-05"
HOSTILE = """<script>alert("x")</script>' OR 1=1; --"""


@pytest.fixture
def world() -> Iterator[World]:
    """A practice world; the replica has tests of its own."""
    opened = World(1)
    yield opened
    opened.close()


@pytest.fixture
def store(world: World) -> SiteStore:
    return world.store(Site.WIKIPEDIA)


@pytest.fixture
def client(store: SiteStore) -> FlaskClient:
    client = web.site_app(Site.WIKIPEDIA).test_client()
    client.environ_base[web.STORE_KEY] = store  # type: ignore[assignment]  # WSGI servers put any object there
    return client


def page(client: FlaskClient, path: str, **query: str) -> lxml.html.HtmlElement:
    response = client.get(path, query_string=query or None)
    assert response.status_code == 200
    return lxml.html.fromstring(response.text)


def links(document: lxml.html.HtmlElement, selector: str = "a") -> list[str]:
    return [link.get("href") for link in document.cssselect(selector)]


def test_the_landing_page_lists_every_article(client: FlaskClient, store: SiteStore) -> None:
    listed = links(page(client, "/"), ".portal a")
    titles = [row["title"] for row in store.query("SELECT title FROM article")]
    assert sorted(listed) == sorted(f"/{BOOK}/A/{title.replace(' ', '_')}" for title in titles)
    assert len(titles) >= 38


def test_the_archives_root_leads_to_the_landing_page(client: FlaskClient) -> None:
    response = client.get(f"/{BOOK}/", follow_redirects=True)
    assert response.request.path == f"/{BOOK}/A/User:The_other_Kiwix_guy/Landing"
    assert "Welcome to Wikipedia" in response.text


def test_an_article_shows_its_facts_and_links_to_other_articles(client: FlaskClient, store: SiteStore) -> None:
    row = store.one("SELECT * FROM article WHERE kind = 'Person' ORDER BY id")
    assert row is not None
    document = page(client, f"/{BOOK}/A/{row['title'].replace(' ', '_')}")
    assert document.cssselect("#firstHeading")[0].text_content() == row["title"]
    shown = {
        line.cssselect("th")[0].text_content(): line.cssselect("td")[0].text_content()
        for line in document.cssselect(".infobox tr")
    }
    assert shown == {
        fact["label"]: fact["value"]
        for fact in store.query("SELECT label, value FROM fact WHERE article_id = ?", (row["id"],))
    }
    birthplace = f"/{BOOK}/A/{shown['Birthplace'].replace(' ', '_')}"
    assert birthplace in links(document, ".infobox a")
    assert birthplace in links(document, "p a")


def test_no_article_links_to_nowhere(client: FlaskClient, store: SiteStore) -> None:
    for row in store.query("SELECT title FROM article"):
        for path in links(page(client, f"/{BOOK}/A/{row['title']}"), ".mw-body a"):
            assert client.get(path).status_code == 200, path


def test_a_missing_article_is_not_found(client: FlaskClient) -> None:
    response = client.get(f"/{BOOK}/A/{HOSTILE}")
    assert response.status_code == 404
    assert "<script>" not in response.text


def test_search_puts_the_title_first_and_pages_the_rest(client: FlaskClient, store: SiteStore) -> None:
    city = store.value("SELECT title FROM article WHERE kind = 'City' ORDER BY id")
    first = page(client, "/search", content=BOOK, pattern=city.lower())
    assert links(first, ".results a")[0] == f"/{BOOK}/A/{city}"
    total = int(first.cssselect(".header")[0].text_content().split(" of ")[1].split()[0])
    seen = links(first, ".results a")
    document = first
    while more := [link for link in document.cssselect(".footer a") if link.text == "More results"]:
        document = page(client, more[0].get("href"))
        seen += links(document, ".results a")
    assert len(seen) == len(set(seen)) == total > 10
    assert links(document, ".footer a")


@pytest.mark.parametrize("pattern", ["", "qqqqq", "%", HOSTILE])
def test_a_search_without_results_says_so(client: FlaskClient, pattern: str) -> None:
    document = page(client, "/search", pattern=pattern)
    assert document.cssselect(".header")[0].text_content() == f'No results were found for "{pattern}"'
    assert document.cssselect("#kiwixsearchbox")[0].get("value") == pattern
    assert not document.cssselect("script")


@pytest.mark.parametrize("number", [1, 3, 10])
def test_articles_agree_with_the_map_of_their_world(number: int) -> None:
    wikipedia, places = SiteStore(world_file(Site.WIKIPEDIA, number)), SiteStore(world_file(Site.MAP, number))
    facts = wikipedia.query("SELECT title, label, value FROM fact JOIN article ON article.id = article_id")
    cities = {row["name"]: row for row in places.query("SELECT * FROM city")}
    known = {row["name"]: row for row in places.query("SELECT * FROM addressed_place")}
    checked = 0
    for title, label, value in facts:
        if label in ("Workplace", "Education", "Venue", "Airport"):
            assert value in known
        elif label in ("Birthplace", "Headquarters"):
            assert value in cities
        elif label == "City" and title in known:
            assert known[title]["city"] == value
        elif label == "Population":
            assert cities[title]["population"] == int(value)
        else:
            continue
        checked += 1
    assert checked > 50
    wikipedia.close()
    places.close()


def build(number: int, path: Path) -> SiteStore:
    connection = sqlite3.connect(path)
    connection.executescript((Path(seed.__file__).parent / "schema.sql").read_text())
    seed.populate(connection, number, site_random(Site.WIKIPEDIA, number))
    connection.commit()
    connection.close()
    return SiteStore(path)


def test_a_world_is_the_same_each_time_and_another_one_is_not(tmp_path: Path) -> None:
    stores = [build(number, tmp_path / f"{position}.db") for position, number in enumerate((1, 1, 2))]
    one, again, other = (store.dump_hash() for store in stores)
    novel = [row["title"] for row in stores[0].query("SELECT title FROM article WHERE novel = 1")]
    others = " ".join(row["title"] for row in stores[2].query("SELECT title FROM article"))
    for store in stores:
        store.close()
    assert one == again
    assert one != other
    assert len(novel) >= 4
    assert not [title for title in novel if title.split()[0] in others]


def test_pages_are_lean(world: World, store: SiteStore) -> None:
    engine = StaticEngine(world)
    paths = ["/", "/search?pattern=a", "/search?pattern=museum"]
    paths += [f"/{BOOK}/A/{row['title'].replace(' ', '_')}" for row in store.query("SELECT title FROM article")]
    sizes, controls = [], []
    for path in paths:
        engine.start([f"http://wikipedia.test{path}"], [])
        simplified = simplify(engine.snapshot())
        sizes.append(sum(len(str(line)) + 1 for line in simplified.lines))
        controls.append(len(simplified.elements))
    engine.close()
    assert statistics.median(sizes) <= 1500
    assert max(sizes) <= 3000
    assert max(controls) <= 30
