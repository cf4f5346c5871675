from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import lxml.html
import pytest
from flask.testing import FlaskClient

from tests.webrl_gym.sites.shopping.visits import (
    amounts,
    names,
    page,
    texts,
)
from webrl_gym.sites.store import SiteStore


def test_a_category_shows_its_products_in_pages(visitor: FlaskClient, store: SiteStore) -> None:
    shown = [name for number in (1, 2, 3, 4) for name in names(page(visitor, f"/electronics.html?p={number}"))]
    sql = (
        "SELECT p.name FROM product p JOIN category_product c ON c.product_id = p.id JOIN category k"
        " ON k.id = c.category_id WHERE k.url_path = 'electronics' ORDER BY c.position"
    )
    assert shown == [row["name"] for row in store.query(sql)]
    assert names(page(visitor, "/electronics.html?p=99")) == names(page(visitor, "/electronics.html?p=4"))
    assert len(names(page(visitor, "/electronics.html?product_list_limit=12"))) == 12


@pytest.mark.parametrize("path", ["/electronics.html?", "/catalogsearch/result/?q=black+white&"])
def test_lists_sort_by_price_and_name_both_ways(visitor: FlaskClient, path: str) -> None:
    read: dict[str, Callable[[str], list[Any]]] = {
        "price": lambda html: list(amounts(html)),
        "name": lambda html: [name.lower() for name in names(html)],
    }
    for order, key in read.items():
        rising = key(page(visitor, f"{path}product_list_order={order}&product_list_dir=asc"))
        falling = key(page(visitor, f"{path}product_list_order={order}&product_list_dir=desc"))
        assert len(rising) > 3
        assert rising == sorted(rising)
        assert falling == sorted(falling, reverse=True)
        assert rising != falling


def test_the_sort_form_puts_its_parameters_where_task_files_expect_them(visitor: FlaskClient) -> None:
    document = lxml.html.document_fromstring(page(visitor, "/electronics.html?product_list_order=price"))
    assert document.cssselect("#sorter option[selected]")[0].get("value") == "price"
    link = document.cssselect(".sorter-action")[0].get("href")
    assert link == "/electronics.html?product_list_order=price&product_list_dir=desc"


def test_the_price_filter_keeps_a_range(visitor: FlaskClient) -> None:
    document = lxml.html.document_fromstring(page(visitor, "/electronics.html"))
    ranges = [link.get("href") for link in document.cssselect(".filter-options a")]
    assert ranges == [f"/electronics.html?price={low}-{low + 50}" for low in (0, 50, 100)]
    inside = amounts(page(visitor, "/electronics.html?price=50-100&product_list_limit=16"))
    assert inside
    assert all(50 <= amount < 100 for amount in inside)
    assert len(amounts(page(visitor, "/electronics.html?price=nonsense"))) == 8


@pytest.mark.parametrize("query", ["p=0", "p=-1", "p=x", "product_list_order=no", "product_list_limit=7", "price=9-1"])
def test_nonsense_in_the_address_does_no_harm(visitor: FlaskClient, query: str) -> None:
    assert texts(page(visitor, f"/electronics.html?{query}"), "h1") == ["Electronics"]


def test_search_finds_the_named_product_first(visitor: FlaskClient, store: SiteStore) -> None:
    for row in store.query("SELECT name, sku FROM product WHERE id % 40 = 0"):
        assert names(page(visitor, f"/catalogsearch/result/?q={row['name']}"))[0] == row["name"]
        assert names(page(visitor, f"/catalogsearch/result/?q={row['sku']}")) == [row["name"]]
    assert "Your search returned no results." in page(visitor, "/catalogsearch/result/?q=xyzzyx")
    assert "Minimum Search query length is 3" in page(visitor, "/catalogsearch/result/?q=ab")


def test_advanced_search_needs_every_field_to_fit(visitor: FlaskClient, product: sqlite3.Row) -> None:
    path = f"/catalogsearch/advanced/result/?name={product['name']}&sku={product['sku']}"
    assert names(page(visitor, path)) == [product["name"]]
    assert not names(page(visitor, path + "&price[from]=500"))
    assert texts(page(visitor, "/catalogsearch/advanced/result/?price[from]=x"), "h1") == ["Advanced Search"]


def test_a_product_page_shows_the_product_and_its_reviews_in_pages(
    visitor: FlaskClient, store: SiteStore, product: sqlite3.Row
) -> None:
    html = page(visitor, f"/{product['url_key']}.html")
    assert texts(html, "h1") == [product["name"]]
    assert texts(html, ".sku .value") == [product["sku"]]
    shown = [
        nickname
        for number in (1, 2, 3)
        for nickname in texts(page(visitor, f"/{product['url_key']}.html?p={number}"), ".review-details-value")
    ]
    sql = "SELECT nickname FROM review WHERE product_id = ? ORDER BY created_at DESC, id DESC"
    assert shown[: len(set(shown))] == [row["nickname"] for row in store.query(sql, (product["id"],))]


def test_unknown_pages_are_404(visitor: FlaskClient) -> None:
    for path in ("/no-such-thing.html", "/customer/nothing", "/sales/order/view/order_id/99999999999999999999999/"):
        assert visitor.get(path).status_code == 404
