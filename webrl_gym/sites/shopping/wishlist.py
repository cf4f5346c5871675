"""The wish list."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites.shopping.cart import find_product, put_into_cart
from webrl_gym.sites.shopping.fields import MOST_PIECES, read_id, read_quantity
from webrl_gym.sites.shopping.listing import make_pager
from webrl_gym.sites.shopping.options import product_options
from webrl_gym.sites.shopping.visitor import customer, customers_only, signed_in_customer
from webrl_gym.sites.web import store

blueprint = Blueprint("wishlist", __name__)

ITEMS_A_PAGE = 8


def _own_item(item_id: int | None) -> sqlite3.Row | None:
    return store().one(
        "SELECT i.*, p.name, p.url_key FROM wishlist_item i JOIN product p ON p.id = i.product_id"
        " WHERE i.id = ? AND i.customer_id = ?",
        (item_id, signed_in_customer()["id"]),
    )


@blueprint.get("/wishlist/")
@blueprint.get("/wishlist/index/")
@customers_only
def show_wishlist() -> str:
    """My Wish List, the latest item first."""
    owner = signed_in_customer()["id"]
    pager = make_pager(
        store().value("SELECT COUNT(*) FROM wishlist_item WHERE customer_id = ?", (owner,)), ITEMS_A_PAGE
    )
    items = store().query(
        "SELECT i.id, i.qty, i.comment, p.name, p.url_key, p.price_cents, p.in_stock FROM wishlist_item i"
        " JOIN product p ON p.id = i.product_id WHERE i.customer_id = ? ORDER BY i.id DESC LIMIT ? OFFSET ?",
        (owner, *pager.limits),
    )
    return render_template("wishlist.html", items=items, pager=pager)


@blueprint.post("/wishlist/index/add/")
def add() -> Response:
    """Adds a product; one that is there already gets more pieces."""
    product = find_product(read_id(request.form.get("product")))
    row = customer()
    if row is None:
        flash("You must login or register to add items to your wishlist.", "error")
        return redirect(f"/customer/account/login/?referer=/{product['url_key']}.html")
    with store().atomic():
        store().execute(
            "INSERT INTO wishlist_item (customer_id, product_id, qty, added_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (customer_id, product_id) DO UPDATE SET qty = min(qty + excluded.qty, ?)",
            (
                row["id"],
                product["id"],
                read_quantity(request.form.get("qty")) or 1,
                store().now().isoformat(" "),
                MOST_PIECES,
            ),
        )
    flash(f"{product['name']} has been added to your Wish List.", "success")
    return redirect("/wishlist/")


@blueprint.post("/wishlist/index/update/")
@customers_only
def update() -> Response:
    """Saves comments and quantities; 0 removes an item."""
    with store().atomic():
        for row in store().query("SELECT * FROM wishlist_item WHERE customer_id = ?", (signed_in_customer()["id"],)):
            comment = request.form.get(f"description[{row['id']}]")
            qty = read_quantity(request.form.get(f"qty[{row['id']}]"))
            if comment is None:
                continue
            if qty == 0:
                store().execute("DELETE FROM wishlist_item WHERE id = ?", (row["id"],))
                continue
            store().execute(
                "UPDATE wishlist_item SET comment = ?, qty = ? WHERE id = ?",
                (comment.strip(), row["qty"] if qty is None else qty, row["id"]),
            )
    flash("Your Wish List has been updated.", "success")
    return redirect("/wishlist/")


@blueprint.post("/wishlist/index/remove/")
@customers_only
def remove() -> Response:
    """Takes an item off the list."""
    item = _own_item(read_id(request.form.get("item")))
    if item is not None:
        with store().atomic():
            store().execute("DELETE FROM wishlist_item WHERE id = ?", (item["id"],))
        flash(f"{item['name']} has been removed from your Wish List.", "success")
    return redirect("/wishlist/")


@blueprint.post("/wishlist/index/cart/")
@customers_only
def move_to_cart() -> Response:
    """Puts an item into the cart and off the list."""
    item = _own_item(read_id(request.form.get("item")))
    if item is None:
        return redirect("/wishlist/")
    if product_options(item["product_id"]):
        flash(f"You need to choose options for your item for {item['name']}.", "notice")
        return redirect(f"/{item['url_key']}.html")
    with store().atomic():
        moved = put_into_cart(item["product_id"], item["qty"])
        if moved:
            store().execute("DELETE FROM wishlist_item WHERE id = ?", (item["id"],))
    if moved:
        flash(f"You added {item['name']} to your shopping cart.", "success")
    else:
        flash(f"{item['name']} is out of stock.", "error")
    return redirect("/wishlist/")
