from __future__ import annotations

from urllib.parse import quote

from tests.webrl_gym.sites.shopping_admin.visits import HOSTILE, Visitor, customer_form, product_form, rule_form


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
