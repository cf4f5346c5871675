"""Lists of products with order, direction, price range and pages, as category and search pages share them."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request

from webrl_gym.sites.shopping.fields import MOST_CENTS, read_cents
from webrl_gym.sites.shopping.formats import price
from webrl_gym.sites.web import store

PAGE_SIZES = (8, 12, 16)
_RANGE_CENTS = 5_000
_PAGES_SHOWN = 5
_ORDER_SQL = {
    "position": "position",
    "name": "p.name COLLATE NOCASE",
    "price": "p.price_cents",
    "relevance": "relevance",
}


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a page lies among its pages; pages count from 1."""

    page: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, math.ceil(self.total / self.size))

    @property
    def first(self) -> int:
        """Rank of the first entry on this page."""
        return (self.page - 1) * self.size + 1

    @property
    def last(self) -> int:
        """Rank of the last entry on this page."""
        return min(self.page * self.size, self.total)

    @property
    def shown(self) -> range:
        """Page numbers that get a link: a window around this page."""
        start = max(1, min(self.page - _PAGES_SHOWN // 2, self.pages - _PAGES_SHOWN + 1))
        return range(start, min(self.pages, start + _PAGES_SHOWN - 1) + 1)

    @property
    def limits(self) -> tuple[int, int]:
        """LIMIT and OFFSET of the query for this page."""
        return self.size, self.first - 1


@dataclass(frozen=True, slots=True)
class PriceRange:
    """A range of the price filter.

    Attributes:
        query: The value of ``price`` in addresses, ``50-100`` for example.
        label: What a person reads; the upper end is one cent under the bound.
        count: Products in it.
    """

    query: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of products and all that its toolbar needs."""

    products: list[dict[str, Any]]
    pager: Pager
    orders: Mapping[str, str]
    order: str
    descending: bool
    price_label: str
    ranges: list[PriceRange]


def page_number() -> int:
    """The requested page, 1 when the address says none or nonsense."""
    wanted = request.args.get("p", default=1, type=int)
    return min(max(1, wanted), 1_000_000)


def make_pager(total: int, size: int) -> Pager:
    """The pager for the requested page; a page past the last one becomes the last one."""
    return Pager(min(page_number(), max(1, math.ceil(total / size))), size, total)


def address(**changes: str | int | None) -> str:
    """This page's address with some query parameters changed; None takes one out.

    A parameter that is there keeps its place and a new one goes to the end.
    """
    arguments: dict[str, Any] = request.args.to_dict() | changes
    query = urlencode({name: value for name, value in arguments.items() if value is not None})
    return f"{request.path}?{query}" if query else request.path


def list_products(source: str, parameters: Mapping[str, Any], orders: Mapping[str, str], *, falling: bool) -> Listing:
    """Reads the requested page of a list.

    Args:
        source: SQL from FROM to WHERE over ``product p``; column expressions of ``_ORDER_SQL`` must make sense there.
        parameters: Its named parameters.
        orders: Values of ``product_list_order`` with their labels, the default one first.
        falling: The direction when the address names none.
    """
    default = next(iter(orders))
    order = request.args.get("product_list_order", default)
    order = order if order in orders else default
    direction = request.args.get("product_list_dir", "").lower()
    descending = direction == "desc" if direction in ("asc", "desc") else falling
    low, high = _price_bounds(request.args.get("price", ""))
    filtered = f"{source} AND p.price_cents >= :low AND p.price_cents < :high"
    named = {**parameters, "low": low, "high": high}
    total = store().value(f"SELECT COUNT(*) {filtered}", named)
    wanted_size = request.args.get("product_list_limit", default=PAGE_SIZES[0], type=int)
    pager = make_pager(total, wanted_size if wanted_size in PAGE_SIZES else PAGE_SIZES[0])
    way = "DESC" if descending else "ASC"
    limit, offset = pager.limits
    rows = store().query(
        f"SELECT p.id, p.name, p.url_key, p.price_cents, p.in_stock {filtered}"
        f" ORDER BY {_ORDER_SQL[order]} {way}, p.id LIMIT :limit OFFSET :offset",
        {**named, "limit": limit, "offset": offset},
    )
    price_label = _range_label(low, high) if "price" in request.args and high > low >= 0 else ""
    ranges = [] if price_label else _price_ranges(source, parameters)
    return Listing(with_ratings(rows), pager, orders, order, descending, price_label, ranges)


def with_ratings(products: list[sqlite3.Row]) -> list[dict[str, Any]]:
    """Product rows with ``reviews`` (number of approved ones) and ``rating`` (their mean in percent)."""
    marks = ",".join("?" * len(products))
    ratings = {
        row["product_id"]: row
        for row in store().query(
            "SELECT product_id, COUNT(*) AS reviews, CAST(ROUND(AVG(rating) * 20) AS INTEGER) AS rating FROM review"
            f" WHERE status = 'Approved' AND product_id IN ({marks}) GROUP BY product_id",
            [product["id"] for product in products],
        )
    }
    none = {"reviews": 0, "rating": 0}
    result = []
    for product in products:
        rated = ratings.get(product["id"], none)
        result.append({**dict(product), "reviews": rated["reviews"], "rating": rated["rating"]})
    return result


def _price_bounds(text: str) -> tuple[int, int]:
    """Bounds in cents of ``lo-hi``; either side may be missing, and nonsense bounds nothing."""
    low_text, dash, high_text = text.partition("-")
    low, high = read_cents(low_text), read_cents(high_text)
    if not dash or (low is None and low_text) or (high is None and high_text):
        return 0, MOST_CENTS
    return low or 0, MOST_CENTS if high is None else high


def _range_label(low: int, high: int) -> str:
    return f"{price(low)} and above" if high >= MOST_CENTS else f"{price(low)} - {price(high - 1)}"


def _price_ranges(source: str, parameters: Mapping[str, Any]) -> list[PriceRange]:
    prices = [row[0] for row in store().query(f"SELECT p.price_cents {source}", dict(parameters))]
    if len(prices) < 2:
        return []
    counts: dict[int, int] = {}
    for cents in sorted(prices):
        counts[cents // _RANGE_CENTS] = counts.get(cents // _RANGE_CENTS, 0) + 1
    return [
        PriceRange(
            f"{slot * _RANGE_CENTS // 100}-{(slot + 1) * _RANGE_CENTS // 100}",
            _range_label(slot * _RANGE_CENTS, (slot + 1) * _RANGE_CENTS),
            count,
        )
        for slot, count in counts.items()
    ]
