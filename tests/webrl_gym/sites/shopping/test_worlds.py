from __future__ import annotations

import re
import sqlite3
from statistics import median

import lxml.html
import pytest
from flask.testing import FlaskClient

from tests.webrl_gym.sites.shopping.visits import (
    page,
    send,
)
from webrl_gym.engines.lxml_tree import page_node
from webrl_gym.observation import simplify
from webrl_gym.sites.words import novel_words
from webrl_gym.sites.worlds import World
from webrl_gym.types import PageSnapshot, Site


def test_a_world_has_the_same_rows_each_time_and_each_world_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    hashes = []
    for number in (0, 0, 1):
        monkeypatch.setenv("WEBRL_GYM_CACHE", str(tmp_path_factory.mktemp("cache")))
        built = World(number)
        hashes.append(built.store(Site.SHOPPING).dump_hash())
        built.close()
    assert hashes[0] == hashes[1] != hashes[2]


def test_invented_words_occur_in_their_own_world_only() -> None:
    mine = [*novel_words(1, "product", 60), *novel_words(1, "person", 60), *novel_words(1, "street", 60)]
    pattern = re.compile(r"\b(?:" + "|".join(mine) + r")\b")
    marked = {}
    for number in (1, 2):
        opened = World(number)
        rows = [
            (bool(pattern.search(row[0])), bool(row["novel"]))
            for sql in (
                "SELECT name, novel FROM product",
                "SELECT name, novel FROM category",
                "SELECT nickname, novel FROM review",
                "SELECT street, novel FROM address",
            )
            for row in opened.store(Site.SHOPPING).query(sql)
        ]
        opened.close()
        marked[number] = rows
    assert all(invented == novel for invented, novel in marked[1])
    assert not any(invented for invented, _ in marked[2])
    share = sum(novel for _, novel in marked[1]) / len(marked[1])
    assert 0.1 < share < 0.2


@pytest.mark.parametrize("number", [1, 9, 10])
def test_a_world_leaves_no_doubt_which_record_is_meant(number: int) -> None:
    opened = World(number)
    store = opened.store(Site.SHOPPING)
    prefixes = "SELECT 1 FROM product a JOIN product b ON b.name LIKE a.name || ' %'"
    assert store.one(prefixes) is None
    assert store.value("SELECT COUNT(*) - COUNT(DISTINCT price_cents) FROM product") == 0
    assert store.value("SELECT COUNT(*) - COUNT(DISTINCT date(created_at)) FROM sales_order") == 0
    sums = "SELECT SUM(price_cents * qty) FROM sales_order_item WHERE order_id = o.id"
    assert store.one(f"SELECT 1 FROM sales_order o WHERE subtotal_cents <> ({sums})") is None
    assert store.value("SELECT COUNT(*) FROM review") == 900
    opened.close()


def test_pages_are_lean(emma: FlaskClient) -> None:
    waiting, seen, lengths, controls = ["/"], {"/"}, [], []
    while waiting and len(lengths) < 60:
        html = page(emma, waiting.pop(0))
        document = lxml.html.document_fromstring(html)
        body = document.find("body")
        assert body is not None
        read = simplify(PageSnapshot("", "", page_node(body), ("shop",), 0))
        lengths.append(sum(len(str(line)) + 1 for line in read.lines))
        controls.append(len(read.elements))
        for link in document.cssselect("a"):
            path = str(link.get("href"))
            if path not in seen and "logout" not in path:
                seen.add(path)
                waiting.append(path)
    assert len(lengths) == 60
    assert median(lengths) <= 1_500
    assert median(controls) <= 30
    assert sorted(lengths)[56] <= 3_000
    assert sorted(controls)[56] <= 60


def test_every_control_has_a_name(emma: FlaskClient, product: sqlite3.Row) -> None:
    send(emma, "/checkout/cart/add/", product=product["id"], qty=1)
    paths = ["/", "/electronics.html", f"/{product['url_key']}.html", "/checkout/", "/checkout/cart/", "/wishlist/"]
    paths += ["/customer/address/", "/customer/address/new/", "/customer/account/edit/", "/newsletter/manage/"]
    paths += ["/contact/", "/catalogsearch/advanced/", "/sales/order/history/"]
    for path in paths:
        body = lxml.html.document_fromstring(page(emma, path).replace("<details ", "<details open ")).find("body")
        assert body is not None
        read = simplify(PageSnapshot("", "", page_node(body), ("shop",), 0))
        for line in read.lines:
            assert 'label=""' not in str(line)
            assert not re.search(r'<(a|button|summary) id="\d+"[^>]*> </', str(line))
