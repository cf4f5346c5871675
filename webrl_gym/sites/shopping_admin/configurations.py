"""Variants of a product in the back office: the page that makes new ones out of sizes and colors."""

from __future__ import annotations

import sqlite3
from itertools import product as pairs

from flask import Flask, abort, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.flashes import back_to
from webrl_gym.sites.shopping_admin.records import add_record, read_record


def register(app: Flask) -> None:
    """Adds the page about variants."""
    path = "/admin/catalog/product/configurations/id/<int:product_id>/"
    app.add_url_rule(path, "configurations", _configurations, methods=["GET", "POST"])


def _configurations(product_id: int) -> str | Response:
    product = read_record("product", product_id, "This product doesn't exist.")
    options = _options()
    if product["type_id"] != "configurable" or not options:
        abort(404, "This product has no configurations.")
    if request.method == "GET":
        return render_template("admin/configurations.html", product=product, options=options)
    chosen = [
        [label for label in labels if label in request.form.getlist(attribute)] for attribute, labels in options.items()
    ]
    if not all(chosen):
        return back_to(request.path, "Select at least one value of every attribute.", error=True)
    with web.store().atomic():
        for values in pairs(*chosen):
            _add_variant(product, "-".join(values))
    return back_to(f"/admin/catalog/product/edit/id/{product_id}/", "You saved the product.")


def _options() -> dict[str, list[str]]:
    """Labels of each attribute that tells variants apart."""
    found: dict[str, list[str]] = {}
    for row in web.store().query("SELECT attribute, label FROM attribute_option ORDER BY id"):
        found.setdefault(row["attribute"], []).append(row["label"])
    return found


def _add_variant(product: sqlite3.Row, values: str) -> None:
    """Adds the variant unless there is one already."""
    sku, key = f"{product['sku']}-{values}", f"{product['url_key']}-{values.lower()}"
    known = "SELECT COUNT(*) FROM product WHERE sku = ? OR url_key = ?"
    if web.store().value(known, (sku, key)):
        return
    columns = ("price", "weight", "category_id", "description")
    add_record(
        "product",
        {
            "parent_id": product["id"],
            "type_id": "simple",
            "sku": sku,
            "name": f"{product['name']}-{values}",
            "url_key": key,
            "qty": 0,
            "is_in_stock": 0,
            "visibility": 1,
            **{name: product[name] for name in columns},
        },
    )
