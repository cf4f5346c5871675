from __future__ import annotations

import re
import sqlite3
import statistics
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import Client, TestResponse

from webrl_gym.engines.static import StaticEngine
from webrl_gym.observation import simplify
from webrl_gym.sites import words
from webrl_gym.sites.shopping_admin import formats
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.web import STORE_KEY, signed_in_cookie, site_app
from webrl_gym.sites.worlds import World, world_file
from webrl_gym.types import EMBEDDED_URLS, PageNode, Site

ADMIN = Site.SHOPPING_ADMIN
ROOT = EMBEDDED_URLS[ADMIN]
HOSTILE = "<script>alert(1)</script> ' OR 1=1; -- \" &"


class Visitor:
    """A browser without cookies of its own at first, over one private store."""

    def __init__(self, store: SiteStore) -> None:
        self.store = store
        self.client = Client(site_app(ADMIN))

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, environ_overrides={STORE_KEY: self.store})

    def text(self, path: str) -> str:
        response = self.get(path)
        assert response.status_code == 200, f"{path} answered {response.status_code}"
        return response.text

    def post(self, path: str, **fields: str) -> TestResponse:
        names = {name.replace("__", "[") + "]" * name.count("__"): value for name, value in fields.items()}
        return self.send(path, names)

    def send(self, path: str, fields: dict[str, str]) -> TestResponse:
        return self.client.post(path, data=fields, environ_overrides={STORE_KEY: self.store})

    def row(self, sql: str, *values: Any) -> sqlite3.Row:
        row = self.store.one(sql, values)
        assert row is not None
        return row


@pytest.fixture
def stranger(world: World) -> Visitor:
    return Visitor(world.store(ADMIN))


@pytest.fixture
def admin(stranger: Visitor) -> Visitor:
    cookie = signed_in_cookie(ADMIN)
    assert cookie is not None
    stranger.client.set_cookie(*cookie, domain="localhost")
    return stranger


def cells(page: str) -> list[list[str]]:
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    return [re.findall(r"<td>(.*?)</td>", row) for row in body.split("</tr>")[:-1]]


def test_the_back_office_is_closed_until_the_published_account_signs_in(stranger: Visitor) -> None:
    page = stranger.text("/admin")
    assert "Lifetime Sales" not in page
    assert all(text in page for text in ("Username", "Password", "Sign in"))
    wrong = stranger.post("/admin", login__username="admin", login__password="admin12345")
    assert "sign-in was incorrect" in wrong.text
    assert stranger.post("/admin/", login__username="admin", login__password="admin1234").status_code == 302
    assert "Lifetime Sales" in stranger.text("/admin")
    assert stranger.get("/admin/admin/auth/logout/").status_code == 302
    assert "You have logged out." in stranger.text("/admin/sales/order/")


def test_no_post_passes_the_sign_in_form(stranger: Visitor) -> None:
    before = stranger.store.dump_hash()
    for path in ("/admin/sales/order/cancel/order_id/300/", "/admin/review/product/delete/id/1/"):
        assert "Sign in" in stranger.send(path, {"status_id": "1"}).text
    assert stranger.store.dump_hash() == before


def test_signing_in_leads_to_the_page_that_was_asked_for(stranger: Visitor) -> None:
    path = "/admin/sales/order/?search=299"
    answer = stranger.post(path, login__username="admin", login__password="admin1234")
    assert answer.headers["Location"] == path


def test_a_grid_searches_every_word_in_all_its_fields(admin: Visitor) -> None:
    order = admin.row("SELECT * FROM sales_order WHERE id = 120")
    found = cells(admin.text(f"/admin/sales/order/?search={order['customer_name']}+{order['increment_id']}"))
    assert [row[0] for row in found] == ["000000120"]
    assert "We couldn't find any records." in admin.text("/admin/sales/order/?search=nobody+000000120")


@pytest.mark.parametrize(
    ("path", "sort", "column"),
    [
        ("/admin/sales/order/", "billing_name", 2),
        ("/admin/catalog/product/", "name", 1),
        ("/admin/customer/index/", "email", 2),
        ("/admin/review/product/", "nickname", 3),
        ("/admin/search/term/index/", "query_text", 0),
    ],
)
def test_grids_sort_by_column_both_ways(admin: Visitor, path: str, sort: str, column: int) -> None:
    rising = [row[column] for row in cells(admin.text(f"{path}?sort={sort}&dir=asc"))]
    falling = [row[column] for row in cells(admin.text(f"{path}?sort={sort}&dir=desc"))]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)
    assert rising[0] <= falling[-1]
    assert rising != falling


def test_pages_of_a_grid_hold_every_row_once_and_keep_search_and_order(admin: Visitor) -> None:
    seen: list[str] = []
    path = "/admin/sales/order/?status=complete&sort=grand_total&dir=asc"
    while path:
        page = admin.text(path)
        seen += [row[0] for row in cells(page)]
        link = re.search(r'href="([^"]+)">Next Page', page)
        path = link[1].replace("&amp;", "&") if link else ""
    rows = admin.store.query("SELECT increment_id FROM sales_order WHERE status = 'complete' ORDER BY grand_total, id")
    assert seen == [row[0] for row in rows]
    assert cells(admin.text("/admin/sales/order/?page=9999"))[-1][0] == "000000001"
    assert cells(admin.text("/admin/sales/order/?page=x&sort=nothing"))[0][0] == "000000300"


def test_numbers_beyond_all_bounds_are_harmless(admin: Visitor) -> None:
    huge = "9" * 5000
    assert cells(admin.text(f"/admin/sales/order/?page={huge}&grand_total_from={huge}"))[0][0] == "000000300"
    assert admin.get(f"/admin/sales/order/view/order_id/{huge[:30]}/").status_code == 404
    assert "gear" in admin.text(f"/gear.html?p={huge}")


def test_filters_narrow_a_grid_and_say_so(admin: Visitor) -> None:
    page = admin.text("/admin/sales/order/?status=holded&created_from=1/1/23&created_to=&grand_total_from=100")
    count = admin.store.value(
        "SELECT COUNT(*) FROM sales_order WHERE status = 'holded' AND created_at >= '2023' AND grand_total >= 10000"
    )
    assert f"{count} records found" in page
    active = page.split('filters-current">')[1].split("</div>")[0]
    assert all(text in active for text in ("Status: On Hold", "Purchase Date from: Jan 1, 2023", "from: $100.00"))
    assert "300 records found" in admin.text("/admin/sales/order/?created_from=yesterday&grand_total_to=much")


def test_an_order_is_canceled_held_and_released(admin: Visitor) -> None:
    number = admin.row("SELECT id FROM sales_order WHERE status = 'pending' ORDER BY id")["id"]
    view = f"/admin/sales/order/view/order_id/{number}/"

    def status(move: str) -> str:
        assert admin.post(f"/admin/sales/order/{move}/order_id/{number}/").status_code == 302
        found = re.search(r'id="order_status">([^<]+)<', admin.text(view))
        assert found is not None
        return found[1]

    assert status("hold") == "On Hold"
    assert status("cancel") == "On Hold"
    assert status("unhold") == "Pending"
    assert status("cancel") == "Canceled"
    assert status("hold") == "Canceled"
    assert admin.get(f"/admin/sales/order/cancel/order_id/{number}/").status_code == 405
    assert admin.post(f"/admin/sales/order/burn/order_id/{number}/").status_code == 404
    assert admin.post("/admin/sales/order/cancel/order_id/99999/").status_code == 404


def test_an_order_is_invoiced_shipped_and_tracked(admin: Visitor) -> None:
    number = admin.row("SELECT id FROM sales_order WHERE status = 'pending' ORDER BY id")["id"]
    view, history = (f"/admin/sales/order/{name}/order_id/{number}/" for name in ("view", "commentsHistory"))
    admin.post(f"/admin/sales/order_invoice/new/order_id/{number}/")
    assert ">Processing<" in admin.text(view)
    assert "Total Due: $0.00" in admin.text(view)
    ship = f"/admin/admin/order_shipment/new/order_id/{number}/"
    fields = {"tracking[carrier_code]": "dhl", "tracking[title]": "", "tracking[number]": "24353446464"}
    assert admin.send(ship, fields).status_code == 302
    assert ">Complete<" in admin.text(view)
    assert "Tracking number 24353446464 for DHL assigned" in admin.text(history)
    assert admin.send(ship, fields).status_code == 302
    assert admin.row("SELECT COUNT(*) FROM sales_shipment WHERE order_id = ?", number)[0] == 1
    shipment = admin.row("SELECT id FROM sales_shipment WHERE order_id = ?", number)["id"]
    admin.send(f"/admin/sales/shipment/view/shipment_id/{shipment}/", {**fields, "tracking[number]": "777"})
    admin.send(f"/admin/sales/shipment/view/shipment_id/{shipment}/", {**fields, "tracking[number]": " "})
    assert "Tracking: DHL 777" in admin.text(view)
    assert admin.row("SELECT COUNT(*) FROM sales_shipment_track WHERE shipment_id = ?", shipment)[0] == 2


def test_a_comment_and_an_address_reach_the_order(admin: Visitor) -> None:
    path = "/admin/sales/order/addComment/order_id/300/"
    fields = {"history[comment]": "ready soon!", "history[is_customer_notified]": "1"}
    admin.send(path, fields)
    view = admin.text("/admin/sales/order/view/order_id/300/")
    assert "ready soon! (Customer Notified)" in view
    assert "You added the comment to the order." in view
    admin.send(path, {"history[comment]": " "})
    assert admin.row("SELECT COUNT(*) FROM sales_order_comment WHERE created_at > '2023-06-15'")[0] == 1
    assert admin.send(path, {**fields, "history[status]": "complete"}).status_code == 400
    admin.post("/admin/sales/order/address/order_id/300/", street="456 Oak Avenue", city="New York", postcode="10001")
    assert "456 Oak Avenue, New York, " in admin.text("/admin/sales/order/view/order_id/300/")


def product_form(store: SiteStore, number: int, **changed: str) -> dict[str, str]:
    row = store.one("SELECT * FROM product WHERE id = ?", (number,))
    assert row is not None
    fields = {
        "status": "1",
        "name": row["name"],
        "sku": row["sku"],
        "price": "10",
        "quantity_and_stock_status][qty": "3",
        "quantity_and_stock_status][is_in_stock": "1",
        "category_ids": "2",
        "visibility": "4",
        "sale": "0",
    }
    return {f"product[{name}]": value for name, value in {**fields, **changed}.items()}


def test_a_product_is_edited_and_reaches_the_store(admin: Visitor) -> None:
    form = product_form(admin.store, 1, name="Blue Boat", price="$1,027.5", sale="1", description="Floats.")
    assert admin.send("/admin/catalog/product/save/id/1/", form).status_code == 302
    row = admin.row("SELECT * FROM product WHERE id = 1")
    assert (row["name"], row["price"], row["qty"], row["sale"]) == ("Blue Boat", 102750, 3, 1)
    edit = admin.text("/admin/catalog/product/edit/id/1/")
    assert 'value="1027.50"' in edit
    assert "You saved the product." in edit
    assert "You saved the product." not in admin.text("/admin/catalog/product/edit/id/1/")
    front = f"/{row['url_key']}.html"
    assert "Floats." in admin.text(front)
    admin.send("/admin/catalog/product/save/id/1/", {**form, "product[status]": "2"})
    assert admin.get(front).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("price", "cheap", "Please enter a number 0 or greater as Price."),
        ("price", "-3", "Please enter a number 0 or greater as Price."),
        ("quantity_and_stock_status][qty", "many", "Please enter a whole number"),
        ("name", " ", "Product Name and SKU are required fields."),
        ("category_ids", "77", "Please choose one of the Categories."),
        ("sku", "24", "The value specified in the SKU field already exists."),
    ],
)
def test_a_broken_product_form_is_shown_again(admin: Visitor, field: str, value: str, message: str) -> None:
    if field == "sku":
        value = admin.row("SELECT sku FROM product WHERE id = 2")["sku"]
    before = admin.store.dump_hash()
    page = admin.send("/admin/catalog/product/save/id/1/", product_form(admin.store, 1, **{field: value})).text
    assert message in page
    assert f'value="{value.strip()}"' in page or field == "category_ids"
    assert admin.store.dump_hash() == before


def test_a_product_is_added(admin: Visitor) -> None:
    form = product_form(admin.store, 1, name="Paper Kite", sku="PK-1")
    path = admin.send("/admin/catalog/product/save/", form).headers["Location"]
    assert "Paper Kite" in admin.text(path)
    assert "Paper Kite" in admin.text("/paper-kite.html")
    assert "already exists" in admin.send("/admin/catalog/product/save/", form).text
    twin = admin.send("/admin/catalog/product/save/", {**form, "product[sku]": "PK-2"})
    assert twin.status_code == 302


def customer_form(**changed: str) -> dict[str, str]:
    fields = {
        "customer[group_id]": "General",
        "customer[firstname]": "Ann",
        "customer[lastname]": "Lee",
        "customer[email]": "ann.lee@example.com",
        "address[telephone]": "5551234567",
    }
    return {**fields, **changed}


def test_a_customer_is_edited_and_added(admin: Visitor) -> None:
    other = admin.row("SELECT email FROM customer WHERE id = 2")["email"]
    save = "/admin/customer/index/save/id/1/"
    assert "already exists" in admin.send(save, customer_form(**{"customer[email]": other})).text
    assert "valid email" in admin.send(save, customer_form(**{"customer[email]": "nobody"})).text
    assert "required fields" in admin.send(save, customer_form(**{"customer[lastname]": ""})).text
    assert admin.send(save, customer_form(**{"customer[group_id]": "Kings"})).status_code == 400
    assert admin.send(save, customer_form()).status_code == 302
    assert tuple(admin.row("SELECT firstname, telephone FROM customer WHERE id = 1")) == ("Ann", "5551234567")
    path = admin.send("/admin/customer/index/save/", customer_form(**{"customer[email]": "b@c.org"})).headers[
        "Location"
    ]
    assert "in 0 orders" in admin.text(path)


def test_reviews_are_approved_and_deleted(admin: Visitor) -> None:
    row = admin.row(
        "SELECT r.*, p.url_key FROM review AS r JOIN product AS p ON p.id = r.product_id AND p.status = 1 "
        "WHERE r.status_id = 2 ORDER BY r.id DESC"
    )
    fields = {"status_id": "1", "nickname": row["nickname"], "title": "Zwölf Punkte", "detail": row["detail"]}
    save = f"/admin/review/product/save/id/{row['id']}/"
    admin.send(save, {**fields, "detail": ""})
    assert admin.send(save, {**fields, "status_id": "9"}).status_code == 400
    assert "Zwölf Punkte" not in admin.text(f"/{row['url_key']}.html")
    pending = admin.text("/admin/review/product/pending/")
    admin.send(save, fields)
    shown = admin.row("SELECT title, status_id FROM review WHERE id = ?", row["id"])
    assert tuple(shown) == ("Zwölf Punkte", 1)
    count = admin.row("SELECT COUNT(*) FROM review WHERE status_id = 2")[0]
    assert f"{count + 1} records found" in pending
    assert f"{count} records found" in admin.text("/admin/review/product/pending/")
    admin.post(f"/admin/review/product/delete/id/{row['id']}/")
    assert admin.get(f"/admin/review/product/edit/id/{row['id']}/").status_code == 404


def test_a_visitors_review_waits_for_approval(stranger: Visitor) -> None:
    key = stranger.row("SELECT url_key FROM product WHERE id = 1 AND status = 1")["url_key"]
    fields = {"rating": "4", "nickname": "Zed", "title": "Zippy", "detail": "Zooms."}
    stranger.send("/review/product/post/id/1/", {**fields, "rating": "9"})
    assert "a rating are required" in stranger.text(f"/{key}.html")
    stranger.send("/review/product/post/id/1/", fields)
    page = stranger.text(f"/{key}.html")
    assert "submitted your review for moderation" in page
    assert "Zippy" not in page
    assert stranger.row("SELECT status_id, rating FROM review WHERE title = 'Zippy'")[:] == (2, 4)


def rule_form(**changed: str) -> dict[str, str]:
    fields = {"name": "Tax day", "is_active": "1", "coupon_code": "TAX15", "simple_action": "by_percent"}
    return {**fields, "discount_amount": "15", "from_date": "4/1/23", "to_date": "4/20/23", **changed}


def test_price_rules_are_added_edited_and_deleted(admin: Visitor) -> None:
    base = "/admin/sales_rule/promo_quote"
    for broken in ({"name": ""}, {"discount_amount": "150"}, {"to_date": "soon"}):
        assert "message-error" in admin.send(f"{base}/save/", rule_form(**broken)).text
    admin.send(f"{base}/save/", rule_form())
    rows = cells(admin.text(f"{base}/"))
    assert rows[0][1:6] == ["Tax day", "TAX15", "15.00", "Apr 20, 2023", "Active"]
    form = admin.text(f"{base}/edit/id/{rows[0][0]}/")
    assert all(f'value="{value}"' in form for value in ("15.00", "4/1/23", "4/20/23"))
    admin.send(f"{base}/save/id/{rows[0][0]}/", rule_form(is_active="0", to_date=""))
    assert cells(admin.text(f"{base}/"))[0][4:6] == ["", "Inactive"]
    admin.post(f"{base}/delete/id/{rows[0][0]}/")
    assert admin.get(f"{base}/edit/id/{rows[0][0]}/").status_code == 404


def test_content_pages_are_edited_and_added(admin: Visitor) -> None:
    fields = {"is_active": "1", "title": "Home!!", "content_heading": "Hi", "identifier": "home", "content": "Welcome."}
    admin.send("/admin/cms/page/save/page_id/2/", fields)
    assert "Home!!" in admin.text("/")
    assert "already exists" in admin.send("/admin/cms/page/save/", fields).text
    assert "small letters" in admin.send("/admin/cms/page/save/", {**fields, "identifier": "/x"}).text
    admin.send("/admin/cms/page/save/", {**fields, "identifier": "", "title": "Our Boats"})
    assert "Welcome." in admin.text("/our-boats")


def test_the_bestsellers_report_counts_what_was_sold(admin: Visitor) -> None:
    page = admin.text("/admin/reports/report_sales/bestsellers/?from=01/01/2022&to=12/31/22&period_type=year")
    best = admin.row(
        "SELECT t.name, SUM(t.qty) FROM sales_order_item AS t JOIN sales_order AS o ON o.id = t.order_id "
        "WHERE o.status != 'canceled' AND o.created_at < '2023' GROUP BY t.name ORDER BY SUM(t.qty) DESC, t.name"
    )
    first = re.findall(r"<td>(.*?)</td>", page)
    assert (first[0], first[1], int(first[3])) == ("2022", best[0], best[1])
    assert 'id="sales_report_from" name="from" value="1/1/22"' in page


def test_reports_group_by_day_month_and_year_and_page(admin: Visitor) -> None:
    path = "/admin/reports/report_sales/sales/?from=1/1/22&to=6/14/23&period_type="
    assert re.findall(r"<td>(\d{4})</td>", admin.text(f"{path}year")) == ["2022", "2023"]
    months = admin.text(f"{path}month")
    assert "<td>1/2022</td>" in months
    assert "<td>6/2023</td>" in admin.text(f"{path}month&page=2")
    assert "Page 1 of 2" in months
    assert "month/day/year" in admin.text("/admin/reports/report_sales/shipping/?from=soon&to=")
    assert "Flat Rate - Fixed" in admin.text(path.replace("sales/?", "shipping/?") + "day")


def test_the_store_front_lists_sorts_searches_and_pages(stranger: Visitor) -> None:
    gear = stranger.text("/gear.html?product_list_order=price")
    prices = [int(price.replace(",", "")) for price in re.findall(r'class="price">\$([\d,]+)\.', gear)]
    assert len(prices) == 9
    assert prices == sorted(prices)
    assert "Next" in gear
    assert "Sort By" in stranger.text("/gear/bags.html")
    row = stranger.row("SELECT name, url_key FROM product WHERE status = 1 AND visibility = 4 ORDER BY id DESC")
    assert row["url_key"] in stranger.text(f"/catalogsearch/result/?q={row['name']}")
    assert "no results" in stranger.text("/catalogsearch/result/?q=submarine")
    assert stranger.get("/nothing-here").status_code == 404
    assert stranger.get("/nothing-here.html").status_code == 404


def test_hostile_text_is_shown_as_text_everywhere(admin: Visitor) -> None:
    number = admin.row("SELECT id FROM review WHERE product_id = 1")["id"]
    fields = {"nickname": HOSTILE, "title": HOSTILE, "detail": HOSTILE}
    product = product_form(admin.store, 1, name=HOSTILE, sku=HOSTILE, weight=HOSTILE, description=HOSTILE)
    person = dict.fromkeys(("street", "city", "region", "postcode", "telephone"), HOSTILE)
    address = {f"address[{name}]": text for name, text in person.items()}
    names = {"customer[firstname]": HOSTILE, "customer[lastname]": HOSTILE, "customer[email]": "<b>'@\"x"}
    track = {"tracking[carrier_code]": "dhl", "tracking[title]": HOSTILE, "tracking[number]": HOSTILE}
    page = {"is_active": "1", "title": HOSTILE, "content_heading": HOSTILE, "content": HOSTILE, "identifier": "home"}
    pending = admin.row("SELECT id FROM sales_order WHERE status = 'pending' ORDER BY id DESC")["id"]
    posts: list[tuple[str, dict[str, str]]] = [
        (f"/admin/review/product/save/id/{number}/", {**fields, "status_id": "1"}),
        ("/review/product/post/id/1/", {**fields, "rating": "1"}),
        ("/admin/catalog/product/save/id/1/", product),
        ("/admin/customer/index/save/id/1/", customer_form(**address, **names)),
        (f"/admin/sales/order/addComment/order_id/{pending}/", {"history[comment]": HOSTILE}),
        (f"/admin/sales/order/address/order_id/{pending}/", person),
        (f"/admin/admin/order_shipment/new/order_id/{pending}/", track),
        ("/admin/sales_rule/promo_quote/save/", rule_form(name=HOSTILE, coupon_code=HOSTILE)),
        ("/admin/cms/page/save/page_id/2/", page),
    ]
    for path, form in posts:
        assert admin.send(path, form).status_code == 302, path
    assert admin.row("SELECT name FROM product WHERE id = 1")["name"] == HOSTILE
    key = admin.row("SELECT url_key FROM product WHERE id = 1")["url_key"]
    rule = admin.row("SELECT MAX(id) AS id FROM salesrule")["id"]
    shown = [
        "/",
        f"/{key}.html",
        f"/catalogsearch/result/?q={quote(HOSTILE)}",
        "/admin/catalog/product/edit/id/1/",
        "/admin/customer/index/edit/id/1/",
        f"/admin/review/product/edit/id/{number}/",
        f"/admin/sales/order/view/order_id/{pending}/",
        f"/admin/sales/order/commentsHistory/order_id/{pending}/",
        f"/admin/sales/order/address/order_id/{pending}/",
        f"/admin/sales_rule/promo_quote/edit/id/{rule}/",
        "/admin/cms/page/edit/page_id/2/",
        f"/admin/reports/report_sales/sales/?from={quote(HOSTILE)}&to=1/1/23",
    ]
    for name in ("sales/order", "catalog/product", "customer/index", "review/product", "cms/page", "search/term/index"):
        shown += [
            f"/admin/{name}/?search={quote(HOSTILE)}",
            f"/admin/{name}/?sort={quote(HOSTILE)}&name={quote(HOSTILE)}",
        ]
    for path in shown:
        response = admin.get(path)
        assert response.status_code == 200, path
        assert "<script" not in response.text, path
        assert "<b>" not in response.text, path
        assert "&lt;script&gt;" in response.text or "sort=" in path, path


def test_a_hostile_sign_in_name_is_shown_as_text(stranger: Visitor) -> None:
    page = stranger.post("/admin", login__username=HOSTILE, login__password="x").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_world_is_the_same_each_time_and_worlds_differ() -> None:
    hashes = []
    for number in (0, 0, 3):
        world = World(number)
        hashes.append(world.store(ADMIN).dump_hash())
        world.close()
    assert hashes[0] == hashes[1] != hashes[2]


def test_building_a_world_anew_gives_the_same_rows(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    expected = world.store(ADMIN).dump_hash()
    monkeypatch.setenv("WEBRL_GYM_CACHE", str(tmp_path))
    rebuilt = SiteStore(world_file(ADMIN, 0))
    assert rebuilt.path.is_relative_to(tmp_path)
    assert rebuilt.dump_hash() == expected
    rebuilt.close()


def test_invented_words_mark_novel_records_of_their_world_only(world: World) -> None:
    stores = [World(number) for number in (0, 4)]
    own, other = (opened.store(ADMIN) for opened in stores)
    invented = words.novel_words(0, "product", 8)
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
    waiting, seen, sizes, counts = ["/", "/admin"], {"/", "/admin"}, [], []
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


def test_amounts_and_days_are_read_as_people_write_them() -> None:
    amounts = {"12": 1200, "12.5": 1250, "$1,234.50": 123450, " 0 ": 0, "1,2": None, "-1": None, "": None, "1e3": None}
    assert {text: formats.parse_amount(text) for text in amounts} == amounts
    days = {"5/31/23": "2023-05-31", "05/31/2023": "2023-05-31", "2023-05-31": "2023-05-31", "31/5/23": "None"}
    assert {text: str(formats.parse_day(text)) for text in days} == days
    assert formats.moment("2023-05-31 00:05:09") == "May 31, 2023 12:05:09 AM"
    assert formats.money(123450) == "$1,234.50"
    assert [formats.parse_count(text) for text in ("7", "٧", "x", "-1")] == [7, None, None, None]
