from __future__ import annotations

import random
import sqlite3
from importlib.resources import files
from urllib.parse import urljoin, urlsplit

import pytest

from webrl_gym.engines.static import StaticEngine
from webrl_gym.observation import simplify
from webrl_gym.sites import web
from webrl_gym.sites.gitlab import seed
from webrl_gym.sites.words import novel_words
from webrl_gym.sites.worlds import World, site_random
from webrl_gym.tasks.page_view import PageView
from webrl_gym.types import Observation, Site


def build(world: int) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.executescript((files("webrl_gym.sites.gitlab") / "schema.sql").read_text())
    seed.populate(connection, world, site_random(Site.GITLAB, world))
    return connection


def dump(world: int) -> list[str]:
    return list(build(world).iterdump())


def test_a_world_has_the_same_rows_every_time_and_worlds_differ() -> None:
    assert dump(1) == dump(1)
    assert dump(1) != dump(2)


@pytest.mark.parametrize("world", [1, 9, 10])
def test_a_practice_world_is_as_large_as_tasks_need(world: int) -> None:
    connection = build(world)

    def count(source: str) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0])

    assert (count("users"), count("projects"), count("groups")) == (25, 40, 5)
    assert count("issues") > 300
    assert count("merge_requests") > 90
    assert count("commits") > 380
    assert count("project_members WHERE user_id = 1 AND role IN ('Owner', 'Maintainer')") >= 8
    assert count("merge_requests WHERE reviewer_id = 1 AND state = 'opened'") >= 4
    assert count("todos") == 9
    for table, share in (("users", 0.15), ("projects", 0.15), ("issues", 0.15), ("merge_requests", 0.15)):
        assert share / 2 < count(f"{table} WHERE novel = 1") / count(table) < share * 2
    assert connection.execute("SELECT max(created_at) FROM issues").fetchone()[0] < "2023-06-15"


def test_the_published_account_exists_in_every_world() -> None:
    for world in range(11):
        row = build(world).execute("SELECT id, username, name FROM users ORDER BY id").fetchone()
        assert row == (1, "byteblaze", "Byte Blaze")


def test_novel_words_belong_to_one_world() -> None:
    dumps = {world: "\n".join(dump(world)).lower() for world in (1, 2, 10)}
    for world in dumps:
        words = [word.lower() for word in novel_words(world, "title", 30) + novel_words(world, "person", 4)]
        assert all(f"the {word} " in dumps[world] or word in dumps[world] for word in words)
        for other in dumps:
            found = [word for word in words if f" {word} " in dumps[other]]
            assert bool(found) == (other == world)


def test_marked_records_hold_the_words_of_their_world() -> None:
    connection = build(3)
    titles = [row[0] for row in connection.execute("SELECT title FROM issues WHERE novel = 1")]
    words = set(novel_words(3, "title", 60))
    assert titles
    assert all(words & set(title.split()) for title in titles)
    plain = [row[0] for row in connection.execute("SELECT title FROM issues WHERE novel = 0")]
    assert not any(words & set(title.split()) for title in plain)


def test_pages_of_a_practice_world_are_lean() -> None:
    world, rng = World(1), random.Random(0)
    engine = StaticEngine(world)
    name, value = web.signed_in_cookie(Site.GITLAB) or ("", "")
    lengths: list[int] = []
    controls: list[int] = []
    seen: set[str] = set()
    waiting = ["http://gitlab.test/"]
    while waiting and len(seen) < 60:
        url = waiting.pop(rng.randrange(len(waiting)))
        if url in seen:
            continue
        seen.add(url)
        engine.start([url], [("http://gitlab.test", name, value)])
        snapshot = engine.snapshot()
        shown = simplify(snapshot)
        lengths.append(len(shown.window(0, 100_000)[0]))
        controls.append(len(shown.elements))
        hrefs = [node.attrs["href"] for node in shown.elements.values() if node.tag == "a"]
        waiting += [link for link in (urljoin(url, href) for href in hrefs) if urlsplit(link).netloc == "gitlab.test"]
    world.close()
    lengths.sort()
    controls.sort()
    assert len(seen) == 60
    assert lengths[30] <= 1500
    assert lengths[57] <= 3000
    assert controls[30] <= 30
    assert controls[57] <= 60


@pytest.mark.parametrize(
    "path", ["/", "/explore", "/dashboard/issues", "/dashboard/todos", "/-/profile", "/projects/new"]
)
def test_every_control_of_a_page_has_a_name(world: World, path: str) -> None:
    engine = StaticEngine(world)
    name, value = web.signed_in_cookie(Site.GITLAB) or ("", "")
    engine.start([f"http://gitlab.test{path}"], [("http://gitlab.test", name, value)])
    snapshot = engine.snapshot()
    text, _ = simplify(snapshot).window(0, 100_000)
    page = PageView(Observation(instruction="", url=snapshot.url, html=text, last_action_error=""))
    assert len(page.controls) > 8
    assert all(control.name for control in page.controls)
