"""World 0 holds what the official tasks ask for, and nothing that would make an answer ambiguous."""

from __future__ import annotations

from typing import Any

import pytest

from tests.webrl_gym.sites.shopping_admin.visits import Visitor

JANUARY_SALES = (
    "SELECT t.name, SUM(t.qty) AS sold FROM sales_order AS o JOIN sales_order_item AS t ON t.order_id = o.id "
    "WHERE o.status != 'canceled' AND o.created_at LIKE '2023-01%' GROUP BY t.name ORDER BY sold DESC"
)
ORDERS_BY = "SELECT customer_name, COUNT(*) AS n FROM sales_order WHERE status = ? GROUP BY 1 ORDER BY n DESC LIMIT 8"
POOR = (
    "SELECT COUNT(*) FROM review AS r JOIN product AS p ON p.id = r.product_id "
    "WHERE r.rating < 4 AND (p.name LIKE 'Chloe%' OR p.name LIKE 'Zoe%' OR p.name LIKE 'Circe%')"
)


def rows(replica: Visitor, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in replica.store.query(sql, values)]


@pytest.mark.parametrize(
    ("number", "sku", "name"),
    [
        (1, "24-MB01", "Joust Duffle Bag"),
        (62, "MH01", "Chaz Kangeroo Hoodie"),
        (110, "MH04", "Frankie Sweatshirt"),
        (126, "MH05", "Hollister Backyard Sweatshirt"),
        (478, "MS09", "Ryker LumaTech™ Tee (Crew-neck)"),
        (872, "MP12-33-Blue", "Cronus Yoga Pant-33-Blue"),
        (1481, "WS08-S-Blue", "Minerva LumaTech™ V-Tee-S-Blue"),
        (1796, "WT08", "Antonia Racer Tank"),
        (1861, "WP07", "Aeon Capri"),
        (2040, "WSH12", "Erika Running Short"),
    ],
)
def test_products_have_the_ids_of_an_installation(replica: Visitor, number: int, sku: str, name: str) -> None:
    assert rows(replica, "SELECT sku, name FROM product WHERE id = ?", number) == [(sku, name)]


def test_the_store_is_as_large_as_the_original(replica: Visitor) -> None:
    sizes = {table: rows(replica, f"SELECT COUNT(*) FROM {table}")[0][0] for table in ("product", "sales_order")}
    assert sizes == {"product": 2040, "sales_order": 308}
    assert rows(replica, "SELECT COUNT(*) FROM customer")[0][0] >= 70
    assert rows(replica, "SELECT COUNT(*) FROM review")[0][0] >= 300
    totals = "SELECT COUNT(*) FROM sales_order WHERE grand_total != subtotal + shipping_amount + tax_amount"
    assert rows(replica, totals) == [(0,)]
    by_date = rows(replica, "SELECT id FROM sales_order ORDER BY created_at, id")
    assert [number for (number,) in by_date] == list(range(1, 309))


def test_counts_of_orders_leave_no_doubt(replica: Visitor) -> None:
    months = (
        "SELECT COUNT(*) FROM sales_order WHERE status = 'complete' AND created_at LIKE '2022-%' "
        "GROUP BY substr(created_at, 6, 2)"
    )
    assert [n for (n,) in rows(replica, months)] == [11, 16, 14, 8, 8, 13, 9, 8, 10, 4, 5, 10]
    completed = rows(replica, ORDERS_BY, "complete")
    assert completed[4][0] == "Matt Baker"
    assert len({count for _, count in completed[:7]}) == 7
    canceled = rows(replica, ORDERS_BY, "canceled")
    assert canceled[0][0] == "Samantha Jones"
    assert canceled[0][1] > canceled[1][1]
    sold = rows(replica, JANUARY_SALES)
    assert {name for name, _ in sold[:3]} == {"Impulse Duffle", "Overnight Duffle", "Hawkeye Yoga Short-32-Blue"}
    assert sold[2][1] > sold[3][1]


def test_the_last_orders_are_the_ones_that_tasks_add_up(replica: Visitor) -> None:
    last = "SELECT grand_total FROM sales_order WHERE status = ? ORDER BY created_at DESC LIMIT 4"
    canceled, completed = (sum(total for (total,) in rows(replica, last, name)) for name in ("canceled", "complete"))
    assert abs(canceled - completed) == 19425
    newest = "SELECT MAX(created_at) FROM sales_order WHERE status = 'canceled'"
    assert rows(replica, newest)[0][0].startswith("2023-05-23")
    assert rows(replica, "SELECT SUM(qty) FROM sales_order_item WHERE order_id > 301") == [(25,)]
    assert rows(replica, "SELECT printf('%.2f', grand_total / 100.0) FROM sales_invoice WHERE id = 2") == [("39.64",)]
    pending = "SELECT id FROM sales_order WHERE status = 'pending' AND customer_name = ? ORDER BY id DESC LIMIT 1"
    assert rows(replica, pending, "Sarah Miller") == [(299,)]
    changed = "SELECT id FROM sales_order WHERE status = 'pending' AND id IN (299, 302, 307) ORDER BY id"
    assert rows(replica, changed) == [(299,), (302,), (307,)]


def test_reviews_customers_and_search_terms_answer_the_tasks(replica: Visitor) -> None:
    assert rows(replica, "SELECT COUNT(*) FROM review WHERE status_id = 2") == [(5,)]
    assert rows(replica, "SELECT COUNT(*) FROM review WHERE instr(lower(title || ' ' || detail), 'best')") == [(2,)]
    assert rows(replica, "SELECT COUNT(*) FROM review WHERE created_at >= '2023-05'") == [(0,)]
    assert rows(replica, POOR) == [(0,)]
    names = "SELECT firstname || ' ' || lastname FROM customer WHERE telephone = '8015551212'"
    assert rows(replica, names) == [("Sean Miller",)]
    place = "SELECT city, region FROM customer WHERE firstname = 'Amanda' AND lastname = 'Kim'"
    assert rows(replica, place) == [("Hoboken", "New Jersey")]
    terms = rows(replica, "SELECT query_text, popularity FROM search_query ORDER BY popularity DESC LIMIT 4")
    assert [term for term, _ in terms[:3]] == ["hollister", "Joust Bag", "nike"]
    assert terms[2][1] > terms[3][1]
