"""Templates about what one order holds."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import answer_includes, page_check, pages_show
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping.store_pages import (
    SITES,
    STEPS_TO_LAST_PAGE,
    cart_check,
    dollars,
    draw_order,
    draw_order_number,
    draw_ordered_product,
    named_order,
    view_order,
)
from webrl_gym.tasks.template import Row, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site


def _shipping(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(dollars(named_order(reader, parameters)["shipping_cents"]))


def _read_shipping(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from view_order(page, parameters["order"])
    yield leave(page.after("Shipping & Handling:"))


def _other_shipping(reader: WorldReader, parameters: Parameters) -> Statement:
    sql = "UPDATE sales_order SET shipping_cents = shipping_cents + 250 WHERE id = ?"
    return Site.SHOPPING, sql, (named_order(reader, parameters)["id"],)


def _item_count(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    sql = "SELECT COUNT(*) FROM sales_order_item WHERE order_id = ?"
    return answer_includes(str(reader.value(Site.SHOPPING, sql, (named_order(reader, parameters)["id"],))))


def _count_items(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from view_order(page, parameters["order"])
    yield leave(str(len([row for row in page.rows() if "SKU" in row])))


def _one_more_item(reader: WorldReader, parameters: Parameters) -> Statement:
    sql = (
        "INSERT INTO sales_order_item (order_id, product_id, name, sku, price_cents, qty)"
        " SELECT ?, id, name, sku, price_cents, 1 FROM product WHERE id NOT IN"
        " (SELECT product_id FROM sales_order_item WHERE order_id = ?) ORDER BY id LIMIT 1"
    )
    order = named_order(reader, parameters)
    return Site.SHOPPING, sql, (order["id"], order["id"])


def _draw_item(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    order = draw_order(reader, rng, novel)
    if order is None:
        return None
    return {"order": order["increment_id"], "product": draw_ordered_product(reader, rng, order)}


def _item(reader: WorldReader, parameters: Parameters) -> Row:
    sql = "SELECT * FROM sales_order_item WHERE order_id = ? AND name = ?"
    return reader.one(Site.SHOPPING, sql, (named_order(reader, parameters)["id"], parameters["product"]))


def _quantity(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(str(_item(reader, parameters)["qty"]))


def _read_quantity(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from view_order(page, parameters["order"])
    yield leave(page.row(parameters["product"])["Qty"])


def _other_quantity(reader: WorldReader, parameters: Parameters) -> Statement:
    item = _item(reader, parameters)
    return Site.SHOPPING, "UPDATE sales_order_item SET qty = qty + 4 WHERE id = ?", (item["id"],)


def _order_page(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    title = page_check("last", 'document.querySelector("h1.page-title").outerText', parameters["order"])
    return pages_show(title, ends=f"__SHOPPING__/sales/order/view/order_id/{int(parameters['order'])}/")


def _open_order(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from view_order(page, parameters["order"])
    yield leave()


def _draw_available(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    lines = "sales_order_item i JOIN product p ON p.id = i.product_id"
    sold_out = f"SELECT 1 FROM {lines} WHERE i.order_id = o.id AND NOT in_stock"
    return draw_order_number(reader, rng, novel, f"NOT EXISTS ({sold_out})")


def _reordered(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    sql = "SELECT sku, qty FROM sales_order_item WHERE order_id = ? ORDER BY id"
    items = reader.query(Site.SHOPPING, sql, (named_order(reader, parameters)["id"],))
    return pages_show(*(cart_check(item["sku"], str(item["qty"])) for item in items))


def _reorder(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from view_order(page, parameters["order"])
    page = yield page.click("Reorder")
    yield leave()


TEMPLATES: tuple[Template, ...] = (
    Template(
        name="shopping.order_shipping_cost",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "How much was the shipping and handling of my order {order}?",
            "What did I pay for shipping and handling in order {order}?",
            "Tell me the shipping cost of order number {order}.",
        ),
        draw=draw_order_number,
        evaluate=_shipping,
        solve=_read_shipping,
        steps=STEPS_TO_LAST_PAGE + 2,
        perturb=_other_shipping,
    ),
    Template(
        name="shopping.order_item_count",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "How many different products are in my order {order}?",
            "Count the different products that I bought with order {order}.",
            "Order {order}: how many different items does it list?",
        ),
        draw=draw_order_number,
        evaluate=_item_count,
        solve=_count_items,
        steps=STEPS_TO_LAST_PAGE + 2,
        perturb=_one_more_item,
    ),
    Template(
        name="shopping.ordered_quantity",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "How many {product} did I buy with order {order}?",
            "What quantity of {product} is in my order {order}?",
            "In order {order}, how many pieces of {product} did I order?",
        ),
        draw=_draw_item,
        evaluate=_quantity,
        solve=_read_quantity,
        steps=STEPS_TO_LAST_PAGE + 2,
        perturb=_other_quantity,
    ),
    Template(
        name="shopping.open_order",
        sites=SITES,
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Show me the details of my order {order}.",
            "Open the page of order number {order}.",
            "I want to see everything about order {order}.",
        ),
        draw=draw_order_number,
        evaluate=_order_page,
        solve=_open_order,
        steps=STEPS_TO_LAST_PAGE + 2,
    ),
    Template(
        name="shopping.reorder",
        sites=SITES,
        kind=TaskKind.CHANGING,
        wordings=(
            "Reorder my order {order}: put the same items into the shopping cart again.",
            "I need everything from order {order} once more; put it into my cart.",
            "Fill my cart with the items of order number {order} by reordering it.",
        ),
        draw=_draw_available,
        evaluate=_reordered,
        solve=_reorder,
        steps=STEPS_TO_LAST_PAGE + 3,
    ),
)
