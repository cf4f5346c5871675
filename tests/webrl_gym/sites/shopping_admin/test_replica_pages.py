"""What the back office can do in world 0 and not in the practice worlds, whose pages stay as they are."""

from __future__ import annotations

import re

import pytest

from tests.webrl_gym.sites.shopping_admin.visits import HOSTILE, Visitor, cells, product_form

FRANKIE = "/admin/catalog/product/configurations/id/110/"


def test_the_rows_of_a_page_are_chosen_and_kept(replica: Visitor) -> None:
    grid = "/admin/sales/order/?status=complete"
    assert len(cells(replica.text(grid))) == 20
    page = replica.text(f"{grid}&limit=50")
    assert len(cells(page)) == 50
    following = re.search(r'href="([^"]+)">Next Page', page)
    assert following is not None
    assert len(cells(replica.text(following[1].replace("&amp;", "&")))) == 50
    assert len(cells(replica.text(f"{grid}&limit=100000"))) == 20
    assert all(order[-2] == "Complete" for order in cells(page))


def test_a_report_counts_one_status_when_asked(replica: Visitor) -> None:
    report = "/admin/reports/report_sales/sales/?from=6/1/22&to=6/30/22&period_type=month"
    complete, every, unknown = (
        re.findall(r"<td>(.*?)</td>", replica.text(f"{report}{more}"))[:2]
        for more in ("&order_statuses=complete", "", "&order_statuses=burnt")
    )
    assert complete == ["6/2022", "13"]
    assert int(every[1]) > 13
    assert unknown == every
    tax = replica.text("/admin/reports/report_sales/tax/?from=1/1/22&to=1/1/22")
    assert re.findall(r"<td>(.*?)</td>", tax) == ["Jan 1, 2022", "2", "$5.03"]


def test_orders_that_were_imported_take_no_comments(replica: Visitor) -> None:
    comment = {"history[comment]": "On its way."}
    replica.send("/admin/sales/order/addComment/order_id/299/", comment)
    assert "We cannot add order history." in replica.text("/admin/sales/order/view/order_id/299/")
    replica.send("/admin/sales/order/addComment/order_id/1/", comment)
    page = replica.text("/admin/sales/order/view/order_id/1/")
    assert "On its way." in page
    assert "Tax: $2.39" in page


def test_new_variants_are_made_of_the_chosen_values(replica: Visitor) -> None:
    assert "Edit Configurations" in replica.text("/admin/catalog/product/edit/id/110/")
    form = {"Size": ["S", "M", HOSTILE], "Color": ["Blue", "Green"]}
    answer = replica.send(FRANKIE, form)
    assert answer.headers["Location"] == "/admin/catalog/product/edit/id/110/"
    new = replica.store.query("SELECT name, sku, price FROM product WHERE parent_id = 110 AND id > 2040 ORDER BY id")
    assert [tuple(row) for row in new] == [
        ("Frankie Sweatshirt-S-Blue", "MH04-S-Blue", 6000),
        ("Frankie Sweatshirt-M-Blue", "MH04-M-Blue", 6000),
    ]
    before = replica.store.dump_hash()
    replica.send(FRANKIE, {"Size": ["S"], "Color": [HOSTILE]})
    assert "at least one value" in replica.text(FRANKIE)
    replica.send(FRANKIE, form)
    assert replica.store.dump_hash() == before
    assert replica.get("/admin/catalog/product/configurations/id/1/").status_code == 404


def test_variants_of_a_product_with_a_hostile_name_are_shown_as_text(replica: Visitor) -> None:
    replica.send(
        "/admin/catalog/product/save/id/110/", product_form(replica.store, 110, name=HOSTILE, category_ids="3")
    )
    replica.send(FRANKIE, {"Size": ["S"], "Color": ["Blue"]})
    for page in (FRANKIE, "/admin/catalog/product/edit/id/110/", "/admin/catalog/product/?search=MH04-S-Blue"):
        text = replica.text(page)
        assert "<script" not in text
        assert "&lt;script&gt;" in text


def test_themes_are_listed_and_shown(replica: Visitor) -> None:
    assert "Themes" in replica.text("/admin/menu/content/")
    found = cells(replica.text("/admin/admin/system_design_theme/?theme_title=blank"))
    assert [row[0] for row in found] == ["Magento Blank"]
    assert "Magento/blank" in replica.text("/admin/admin/system_design_theme/edit/id/1")
    assert replica.get("/admin/admin/system_design_theme/edit/id/9/").status_code == 404


def test_the_store_front_shows_categories_three_levels_deep(replica: Visitor) -> None:
    tees = replica.text("/men/tops-men/tees-men.html")
    assert "12 items" in tees
    men = int(re.findall(r"(\d+) items", replica.text("/men.html"))[0])
    assert men == replica.row("SELECT COUNT(*) FROM product WHERE visibility = 4 AND sku LIKE 'M%'")[0]
    assert 'class="data item content"' in replica.text("/antonia-racer-tank.html")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/admin/sales/order/", "per page"),
        ("/admin/reports/report_sales/sales/", "Order Status"),
        ("/admin/menu/content/", "Themes"),
        ("/admin/menu/reports/", "Tax"),
        ("/admin/catalog/product/edit/id/31/", "Edit Configurations"),
    ],
)
def test_practice_worlds_show_none_of_it(admin: Visitor, path: str, text: str) -> None:
    assert text not in admin.text(path)
