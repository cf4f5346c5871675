from __future__ import annotations

import pytest

from tests.webrl_gym.sites.shopping_admin.visits import Visitor, cells, customer_form, product_form, rule_form


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
