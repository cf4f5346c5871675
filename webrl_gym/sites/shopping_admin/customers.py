"""Customers in the back office: the grid, and the form that edits or adds one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from flask import Flask, abort, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.flashes import back_to
from webrl_gym.sites.shopping_admin.grid import Column, Filter, Grid, day_range, holds
from webrl_gym.sites.shopping_admin.records import add_record, change_record, read_record, timestamp

_GROUPS = tuple((name, name) for name in ("General", "Wholesale", "Retailer"))
_FIELDS = {
    "customer[group_id]": "customer_group",
    "customer[firstname]": "firstname",
    "customer[lastname]": "lastname",
    "customer[email]": "email",
    "address[street]": "street",
    "address[city]": "city",
    "address[region]": "region",
    "address[postcode]": "postcode",
    "address[telephone]": "telephone",
}
"""Form fields, and the columns they are stored in."""

_CUSTOMERS = Grid(
    title="Customers",
    path="/admin/customer/index/",
    source="customer",
    id_sql="id",
    columns=(
        Column("entity_id", "ID", "id"),
        Column("name", "Name", "firstname || ' ' || lastname"),
        Column("email", "Email", "email"),
        Column("group_id", "Group", "customer_group"),
        Column("billing_telephone", "Phone", "telephone"),
    ),
    searched=("firstname || ' ' || lastname", "email", "telephone"),
    sort="entity_id",
    filters=(
        *day_range("created_at", "Customer Since"),
        Filter("name", "Name", holds("firstname || ' ' || lastname")),
        Filter("email", "Email", holds("email")),
        Filter("billing_telephone", "Phone", holds("telephone")),
        Filter("group_id", "Group", "customer_group = ?", options=_GROUPS),
    ),
    action=("Edit", "/admin/customer/index/edit/id/"),
    create=("Add New Customer", "/admin/customer/index/new/"),
)


def register(app: Flask) -> None:
    """Adds the pages about customers."""
    app.add_url_rule(_CUSTOMERS.path, _CUSTOMERS.path, _CUSTOMERS.render)
    app.add_url_rule("/admin/customer/index/edit/id/<int:customer_id>/", "customer_edit", _edit)
    app.add_url_rule("/admin/customer/index/new/", "customer_new", _new)
    app.add_url_rule("/admin/customer/index/save/", "customer_add", _add, methods=["POST"])
    app.add_url_rule("/admin/customer/index/save/id/<int:customer_id>/", "customer_save", _save, methods=["POST"])


def _path(customer_id: int) -> str:
    return f"/admin/customer/index/edit/id/{customer_id}/"


def _customer(customer_id: int) -> sqlite3.Row:
    return read_record("customer", customer_id, "This customer no longer exists.")


def _form(values: Mapping[str, str], customer: sqlite3.Row | None, wrong: str = "") -> str:
    db, sales = web.store(), None
    orders: list[sqlite3.Row] = []
    if customer is not None:
        sales = db.one(
            "SELECT COUNT(*) AS count, COALESCE(SUM(grand_total), 0) AS total FROM sales_order WHERE customer_id = ?",
            (customer["id"],),
        )
        orders = db.query(
            "SELECT id, increment_id, created_at, grand_total FROM sales_order WHERE customer_id = ? "
            "ORDER BY id DESC LIMIT 3",
            (customer["id"],),
        )
    return render_template(
        "admin/customer.html", customer=customer, values=values, wrong=wrong, groups=_GROUPS, sales=sales, orders=orders
    )


def _edit(customer_id: int) -> str:
    customer = _customer(customer_id)
    return _form({name: customer[column] for name, column in _FIELDS.items()}, customer)


def _new() -> str:
    return _form(dict.fromkeys(_FIELDS, "") | {"customer[group_id]": "General"}, None)


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in _FIELDS}


def _fault(typed: Mapping[str, str], customer_id: int) -> str:
    """What is wrong with the form; empty when nothing is."""
    email = typed["customer[email]"]
    if not typed["customer[firstname]"] or not typed["customer[lastname]"]:
        return "First Name and Last Name are required fields."
    if not all(part for part in email.partition("@")) or " " in email:
        return "Please enter a valid email address."
    if web.store().value("SELECT COUNT(*) FROM customer WHERE email = ? AND id != ?", (email, customer_id)):
        return "A customer with the same email address already exists in an associated website."
    if typed["customer[group_id]"] not in dict(_GROUPS):
        abort(400, f"There is no customer group {typed['customer[group_id]']!r}.")
    return ""


def _columns(typed: Mapping[str, str]) -> dict[str, str]:
    return {column: typed[name] for name, column in _FIELDS.items()}


def _save(customer_id: int) -> str | Response:
    customer, typed = _customer(customer_id), _typed()
    wrong = _fault(typed, customer_id)
    if wrong:
        return _form(typed, customer, wrong)
    change_record("customer", customer_id, _columns(typed))
    return back_to(_path(customer_id), "You saved the customer.")


def _add() -> str | Response:
    typed = _typed()
    wrong = _fault(typed, 0)
    if wrong:
        return _form(typed, None, wrong)
    number = add_record("customer", {"created_at": timestamp(), **_columns(typed)})
    return back_to(_path(number), "You saved the customer.")
