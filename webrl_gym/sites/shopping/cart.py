"""The shopping cart: what is in it, and its page."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites.shopping.fields import MOST_PIECES, read_id, read_quantity
from webrl_gym.sites.shopping.options import read_options
from webrl_gym.sites.shopping.visitor import cart_id, go_back, make_cart
from webrl_gym.sites.web import store

blueprint = Blueprint("cart", __name__)

SHIPPING_CENTS = 500
"""The flat rate for one piece."""


@dataclass(frozen=True, slots=True)
class CartContent:
    """A cart with its sums in cents."""

    lines: list[sqlite3.Row]
    subtotal: int
    shipping: int

    @property
    def total(self) -> int:
        """What the customer pays."""
        return self.subtotal + self.shipping


def cart_content() -> CartContent:
    """This visit's cart."""
    lines = store().query(
        "SELECT i.id, i.qty, i.options, p.id AS product_id, p.name, p.sku, p.url_key, p.price_cents, p.in_stock,"
        " p.price_cents * i.qty AS row_cents"
        " FROM cart_item i JOIN product p ON p.id = i.product_id WHERE i.cart_id = ? ORDER BY i.id",
        (cart_id(),),
    )
    pieces = sum(line["qty"] for line in lines)
    return CartContent(lines, sum(line["row_cents"] for line in lines), SHIPPING_CENTS * pieces)


def put_into_cart(product_id: int, qty: int, options: str = "") -> bool:
    """Adds pieces of a product with the options that were chosen; False when it is out of stock."""
    if not store().value("SELECT in_stock FROM product WHERE id = ?", (product_id,)):
        return False
    store().execute(
        "INSERT INTO cart_item (cart_id, product_id, qty, options) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (cart_id, product_id, options) DO UPDATE SET qty = min(qty + excluded.qty, ?)",
        (make_cart(), product_id, qty, options, MOST_PIECES),
    )
    return True


def move_cart(visitor_cart: int) -> None:
    """Adds what a visitor had in the cart to the cart of the customer that has signed in."""
    for line in store().query("SELECT product_id, qty, options FROM cart_item WHERE cart_id = ?", (visitor_cart,)):
        put_into_cart(line["product_id"], line["qty"], line["options"])
    store().execute("DELETE FROM cart_item WHERE cart_id = ?", (visitor_cart,))
    store().execute("DELETE FROM cart WHERE id = ?", (visitor_cart,))


def find_product(product_id: int | None) -> sqlite3.Row:
    """A product's row; 404 when there is none."""
    row = store().one("SELECT * FROM product WHERE id = ?", (product_id,))
    return row if row is not None else abort(404)


@blueprint.get("/checkout/cart/")
def show_cart() -> str:
    """The cart's page."""
    return render_template("cart.html", cart=cart_content())


@blueprint.post("/checkout/cart/add/")
def add() -> Response:
    """Puts a product into the cart and shows the page that the visitor was on."""
    product = find_product(read_id(request.form.get("product")))
    product_page = f"/{product['url_key']}.html"
    qty = read_quantity(request.form.get("qty", "1"))
    if not qty:
        flash("Please enter a quantity greater than 0.", "error")
        return redirect(product_page)
    options = read_options(product["id"], request.form)
    if options is None:
        flash("You need to choose options for your item.", "notice")
        return redirect(product_page)
    with store().atomic():
        added = put_into_cart(product["id"], qty, options)
    if added:
        flash(f"You added {product['name']} to your shopping cart.", "success")
    else:
        flash("Product that you are trying to add is not available.", "error")
    return go_back(request.form.get("return_url"), product_page)


@blueprint.post("/checkout/cart/updatePost/")
def update() -> Response:
    """Sets the quantities; 0 takes an item out."""
    with store().atomic():
        for line in cart_content().lines:
            text = request.form.get(f"cart[{line['id']}][qty]")
            qty = read_quantity(text)
            if text is None:
                continue
            if qty is None:
                flash(f"Please enter a valid quantity for {line['name']}.", "error")
            elif qty == 0:
                store().execute("DELETE FROM cart_item WHERE id = ?", (line["id"],))
            else:
                store().execute("UPDATE cart_item SET qty = ? WHERE id = ?", (qty, line["id"]))
    return redirect("/checkout/cart/")


@blueprint.post("/checkout/cart/delete/")
def delete() -> Response:
    """Takes one item out."""
    with store().atomic():
        store().execute(
            "DELETE FROM cart_item WHERE id = ? AND cart_id = ?", (read_id(request.form.get("id")), cart_id())
        )
    return redirect("/checkout/cart/")
