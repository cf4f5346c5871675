from __future__ import annotations

import random
import re
import sqlite3
import statistics
from collections.abc import Iterator
from importlib.resources import files

import lxml.html
import pytest

from webrl_gym.engines.static import StaticEngine
from webrl_gym.observation import simplify
from webrl_gym.sites import words
from webrl_gym.sites.reddit import seed
from webrl_gym.sites.reddit.seed_basics import NOW
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.web import STORE_KEY, signed_in_cookie, site_app
from webrl_gym.sites.worlds import World, site_random
from webrl_gym.types import EMBEDDED_URLS, Site


def built(world: int) -> SiteStore:
    opened = World(world)
    return opened.store(Site.REDDIT)


@pytest.fixture
def two_worlds() -> Iterator[tuple[SiteStore, SiteStore]]:
    stores = built(1), built(2)
    yield stores
    for opened in stores:
        opened.close()


def text_of(store: SiteStore) -> str:
    rows = store.query("SELECT title FROM submissions") + store.query("SELECT name FROM forums")
    return " ".join(str(row[0]) for row in rows + store.query("SELECT username FROM users"))


def test_worlds_differ_and_keep_their_novel_words(two_worlds: tuple[SiteStore, SiteStore]) -> None:
    first, second = two_worlds
    assert first.dump_hash() != second.dump_hash()
    for kind, count in (("forum", 4), ("person", 12), ("title", 20)):
        own = words.novel_words(1, kind, count)
        assert any(word in text_of(first) for word in own)
        assert not any(re.search(rf"\b{word}\b", text_of(second)) for word in own)
    for table, least in (("forums", 3), ("users", 10), ("submissions", 40), ("comments", 80)):
        assert first.value(f"SELECT COUNT(*) FROM {table} WHERE novel = 1") >= least


def test_building_twice_gives_the_same_rows(world: World) -> None:
    store = world.store(Site.REDDIT)
    schema = (files("webrl_gym.sites") / "reddit" / "schema.sql").read_text()
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema)
    seed.populate(connection, 1, site_random(Site.REDDIT, 1))
    for table in ("users", "forums", "submissions", "comments", "messages"):
        rows = connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
        assert rows == [tuple(row) for row in store.query(f"SELECT * FROM {table} ORDER BY id")]
    connection.close()


def test_counts_agree_with_rows(world: World) -> None:
    store = world.store(Site.REDDIT)
    assert (
        store.value(
            "SELECT COUNT(*) FROM submissions s WHERE comment_count != "
            "(SELECT COUNT(*) FROM comments c WHERE c.submission_id = s.id)"
        )
        == 0
    )
    assert store.value("SELECT COUNT(*) FROM comments WHERE created > ?", (NOW,)) == 0
    assert store.value("SELECT COUNT(DISTINCT title) FROM submissions") == 300


def test_pages_are_lean_and_their_forms_have_buttons(world: World) -> None:
    root = EMBEDDED_URLS[Site.REDDIT]
    cookie = signed_in_cookie(Site.REDDIT)
    assert cookie is not None
    client = site_app(Site.REDDIT).test_client()
    client.set_cookie(*cookie, domain="localhost")
    engine = StaticEngine(world)
    rng = random.Random(0)
    waiting, seen = ["/"], set[str]()
    lengths, controls = [], []
    while waiting and len(seen) < 60:
        path = waiting.pop(0) if len(seen) < 15 else waiting.pop(rng.randrange(len(waiting)))
        seen.add(path)
        engine.start([root + path], [(root, *cookie)])
        page = simplify(engine.snapshot())
        lengths.append(sum(len(str(line)) + 1 for line in page.lines))
        controls.append(len(page.elements))
        document = lxml.html.document_fromstring(
            client.get(path, environ_overrides={STORE_KEY: world.store(Site.REDDIT)}).text
        )
        assert all(form.cssselect("button") for form in document.forms), path
        links = [str(link.get("href")) for link in document.cssselect("a[href]")]
        waiting += [link for link in dict.fromkeys(links) if link.startswith("/") and link not in {*seen, *waiting}]
    engine.close()
    assert statistics.median(lengths) <= 1_500
    assert statistics.median(controls) <= 30
    assert sorted(lengths)[56] <= 3_000
    assert sorted(controls)[56] <= 60
