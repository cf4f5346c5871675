"""Templates that read or list orders in the back office."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks import checks
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping_admin_moves import (
    ADMIN,
    ROOT,
    amount,
    draw_order,
    find_rows,
    from_slashed,
    open_list,
    pick,
    record,
    slashed,
    spelled,
)
from webrl_gym.tasks.template import Statement, TaskKind, Template, WorldReader

_STATUSES = {
    "pending": "Pending",
    "processing": "Processing",
    "complete": "Complete",
    "canceled": "Canceled",
    "holded": "On Hold",
    "closed": "Closed",
}
_BY_NUMBER = "SELECT * FROM sales_order WHERE id = ?"


def _status_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    status = record(world, _BY_NUMBER, (int(parameters["order"]),))["status"]
    return checks.answer_is(_STATUSES[status])


def _solve_status(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Sales", "Orders", parameters["order"])
    yield leave(page.row(f"{int(parameters['order']):09}")["Status"])


def _other_status(world: WorldReader, parameters: Parameters) -> Statement:
    number = int(parameters["order"])
    status = record(world, _BY_NUMBER, (number,))["status"]
    new_status = "canceled" if status == "closed" else "closed"
    return ADMIN, "UPDATE sales_order SET status = ? WHERE id = ?", (new_status, number)


def _buyer_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    row = record(world, _BY_NUMBER, (int(parameters["order"]),))
    return checks.answer_includes(row["customer_name"], amount(row["grand_total"]))


def _solve_buyer(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Sales", "Orders", parameters["order"])
    row = page.row(f"{int(parameters['order']):09}")
    yield leave(f"{row['Bill-to Name']}, {row['Grand Total']}")


def _other_total(_: WorldReader, parameters: Parameters) -> Statement:
    sql = "UPDATE sales_order SET grand_total = grand_total + 11111 WHERE id = ?"
    return ADMIN, sql, (int(parameters["order"]),)


def _draw_buyer(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    """A customer whose orders are exactly those that a search for the name finds."""
    row = pick(
        world,
        rng,
        "SELECT c.firstname || ' ' || c.lastname AS name FROM customer AS c WHERE c.novel = ? AND "
        "(SELECT COUNT(*) FROM sales_order WHERE customer_id = c.id) BETWEEN 1 AND 20 AND "
        "(SELECT COUNT(*) FROM sales_order WHERE customer_id = c.id) = (SELECT COUNT(*) FROM sales_order AS o WHERE "
        "instr(lower(o.customer_name || ' ' || o.customer_email), lower(c.firstname)) > 0 AND "
        "instr(lower(o.customer_name || ' ' || o.customer_email), lower(c.lastname)) > 0) ORDER BY c.id",
        (int(novel),),
    )
    return None if row is None else {"customer": row["name"]}


def _count_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    sql = "SELECT COUNT(*) AS count FROM sales_order WHERE customer_name = ?"
    return checks.answer_is(str(record(world, sql, (parameters["customer"],))["count"]))


def _solve_count(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Sales", "Orders", parameters["customer"])
    yield leave(next(line for line in page.plain_lines if "records found" in line).split(" ")[0])


def _one_more_order(_: WorldReader, parameters: Parameters) -> Statement:
    sql = (
        "UPDATE sales_order SET customer_name = ? WHERE id = (SELECT MIN(id) FROM sales_order WHERE customer_name != ?)"
    )
    return ADMIN, sql, (parameters["customer"], parameters["customer"])


_LATEST = "SELECT * FROM sales_order WHERE customer_name = ? ORDER BY id DESC LIMIT 1"


def _latest_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return checks.answer_includes(amount(record(world, _LATEST, (parameters["customer"],))["grand_total"]))


def _solve_latest(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Sales", "Orders", parameters["customer"])
    yield leave(page.row(parameters["customer"])["Grand Total"])


def _other_latest(world: WorldReader, parameters: Parameters) -> Statement:
    latest = record(world, _LATEST, (parameters["customer"],))
    return ADMIN, "UPDATE sales_order SET grand_total = grand_total + 22222 WHERE id = ?", (latest["id"],)


def _draw_filter(_: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    if novel:
        return None
    day = date(2022, 3, 1) + timedelta(days=rng.randrange(400))
    return {"status": rng.choice(list(_STATUSES.values())), "start": slashed(day)}


def _filter_shown(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    locator = 'document.querySelector("div.admin__data-grid-filters-current").outerText'
    start = f"Purchase Date from: {spelled(from_slashed(parameters['start']))}"
    check = checks.page_check("last", locator, f"Status: {parameters['status']}", start)
    return checks.pages_show(check, ends=f"{ROOT}/sales/order/")


def _solve_filter(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_list(page, "Sales", "Orders")
    page = yield page.click("Filters", tag="summary")
    page = yield page.type("Purchase Date from", parameters["start"])
    page = yield page.select("Status", parameters["status"])
    yield page.click("Apply Filters", tag="button")
    yield leave()


SALES_TEMPLATES = (
    Template(
        name="shopping_admin.order_status",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "What is the status of order {order}?",
            "Tell me the current status of order #{order}.",
            "Look up order number {order} and tell me its status",
            "In which status is order {order} right now?",
        ),
        draw=draw_order("1"),
        evaluate=_status_answer,
        solve=_solve_status,
        steps=4,
        perturb=_other_status,
    ),
    Template(
        name="shopping_admin.order_buyer",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "Who placed order {order}, and what is its grand total?",
            "Tell me the customer name and the grand total of order #{order}",
            "Find the name of the customer behind order number {order} and how much it came to in total.",
        ),
        draw=draw_order("1"),
        evaluate=_buyer_answer,
        solve=_solve_buyer,
        steps=4,
        perturb=_other_total,
    ),
    Template(
        name="shopping_admin.customer_order_count",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "How many orders has {customer} placed?",
            "Tell me the number of orders by {customer}",
            "Count all orders of the customer {customer}.",
        ),
        draw=_draw_buyer,
        evaluate=_count_answer,
        solve=_solve_count,
        steps=4,
        perturb=_one_more_order,
    ),
    Template(
        name="shopping_admin.latest_order_total",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "What is the grand total of the most recent order of {customer}?",
            "How much did {customer} pay in total for their latest order?",
            "Tell me the grand total of {customer}'s newest order",
        ),
        draw=_draw_buyer,
        evaluate=_latest_answer,
        solve=_solve_latest,
        steps=4,
        perturb=_other_latest,
    ),
    Template(
        name="shopping_admin.orders_by_status",
        sites=(ADMIN,),
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Show me all orders with the status {status} placed since {start}",
            "Filter the orders: status {status}, purchase date from {start}",
            "List the orders that are {status} and were placed on {start} or later",
        ),
        draw=_draw_filter,
        evaluate=_filter_shown,
        solve=_solve_filter,
        steps=7,
    ),
)
