"""Official tasks about reports and search terms."""

from __future__ import annotations

import re
from datetime import date, timedelta

from webrl_gym.actions import leave
from webrl_gym.tasks.official.script import Script, Solve, asked
from webrl_gym.tasks.official.shopping_admin.moves import month_days, perturbed
from webrl_gym.tasks.page_view import Moves, Oracle, PageView
from webrl_gym.tasks.practice.shopping_admin_moves import from_slashed, open_list, slashed

_BRANDS = frozenset("adidas asics champion fila hollister nike patagonia puma reebok".split())
_IN_JANUARY = (
    "(SELECT MIN(t.id) FROM sales_order_item AS t JOIN sales_order AS o ON o.id = t.order_id "
    "WHERE o.status = 'complete' AND o.created_at LIKE '2023-01%')"
)


def _show_report(page: PageView, entry: str, first: date, last: date, chosen: dict[str, str]) -> Moves:
    """Opens a report on some days (five actions, and one for each other field)."""
    page = yield from open_list(page, "Reports", entry)
    for name, option in chosen.items():
        page = yield page.select(name, option)
    page = yield page.type("From", slashed(first))
    page = yield page.type("To", slashed(last))
    return (yield page.click("Show Report", tag="button"))


def _solve_best_sellers(page: PageView) -> Oracle:
    count, month, year = asked(page, r"top-(\d+) best-selling product in (\w{3})\w* (\d{4})")
    page = yield from _show_report(page, "Bestsellers", *month_days(month, year), {"Period": "Month"})
    yield leave(", ".join(row["Product"] for row in page.rows()[: int(count)]))


def _solve_monthly_count(page: PageView) -> Oracle:
    (year,) = asked(page, r"from Jan to December (\d{4})")
    span = (date(int(year), 1, 1), date(int(year), 12, 31))
    page = yield from _show_report(page, "Orders", *span, {"Period": "Month", "Order Status": "Complete"})
    rows = page.rows()
    while any(control.text == "Next Page" for control in page.controls):
        page = yield page.click("Next Page", tag="a")
        rows += page.rows()
    counts = {int(row["Interval"].split("/")[0]): row["Orders"] for row in rows}
    yield leave(", ".join(f"{month:02}:{counts.get(month, '0')}" for month in range(1, 13)))


def _last_month(offset: int) -> Solve:
    """The report of the month before today's; ``offset`` days later at both ends."""

    def solve(page: PageView) -> Oracle:
        (today,) = asked(page, r"Today is ([\d/]+)")
        last = from_slashed(today).replace(day=1) - timedelta(days=1)
        moved = timedelta(days=offset)
        yield from _show_report(page, "Orders", last.replace(day=1) + moved, last + moved, {})
        yield leave()

    return solve


def _shipping(offset: int) -> Solve:
    """The shipping report of the days in the instruction; ``offset`` days later at the end."""

    def solve(page: PageView) -> Oracle:
        first, last = (from_slashed(text) for text in asked(page, r"from ([\d/]+) to ([\d/]+)"))
        yield from _show_report(page, "Shipping", first, last + timedelta(days=offset), {})
        yield leave()

    return solve


def _solve_top_terms(page: PageView) -> Oracle:
    (count,) = asked(page, r"top (\d+) search terms")
    page = yield from open_list(page, "Reports", "Search Terms")
    yield leave(", ".join(row["Search Query"] for row in page.rows()[: int(count)]))


def _solve_top_brand(page: PageView) -> Oracle:
    page = yield from open_list(page, "Reports", "Search Terms")
    uses = {row["Search Query"]: int(row["Hits"]) for row in page.rows()}
    brands = {term: count for term, count in uses.items() if _BRANDS & set(re.findall(r"\w+", term.lower()))}
    yield leave(max(brands, key=lambda term: brands[term]))


REPORT_SCRIPTS = (
    Script(
        task_id=0,
        solve=_solve_best_sellers,
        twin="Impulse Duffle, Overnight Duffle, Zing Jump Rope",
        perturbation=perturbed(
            f"UPDATE sales_order_item SET name = 'Zing Jump Rope', qty = 20 WHERE id = {_IN_JANUARY}", "Zing Jump Rope"
        ),
    ),
    Script(
        task_id=8,
        solve=_solve_top_terms,
        twin="hollister, Joust Bag, tanks",
        perturbation=perturbed("UPDATE search_query SET popularity = 30 WHERE query_text = 'tanks'", "tanks"),
    ),
    Script(
        task_id=26,
        solve=_solve_monthly_count,
        twin="01:12, 02:15, 03:14, 04:8, 05:8, 06:13, 07:9, 08:8, 09:10, 10:4, 11:5, 12:10",
        perturbation=perturbed("UPDATE sales_order SET status = 'closed' WHERE created_at LIKE '2022-06%'", "06:0"),
    ),
    Script(
        task_id=32,
        solve=_solve_top_brand,
        twin="nike",
        perturbation=perturbed("UPDATE search_query SET popularity = 30 WHERE query_text = 'nike'", "nike"),
    ),
    Script(task_id=149, solve=_last_month(0), twin=_last_month(28)),
    Script(task_id=150, solve=_shipping(0), twin=_shipping(1)),
)
