"""Invoices and shipments in the back office: how an order is paid, sent and tracked."""

from __future__ import annotations

import sqlite3

from flask import Flask, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.flashes import back_to, leave_message
from webrl_gym.sites.shopping_admin.formats import day, money
from webrl_gym.sites.shopping_admin.grid import Column, Grid, day_range
from webrl_gym.sites.shopping_admin.orders import order_path, possible_moves, read_order
from webrl_gym.sites.shopping_admin.records import read_record, timestamp

CARRIERS = (
    ("custom", "Custom Value"),
    ("dhl", "DHL"),
    ("fedex", "Federal Express"),
    ("ups", "United Parcel Service"),
    ("usps", "United States Postal Service"),
)
"""Carriers that a tracking number can be given for: code and name."""

_INVOICES = Grid(
    title="Invoices",
    path="/admin/sales/invoice/",
    source="sales_invoice AS i JOIN sales_order AS o ON o.id = i.order_id",
    id_sql="i.id",
    columns=(
        Column("increment_id", "Invoice", "i.id", lambda number: f"{number:09}"),
        Column("created_at", "Invoice Date", "i.created_at", day),
        Column("order_increment_id", "Order #", "o.increment_id"),
        Column("billing_name", "Bill-to Name", "o.customer_name"),
        Column("grand_total", "Amount", "i.grand_total", money),
    ),
    searched=("printf('%09d', i.id)", "o.increment_id", "o.customer_name"),
    sort="increment_id",
    filters=day_range("i.created_at", "Invoice Date"),
)
_SHIPMENTS = Grid(
    title="Shipments",
    path="/admin/sales/shipment/",
    source="sales_shipment AS s JOIN sales_order AS o ON o.id = s.order_id",
    id_sql="s.id",
    columns=(
        Column("increment_id", "Shipment", "s.id", lambda number: f"{number:09}"),
        Column("created_at", "Ship Date", "s.created_at", day),
        Column("order_increment_id", "Order #", "o.increment_id"),
        Column("shipping_name", "Ship-to Name", "o.customer_name"),
    ),
    searched=("printf('%09d', s.id)", "o.increment_id", "o.customer_name"),
    sort="increment_id",
    filters=day_range("s.created_at", "Ship Date"),
    action=("View", "/admin/sales/shipment/view/shipment_id/"),
)


def register(app: Flask) -> None:
    """Adds the pages about invoices and shipments."""
    for grid in (_INVOICES, _SHIPMENTS):
        app.add_url_rule(grid.path, grid.path, grid.render)
    order = "order_id/<int:order_id>/"
    app.add_url_rule(f"/admin/sales/order_invoice/new/{order}", "invoice_new", _invoice, methods=["GET", "POST"])
    app.add_url_rule(f"/admin/admin/order_shipment/new/{order}", "shipment_new", _ship, methods=["GET", "POST"])
    shipment = "/admin/sales/shipment/view/shipment_id/<int:shipment_id>/"
    app.add_url_rule(shipment, "shipment", _shipment, methods=["GET", "POST"])


def _invoice(order_id: int) -> str | Response:
    order = read_order(order_id)
    if not possible_moves(order)["invoice"]:
        return back_to(order_path(order_id), "The order does not allow an invoice to be created.", error=True)
    if request.method == "GET":
        return render_template("admin/invoice_new.html", order=order, items=_items(order_id))
    with web.store().atomic():
        web.store().execute(
            "INSERT INTO sales_invoice (order_id, created_at, grand_total) VALUES (?, ?, ?)",
            (order_id, timestamp(), order["grand_total"]),
        )
        _advance(order_id)
    return back_to(order_path(order_id), "The invoice has been created.")


def _items(order_id: int) -> list[sqlite3.Row]:
    return web.store().query("SELECT * FROM sales_order_item WHERE order_id = ? ORDER BY id", (order_id,))


def _advance(order_id: int) -> None:
    """An order is in work once it is invoiced or shipped, and complete once it is both."""
    moves = possible_moves(read_order(order_id))
    status = "processing" if moves["invoice"] or moves["ship"] else "complete"
    web.store().execute("UPDATE sales_order SET status = ? WHERE id = ?", (status, order_id))


def _ship(order_id: int) -> str | Response:
    order = read_order(order_id)
    if not possible_moves(order)["ship"]:
        return back_to(order_path(order_id), "The order does not allow a shipment to be created.", error=True)
    if request.method == "GET":
        return render_template("admin/shipment_new.html", order=order, items=_items(order_id), carriers=CARRIERS)
    with web.store().atomic():
        shipment = web.store().execute(
            "INSERT INTO sales_shipment (order_id, created_at) VALUES (?, ?)",
            (order_id, timestamp()),
        )
        if request.form.get("tracking[number]", "").strip():
            _add_track(shipment)
        _advance(order_id)
    return back_to(order_path(order_id), "The shipment has been created.")


def _add_track(shipment: int) -> None:
    carrier = dict(CARRIERS).get(request.form.get("tracking[carrier_code]", ""), "Custom Value")
    title = request.form.get("tracking[title]", "").strip() or carrier
    web.store().execute(
        "INSERT INTO sales_shipment_track (shipment_id, created_at, title, track_number) VALUES (?, ?, ?, ?)",
        (shipment, timestamp(), title, request.form["tracking[number]"].strip()),
    )


def _shipment(shipment_id: int) -> str | Response:
    db = web.store()
    shipment = read_record("sales_shipment", shipment_id, "This shipment no longer exists.")
    if request.method == "POST":
        if not request.form.get("tracking[number]", "").strip():
            leave_message("Please enter a tracking number.", error=True)
        else:
            with db.atomic():
                _add_track(shipment_id)
            leave_message("You added the tracking number.")
        return redirect(request.path)
    order = read_order(shipment["order_id"])
    tracks = db.query("SELECT * FROM sales_shipment_track WHERE shipment_id = ? ORDER BY id", (shipment_id,))
    return render_template("admin/shipment.html", shipment=shipment, order=order, tracks=tracks, carriers=CARRIERS)
