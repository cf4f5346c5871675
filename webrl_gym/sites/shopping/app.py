"""The One Stop Market's app: what all its pages share, the home page, the contact form."""

from __future__ import annotations

from typing import Any

from flask import Flask, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites.shopping import (
    account,
    addresses,
    cart,
    catalog,
    checkout,
    formats,
    orders,
    rest,
    reviews,
    wishlist,
)
from webrl_gym.sites.shopping.listing import address, sorter_address, with_ratings
from webrl_gym.sites.shopping.visitor import cart_id, customer
from webrl_gym.sites.web import create_site, store
from webrl_gym.types import Site

_PRODUCTS_AT_HOME = 4


def create_app() -> Flask:
    """The app, with every page of the store."""
    app = create_site(Site.SHOPPING, __name__)
    app.url_map.strict_slashes = False
    app.jinja_env.filters.update(
        price=formats.price, short_date=formats.short_date, long_date=formats.long_date, lines=addresses.address_lines
    )
    app.jinja_env.globals.update(address=address, sorter_address=sorter_address)
    app.context_processor(_shared_values)
    app.add_url_rule("/", "home", _home)
    app.add_url_rule("/contact/", "contact", _contact_form)
    app.add_url_rule("/contact/index/", "contact_index", _contact_form)
    app.add_url_rule("/contact/index/post/", "contact_post", _contact, methods=["POST"])
    for module in (account, addresses, cart, catalog, checkout, orders, rest, reviews, wishlist):
        app.register_blueprint(module.blueprint)
    return app


def _shared_values() -> dict[str, Any]:
    pieces = store().value("SELECT COALESCE(SUM(qty), 0) FROM cart_item WHERE cart_id = ?", (cart_id(),))
    tops = store().query("SELECT name, url_path FROM category WHERE parent_id IS NULL ORDER BY id")
    return {"customer": customer(), "cart_count": pieces, "top_categories": tops}


def _home() -> str:
    products = store().query("SELECT * FROM product WHERE in_stock ORDER BY id LIMIT ?", (_PRODUCTS_AT_HOME,))
    return render_template("home.html", products=with_ratings(products))


def _contact_form() -> str:
    row = customer()
    known = {} if row is None else {"name": f"{row['firstname']} {row['lastname']}", "email": row["email"]}
    return render_template("contact.html", values={"name": "", "email": "", "telephone": "", "comment": "", **known})


def _contact() -> str | Response:
    values = {name: request.form.get(name, "").strip() for name in ("name", "email", "telephone", "comment")}
    if not values["name"] or not values["comment"] or "@" not in values["email"]:
        flash("Please enter your name, a valid email address and what is on your mind.", "error")
        return render_template("contact.html", values=values)
    with store().atomic():
        store().execute(
            "INSERT INTO contact_message (name, email, telephone, comment, created_at)"
            " VALUES (:name, :email, :telephone, :comment, :created_at)",
            {**values, "created_at": store().now().isoformat(" ")},
        )
    flash("Thanks for contacting us with your comments and questions. We'll respond to you very soon.", "success")
    return redirect("/contact/index/")
