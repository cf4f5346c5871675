"""What the One Stop Market's templates share: drawing records, and the first steps of their oracles."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

from webrl_gym.tasks.checks import page_check
from webrl_gym.tasks.page_view import Moves, PageView, Parameters
from webrl_gym.tasks.template import Row, WorldReader
from webrl_gym.types import Site

SITES = (Site.SHOPPING,)
EMMA = 1
"""Id of the published account among the customers."""
MOST_ORDER_PAGES = 4
"""Pages that the order history has at the start of an episode."""
STEPS_TO_LAST_PAGE = 2 + MOST_ORDER_PAGES - 1
"""Actions from the start page to the last page of the order history."""

_ENDS_IN_PRICE = re.compile(r"\$[\d,]+\.\d\d$")


def dollars(cents: int) -> str:
    """An amount as the store writes it."""
    return f"${cents / 100:,.2f}"


def choose(rng: random.Random, rows: Sequence[Row]) -> Row | None:
    """One of the rows, or None when there are none."""
    return rng.choice(rows) if rows else None


def draw_product(reader: WorldReader, rng: random.Random, novel: bool, condition: str = "1") -> Row | None:
    """A product that fits an SQL condition on ``product p``."""
    sql = f"SELECT * FROM product p WHERE novel = ? AND {condition} ORDER BY id"
    return choose(rng, reader.query(Site.SHOPPING, sql, (int(novel),)))


def draw_product_name(
    reader: WorldReader, rng: random.Random, novel: bool, condition: str = "1"
) -> dict[str, str] | None:
    """The parameter ``product``: the name of a product that fits an SQL condition on ``product p``."""
    product = draw_product(reader, rng, novel, condition)
    return None if product is None else {"product": product["name"]}


def draw_order(reader: WorldReader, rng: random.Random, novel: bool, condition: str = "1") -> Row | None:
    """One of Emma's orders that fits an SQL condition on ``sales_order o``."""
    sql = f"SELECT * FROM sales_order o WHERE customer_id = {EMMA} AND novel = ? AND {condition} ORDER BY id"
    return choose(rng, reader.query(Site.SHOPPING, sql, (int(novel),)))


def product_by_name(reader: WorldReader, name: str) -> Row:
    """The product's row; names are unique."""
    return reader.one(Site.SHOPPING, "SELECT * FROM product WHERE name = ?", (name,))


def product_id(reader: WorldReader, parameters: Parameters) -> int:
    """Id of the product that the parameter ``product`` names."""
    return int(product_by_name(reader, parameters["product"])["id"])


def named_order(reader: WorldReader, parameters: Parameters) -> Row:
    """The order with the number in the parameter ``order``; None when there is none."""
    return reader.one(Site.SHOPPING, "SELECT * FROM sales_order WHERE increment_id = ?", (parameters["order"],))


def draw_order_number(
    reader: WorldReader, rng: random.Random, novel: bool, condition: str = "1"
) -> dict[str, str] | None:
    """The parameter ``order``: the number of one of Emma's orders that fits an SQL condition on ``sales_order o``."""
    order = draw_order(reader, rng, novel, condition)
    return None if order is None else {"order": order["increment_id"]}


def draw_ordered_product(reader: WorldReader, rng: random.Random, order: Row) -> str:
    """Name of one of the products of an order."""
    sql = "SELECT name FROM sales_order_item WHERE order_id = ? ORDER BY id"
    return str(rng.choice(reader.query(Site.SHOPPING, sql, (order["id"],)))["name"])


def stars(rating: int) -> str:
    """A rating as the store writes it."""
    return "1 star" if rating == 1 else f"{rating} stars"


def cart_check(sku: str, quantity: str) -> dict[str, Any]:
    """A ``page_check``: the cart holds this quantity of a product."""
    locator = f"document.querySelector(\"[data-cart-item-id='{sku}']\").value"
    return page_check("__SHOPPING__/checkout/cart/", locator, quantity, exactly=True)


def listed_products(page: PageView) -> list[str]:
    """Names of the products on a category or search page, in their order."""
    names = []
    for control in page.controls:
        line = page.plain_lines[control.line]
        if control.tag == "a" and line.startswith(control.name) and _ENDS_IN_PRICE.search(line):
            names.append(control.name)
    return names


def product_line(page: PageView, name: str) -> str:
    """The line of a product on a category or search page: its name, its reviews if any, its price."""
    return page.plain_lines[page.find(name, tag="a").line]


def open_product(page: PageView, name: str) -> Moves:
    """Finds a product by the search box and opens its page (2 steps)."""
    page = yield page.search("Search", name)
    return (yield page.click(name, tag="a"))


def open_orders(page: PageView) -> Moves:
    """Opens the order history (2 steps)."""
    page = yield page.click("My Account")
    return (yield page.click("My Orders"))


def turn_to_order(page: PageView, number: str) -> Moves:
    """Turns pages of the order history until an order is on it, or cannot be any more (up to 3 steps)."""
    while not page.has(number):
        if max(row["Order #"] for row in page.rows()) < number or not page.has("Next"):
            break
        page = yield page.click("Next")
    return page


def find_order(page: PageView, number: str) -> Moves:
    """Opens the page of the order history that an order is on (up to 5 steps)."""
    page = yield from open_orders(page)
    return (yield from turn_to_order(page, number))


def view_order(page: PageView, number: str) -> Moves:
    """Opens an order's page from the start page (up to 6 steps)."""
    page = yield from find_order(page, number)
    return (yield page.click("View Order", near=number))
