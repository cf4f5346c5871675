from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.webrl_gym.sites.shopping_admin.visits import ADMIN
from webrl_gym.engines.static import StaticEngine
from webrl_gym.observation import simplify
from webrl_gym.sites import words
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.web import signed_in_cookie
from webrl_gym.sites.worlds import World, world_file
from webrl_gym.types import EMBEDDED_URLS, PageNode

ROOT = EMBEDDED_URLS[ADMIN]


def test_a_world_is_the_same_each_time_and_worlds_differ() -> None:
    hashes = []
    for number in (0, 0, 3):
        world = World(number)
        hashes.append(world.store(ADMIN).dump_hash())
        world.close()
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("number", [0, 1])
def test_building_a_world_anew_gives_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    built = SiteStore(world_file(ADMIN, number))
    expected = built.dump_hash()
    built.close()
    monkeypatch.setenv("WEBRL_GYM_CACHE", str(tmp_path))
    rebuilt = SiteStore(world_file(ADMIN, number))
    assert rebuilt.path.is_relative_to(tmp_path)
    assert rebuilt.dump_hash() == expected
    rebuilt.close()


def test_invented_words_mark_novel_records_of_their_world_only() -> None:
    stores = [World(number) for number in (1, 4)]
    own, other = (opened.store(ADMIN) for opened in stores)
    invented = words.novel_words(1, "product", 8)
    for word in invented:
        sql = "SELECT COUNT(*) AS n, MIN(novel) AS novel FROM product WHERE name LIKE ?"
        found = own.one(sql, (f"{word} %",))
        assert found is not None
        assert (found["n"] > 0, found["novel"]) == (True, 1)
        assert other.value(sql, (f"{word} %",)) == 0
    for table in ("product", "customer", "sales_order", "review", "search_query", "cms_page", "salesrule"):
        share = own.value(f"SELECT AVG(novel) FROM {table}")
        assert 0.08 < share < 0.3, table
    for opened in stores:
        opened.close()


def links(node: PageNode) -> list[str]:
    found = [node.attrs["href"]] if node.tag == "a" and "href" in node.attrs else []
    for child in node.children:
        if isinstance(child, PageNode):
            found += links(child)
    return found


def test_pages_are_lean(world: World) -> None:
    cookie = signed_in_cookie(ADMIN)
    assert cookie is not None
    engine = StaticEngine(world)
    waiting, seen = ["/", "/admin"], {"/", "/admin"}
    sizes: list[int] = []
    counts: list[int] = []
    while waiting and len(sizes) < 60:
        engine.start([ROOT + waiting.pop(0)], [(ROOT, *cookie)])
        snapshot = engine.snapshot()
        page = simplify(snapshot)
        sizes.append(len("\n".join(str(line) for line in page.lines)))
        counts.append(len(page.elements))
        new = [link for link in links(snapshot.body) if link.startswith("/") and "logout" not in link]
        waiting += [link for link in dict.fromkeys(new) if link not in seen]
        seen.update(new)
    engine.close()
    assert len(sizes) == 60
    assert statistics.median(sizes) <= 1500
    assert statistics.median(counts) <= 30
    assert statistics.quantiles(sizes, n=20)[-1] <= 3000
    assert statistics.quantiles(counts, n=20)[-1] <= 60
