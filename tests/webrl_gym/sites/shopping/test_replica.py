"""World 0: how much there is, what official answers hang on, and what only this world's pages show."""

from __future__ import annotations

from collections.abc import Iterator

import lxml.html
import pytest
from flask.testing import FlaskClient

from tests.webrl_gym.sites.shopping.visits import EMMA, names, page, send, send_fields, texts
from webrl_gym import official_file
from webrl_gym.sites.shopping.seed_replica_reviews import listed_reviews
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.worlds import World

SHOES = "/clothing-shoes-jewelry/men/shoes.html"


@pytest.fixture
def world() -> Iterator[World]:
    opened = World(0)
    yield opened
    opened.close()


def rows(store: SiteStore, sql: str, *parameters: str | int) -> list[tuple[object, ...]]:
    return [tuple(row) for row in store.query(sql, parameters)]


def test_it_is_large_enough(store: SiteStore) -> None:
    least = {"product": 2_000, "category": 100, "review": 6_000, "sales_order": 60, "customer": 10}
    for table, count in least.items():
        assert store.value(f"SELECT COUNT(*) FROM {table}") >= count, table
    shelves = "SELECT id FROM category WHERE id NOT IN (SELECT parent_id FROM category WHERE parent_id IS NOT NULL)"
    assert store.one(f"{shelves} AND id NOT IN (SELECT category_id FROM category_product)") is None


def test_every_order_adds_up_and_has_the_number_of_its_page(store: SiteStore) -> None:
    sums = "(SELECT SUM(price_cents * qty) FROM sales_order_item WHERE order_id = o.id)"
    pieces = "(SELECT SUM(qty) FROM sales_order_item WHERE order_id = o.id)"
    wrong = (
        f"subtotal_cents <> {sums} OR shipping_cents <> 500 * {pieces} OR CAST(increment_id AS INTEGER) <> id"
        " OR grand_total_cents <> subtotal_cents + shipping_cents"
    )
    assert store.one(f"SELECT 1 FROM sales_order o WHERE {wrong}") is None
    mine = "FROM sales_order_item i JOIN sales_order o ON o.id = i.order_id JOIN product p ON p.id = i.product_id"
    differs = "p.price_cents <> i.price_cents OR p.name <> i.name OR p.sku <> i.sku"
    assert store.one(f"SELECT 1 {mine} WHERE {differs}") is None


def test_the_order_history_is_that_of_the_original(store: SiteStore) -> None:
    mine = f"FROM sales_order WHERE customer_id = {EMMA}"
    assert store.value(f"SELECT COUNT(*) {mine}") == 37
    assert rows(store, f"SELECT status, COUNT(*) {mine} GROUP BY 1 ORDER BY 1") == [
        ("Canceled", 9),
        ("Complete", 25),
        ("Pending", 3),
    ]
    latest = rows(store, f"SELECT id, status, grand_total_cents {mine} ORDER BY created_at DESC LIMIT 5")
    assert latest == [
        (170, "Canceled", 36_542),
        (189, "Pending", 75_499),
        (188, "Pending", 200_499),
        (187, "Pending", 100_499),
        (180, "Complete", 6_532),
    ]
    assert store.value(f"SELECT MIN(date(created_at)) {mine}") == "2022-03-02"
    november = rows(store, f"SELECT grand_total_cents {mine} AND created_at LIKE '2022-11%' ORDER BY 1")
    assert november == [(5_194,), (13_307,), (21_817,)]
    canceled = f"SELECT SUM(grand_total_cents) {mine} AND status = 'Canceled' AND created_at LIKE '2022%'"
    assert store.value(canceled) == 305_397
    others = f"SELECT MAX(created_at) FROM sales_order WHERE customer_id <> {EMMA}"
    assert store.value(others) < "2023-05-17"


@pytest.mark.parametrize(
    ("path", "condition", "sku"),
    [
        ("men/shoes", "reviews >= 5", "B01J4MM3KO"),
        ("meat-substitutes", "price_cents BETWEEN 10000 AND 20000", "B01CTR3DLE"),
    ],
)
def test_one_product_is_the_best(store: SiteStore, path: str, condition: str, sku: str) -> None:
    found = rows(
        store,
        "SELECT p.sku, COUNT(r.id) AS reviews, AVG(r.rating) AS mean, p.price_cents FROM product p"
        " JOIN category_product c ON c.product_id = p.id JOIN category k ON k.id = c.category_id"
        " LEFT JOIN review r ON r.product_id = p.id"
        f" WHERE k.url_path LIKE '%' || ? GROUP BY p.id HAVING {condition} ORDER BY mean DESC, price_cents LIMIT 2",
        path,
    )
    assert found[0][0] == sku
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("EYZUTAK", 4),
        ("teeth grinding", 7),
        ("jaw bruxism", 1),
        ("sephora", 2),
        ("xbox% controller", 5),
        ("echo dot", 1),
    ],
)
def test_the_generator_stays_clear_of_what_tasks_ask_for(store: SiteStore, words: str, count: int) -> None:
    assert store.value("SELECT COUNT(*) FROM product WHERE name LIKE '%' || ? || '%'", (words,)) == count


def test_a_category_of_three_levels_shows_the_way_and_its_own_price_ranges(visitor: FlaskClient) -> None:
    html = page(visitor, SHOES)
    assert texts(html, ".breadcrumbs a") == ["Clothing, Shoes & Jewelry", "Men"]
    links = [link.get("href") for link in lxml.html.document_fromstring(html).cssselect(".filter-options a")]
    assert links[:2] == [f"{SHOES}?price=0-30", f"{SHOES}?price=30-60"]
    assert all(0 < float(text[1:]) < 30 for text in texts(page(visitor, f"{SHOES}?price=0-30"), ".product-item .price"))


def test_the_visitor_chooses_how_many_entries_a_page_has(emma: FlaskClient) -> None:
    assert [len(names(page(emma, f"{SHOES}?product_list_limit={size}"))) for size in (12, 24, 36, 7)] == [
        12,
        24,
        30,
        12,
    ]
    history = "/sales/order/history/?limit="
    assert [len(texts(page(emma, f"{history}{size}"), "td.id")) for size in (10, 50, "x")] == [10, 37, 10]
    options = texts(page(emma, "/sales/order/history/"), "#limiter option")
    assert options == ["10", "20", "50"]


def test_sorting_a_search_leads_to_the_second_address_of_search_pages(visitor: FlaskClient) -> None:
    document = lxml.html.document_fromstring(page(visitor, "/catalogsearch/result/?q=chairs"))
    assert document.cssselect(".toolbar-sorter")[0].get("action") == "/catalogsearch/result/index/"
    sorted_page = page(visitor, "/catalogsearch/result/index/?product_list_order=price&q=chairs")
    link = lxml.html.document_fromstring(sorted_page).cssselect(".sorter-action")[0].get("href")
    assert link == "/catalogsearch/result/index/?product_list_order=price&q=chairs&product_list_dir=asc"


def test_what_has_options_is_bought_with_one_and_reordered_with_it(emma: FlaskClient, store: SiteStore) -> None:
    shoe = store.value("SELECT id FROM product WHERE sku = 'B01J4MM3KO'")
    option = store.value("SELECT id FROM product_option WHERE product_id = ?", (shoe,))
    for fields in ({}, {f"options[{option}]": "99"}):
        html = send_fields(emma, "/checkout/cart/add/", {"product": str(shoe), "qty": "1", **fields})
        assert "You need to choose options for your item." in html
    assert store.value("SELECT COUNT(*) FROM cart_item") == 0
    for size in ("9", "10", "9"):
        send_fields(emma, "/checkout/cart/add/", {"product": str(shoe), "qty": "1", f"options[{option}]": size})
    assert rows(store, "SELECT qty, options FROM cart_item ORDER BY id") == [(2, "Size: 9"), (1, "Size: 10")]
    assert texts(page(emma, "/checkout/cart/"), ".item-options dd") == ["9", "10"]
    send(emma, "/checkout/", shipping_address_id=1)
    number = store.value("SELECT MAX(id) FROM sales_order")
    assert texts(page(emma, f"/sales/order/view/order_id/{number}/"), ".item-options dd") == ["9", "10"]
    send(emma, f"/sales/order/reorder/order_id/{number}/")
    assert rows(store, "SELECT qty, options FROM cart_item ORDER BY id") == [(2, "Size: 9"), (1, "Size: 10")]


def test_a_wish_with_options_is_chosen_on_the_products_page(emma: FlaskClient, store: SiteStore) -> None:
    shoe = store.value("SELECT id FROM product WHERE sku = 'B01J4MM3KO'")
    send(emma, "/wishlist/index/add/", product=shoe)
    item = store.value("SELECT MAX(id) FROM wishlist_item")
    html = send(emma, "/wishlist/index/cart/", item=item)
    assert "You need to choose options" in html
    assert texts(html, ".product-custom-option option")[0] == "-- Please Select --"


def test_search_reads_hostile_words_as_words(visitor: FlaskClient, store: SiteStore) -> None:
    for words in ("%", "100%_", "'; DROP TABLE product; --", '{"a": 1}', "\\"):
        assert visitor.get("/catalogsearch/result/", query_string={"q": words}).status_code in (200, 302)
    assert store.value("SELECT COUNT(*) FROM product") > 2_000


def test_without_the_official_file_other_words_stand_in_for_what_it_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    quoting = listed_reviews()
    monkeypatch.setattr(official_file, "_installed", lambda: None)
    own = listed_reviews()
    assert quoting.keys() == own.keys()
    for sku, opinions in own.items():
        assert [opinion[:2] for opinion in opinions] == [opinion[:2] for opinion in quoting[sku]]
        assert all(opinion.title and opinion.detail for opinion in opinions)
