from __future__ import annotations

import sqlite3

from flask.testing import FlaskClient

from tests.webrl_gym.sites.shopping.visits import (
    ADDRESS,
    EMAIL,
    HOSTILE,
    SHOWN_HOSTILE,
    page,
    send,
    send_fields,
)
from webrl_gym.sites.store import SiteStore


def test_hostile_text_is_shown_as_text_everywhere(emma: FlaskClient, store: SiteStore, product: sqlite3.Row) -> None:
    fields = {"nickname": HOSTILE, "title": HOSTILE, "detail": HOSTILE, "ratings[4]": "1"}
    send_fields(emma, f"/review/product/post/id/{product['id']}/", fields)
    store.execute("UPDATE review SET status = 'Approved'")
    send_fields(emma, "/customer/address/formPost/", {**dict.fromkeys(ADDRESS, HOSTILE), "country_id": "Canada"})
    item = store.value("SELECT id FROM wishlist_item ORDER BY id DESC")
    send_fields(emma, "/wishlist/index/update/", {f"description[{item}]": HOSTILE, f"qty[{item}]": "1"})
    send(emma, "/customer/account/editPost/", firstname=HOSTILE, lastname=HOSTILE, email=EMAIL)
    send(emma, "/checkout/cart/add/", product=product["id"], qty=1)
    own = store.value("SELECT MAX(id) FROM review")
    pages = [
        page(emma, f"/{product['url_key']}.html"),
        page(emma, "/review/customer/"),
        page(emma, f"/review/customer/view/id/{own}/"),
        page(emma, "/customer/address/"),
        page(emma, "/wishlist/"),
        page(emma, "/customer/account/"),
        page(emma, "/customer/account/edit/"),
        page(emma, "/checkout/"),
        emma.get("/catalogsearch/result/", query_string={"q": HOSTILE}).text,
        send(emma, "/contact/index/post/", name=HOSTILE, email="no", telephone=HOSTILE, comment=HOSTILE),
        send(emma, "/checkout/", shipping_address_id=store.value("SELECT MAX(id) FROM address")),
        page(emma, f"/sales/order/view/order_id/{store.value('SELECT MAX(id) FROM sales_order')}/"),
    ]
    for html in pages:
        assert "<script" not in html
        assert "alert(" in html
    assert SHOWN_HOSTILE in pages[0]
    assert store.value("SELECT COUNT(*) FROM product") == 300


def test_hostile_text_in_every_query_and_form_field_is_harmless(emma: FlaskClient, store: SiteStore) -> None:
    asked = {"name": HOSTILE, "sku": "%_\\'", "description": HOSTILE, "price[from]": HOSTILE, "price[to]": "nan"}
    listed = {"p": HOSTILE, "product_list_order": HOSTILE, "product_list_dir": HOSTILE, "price": HOSTILE}
    assert emma.get("/catalogsearch/advanced/result/", query_string=asked).status_code == 200
    answer = emma.get("/electronics.html", query_string={**listed, "product_list_limit": HOSTILE})
    assert answer.status_code == 200
    assert "<script" not in answer.text
    for path in ("/checkout/cart/add/", "/wishlist/index/add/", "/customer/address/delete/"):
        for value in (HOSTILE, "99999999999999999999999", "-1", "²"):
            assert emma.post(path, data={"product": value, "id": value}).status_code == 404
    send(emma, "/wishlist/index/remove/", item=HOSTILE)
    send(emma, "/checkout/cart/delete/", id=HOSTILE)
    assert store.value("SELECT COUNT(*) FROM product") == 300
