"""Templates that the list of orders answers."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import answer_includes, answer_is
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping.store_pages import (
    EMMA,
    SITES,
    STEPS_TO_LAST_PAGE,
    choose,
    dollars,
    draw_order_number,
    find_order,
    named_order,
    open_orders,
)
from webrl_gym.tasks.template import Split, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_UNKNOWN_SHARE = 0.15
_STATUSES = ("Complete", "Canceled", "Pending", "Processing", "On Hold")


def _draw_maybe_unknown(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    """Sometimes the number of an order that is not Emma's: its status cannot be told."""
    if novel or rng.random() >= _UNKNOWN_SHARE:
        return draw_order_number(reader, rng, novel)
    taken = {row["id"] for row in reader.query(Site.SHOPPING, "SELECT id FROM sales_order")}
    return {"order": f"{rng.choice([n for n in range(min(taken) + 1, max(taken)) if n not in taken]):09d}"}


def _status(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    order = named_order(reader, parameters)
    return answer_is("N/A") if order is None else answer_includes(order["status"])


def _read_status(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_order(page, parameters["order"])
    yield leave(page.row(parameters["order"])["Status"] if page.has(parameters["order"]) else "N/A")


def _other_status(reader: WorldReader, parameters: Parameters) -> Statement:
    number = parameters["order"]
    order = named_order(reader, parameters)
    if order is not None:
        status = "Complete" if order["status"] != "Complete" else "Canceled"
        return Site.SHOPPING, "UPDATE sales_order SET status = ? WHERE id = ?", (status, order["id"])
    copied = "customer_id, email, created_at, subtotal_cents, shipping_cents, grand_total_cents, shipping_address"
    sql = (
        f"INSERT INTO sales_order (id, increment_id, status, billing_address, {copied})"
        f" SELECT ?, ?, 'Complete', billing_address, {copied} FROM sales_order WHERE id < ? ORDER BY id DESC LIMIT 1"
    )
    return Site.SHOPPING, sql, (int(number), number, int(number))


def _total(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(dollars(named_order(reader, parameters)["grand_total_cents"]))


def _read_total(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_order(page, parameters["order"])
    yield leave(page.row(parameters["order"])["Order Total"])


def _other_total(reader: WorldReader, parameters: Parameters) -> Statement:
    order = named_order(reader, parameters)
    return (
        Site.SHOPPING,
        "UPDATE sales_order SET grand_total_cents = grand_total_cents + 311 WHERE id = ?",
        (order["id"],),
    )


def _date(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    when = datetime.fromisoformat(named_order(reader, parameters)["created_at"])
    return answer_includes(f"{when.month}/{when.day}/{when:%y} |OR| {when:%B} {when.day}, {when.year}")


def _read_date(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_order(page, parameters["order"])
    yield leave(page.row(parameters["order"])["Date"])


def _other_date(reader: WorldReader, parameters: Parameters) -> Statement:
    sql = "UPDATE sales_order SET created_at = datetime(created_at, '-1 hour', '-1 day') WHERE id = ?"
    return Site.SHOPPING, sql, (named_order(reader, parameters)["id"],)


def _draw_month(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    """A month with at least two orders; sums stay under $900, where amounts need no thousands separator."""
    if novel:
        return None
    sql = (
        f"SELECT strftime('%Y-%m-01', created_at) AS month FROM sales_order WHERE customer_id = {EMMA}"
        " GROUP BY month HAVING COUNT(*) >= 2 AND SUM(grand_total_cents) < 90000 ORDER BY month"
    )
    row = choose(rng, reader.query(Site.SHOPPING, sql))
    return None if row is None else {"month": f"{datetime.fromisoformat(row['month']):%B %Y}"}


def _month_sum(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    sql = "SELECT SUM(grand_total_cents) FROM sales_order WHERE customer_id = ? AND strftime('%Y-%m', created_at) = ?"
    return answer_includes(dollars(reader.value(Site.SHOPPING, sql, (EMMA, _month(parameters)))))


def _month(parameters: Parameters) -> str:
    return f"{datetime.strptime(parameters['month'], '%B %Y'):%Y-%m}"


def _add_up(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_orders(page)
    wanted, cents = _month(parameters), 0
    while True:
        months = []
        for row in page.rows():
            months.append(f"{datetime.strptime(row['Date'], '%m/%d/%y'):%Y-%m}")
            if months[-1] == wanted:
                cents += round(float(row["Order Total"].lstrip("$").replace(",", "")) * 100)
        if months[-1] < wanted or not page.has("Next"):
            break
        page = yield page.click("Next")
    yield leave(dollars(cents))


def _other_month_sum(_: WorldReader, parameters: Parameters) -> Statement:
    sql = (
        "UPDATE sales_order SET grand_total_cents = grand_total_cents + 450 WHERE id ="
        " (SELECT MIN(id) FROM sales_order WHERE customer_id = ? AND strftime('%Y-%m', created_at) = ?)"
    )
    return Site.SHOPPING, sql, (EMMA, _month(parameters))


def _draw_status(_: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    return None if novel else {"status": rng.choice(_STATUSES)}


def _latest(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    sql = (
        f"SELECT increment_id FROM sales_order WHERE customer_id = {EMMA} AND status = ?"
        " ORDER BY created_at DESC, id DESC LIMIT 1"
    )
    number = reader.value(Site.SHOPPING, sql, (parameters["status"],))
    return answer_is("N/A") if number is None else answer_includes(number)


def _read_latest(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_orders(page)
    while True:
        found = [row["Order #"] for row in page.rows() if row["Status"] == parameters["status"]]
        if found or not page.has("Next"):
            break
        page = yield page.click("Next")
    yield leave(found[0] if found else "N/A")


def _other_latest(_: WorldReader, parameters: Parameters) -> Statement:
    """Gives the status to the latest order that has another one, and takes it from all others."""
    sql = (
        "UPDATE sales_order SET status = CASE id WHEN (SELECT id FROM sales_order WHERE customer_id = ? AND status <> ?"
        " ORDER BY created_at DESC, id DESC LIMIT 1) THEN ? ELSE 'Closed' END WHERE customer_id = ?"
    )
    return Site.SHOPPING, sql, (EMMA, parameters["status"], parameters["status"], EMMA)


TEMPLATES: tuple[Template, ...] = (
    Template(
        name="shopping.order_status",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            'What is the status of my order {order}? Answer "N/A" if I have no such order.',
            'Tell me the status of order number {order}, or "N/A" if there is none.',
            'Look up order {order} and tell me its status ("N/A" if it is not one of mine).',
        ),
        draw=_draw_maybe_unknown,
        evaluate=_status,
        solve=_read_status,
        steps=STEPS_TO_LAST_PAGE + 1,
        perturb=_other_status,
    ),
    Template(
        name="shopping.order_total",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "How much did I pay in total for order {order}?",
            "What is the order total of my order {order}?",
            "Tell me the total cost of order number {order}.",
        ),
        draw=draw_order_number,
        evaluate=_total,
        solve=_read_total,
        steps=STEPS_TO_LAST_PAGE + 1,
        perturb=_other_total,
    ),
    Template(
        name="shopping.order_date",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "On which date did I place order {order}?",
            "When was my order {order} placed?",
            "Tell me the date of order number {order}.",
        ),
        draw=draw_order_number,
        evaluate=_date,
        solve=_read_date,
        steps=STEPS_TO_LAST_PAGE + 1,
        perturb=_other_date,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="shopping.spent_in_month",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "How much do my orders of {month} add up to, whatever their status?",
            "What is the sum of the order totals of all orders that I placed in {month}?",
            "Add up the totals of my orders from {month}, canceled ones included.",
        ),
        draw=_draw_month,
        evaluate=_month_sum,
        solve=_add_up,
        steps=STEPS_TO_LAST_PAGE + 1,
        perturb=_other_month_sum,
    ),
    Template(
        name="shopping.latest_order_with_status",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            'Get the order number of my most recent order with the status {status}, or "N/A" if there is none.',
            'What is the number of my latest {status} order? Answer "N/A" if I have none.',
            'Tell me which of my orders is the newest one that is marked {status} ("N/A" if none is).',
        ),
        draw=_draw_status,
        evaluate=_latest,
        solve=_read_latest,
        steps=STEPS_TO_LAST_PAGE + 1,
        perturb=_other_latest,
    ),
)
