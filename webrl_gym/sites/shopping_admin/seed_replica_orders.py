"""The replica's orders: 308 from January 2022 to May 2023, with their invoices and shipments.

What official tasks ask of them is laid down here: how many were completed in which month and by whom, who canceled
most, what sold best in January 2023, and the last orders to the item. Everything else is left to the generator.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from webrl_gym.sites.shopping_admin.seed_replica_catalogue import ReplicaProduct
from webrl_gym.sites.shopping_admin.seed_replica_people import ReplicaCustomer
from webrl_gym.sites.shopping_admin.seed_rows import insert

ORDER_COUNT = 308

_MOMENT = "%Y-%m-%d %H:%M:%S"
_COMPLETED = (11, 16, 14, 8, 8, 13, 9, 8, 10, 4, 5, 10, 8, 7, 6, 6, 2)
"""Completed orders of each month from January 2022 on, without the last orders."""
_OTHERS = {"canceled": 108, "pending": 15, "processing": 11, "closed": 7, "holded": 3}
_LAST_GENERATED = datetime(2023, 5, 12, 20, 0, 0)

_COMPLETED_BY = {
    "Jane Smith": 15,
    "Sarah Miller": 13,
    "Lily Potter": 12,
    "John Smith": 11,
    "Matt Baker": 10,
    "Grace Nguyen": 9,
    "Adam Garcia": 8,
}
_CANCELED_BY = {"Samantha Jones": 12, "John Smith": 9, "Jane Smith": 8, "Lily Potter": 7}
"""Orders of the customers who have most; nobody else has more than a handful."""
_MOST_OF_OTHERS = 4

_BEST_SELLERS = {"24-UB02": (2, 2, 1, 1), "24-WB07": (2, 2, 1), "MSH05-32-Blue": (2, 1, 1)}
"""SKUs and quantities in separate orders of January 2023, in which nothing else is sold twice."""

_TAX_RATES = {"Michigan": 825}
"""Hundredths of a percent of the subtotal."""


class _Order(NamedTuple):
    """An order to be written; ``items`` are SKUs and quantities."""

    moment: datetime
    customer: str
    status: str
    items: tuple[tuple[str, int], ...]


def _order(moment: str, customer: str, status: str, items: str) -> _Order:
    """An order from ``2 24-MB01, 1 WS03-XS-Red``: quantities and SKUs."""
    found = (item.split(" ") for item in items.split(", "))
    return _Order(datetime.fromisoformat(moment), customer, status, tuple((sku, int(qty)) for qty, sku in found))


_FIRST_ORDERS = (
    _order("2022-01-01 09:12:44", "Veronica Costello", "complete", "1 WS03-XS-Red"),
    _order("2022-01-01 09:20:10", "Veronica Costello", "closed", "1 WS08-XS-Blue"),
)
_LAST_ORDERS = (
    _order("2023-05-13 08:41:20", "Olivia Lee", "processing", "1 24-WG080"),
    _order("2023-05-14 15:02:51", "Brian Smith", "complete", "1 24-UG04, 1 WS03-XS-Red"),
    _order("2023-05-15 11:30:02", "Alex Johnson", "canceled", "1 WJ04-M-Orange"),
    _order("2023-05-16 17:45:38", "Lisa Green", "complete", "1 WH02-S-Blue"),
    _order("2023-05-17 09:05:14", "Emma Davis", "canceled", "1 MJ08-L-Blue"),
    _order("2023-05-19 20:11:59", "Michael Nguyen", "complete", "2 24-WG088"),
    _order("2023-05-20 13:27:33", "Katie Wong", "canceled", "1 WJ02-XS-Blue"),
    _order("2023-05-21 10:54:06", "Jason Miller", "complete", "1 MSH02-32-Black"),
    _order("2023-05-22 18:38:47", "Sarah Miller", "pending", "2 24-WB04, 1 24-MG01"),
    _order("2023-05-23 12:16:25", "Anna Nguyen", "canceled", "1 WP07-28-Blue, 1 MSH03-33-Blue, 1 24-MB01"),
    _order("2023-05-24 07:59:10", "Bob Jones", "processing", "1 MH11-M-Red"),
    _order("2023-05-25 16:20:31", "Grace Nguyen", "pending", "1 MT12-M-Blue, 2 24-UG06"),
    _order("2023-05-26 09:33:08", "Jennifer White", "pending", "1 WS12-S-Orange, 3 24-WG084"),
    _order("2023-05-27 14:48:52", "Daniel Jackson", "processing", "2 MP01-33-Gray, 1 24-WB03, 2 24-UG02"),
    _order("2023-05-28 19:07:19", "Mary Martin", "pending", "1 WSH08-28-Purple, 1 WB03-M-Green"),
    _order("2023-05-29 08:22:40", "Julia Williams", "holded", "2 24-MG02, 2 24-MB06"),
    _order("2023-05-30 21:14:03", "Jacob Rivera", "pending", "1 MS08-L-Red, 1 24-UB02, 1 24-WG09"),
    _order("2023-05-31 02:55:09", "Adam Garcia", "pending", "3 24-UG01, 1 WP13-29-Green"),
)


def fill_orders(
    connection: sqlite3.Connection,
    rng: random.Random,
    products: list[ReplicaProduct],
    customers: list[ReplicaCustomer],
) -> None:
    """Writes orders in the order of their dates, with items, invoices and shipments."""
    sold = rng.sample([p.sku for p in products if p.kind == "simple" and p.sku not in _BEST_SELLERS], 260)
    orders = [*_FIRST_ORDERS, *_generated(rng, sold, [customer.name for customer in customers]), *_LAST_ORDERS]
    _write(connection, rng, orders, {p.sku: p for p in products}, {c.name: c for c in customers})


def _generated(rng: random.Random, sold: list[str], names: list[str]) -> list[_Order]:
    moments = [("complete", moment) for moment in _completions(rng)]
    span = int((_LAST_GENERATED - datetime(2022, 1, 2)).total_seconds())
    for status, count in _OTHERS.items():
        moments += [
            (status, datetime(2022, 1, 2) + timedelta(seconds=second)) for second in rng.sample(range(span), count)
        ]
    moments.sort(key=lambda pair: pair[1])
    buyers = {
        "complete": _buyers(rng, _COMPLETED_BY, names, sum(_COMPLETED) - 1),
        "canceled": _buyers(rng, _CANCELED_BY, names, _OTHERS["canceled"]),
    }
    popularity = [1 / (rank + 4) for rank in range(len(sold))]
    orders = []
    unsold = iter(rng.sample(sold, len(sold)))
    best = _spread(rng, sum(1 for status, moment in moments if status != "canceled" and _is_in_january(moment)))
    for status, moment in moments:
        customer = buyers[status].pop() if status in buyers else rng.choice(names)
        items = {sku: rng.choice((1, 1, 2, 3)) for sku in rng.choices(sold, popularity, k=rng.randint(1, 4))}
        if status != "canceled" and _is_in_january(moment):
            items = {next(unsold): 1 for _ in range(rng.randint(1, 2))} | best.pop()
        orders.append(_Order(moment, customer, status, tuple(items.items())))
    return orders


def _completions(rng: random.Random) -> list[datetime]:
    """Moments of the completed orders; the store's first order is one of January's."""
    moments = []
    for month, count in enumerate(_COMPLETED):
        first = datetime(2022 + month // 12, month % 12 + 1, 2)
        # Day 28 at most: every month has it; the last month ends where the generated orders end.
        days = 26 if month + 1 < len(_COMPLETED) else 10
        seconds = rng.sample(range(days * 86_400), count - (month == 0))
        moments += [first + timedelta(seconds=second) for second in seconds]
    return moments


def _buyers(rng: random.Random, most: dict[str, int], names: list[str], count: int) -> list[str]:
    """Names in any order: each of ``most`` so often, everybody else a few times."""
    named = list(Counter(most).elements())
    others = [name for name in names if name not in most for _ in range(_MOST_OF_OTHERS)]
    buyers = named + rng.sample(others, count - len(named))
    rng.shuffle(buyers)
    return buyers


def _is_in_january(moment: datetime) -> bool:
    return (moment.year, moment.month) == (2023, 1)


def _spread(rng: random.Random, count: int) -> list[dict[str, int]]:
    """The best sellers dealt out to ``count`` orders."""
    dealt: list[dict[str, int]] = [{} for _ in range(count)]
    for sku, quantities in _BEST_SELLERS.items():
        for items, quantity in zip(rng.sample(dealt, len(quantities)), quantities, strict=True):
            items[sku] = quantity
    return dealt


def _write(
    connection: sqlite3.Connection,
    rng: random.Random,
    orders: list[_Order],
    products: dict[str, ReplicaProduct],
    customers: dict[str, ReplicaCustomer],
) -> None:
    rows: list[tuple[Any, ...]] = []
    items: list[tuple[Any, ...]] = []
    invoices, shipments, tracks = [], [], []
    for number, order in enumerate(orders, 1):
        customer = customers[order.customer]
        lines = [(products[sku], quantity) for sku, quantity in order.items]
        items += [(number, p.id, p.sku, p.name, p.price, quantity) for p, quantity in lines]
        subtotal = sum(product.price * quantity for product, quantity in lines)
        shipping = 500 * sum(quantity for _, quantity in lines)
        tax = round(subtotal * _TAX_RATES.get(customer.place[2], 0) / 10_000)
        total = subtotal + shipping + tax
        before = "pending" if order.status == "holded" else None
        head = (number, f"{number:09}", customer.id, customer.name, customer.email, order.status, before)
        methods = ("Check / Money order", "Flat Rate - Fixed")
        where = (customer.telephone, *customer.place, int(number <= len(_FIRST_ORDERS)))
        rows.append((*head, order.moment.strftime(_MOMENT), subtotal, shipping, tax, total, *methods, *where))
        later = (order.moment + timedelta(hours=rng.randint(1, 30))).strftime(_MOMENT)
        if order.status in ("processing", "complete", "closed"):
            invoices.append((number, later, total))
        if order.status in ("complete", "closed"):
            shipments.append((number, later))
            if rng.random() < 0.6:
                carrier = rng.choice(("DHL", "United Parcel Service", "Federal Express"))
                tracks.append((len(shipments), later, carrier, str(rng.randint(10**9, 10**10 - 1))))
    insert(
        connection,
        "sales_order (id, increment_id, customer_id, customer_name, customer_email, status, hold_before_status, "
        "created_at, subtotal, shipping_amount, tax_amount, grand_total, payment_method, shipping_method, telephone, "
        "street, city, region, postcode, has_history)",
        rows,
    )
    insert(connection, "sales_order_item (order_id, product_id, sku, name, price, qty)", items)
    insert(connection, "sales_invoice (order_id, created_at, grand_total)", invoices)
    insert(connection, "sales_shipment (order_id, created_at)", shipments)
    insert(connection, "sales_shipment_track (shipment_id, created_at, title, track_number)", tracks)
