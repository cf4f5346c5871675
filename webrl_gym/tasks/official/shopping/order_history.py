"""Official tasks that the list of orders answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from webrl_gym.actions import leave
from webrl_gym.tasks.official.script import Perturbation, Script, asked
from webrl_gym.tasks.official.shopping.moves import (
    OrderRow,
    all_orders,
    dollars,
    open_orders,
    order_rows,
    view_order,
)
from webrl_gym.tasks.page_view import Oracle, OracleLost, PageView
from webrl_gym.types import Site

_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_ON_THE_WAY = ("processing", "shipped", "out for delivery")


def _first(orders: list[OrderRow], fits: Callable[[OrderRow], bool]) -> OrderRow | None:
    return next((order for order in orders if fits(order)), None)


def _recent_sum(page: PageView) -> Oracle:
    today = datetime.strptime(asked(page, r"today is (\S+)\.")[0], "%m/%d/%Y").date()
    begin = today - timedelta(days=_NUMBERS[asked(page, r"past (\w+) days")[0]])
    page = yield from open_orders(page)
    found = [order for order in order_rows(page) if order.status == "Complete" and begin <= order.day <= today]
    yield leave(f"{len(found)} order{'s' * (len(found) != 1)}, {dollars(sum(order.cents for order in found))}")


def _latest_status(page: PageView) -> Oracle:
    page = yield from open_orders(page)
    latest = order_rows(page)[0]
    arrival = "so I do not expect it" if latest.status == "Canceled" else "and the store names no day of arrival"
    yield leave(f"It is {latest.status.lower()}, {arrival}")


def _first_day(page: PageView) -> Oracle:
    page, orders = yield from all_orders(page)
    day = min(order.day for order in orders)
    yield leave(f"{day.month}/{day.day}/{day:%y}")


def _latest_complete(page: PageView) -> Oracle:
    page = yield from open_orders(page)
    found = _first(order_rows(page), lambda order: order.status == "Complete")
    yield leave("N/A" if found is None else dollars(found.cents))


def _on_the_way(page: PageView) -> Oracle:
    page, orders = yield from all_orders(page)
    found = _first(orders, lambda order: order.status.lower() in _ON_THE_WAY)
    yield leave("N/A" if found is None else found.number)


def _open_pending(page: PageView, rank: int = 0) -> Oracle:
    page = yield from open_orders(page)
    pending = [order for order in order_rows(page) if order.status == "Pending"]
    yield from view_order(page, pending[rank].number)
    yield leave()


def _open_wrong_pending(page: PageView) -> Oracle:
    yield from _open_pending(page, 1)


def _refund(page: PageView) -> Oracle:
    year = int(asked(page, r"in (\d{4})")[0])
    page, orders = yield from all_orders(page)
    cents = sum(order.cents for order in orders if order.status == "Canceled" and order.day.year == year)
    yield leave(f"{cents / 100:.2f}")


def _spent_with_discount(page: PageView) -> Oracle:
    month = datetime.strptime(asked(page, r"on (\w+ \d{4})")[0], "%B %Y")
    kept = 1 - Decimal(asked(page, r"(\d+)% discount")[0]) / 100
    limit = int(asked(page, r"exceeding \$(\d+)")[0]) * 100
    page, orders = yield from all_orders(page)
    total = Decimal(0)
    for order in orders:
        if (order.day.year, order.day.month) == (month.year, month.month) and order.status != "Canceled":
            total += Decimal(order.cents) / 100 * (kept if order.cents > limit else 1)
    yield leave(f"{total.normalize():f}")


def _statuses(page: PageView) -> Oracle:
    wanted = re.findall(r"\d+", page.observation["instruction"])
    page, orders = yield from all_orders(page)
    found = {int(order.number): order.status.lower() for order in orders}
    yield leave(", ".join(f"{number}: {found[int(number)]}" for number in wanted))


def _change_destination(page: PageView) -> Oracle:
    page = yield from open_orders(page)
    latest = order_rows(page)[0]
    page = yield from view_order(page, latest.number)
    changing = [control.name for control in page.controls if re.search(r"(change|edit).*address", control.name, re.I)]
    if changing:
        raise OracleLost(f"order {latest.number} can be sent elsewhere: {changing}")
    yield leave("N/A")


def _changed(sql: str, answer: str) -> Perturbation:
    return Perturbation(((Site.SHOPPING, f"UPDATE sales_order SET {sql}", ()),), answer)


SCRIPTS = (
    Script(
        10,
        _recent_sum,
        "1 order, $17.99",
        _changed("created_at = '2023-06-11 10:00:00' WHERE id = 166", "1 order, $17.99"),
    ),
    Script(
        22,
        _latest_status,
        "It is complete, and it came on May 20",
        _changed("status = 'Pending' WHERE id = 170", "pending"),
        judged="the reference is a sentence, and no rule reads sentences",
    ),
    Script(28, _first_day, "3/10/22", _changed("created_at = '2022-01-05 08:00:00' WHERE id = 173", "1/5/22")),
    Script(46, _latest_complete, "17.99", _changed("grand_total_cents = 7011 WHERE id = 180", "70.11")),
    Script(56, _on_the_way, "000000189", _changed("status = 'Processing' WHERE id = 166", "000000166")),
    Script(72, _open_pending, _open_wrong_pending),
    Script(76, _refund, "2126.32", _changed("status = 'Complete' WHERE id = 172", "2976.31")),
    Script(78, _spent_with_discount, "403.18", _changed("grand_total_cents = 5204 WHERE id = 183", "359.646")),
    Script(
        84, _statuses, "170: pending, 189: complete", _changed("status = 'Complete' WHERE id = 189", "189: complete")
    ),
    Script(162, _change_destination, "Done", constant="the store changes no address of an order that was placed"),
)
