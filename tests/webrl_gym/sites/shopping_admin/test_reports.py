from __future__ import annotations

import re

from tests.webrl_gym.sites.shopping_admin.visits import Visitor


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
