from __future__ import annotations

import sqlite3

import lxml.html
import pytest
from flask.testing import FlaskClient

from tests.webrl_gym.sites.shopping.visits import (
    ADDRESS,
    EMAIL,
    PASSWORD,
    names,
    page,
    send,
    send_fields,
    texts,
)
from webrl_gym.sites.store import SiteStore


def test_login_page_accepts_the_published_account(visitor: FlaskClient) -> None:
    form = page(visitor, "/customer/account/login/")
    assert {"Email", "Password"} <= set(texts(form, "label"))
    assert "Sign In" in texts(form, "button")
    fields = {"login[username]": EMAIL, "login[password]": PASSWORD, "referer": "/sales/order/history/"}
    assert texts(send_fields(visitor, "/customer/account/loginPost/", fields), "h1") == ["My Orders"]
    assert "Welcome, Emma Lopez!" in page(visitor, "/")
    assert texts(page(visitor, "/customer/account/logout/"), "h1") == ["You are signed out"]
    assert "Welcome" not in page(visitor, "/")


def test_a_wrong_password_is_refused(visitor: FlaskClient) -> None:
    fields = {"login[username]": EMAIL, "login[password]": "wrong", "referer": ""}
    assert "The account sign-in was incorrect" in send_fields(visitor, "/customer/account/loginPost/", fields)
    assert "Welcome" not in page(visitor, "/")


@pytest.mark.parametrize("target", ["//evil.test/", "http://evil.test/", "/\\evil.test"])
def test_signing_in_never_leads_to_another_site(visitor: FlaskClient, target: str) -> None:
    fields = {"login[username]": EMAIL, "login[password]": PASSWORD, "referer": target}
    assert visitor.post("/customer/account/loginPost/", data=fields).location == "/customer/account/"


@pytest.mark.parametrize(
    "path",
    [
        "/customer/account/",
        "/customer/account/edit/",
        "/customer/address/",
        "/sales/order/history/",
        "/wishlist/",
        "/review/customer/",
        "/newsletter/manage/",
    ],
)
def test_account_pages_send_visitors_to_the_login_page_and_back(visitor: FlaskClient, path: str) -> None:
    response = visitor.get(path)
    assert response.location == f"/customer/account/login/?referer={path}"


def test_the_wish_list_takes_changes_and_drops_items(emma: FlaskClient, store: SiteStore, product: sqlite3.Row) -> None:
    html = send(emma, "/wishlist/index/add/", product=product["id"], qty=2)
    assert names(html)[0] == product["name"]
    item = store.value("SELECT id FROM wishlist_item WHERE product_id = ?", (product["id"],))
    send_fields(emma, "/wishlist/index/update/", {f"description[{item}]": "for Ann", f"qty[{item}]": "4"})
    row = store.one("SELECT qty, comment FROM wishlist_item WHERE id = ?", (item,))
    assert row is not None
    assert tuple(row) == (4, "for Ann")
    assert "You added" in send(emma, "/wishlist/index/cart/", item=item)
    assert store.value("SELECT qty FROM cart_item WHERE product_id = ?", (product["id"],)) == 4
    other = store.value("SELECT id FROM wishlist_item")
    assert "has been removed" in send(emma, "/wishlist/index/remove/", item=other)
    assert store.one("SELECT 1 FROM wishlist_item WHERE id IN (?, ?)", (item, other)) is None


def test_visitors_must_sign_in_to_wish(visitor: FlaskClient, store: SiteStore, product: sqlite3.Row) -> None:
    before = store.value("SELECT COUNT(*) FROM wishlist_item")
    assert "You must login" in send(visitor, "/wishlist/index/add/", product=product["id"])
    assert store.value("SELECT COUNT(*) FROM wishlist_item") == before


def test_a_review_waits_for_moderation_and_shows_to_its_author(emma: FlaskClient, product: sqlite3.Row) -> None:
    fields = {"nickname": "Emma", "title": "Quite a find", "detail": "Holds well.", "ratings[4]": "4"}
    html = send_fields(emma, f"/review/product/post/id/{product['id']}/", fields)
    assert "You submitted your review for moderation." in html
    assert "Quite a find" not in html
    first = texts(page(emma, "/review/customer/"), "#my-reviews-table tbody tr")[0]
    assert all(text in first for text in (product["name"], "4 stars", "Quite a find"))


def test_a_review_without_stars_is_refused(emma: FlaskClient, store: SiteStore, product: sqlite3.Row) -> None:
    before = store.dump_hash()
    fields = {"nickname": "Emma", "title": "Fine", "detail": "Fine.", "ratings[4]": "6"}
    assert "Please select one" in send_fields(emma, f"/review/product/post/id/{product['id']}/", fields)
    assert store.dump_hash() == before


def test_addresses_are_added_changed_made_default_and_deleted(emma: FlaskClient, store: SiteStore) -> None:
    html = send_fields(emma, "/customer/address/formPost/", {**ADDRESS, "default_shipping": "1"})
    assert "1 Test Street" in texts(html, ".box-address-shipping > .box-content")[0]
    assert "1 Test Street" not in texts(html, ".box-address-billing > .box-content")[0]
    new = store.value("SELECT MAX(id) FROM address")
    html = send_fields(emma, f"/customer/address/formPost/id/{new}/", {**ADDRESS, "telephone": "5552223333"})
    assert "T: 5552223333" in texts(html, ".box-address-shipping > .box-content")[0]
    assert "delete the address right now" in send(emma, "/customer/address/delete/", id=new)
    assert "You deleted the address." in send(emma, "/customer/address/delete/", id=3)
    assert store.one("SELECT 1 FROM address WHERE id = 3") is None


@pytest.mark.parametrize(("country", "written"), [("United States", "Massachusetts"), ("Canada", "MA")])
def test_a_state_is_kept_under_its_name(emma: FlaskClient, country: str, written: str) -> None:
    html = send_fields(emma, "/customer/address/formPost/", {**ADDRESS, "region": "MA", "country_id": country})
    assert f"Boston {written} 02108" in texts(html, "#additional-addresses-table")[0]


def test_an_incomplete_address_is_refused_and_kept_in_the_form(emma: FlaskClient, store: SiteStore) -> None:
    before = store.dump_hash()
    html = send_fields(emma, "/customer/address/formPost/", {**ADDRESS, "city": " "})
    assert "City: this is a required field." in html
    assert 'value="1 Test Street"' in html
    assert store.dump_hash() == before


def test_other_peoples_addresses_are_out_of_reach(emma: FlaskClient, store: SiteStore) -> None:
    store.execute("INSERT INTO customer VALUES (2, 'a@b.test', '', 'A', 'B', 0, NULL, NULL)")
    store.execute("UPDATE address SET customer_id = 2 WHERE id = 3")
    assert emma.get("/customer/address/edit/id/3/").status_code == 404
    assert emma.post("/customer/address/formPost/id/3/", data=ADDRESS).status_code == 404
    assert emma.post("/customer/address/delete/", data={"id": "3"}).status_code == 404


def test_the_newsletter_is_subscribed_and_unsubscribed(emma: FlaskClient) -> None:
    assert "We have saved your subscription." in send(emma, "/newsletter/manage/save/", is_subscribed=1)
    assert "You are subscribed to" in texts(page(emma, "/customer/account/"), ".box-newsletter")[0]
    checked = lxml.html.document_fromstring(page(emma, "/newsletter/manage/")).cssselect("#subscription[checked]")
    assert checked[0].get("title") == "General Subscription"
    assert "We have removed your newsletter subscription." in send(emma, "/newsletter/manage/save/")


def test_account_information_changes_with_the_current_password(emma: FlaskClient, store: SiteStore) -> None:
    fields = {"firstname": "Emily", "lastname": "Lopez", "email": "emily@b.test"}
    assert "match this account" in send_fields(emma, "/customer/account/editPost/", fields)
    html = send_fields(emma, "/customer/account/editPost/", {**fields, "current_password": PASSWORD})
    assert "Welcome, Emily Lopez!" in html
    assert store.value("SELECT email FROM customer") == "emily@b.test"


def test_contact_messages_are_kept(emma: FlaskClient, store: SiteStore) -> None:
    html = page(emma, "/contact/")
    assert 'value="Emma Lopez"' in html
    sent = send(emma, "/contact/index/post/", name="Emma", email=EMAIL, telephone="", comment="Where is it?")
    assert "Thanks for contacting us" in sent
    assert store.value("SELECT comment FROM contact_message") == "Where is it?"
