"""The one-page checkout: where to, what it costs, Place Order."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session
from werkzeug.wrappers import Response

from webrl_gym.sites.shopping.addresses import (
    COUNTRIES,
    address_lines,
    customer_addresses,
    default_addresses,
    read_address,
)
from webrl_gym.sites.shopping.cart import CartContent, cart_content
from webrl_gym.sites.shopping.fields import read_id
from webrl_gym.sites.shopping.visitor import cart_id, customer
from webrl_gym.sites.web import store

blueprint = Blueprint("checkout", __name__)

_LAST_ORDER_KEY = "last_order"


@blueprint.get("/checkout/")
def show_checkout() -> str | Response:
    """The checkout of a cart with something in it."""
    cart = cart_content()
    if not cart.lines:
        return redirect("/checkout/cart/")
    return _page(cart)


def _page(cart: CartContent) -> str:
    known = [] if customer() is None else customer_addresses()
    values = read_address(request.form)[0] | {"email": request.form.get("email", "")}
    return render_template(
        "checkout.html",
        cart=cart,
        choices=[(row["id"], ", ".join(address_lines(row))) for row in known],
        chosen=_chosen_address(),
        values=values,
        countries=COUNTRIES,
    )


def _chosen_address() -> int | None:
    """Id of the address that the form names, or of the default shipping address."""
    row = customer()
    return read_id(request.form.get("shipping_address_id")) or (None if row is None else row["default_shipping"])


@blueprint.post("/checkout/")
def place_order() -> str | Response:
    """Turns the cart into an order."""
    cart = cart_content()
    if not cart.lines:
        return redirect("/checkout/cart/")
    email, shipping, billing, problem = _destination()
    sold_out = [line["name"] for line in cart.lines if not line["in_stock"]]
    if sold_out:
        problem = f"{', '.join(sold_out)}: out of stock. Please remove it from your cart."
    if problem:
        flash(problem, "error")
        return _page(cart)
    with store().atomic():
        session[_LAST_ORDER_KEY] = _write_order(cart, email, shipping, billing)
    return redirect("/checkout/onepage/success/")


def _destination() -> tuple[str, str, str, str]:
    """E-mail address, shipping address, billing address, and what is wrong (empty when nothing is)."""
    row = customer()
    known = {} if row is None else {address["id"]: address for address in customer_addresses()}
    if row is not None and known:
        chosen = known.get(read_id(request.form.get("shipping_address_id")) or 0)
        if chosen is None:
            return "", "", "", "Please choose a shipping address."
        billing = default_addresses()[0] or chosen
        return row["email"], "\n".join(address_lines(chosen)), "\n".join(address_lines(billing)), ""
    values, problem = read_address(request.form)
    email = request.form.get("email", "").strip() if row is None else row["email"]
    if "@" not in email:
        problem = "Please enter a valid email address."
    text = "\n".join(address_lines(values))
    return email, text, text, problem


def _write_order(cart: CartContent, email: str, shipping: str, billing: str) -> int:
    number = int(store().value("SELECT COALESCE(MAX(id), 0) + 1 FROM sales_order"))
    row = customer()
    store().execute(
        "INSERT INTO sales_order (id, increment_id, customer_id, email, status, created_at, subtotal_cents,"
        " shipping_cents, grand_total_cents, shipping_address, billing_address)"
        " VALUES (?, ?, ?, ?, 'Pending', ?, ?, ?, ?, ?, ?)",
        (
            number,
            f"{number:09d}",
            None if row is None else row["id"],
            email,
            store().now().isoformat(" "),
            cart.subtotal,
            cart.shipping,
            cart.total,
            shipping,
            billing,
        ),
    )
    for line in cart.lines:
        store().execute(
            "INSERT INTO sales_order_item (order_id, product_id, name, sku, price_cents, qty, options)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, *(line[name] for name in ("product_id", "name", "sku", "price_cents", "qty", "options"))),
        )
    store().execute("DELETE FROM cart_item WHERE cart_id = ?", (cart_id(),))
    return number


@blueprint.get("/checkout/onepage/success/")
def success() -> str | Response:
    """The number of the order that was just placed."""
    number = session.get(_LAST_ORDER_KEY)
    order = None if number is None else store().one("SELECT * FROM sales_order WHERE id = ?", (number,))
    return redirect("/checkout/cart/") if order is None else render_template("success.html", order=order)
