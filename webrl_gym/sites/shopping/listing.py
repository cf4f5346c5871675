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
from webrl_gym.sites.shopping.seed_basics import LISTED_PRODUCTS
from webrl_gym.sites.shopping.store_config import page_sizes
from webrl_gym.sites.web import store

_PAGE_SIZES = (8, 12, 16)
_RANGE_STEPS = (5_000, 10_000, 25_000, 50_000, 100_000)
_MOST_RANGES = 12
_PAGES_SHOWN = 5
_ORDER_SQL = {
    "position": "position",
    "name": "p.name COLLATE NOCASE",
    "price": "p.price_cents",
    "relevance": "relevance",
}


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a page lies among its pages; pages count from 1.

    Attributes:
        page: Its number.
        size: Most entries on it.
        total: Entries on all pages.
        sizes: The sizes that the visitor may choose from; none where there is no choice.
    """

    page: int
    size: int
    total: int
    sizes: tuple[int, ...] = ()

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


def make_pager(total: int, size: int, sizes: tuple[int, ...] = ()) -> Pager:
    """The pager for the requested page; a page past the last one becomes the last one."""
    return Pager(min(page_number(), max(1, math.ceil(total / size))), size, total, sizes)


def chosen_pager(total: int, path: str, otherwise: tuple[int, ...], parameter: str) -> Pager:
    """The pager of a list whose page size may be chosen.

    Args:
        total: Entries of the list.
        path: The setting that holds the page sizes.
        otherwise: The page sizes where there is no such setting; then the page offers no choice.
        parameter: The query parameter that holds the choice.
    """
    sizes, offered = page_sizes(path, otherwise)
    wanted = request.args.get(parameter, default=sizes[0], type=int)
    return make_pager(total, wanted if wanted in sizes else sizes[0], sizes if offered else ())


def address(**changes: str | int | None) -> str:
    """This page's address with some query parameters changed; None takes one out.

    A parameter that is there keeps its place and a new one goes to the end.
    """
    arguments: dict[str, Any] = request.args.to_dict() | changes
    query = urlencode({name: value for name, value in arguments.items() if value is not None})
    return f"{request.path}?{query}" if query else request.path


def sorter_address() -> str:
    """Where the sorting form goes: search pages have a second address, which the original's toolbar leads to."""
    path = request.path
    return "/catalogsearch/result/index/" if path.startswith("/catalogsearch/result") else path


def list_products(
    source: str,
    parameters: Mapping[str, Any],
    orders: Mapping[str, str],
    *,
    falling: bool,
    step_cents: int | None = None,
) -> Listing:
    """Reads the requested page of a list.

    Args:
        source: SQL from FROM to WHERE over ``product p``; column expressions of ``_ORDER_SQL`` must make sense there.
        parameters: Its named parameters.
        orders: Values of ``product_list_order`` with their labels, the default one first.
        falling: The direction when the address names none.
        step_cents: Width of the price ranges, if it does not follow from the prices.
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
    pager = chosen_pager(total, LISTED_PRODUCTS, _PAGE_SIZES, "product_list_limit")
    way = "DESC" if descending else "ASC"
    limit, offset = pager.limits
    rows = store().query(
        f"SELECT p.id, p.name, p.url_key, p.price_cents, p.in_stock {filtered}"
        f" ORDER BY {_ORDER_SQL[order]} {way}, p.id LIMIT :limit OFFSET :offset",
        {**named, "limit": limit, "offset": offset},
    )
    price_label = _range_label(low, high) if "price" in request.args and high > low >= 0 else ""
    ranges = [] if price_label else _price_ranges(source, parameters, step_cents)
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


def _price_ranges(source: str, parameters: Mapping[str, Any], step_cents: int | None) -> list[PriceRange]:
    prices = sorted(row[0] for row in store().query(f"SELECT p.price_cents {source}", dict(parameters)))
    if len(prices) < 2:
        return []
    step = step_cents or _fitting_step(prices[-1])
    counts: dict[int, int] = {}
    for cents in prices:
        counts[cents // step] = counts.get(cents // step, 0) + 1
    return [
        PriceRange(
            f"{slot * step // 100}-{(slot + 1) * step // 100}", _range_label(slot * step, (slot + 1) * step), count
        )
        for slot, count in counts.items()
    ]


def _fitting_step(highest: int) -> int:
    """The narrowest range of which not too many make up all prices."""
    return next((step for step in _RANGE_STEPS if highest // step < _MOST_RANGES), _RANGE_STEPS[-1])
