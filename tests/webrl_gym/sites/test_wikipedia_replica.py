"""World 0 of the encyclopedia: what official tasks look up there, and its agreement with the replica's map."""

from __future__ import annotations

import lxml.html
import pytest
from flask.testing import FlaskClient

from webrl_gym.sites import web
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.worlds import World
from webrl_gym.types import Site

BOOK = "wikipedia_en_all_maxi_2022-05"


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


def facts(client: FlaskClient, title: str) -> dict[str, str]:
    rows = page(client, f"/{BOOK}/A/{title.replace(' ', '_')}").cssselect(".infobox tr")
    return {row.cssselect("th")[0].text_content(): row.cssselect("td")[0].text_content() for row in rows}


def test_no_article_links_to_nowhere(client: FlaskClient, store: SiteStore) -> None:
    paths = set()
    for row in store.query("SELECT title FROM article"):
        document = page(client, f"/{BOOK}/A/{row['title']}")
        paths |= {link.get("href") for link in document.cssselect(".mw-body a")}
    assert len(paths) > 100
    for path in paths:
        assert client.get(path).status_code == 200, path


def test_the_articles_answer_what_official_tasks_look_up(client: FlaskClient) -> None:
    assert facts(client, "Joe Biden")["Birthplace"] == "Scranton, Pennsylvania"
    assert facts(client, "Boston Celtics")["Arena"] == "TD Garden"
    assert facts(client, "United Airlines Flight 93")["Memorial"] == "Flight 93 National Memorial"
    maine = page(client, f"/{BOOK}/A/New_Hampshire").text_content()
    assert "It borders on Massachusetts, Vermont, Maine and Quebec." in maine


@pytest.mark.parametrize(
    ("pattern", "title"),
    [
        ("Boston NBA team", "Boston_Celtics"),
        ("computer science first Massachusetts", "Massachusetts_Institute_of_Technology"),
        ("september 11 attacks", "September_11_attacks"),
    ],
)
def test_searches_lead_to_them(client: FlaskClient, pattern: str, title: str) -> None:
    results = page(client, "/search", pattern=pattern).cssselect(".results a")
    assert results[0].get("href") == f"/{BOOK}/A/{title}"


def test_the_map_names_articles_that_exist(world: World, store: SiteStore) -> None:
    named = world.store(Site.MAP).query("SELECT DISTINCT value FROM tag WHERE key = 'wikipedia'")
    assert len(named) >= 10
    titles = {row["title"] for row in store.query("SELECT title FROM article")}
    assert {row["value"].removeprefix("en:") for row in named} <= titles


def test_the_landing_page_has_no_empty_subject(client: FlaskClient) -> None:
    subjects = page(client, "/").cssselect(".portal")
    assert {subject.cssselect("summary")[0].text_content() for subject in subjects} >= {"States", "Teams"}
    assert all(subject.cssselect("a") for subject in subjects)
