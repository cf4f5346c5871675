from __future__ import annotations

import re

import pytest

from tests.webrl_gym.sites.shopping_admin.visits import Visitor, cells


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
