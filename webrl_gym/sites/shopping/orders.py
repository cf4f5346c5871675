"""The customer's orders: history, one order, reorder."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, flash, redirect, render_template
from werkzeug.wrappers import Response

from webrl_gym.sites.shopping.cart import put_into_cart
from webrl_gym.sites.shopping.listing import chosen_pager
from webrl_gym.sites.shopping.seed_basics import LISTED_ORDERS
from webrl_gym.sites.shopping.visitor import customers_only, signed_in_customer
from webrl_gym.sites.web import store

blueprint = Blueprint("orders", __name__)

_PAGE_SIZES = (10,)
_ROWS = (
    "SELECT id, increment_id, created_at, grand_total_cents, status FROM sales_order WHERE customer_id = ?"
    " ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"
)


def recent_orders(count: int) -> list[sqlite3.Row]:
    """The customer's latest orders."""
    return store().query(_ROWS, (signed_in_customer()["id"], count, 0))


def _own_order(order_id: int) -> sqlite3.Row | None:
    return store().one(
        "SELECT * FROM sales_order WHERE id = ? AND customer_id = ?", (order_id, signed_in_customer()["id"])
    )


def _items(order_id: int) -> list[sqlite3.Row]:
    return store().query("SELECT * FROM sales_order_item WHERE order_id = ? ORDER BY id", (order_id,))


@blueprint.get("/sales/order/history/")
@customers_only
def history() -> str:
    """All orders, the latest first."""
    owner = signed_in_customer()["id"]
    total = store().value("SELECT COUNT(*) FROM sales_order WHERE customer_id = ?", (owner,))
    pager = chosen_pager(total, LISTED_ORDERS, _PAGE_SIZES, "limit")
    return render_template("orders.html", orders=store().query(_ROWS, (owner, *pager.limits)), pager=pager)


@blueprint.get("/sales/order/view/order_id/<int(max=999999999):order_id>/")
@customers_only
def show_order(order_id: int) -> str | Response:
    """One order; other people's orders lead back to the history, as on the original."""
    order = _own_order(order_id)
    if order is None:
        return redirect("/sales/order/history/")
    return render_template("order.html", order=order, items=_items(order_id))


@blueprint.post("/sales/order/reorder/order_id/<int(max=999999999):order_id>/")
@customers_only
def reorder(order_id: int) -> Response:
    """Puts everything that is still in stock into the cart."""
    if _own_order(order_id) is None:
        return redirect("/sales/order/history/")
    with store().atomic():
        missing = [
            item["name"]
            for item in _items(order_id)
            if not put_into_cart(item["product_id"], item["qty"], item["options"])
        ]
    for name in missing:
        flash(f"{name} is out of stock.", "error")
    return redirect("/checkout/cart/")
