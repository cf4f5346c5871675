from __future__ import annotations

import lxml.html
import pytest
from flask.testing import FlaskClient

from webrl_gym.sites import web
from webrl_gym.sites.worlds import World
from webrl_gym.types import EMBEDDED_URLS, Site


@pytest.fixture
def client(world: World) -> FlaskClient:
    client = web.site_app(Site.HOMEPAGE).test_client()
    client.environ_base[web.STORE_KEY] = world.store(Site.HOMEPAGE)  # type: ignore[assignment]  # any object may be there
    return client


def test_the_start_page_links_to_every_other_site(client: FlaskClient) -> None:
    document = lxml.html.fromstring(client.get("/").text)
    hrefs = [link.get("href") for link in document.cssselect(".card a")]
    for site, root in EMBEDDED_URLS.items():
        if site is not Site.HOMEPAGE:
            assert [href for href in hrefs if href.startswith(f"{root}/")], site
    assert "http://shopping-admin.test/admin" in hrefs


def test_its_links_follow_the_addresses_of_the_caller(client: FlaskClient) -> None:
    urls = {site: f"http://127.0.0.1:{9000 + number}" for number, site in enumerate(Site)}
    client.environ_base[web.URLS_KEY] = urls  # type: ignore[assignment]  # any object may be there
    document = lxml.html.fromstring(client.get("/").text)
    (link,) = [link for link in document.cssselect(".card a") if link.text == "Map"]
    assert link.get("href") == f"{urls[Site.MAP]}/"


def test_the_accounts_are_listed(client: FlaskClient) -> None:
    document = lxml.html.fromstring(client.get("/password.html").text)
    rows = [[cell.text_content() for cell in row.cssselect("td")] for row in document.cssselect("tr")[1:]]
    assert [tuple(row[1:]) for row in rows] == list(web.ACCOUNTS.values())
    assert client.get(document.cssselect("a")[0].get("href")).status_code == 200
