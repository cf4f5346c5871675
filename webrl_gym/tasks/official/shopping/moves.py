"""What the oracles of the One Stop Market share: walking through the store and reading its lists."""

from __future__ import annotations

import re
from collections.abc import Generator
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from webrl_gym.actions import Action
from webrl_gym.tasks.page_view import Moves, OracleLost, PageView

Result = TypeVar("Result")
Reading = Generator[Action, PageView, tuple[PageView, Result]]
"""A part of an oracle that comes back with more than a page."""

_LISTED = re.compile(r"(?P<name>.+?)(?: Rating: (?P<rating>\d+)% (?P<reviews>\d+) Reviews?)? \$(?P<price>[\d,]+\.\d\d)")
_MOST_PAGES = 12


class Listed(NamedTuple):
    """A product as category and search pages show it: rating in percent, price in cents."""

    name: str
    rating: int
    reviews: int
    cents: int


class OrderRow(NamedTuple):
    """A line of the order history."""

    number: str
    day: date
    cents: int
    status: str


class Item(NamedTuple):
    """A line of an order; the name ends with the chosen options."""

    name: str
    sku: str
    cents: int


def cents_of(text: str) -> int:
    """An amount as the store writes it, in cents."""
    return round(float(text.replace("$", "").replace(",", "")) * 100)


def dollars(cents: int) -> str:
    """Cents as a person writes dollars: ``$85``, ``$1.46``."""
    return f"${cents // 100}" if cents % 100 == 0 else f"${cents / 100:.2f}"


def listed(page: PageView) -> list[Listed]:
    """The products on a category or search page, in their order."""
    found = []
    for control in page.controls:
        match = _LISTED.fullmatch(page.plain_lines[control.line])
        if control.tag == "a" and match is not None and match["name"] == control.name:
            found.append(
                Listed(match["name"], int(match["rating"] or 0), int(match["reviews"] or 0), cents_of(match["price"]))
            )
    return found


def named(products: list[Listed], words: str) -> list[Listed]:
    """The products whose names hold every one of some words."""
    wanted = words.lower().split()
    return [product for product in products if all(word in product.name.lower() for word in wanted)]


def all_listed(page: PageView) -> Reading[list[Listed]]:
    """Reads a list of products to its last page."""
    found = listed(page)
    for _ in range(_MOST_PAGES):
        if not page.has("Next"):
            break
        page = yield page.click("Next")
        found += listed(page)
    return page, found


def open_category(page: PageView, *names: str) -> Moves:
    """Walks down from the home page's menu."""
    for name in names:
        page = yield page.click(name, tag="a")
    return page


def sort_by_price(page: PageView) -> Moves:
    """Sorts a list by price, in the direction that it has (2 steps)."""
    page = yield page.select("Sort By", "Price")
    return (yield page.click("Sort"))


def show_all(page: PageView) -> Moves:
    """Shows as many entries as a page may have (2 steps)."""
    control = page.find("Show", tag="select")
    page = yield page.select("Show", control.text.rpartition("|")[2].strip())
    return (yield page.click("Show per page"))


def open_orders(page: PageView) -> Moves:
    """Opens the order history (2 steps)."""
    page = yield page.click("My Account")
    return (yield page.click("My Orders"))


def order_rows(page: PageView) -> list[OrderRow]:
    """The orders on this page of the history."""
    return [
        OrderRow(
            row["Order #"],
            datetime.strptime(row["Date"], "%m/%d/%y").date(),
            cents_of(row["Order Total"]),
            row["Status"],
        )
        for row in page.rows()
        if "Order #" in row
    ]


def all_orders(page: PageView) -> Reading[list[OrderRow]]:
    """Opens the order history with all orders on one page (4 steps)."""
    page = yield from open_orders(page)
    page = yield from show_all(page)
    return page, order_rows(page)


def view_order(page: PageView, number: str) -> Moves:
    """Opens an order from the page of the history that it is on."""
    return (yield page.click("View Order", near=number))


def items(page: PageView) -> list[Item]:
    """What an order's page lists."""
    return [Item(row["Product Name"], row["SKU"], cents_of(row["Price"])) for row in page.rows() if "SKU" in row]


def find_ordered(page: PageView, candidates: list[OrderRow], words: str) -> Reading[tuple[OrderRow, Item]]:
    """Opens orders, one after the other, until one holds a product with every one of some words in its name.

    Raises:
        OracleLost: If none does.
    """
    for order in candidates:
        page = yield from view_order(page, order.number)
        for item in items(page):
            if all(word in item.name.lower() for word in words.lower().split()):
                return page, (order, item)
        page = yield page.back()
    raise OracleLost(f"none of {len(candidates)} orders holds {words!r}")


def ordered_in(orders: list[OrderRow], year: int, month: int) -> list[OrderRow]:
    """The orders of a month."""
    return [order for order in orders if (order.day.year, order.day.month) == (year, month)]
