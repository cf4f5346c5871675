"""Products in the back office: the grid, and the form that edits or adds one."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Flask, abort, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.flashes import back_to
from webrl_gym.sites.shopping_admin.formats import money, parse_amount, parse_count, plain_amount
from webrl_gym.sites.shopping_admin.grid import Column, Filter, Grid, amount_range, holds
from webrl_gym.sites.shopping_admin.records import add_record, change_record, read_record

_SWITCH = (("1", "Yes"), ("2", "No"))
_SALE = (("1", "Yes"), ("0", "No"))
_STOCK = (("1", "In Stock"), ("0", "Out of Stock"))
_VISIBILITY = (("1", "Not Visible Individually"), ("2", "Catalog"), ("3", "Search"), ("4", "Catalog, Search"))
_STATUSES = {1: "Enabled", 2: "Disabled"}
_QTY, _IN_STOCK = "product[quantity_and_stock_status][qty]", "product[quantity_and_stock_status][is_in_stock]"
_BLANK = {
    "product[status]": "1",
    "product[name]": "",
    "product[sku]": "",
    "product[price]": "",
    _QTY: "",
    _IN_STOCK: "1",
    "product[weight]": "",
    "product[category_ids]": "",
    "product[visibility]": "4",
    "product[sale]": "0",
    "product[description]": "",
}

_PRODUCTS = Grid(
    title="Products",
    path="/admin/catalog/product/",
    source="product",
    id_sql="id",
    columns=(
        Column("entity_id", "ID", "id"),
        Column("name", "Name", "name"),
        Column("sku", "SKU", "sku"),
        Column("price", "Price", "price", money),
        Column("qty", "Quantity", "qty"),
        Column("status", "Status", "status", lambda status: _STATUSES[status]),
    ),
    searched=("name", "sku"),
    sort="entity_id",
    filters=(
        *amount_range("price", "price", "Price"),
        Filter("qty_from", "Quantity from", "qty >= ?", parse_count),
        Filter("qty_to", "Quantity to", "qty <= ?", parse_count),
        Filter("name", "Name", holds("name")),
        Filter("sku", "SKU", holds("sku")),
        Filter("status", "Status", "status = ?", parse_count, (("1", "Enabled"), ("2", "Disabled"))),
    ),
    action=("Edit", "/admin/catalog/product/edit/id/"),
    create=("Add Product", "/admin/catalog/product/new/"),
)


def register(app: Flask) -> None:
    """Adds the pages about products."""
    app.add_url_rule(_PRODUCTS.path, _PRODUCTS.path, _PRODUCTS.render)
    app.add_url_rule(f"{_PRODUCTS.path}index/", _PRODUCTS.path, _PRODUCTS.render)
    app.add_url_rule("/admin/catalog/product/edit/id/<int:product_id>/", "product_edit", _edit)
    app.add_url_rule("/admin/catalog/product/new/", "product_new", _new)
    app.add_url_rule("/admin/catalog/product/save/", "product_add", _add, methods=["POST"])
    app.add_url_rule("/admin/catalog/product/save/id/<int:product_id>/", "product_save", _save, methods=["POST"])


def _path(product_id: int) -> str:
    return f"/admin/catalog/product/edit/id/{product_id}/"


def _product(product_id: int) -> sqlite3.Row:
    return read_record("product", product_id, "This product doesn't exist.")


def _form(values: Mapping[str, str], product: sqlite3.Row | None, wrong: str = "") -> str:
    db = web.store()
    variants = []
    if product is not None and product["type_id"] == "configurable":
        variants = db.query(
            "SELECT id, name, price, qty FROM product WHERE parent_id = ? ORDER BY id", (product["id"],)
        )
    categories = db.query("SELECT id, name FROM category ORDER BY id")
    return render_template(
        "admin/product.html",
        product=product,
        values=values,
        wrong=wrong,
        variants=variants,
        configurable=bool(variants) and db.value("SELECT EXISTS (SELECT 1 FROM attribute_option)"),
        switch=_SWITCH,
        sale=_SALE,
        stock=_STOCK,
        visibility=_VISIBILITY,
        categories=[(str(row["id"]), row["name"]) for row in categories],
    )


def _edit(product_id: int) -> str:
    product = _product(product_id)
    values = {
        "product[status]": str(product["status"]),
        "product[name]": product["name"],
        "product[sku]": product["sku"],
        "product[price]": plain_amount(product["price"]),
        _QTY: str(product["qty"]),
        _IN_STOCK: str(product["is_in_stock"]),
        "product[weight]": product["weight"],
        "product[category_ids]": str(product["category_id"]),
        "product[visibility]": str(product["visibility"]),
        "product[sale]": str(product["sale"]),
        "product[description]": product["description"],
    }
    return _form(values, product)


def _new() -> str:
    return _form(_BLANK, None)


def _choice(values: Mapping[str, str], field: str, options: tuple[tuple[str, str], ...]) -> int:
    if values[field] not in dict(options):
        abort(400, f"{field} cannot be {values[field]!r}.")
    return int(values[field])


def _read(values: Mapping[str, str], product_id: int) -> tuple[dict[str, Any], str]:
    """Column values from the form, or what is wrong with it."""
    db = web.store()
    name, sku = values["product[name]"], values["product[sku]"]
    price = parse_amount(values["product[price]"])
    quantity = parse_count(values[_QTY] or "0")
    category = parse_count(values["product[category_ids]"])
    if not name or not sku:
        return {}, "Product Name and SKU are required fields."
    if price is None:
        return {}, "Please enter a number 0 or greater as Price."
    if quantity is None:
        return {}, "Please enter a whole number 0 or greater as Quantity."
    if category is None or db.value("SELECT COUNT(*) FROM category WHERE id = ?", (category,)) == 0:
        return {}, "Please choose one of the Categories."
    if db.value("SELECT COUNT(*) FROM product WHERE sku = ? AND id != ?", (sku, product_id)):
        return {}, "The value specified in the SKU field already exists."
    return {
        "status": _choice(values, "product[status]", _SWITCH),
        "name": name,
        "sku": sku,
        "price": price,
        "qty": quantity,
        "is_in_stock": _choice(values, _IN_STOCK, _STOCK),
        "weight": values["product[weight]"],
        "category_id": category,
        "visibility": _choice(values, "product[visibility]", _VISIBILITY),
        "sale": _choice(values, "product[sale]", _SALE),
        "description": values["product[description]"],
    }, ""


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, default).strip() for name, default in _BLANK.items()}


def _save(product_id: int) -> str | Response:
    product, typed = _product(product_id), _typed()
    columns, wrong = _read(typed, product_id)
    if wrong:
        return _form(typed, product, wrong)
    change_record("product", product_id, columns)
    return back_to(_path(product_id), "You saved the product.")


def _add() -> str | Response:
    typed = _typed()
    columns, wrong = _read(typed, 0)
    if wrong:
        return _form(typed, None, wrong)
    db = web.store()
    key = re.sub(r"[^a-z0-9]+", "-", columns["name"].lower()).strip("-") or "product"
    if db.value("SELECT COUNT(*) FROM product WHERE url_key = ?", (key,)):
        key = f"{key}-{db.value('SELECT MAX(id) FROM product') + 1}"
    number = add_record("product", {"type_id": "simple", "url_key": key, **columns})
    return back_to(_path(number), "You saved the product.")
