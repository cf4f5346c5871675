"""The address book."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites.shopping.fields import read_id
from webrl_gym.sites.shopping.visitor import customers_only, signed_in_customer
from webrl_gym.sites.web import store

blueprint = Blueprint("addresses", __name__)

COUNTRIES = ("United States", "Canada", "Mexico", "United Kingdom")
_FIELDS = {
    "firstname": "First Name",
    "lastname": "Last Name",
    "company": "",
    "telephone": "Phone Number",
    "street": "Street Address",
    "city": "City",
    "region": "State/Province",
    "postcode": "Zip/Postal Code",
    "country": "Country",
}
"""Columns of an address with the label of those that must be filled in."""
_STATES = """
AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware,
DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa, KS Kansas,
KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi,
MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, NY New York,
NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, RI Rhode Island,
SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia, WA Washington,
WV West Virginia, WI Wisconsin, WY Wyoming
"""
STATES = dict(entry.strip().split(" ", 1) for entry in _STATES.split(","))
"""States by their codes: the store keeps a state under its name, however it was written."""


def address_lines(address: Mapping[str, Any] | sqlite3.Row) -> list[str]:
    """An address as the store prints it, name first and telephone last."""
    lines = [
        f"{address['firstname']} {address['lastname']}",
        address["company"],
        address["street"],
        f"{address['city']}, {address['region']}, {address['postcode']}",
        address["country"],
        f"T: {address['telephone']}",
    ]
    return [line for line in lines if line]


def customer_addresses() -> list[sqlite3.Row]:
    """The customer's addresses, oldest first."""
    return store().query("SELECT * FROM address WHERE customer_id = ? ORDER BY id", (signed_in_customer()["id"],))


def default_addresses() -> tuple[sqlite3.Row | None, sqlite3.Row | None]:
    """Default billing and default shipping address."""
    known = {row["id"]: row for row in customer_addresses()}
    row = signed_in_customer()
    return known.get(row["default_billing"]), known.get(row["default_shipping"])


def read_address(form: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The address in a form.

    Returns:
        Its values by column, and what is wrong with them (empty when nothing is).
    """
    values = {name: form.get(name, "").strip() for name in _FIELDS}
    values["street"] = ", ".join(
        part for part in (form.get("street[0]", "").strip(), form.get("street[1]", "").strip()) if part
    )
    values["country"] = form.get("country_id", COUNTRIES[0])
    if values["country"] == COUNTRIES[0]:
        values["region"] = STATES.get(values["region"].upper(), values["region"])
    missing = [label for name, label in _FIELDS.items() if label and not values[name]]
    if missing:
        return values, f"{', '.join(missing)}: this is a required field."
    if values["country"] not in COUNTRIES:
        return values, "Please select a country from the list."
    return values, ""


def save_address(values: Mapping[str, str], address_id: int | None) -> int:
    """Adds an address to the customer's book, or overwrites one of it; returns its id."""
    owner = signed_in_customer()["id"]
    if address_id is None:
        names = ", ".join(_FIELDS)
        marks = ", ".join(f":{name}" for name in _FIELDS)
        return store().execute(
            f"INSERT INTO address (customer_id, {names}) VALUES (:owner, {marks})", {**values, "owner": owner}
        )
    changes = ", ".join(f"{name} = :{name}" for name in _FIELDS)
    store().execute(
        f"UPDATE address SET {changes} WHERE id = :id AND customer_id = :owner",
        {**values, "owner": owner, "id": address_id},
    )
    return address_id


@blueprint.get("/customer/address/")
@blueprint.get("/customer/address/index/")
@customers_only
def show_book() -> str:
    """The address book: default addresses, then the others."""
    billing, shipping = default_addresses()
    row = signed_in_customer()
    defaults = (row["default_billing"], row["default_shipping"])
    others = [address for address in customer_addresses() if address["id"] not in defaults]
    return render_template("addresses.html", billing=billing, shipping=shipping, others=others)


def _own_address(address_id: int) -> sqlite3.Row:
    found = next((row for row in customer_addresses() if row["id"] == address_id), None)
    return found if found is not None else abort(404)


@blueprint.get("/customer/address/new/")
@customers_only
def new_form() -> str:
    """The form for one more address."""
    row = signed_in_customer()
    values = dict.fromkeys(_FIELDS, "") | {"firstname": row["firstname"], "lastname": row["lastname"]}
    return _form(values | {"country": COUNTRIES[0]}, None)


@blueprint.get("/customer/address/edit/id/<int(max=999999999):address_id>/")
@customers_only
def edit_form(address_id: int) -> str:
    """The form for an address of the book."""
    return _form(dict(_own_address(address_id)), address_id)


def _form(values: Mapping[str, Any], address_id: int | None) -> str:
    return render_template("address_edit.html", values=values, address_id=address_id, countries=COUNTRIES)


@blueprint.post("/customer/address/formPost/")
@blueprint.post("/customer/address/formPost/id/<int(max=999999999):address_id>/")
@customers_only
def save(address_id: int | None = None) -> str | Response:
    """Saves a new or changed address."""
    if address_id is not None:
        _own_address(address_id)
    values, problem = read_address(request.form)
    if problem:
        flash(problem, "error")
        return _form(values, address_id)
    row = signed_in_customer()
    with store().atomic():
        saved = save_address(values, address_id)
        for name in ("default_billing", "default_shipping"):
            if name in request.form or row[name] is None:
                store().execute(f"UPDATE customer SET {name} = ? WHERE id = ?", (saved, row["id"]))
    flash("You saved the address.", "success")
    return redirect("/customer/address/")


@blueprint.post("/customer/address/delete/")
@customers_only
def delete() -> Response:
    """Takes an address out of the book; default addresses stay."""
    row = signed_in_customer()
    address_id = read_id(request.form.get("id"))
    if address_id is None:
        abort(404)
    _own_address(address_id)
    if address_id in (row["default_billing"], row["default_shipping"]):
        flash("We can't delete the address right now.", "error")
        return redirect("/customer/address/")
    with store().atomic():
        store().execute("DELETE FROM address WHERE id = ?", (address_id,))
    flash("You deleted the address.", "success")
    return redirect("/customer/address/")
