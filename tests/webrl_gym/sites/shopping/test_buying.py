from __future__ import annotations

import sqlite3

import lxml.html
import pytest
from flask.testing import FlaskClient

from tests.webrl_gym.sites.shopping.visits import (
    ADDRESS,
    EMAIL,
    EMMA,
    PASSWORD,
    page,
    send,
    send_fields,
    texts,
)
from webrl_gym.sites.store import SiteStore


def test_a_visitor_has_a_cart_that_moves_along_when_signing_in(
    visitor: FlaskClient, store: SiteStore, product: sqlite3.Row
) -> None:
    added = send(visitor, "/checkout/cart/add/", product=product["id"], qty=2, return_url="/electronics.html")
    assert f"You added {product['name']} to your shopping cart." in added
    assert texts(added, "h1") == ["Electronics"]
    assert texts(added, ".counter") == ["2 items"]
    assert "shopping cart." not in page(visitor, "/electronics.html")
    fields = {"login[username]": EMAIL, "login[password]": PASSWORD, "referer": ""}
    send_fields(visitor, "/customer/account/loginPost/", fields)
    sql = "SELECT i.qty FROM cart_item i JOIN cart c ON c.id = i.cart_id WHERE c.customer_id = ? AND i.product_id = ?"
    assert store.value(sql, (EMMA, product["id"])) == 2
    assert store.value("SELECT COUNT(*) FROM cart") == 1


def test_quantities_in_the_cart_change_and_items_go(emma: FlaskClient, store: SiteStore, product: sqlite3.Row) -> None:
    send(emma, "/checkout/cart/add/", product=product["id"], qty=1)
    line = store.one("SELECT * FROM cart_item")
    assert line is not None
    html = send_fields(emma, "/checkout/cart/updatePost/", {f"cart[{line['id']}][qty]": "3"})
    total = (product["price_cents"] + 500) * 3
    assert texts(html, ".grand .amount") == [f"${total / 100:,.2f}"]
    send_fields(emma, "/checkout/cart/updatePost/", {f"cart[{line['id']}][qty]": "many"})
    assert store.value("SELECT qty FROM cart_item") == 3
    assert "You have no items" in send(emma, "/checkout/cart/delete/", id=line["id"])


@pytest.mark.parametrize("qty", ["0", "-1", "x", "1e9", "99999999999999999999", ""])
def test_impossible_quantities_are_refused(emma: FlaskClient, store: SiteStore, product: sqlite3.Row, qty: str) -> None:
    assert "Please enter a quantity" in send(emma, "/checkout/cart/add/", product=product["id"], qty=qty)
    assert store.value("SELECT COUNT(*) FROM cart_item") == 0


def test_what_is_out_of_stock_cannot_be_bought(emma: FlaskClient, store: SiteStore) -> None:
    sold_out = store.value("SELECT id FROM product WHERE NOT in_stock")
    assert "is not available" in send(emma, "/checkout/cart/add/", product=sold_out, qty=1)


def test_checkout_places_an_order_with_the_chosen_address(
    emma: FlaskClient, store: SiteStore, product: sqlite3.Row
) -> None:
    before = store.value("SELECT MAX(id) FROM sales_order")
    send(emma, "/checkout/cart/add/", product=product["id"], qty=2)
    chosen = lxml.html.document_fromstring(page(emma, "/checkout/")).cssselect("option[selected]")
    assert chosen[0].get("value") == str(store.value("SELECT default_shipping FROM customer"))
    done = send(emma, "/checkout/", shipping_address_id=3)
    assert texts(done, ".order-number") == [f"{before + 1:09d}"]
    order = store.one("SELECT * FROM sales_order WHERE id = ?", (before + 1,))
    assert order is not None
    assert order["status"] == "Pending"
    assert order["grand_total_cents"] == 2 * (product["price_cents"] + 500)
    assert store.value("SELECT street FROM address WHERE id = 3") in order["shipping_address"]
    html = page(emma, f"/sales/order/view/order_id/{before + 1}/")
    assert product["sku"] in texts(html, ".order-details-items.ordered")[0]
    assert "You have no items" in page(emma, "/checkout/cart/")


def test_a_visitor_can_order_with_a_typed_address(visitor: FlaskClient, store: SiteStore, product: sqlite3.Row) -> None:
    send(visitor, "/checkout/cart/add/", product=product["id"], qty=1)
    assert "required field" in send_fields(visitor, "/checkout/", {"email": "a@b.test", "street[0]": "1 Test Street"})
    assert "Thank you for your purchase!" in send_fields(visitor, "/checkout/", {**ADDRESS, "email": "a@b.test"})
    order = store.one("SELECT * FROM sales_order ORDER BY id DESC")
    assert order is not None
    assert (order["customer_id"], order["email"]) == (None, "a@b.test")
    assert "1 Test Street\nBoston, Massachusetts, 02108" in order["shipping_address"]


def test_the_order_history_lists_all_orders_newest_first(emma: FlaskClient, store: SiteStore) -> None:
    shown = [
        number for place in (1, 2, 3, 4) for number in texts(page(emma, f"/sales/order/history/?p={place}"), "td.id")
    ]
    assert shown == [row[0] for row in store.query("SELECT increment_id FROM sales_order ORDER BY created_at DESC")]
    assert len(shown) == 40


def test_other_peoples_orders_lead_back_to_the_history(emma: FlaskClient, store: SiteStore) -> None:
    number = store.value("SELECT MAX(id) FROM sales_order")
    store.execute("UPDATE sales_order SET customer_id = NULL WHERE id = ?", (number,))
    assert texts(page(emma, f"/sales/order/view/order_id/{number}/"), "h1") == ["My Orders"]
    assert store.value("SELECT COUNT(*) FROM cart_item") == 0
    send(emma, f"/sales/order/reorder/order_id/{number}/")
    assert store.value("SELECT COUNT(*) FROM cart_item") == 0


def test_reorder_fills_the_cart_with_what_is_in_stock(emma: FlaskClient, store: SiteStore) -> None:
    order = store.value("SELECT order_id FROM sales_order_item GROUP BY order_id HAVING COUNT(*) > 2")
    items = store.query("SELECT * FROM sales_order_item WHERE order_id = ? ORDER BY id", (order,))
    store.execute("UPDATE product SET in_stock = product.id <> ?", (items[0]["product_id"],))
    html = send(emma, f"/sales/order/reorder/order_id/{order}/")
    assert f"{items[0]['name']} is out of stock." in html
    sql = "SELECT product_id, qty FROM cart_item ORDER BY id"
    assert [tuple(row) for row in store.query(sql)] == [(item["product_id"], item["qty"]) for item in items[1:]]
