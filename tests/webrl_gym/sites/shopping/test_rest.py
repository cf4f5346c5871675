"""Magento's REST calls that WebArena's evaluators make."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.webrl_gym.sites.shopping.visits import send
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.types import Site

NAME, PASSWORD = ACCOUNTS[Site.SHOPPING_ADMIN]
LATEST = {
    "searchCriteria[sortOrders][0][field]": "created_at",
    "searchCriteria[sortOrders][0][direction]": "DESC",
    "searchCriteria[pageSize]": "1",
}


def ask_token(client: FlaskClient, view: str = "/default", **account: Any) -> TestResponse:
    return client.post(f"/rest{view}/V1/integration/admin/token", json=account)


def orders(client: FlaskClient, criteria: dict[str, str], view: str = "") -> Any:
    bearer = {"Authorization": f"Bearer {ask_token(client, username=NAME, password=PASSWORD).json}"}
    answer = client.get(f"/rest{view}/V1/orders", query_string=criteria, headers=bearer)
    assert answer.status_code == 200
    return answer.json


@pytest.mark.parametrize("view", ["/default", "", "/all"])
def test_an_admin_gets_a_token(visitor: FlaskClient, view: str) -> None:
    answer = ask_token(visitor, view, username=NAME, password=PASSWORD)
    assert answer.status_code == 200
    assert isinstance(answer.json, str)


@pytest.mark.parametrize(
    ("account", "status"),
    [
        ({"username": NAME, "password": "wrong"}, 401),
        ({"username": "emma.lopez@gmail.com", "password": "Password.123"}, 401),
        ({"username": "\ud800", "password": "' OR 1=1 --"}, 401),
        ({"username": NAME}, 400),
        ({"username": NAME, "password": 7}, 400),
        ({}, 400),
    ],
)
def test_others_are_told_why_not(visitor: FlaskClient, account: dict[str, Any], status: int) -> None:
    answer = ask_token(visitor, **account)
    assert answer.status_code == status
    assert answer.json is not None
    assert set(answer.json) <= {"message", "parameters"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_what_is_no_json_is_no_account(visitor: FlaskClient, body: bytes) -> None:
    answer = visitor.post(
        "/rest/default/V1/integration/admin/token", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer x.y", "Basic YWRtaW46YWRtaW4xMjM0", "Bearer \xff"])
def test_orders_are_for_admins(visitor: FlaskClient, header: str | None) -> None:
    answer = visitor.get("/rest/V1/orders", query_string=LATEST, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.json is not None
    assert "items" not in answer.json


def test_the_latest_order_is_the_one_just_placed(emma: FlaskClient, store: SiteStore) -> None:
    newest = store.value("SELECT increment_id FROM sales_order ORDER BY created_at DESC, id DESC")
    assert [order["increment_id"] for order in orders(emma, LATEST)["items"]] == [newest]
    send(emma, "/checkout/cart/add/", product=1, qty=2)
    address = store.value("SELECT default_shipping FROM customer WHERE email = ?", (ACCOUNTS[Site.SHOPPING][0],))
    send(emma, "/checkout/", shipping_address_id=address)
    (order,) = orders(emma, LATEST)["items"]
    assert order["increment_id"] > newest
    assert order["customer_email"] == ACCOUNTS[Site.SHOPPING][0]
    assert order["status"] == "pending"
    assert [(item["qty_ordered"], item["sku"]) for item in order["items"]] == [
        (2, store.value("SELECT sku FROM product WHERE id = 1"))
    ]
    page = emma.get(f"/sales/order/view/order_id/{int(order['increment_id'])}/")
    assert page.status_code == 200
    assert order["increment_id"] in page.text


def test_numbers_of_orders_are_their_ids(store: SiteStore) -> None:
    """The official helper makes the address of an order's page from its number."""
    assert store.query("SELECT * FROM sales_order WHERE CAST(increment_id AS INTEGER) <> id") == []


def test_orders_are_sorted_and_paged(visitor: FlaskClient, store: SiteStore) -> None:
    by_total = {"searchCriteria[sortOrders][0][field]": "grand_total", "searchCriteria[pageSize]": "2"}
    first = orders(visitor, {**by_total, "searchCriteria[sortOrders][0][direction]": "ASC"}, "/default")
    second = orders(
        visitor, {**by_total, "searchCriteria[sortOrders][0][direction]": "asc", "searchCriteria[currentPage]": "2"}
    )
    totals = [row[0] / 100 for row in store.query("SELECT grand_total_cents FROM sales_order ORDER BY 1 LIMIT 4")]
    assert [order["grand_total"] for order in first["items"] + second["items"]] == totals
    assert first["total_count"] == len(orders(visitor, {})["items"]) == store.value("SELECT count(*) FROM sales_order")


@pytest.mark.parametrize(
    "criteria",
    [
        {"searchCriteria[sortOrders][0][field]": "id; DROP TABLE sales_order"},
        {"searchCriteria[filter_groups][0][filters][0][field]": "status"},
        {"searchCriteria[filterGroups][0][filters][0][field]": "status"},
    ],
)
def test_what_cannot_be_asked_for_is_said(visitor: FlaskClient, criteria: dict[str, str]) -> None:
    bearer = {"Authorization": f"Bearer {ask_token(visitor, username=NAME, password=PASSWORD).json}"}
    answer = visitor.get("/rest/V1/orders", query_string=criteria, headers=bearer)
    assert answer.status_code == 400
    assert answer.json is not None
    assert "cannot be filtered" in answer.json["message"]
