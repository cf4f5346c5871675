"""Official tasks that count, add up and compare orders in the back office."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator

from webrl_gym.actions import Action, leave
from webrl_gym.tasks.official.script import Script, asked
from webrl_gym.tasks.official.shopping_admin.moves import (
    apply_filters,
    cents,
    every_row,
    filter_rows,
    latest_first,
    perturbed,
)
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.practice.shopping_admin_moves import find_rows, follow_row, open_list

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}


def _buyers(page: PageView, status: str) -> Generator[Action, PageView, list[str]]:
    """Customers by the number of their orders with this status, most first."""
    page = yield from filter_rows(page, "Sales", "Orders", {"Status": status}, many=True)
    rows = yield from every_row(page)
    return [name for name, _ in Counter(row["Bill-to Name"] for row in rows).most_common()]


def _solve_rank_of_completed(page: PageView) -> Oracle:
    (ordinal,) = asked(page, r"the (\w+) most number of orders")
    buyers = yield from _buyers(page, "Complete")
    yield leave(buyers[_ORDINALS[ordinal] - 1])


def _solve_most_cancellations(page: PageView) -> Oracle:
    buyers = yield from _buyers(page, "Canceled")
    yield leave(buyers[0])


def _solve_items_of_latest(page: PageView) -> Oracle:
    (count,) = asked(page, r"most recent (\d+) orders")
    page = yield from open_list(page, "Sales", "Orders")
    page = yield from latest_first(page)
    items = 0
    for row in page.rows()[: int(count)]:
        page = yield follow_row(page, row["ID"])
        items += sum(int(line["Qty"]) for line in page.rows())
        page = yield page.back()
    yield leave(str(items))


def _solve_difference(page: PageView) -> Oracle:
    (count,) = asked(page, r"last (\d+) cancell?ed orders")
    page = yield from filter_rows(page, "Sales", "Orders", {"Status": "Canceled"})
    page = yield from latest_first(page)
    canceled = sum(cents(row["Grand Total"]) for row in page.rows()[: int(count)])
    page = yield from apply_filters(page, {"Status": "Complete"})
    completed = sum(cents(row["Grand Total"]) for row in page.rows()[: int(count)])
    difference = abs(canceled - completed)
    yield leave(f"{difference // 100}.{difference % 100:02}")


def _solve_latest_cancellation(page: PageView) -> Oracle:
    page = yield from filter_rows(page, "Sales", "Orders", {"Status": "Canceled"})
    page = yield from latest_first(page)
    yield leave(page.rows()[0]["Purchase Date"])


def _solve_invoice(page: PageView) -> Oracle:
    (number,) = asked(page, r"invoice (\d+)")
    page = yield from find_rows(page, "Sales", "Invoices", number)
    yield leave(page.row(number)["Amount"])


SALES_SCRIPTS = (
    Script(
        task_id=13,
        solve=_solve_rank_of_completed,
        twin="Grace Nguyen",
        perturbation=perturbed(
            "UPDATE sales_order SET status = 'closed' WHERE id IN (SELECT id FROM sales_order "
            "WHERE customer_name = 'Matt Baker' AND status = 'complete' LIMIT 5)",
            "Grace Nguyen",
        ),
    ),
    Script(
        task_id=21,
        solve=_solve_invoice,
        twin="$36.39",
        perturbation=perturbed("UPDATE sales_invoice SET grand_total = 5555 WHERE id = 2", "55.55"),
    ),
    Script(
        task_id=33,
        solve=_solve_items_of_latest,
        twin="22",
        perturbation=perturbed(
            "UPDATE sales_order_item SET qty = qty + 6 WHERE id = "
            "(SELECT MIN(id) FROM sales_order_item WHERE order_id = 305)",
            "31",
        ),
    ),
    Script(
        task_id=47,
        solve=_solve_difference,
        twin="189.50",
        perturbation=perturbed(
            "UPDATE sales_order SET grand_total = grand_total + 1000 WHERE id = "
            "(SELECT MAX(id) FROM sales_order WHERE status = 'canceled')",
            "204.25",
        ),
    ),
    Script(
        task_id=48,
        solve=_solve_latest_cancellation,
        twin="May 20, 2023",
        perturbation=perturbed("UPDATE sales_order SET status = 'canceled' WHERE id = 306", "May 29, 2023"),
    ),
    Script(
        task_id=70,
        solve=_solve_most_cancellations,
        twin="John Smith",
        perturbation=perturbed(
            "UPDATE sales_order SET status = 'closed' WHERE customer_name = 'Samantha Jones' AND status = 'canceled'",
            "John Smith",
        ),
    ),
)
