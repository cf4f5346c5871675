"""Orders in the back office: grids, the order page, and what can be done with an order."""

from __future__ import annotations

import sqlite3

from flask import Flask, abort, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.flashes import back_to
from webrl_gym.sites.shopping_admin.formats import day, money
from webrl_gym.sites.shopping_admin.grid import Column, Filter, Grid, amount_range, day_range, holds
from webrl_gym.sites.shopping_admin.records import change_record, read_record, timestamp
from webrl_gym.sites.store import SiteStore

STATUSES = {
    "pending": "Pending",
    "processing": "Processing",
    "complete": "Complete",
    "canceled": "Canceled",
    "holded": "On Hold",
    "closed": "Closed",
    "fraud": "Suspected Fraud",
}
"""Order statuses as stored, and as shown."""

_ADDRESS_FIELDS = ("street", "city", "region", "postcode", "telephone")
_DONE = ("complete", "closed", "canceled", "holded", "fraud")

_ORDERS = Grid(
    title="Orders",
    path="/admin/sales/order/",
    source="sales_order",
    id_sql="id",
    columns=(
        Column("increment_id", "ID", "increment_id"),
        Column("created_at", "Purchase Date", "created_at", day),
        Column("billing_name", "Bill-to Name", "customer_name"),
        Column("grand_total", "Grand Total", "grand_total", money),
        Column("status", "Status", "status", lambda status: STATUSES[status]),
    ),
    searched=("increment_id", "customer_name", "customer_email"),
    sort="increment_id",
    filters=(
        *day_range("created_at", "Purchase Date"),
        *amount_range("grand_total", "grand_total", "Grand Total"),
        Filter("billing_name", "Bill-to Name", holds("customer_name")),
        Filter("status", "Status", "status = ?", options=tuple(STATUSES.items())),
    ),
    action=("View", "/admin/sales/order/view/order_id/"),
)


def register(app: Flask) -> None:
    """Adds the pages about orders."""
    app.add_url_rule(_ORDERS.path, _ORDERS.path, _ORDERS.render)
    order = "order_id/<int:order_id>/"
    app.add_url_rule(f"/admin/sales/order/view/{order}", "order", _view)
    app.add_url_rule(f"/admin/sales/order/commentsHistory/{order}", "order_comments", _history)
    app.add_url_rule(f"/admin/sales/order/commentsHistory/{order}active_tab/<tab>/", "order_comments", _history)
    app.add_url_rule(f"/admin/sales/order/<move>/{order}", "order_move", _move, methods=["POST"])
    app.add_url_rule(f"/admin/sales/order/addComment/{order}", "order_comment", _comment, methods=["POST"])
    app.add_url_rule(f"/admin/sales/order/address/{order}", "order_address", _address, methods=["GET", "POST"])


def order_path(order_id: int) -> str:
    """Address of an order's page."""
    return f"/admin/sales/order/view/order_id/{order_id}/"


def read_order(order_id: int) -> sqlite3.Row:
    """The order's row; answers 404 when there is none."""
    return read_record("sales_order", order_id, "This order no longer exists.")


def possible_moves(order: sqlite3.Row) -> dict[str, bool]:
    """What can be done with an order in its present state."""
    db, number, status = web.store(), order["id"], order["status"]
    is_open = status not in _DONE
    invoiced = bool(db.value("SELECT COUNT(*) FROM sales_invoice WHERE order_id = ?", (number,)))
    shipped = bool(db.value("SELECT COUNT(*) FROM sales_shipment WHERE order_id = ?", (number,)))
    return {
        "cancel": is_open and not invoiced,
        "hold": is_open,
        "unhold": status == "holded",
        "invoice": is_open and not invoiced,
        "ship": is_open and not shipped,
    }


def _view(order_id: int) -> str:
    db, order = web.store(), read_order(order_id)
    paid = db.value("SELECT SUM(grand_total) FROM sales_invoice WHERE order_id = ?", (order_id,)) or 0
    due = 0 if order["status"] in ("canceled", "closed") else order["grand_total"] - paid
    return render_template(
        "admin/order.html",
        order=order,
        status=STATUSES[order["status"]],
        moves=possible_moves(order),
        group=db.value("SELECT customer_group FROM customer WHERE id = ?", (order["customer_id"],)),
        items=db.query("SELECT * FROM sales_order_item WHERE order_id = ? ORDER BY id", (order_id,)),
        paid=paid,
        due=due,
        tracks=_tracks(db, order_id),
        choices=_status_choices(order["status"]),
        statuses=STATUSES,
        notes=db.query("SELECT * FROM sales_order_comment WHERE order_id = ? ORDER BY id DESC LIMIT 3", (order_id,)),
    )


def _status_choices(status: str) -> list[tuple[str, str]]:
    """Statuses that a comment may give the order: its own and, while it is open, the suspicion of fraud."""
    names = [status] if status in _DONE else [status, "fraud"]
    return [(name, STATUSES[name]) for name in names]


def _tracks(db: SiteStore, order_id: int) -> list[sqlite3.Row]:
    return db.query(
        "SELECT t.* FROM sales_shipment_track AS t JOIN sales_shipment AS s ON s.id = t.shipment_id "
        "WHERE s.order_id = ? ORDER BY t.id",
        (order_id,),
    )


def _history(order_id: int, tab: str = "") -> str:
    db, order = web.store(), read_order(order_id)
    events = [
        (row["created_at"], f"{STATUSES[row['status']]}: {row['comment']}", row["notified"])
        for row in db.query("SELECT * FROM sales_order_comment WHERE order_id = ? ORDER BY id", (order_id,))
    ]
    for name, table in (("Invoice", "sales_invoice"), ("Shipment", "sales_shipment")):
        rows = db.query(f"SELECT id, created_at FROM {table} WHERE order_id = ?", (order_id,))
        events += [(row["created_at"], f"{name} #{row['id']:09} created", 0) for row in rows]
    events += [
        (row["created_at"], f"Tracking number {row['track_number']} for {row['title']} assigned", 0)
        for row in _tracks(db, order_id)
    ]
    return render_template("admin/order_history.html", order=order, tab=tab, events=sorted(events, reverse=True))


def _move(move: str, order_id: int) -> Response:
    """Cancels, holds or releases an order."""
    order = read_order(order_id)
    new_status, done = {
        "cancel": ("canceled", "You canceled the order."),
        "hold": ("holded", "You put the order on hold."),
        "unhold": (order["hold_before_status"] or "pending", "You released the order from holding status."),
    }.get(move, ("", ""))
    if not new_status:
        abort(404)
    if not possible_moves(order)[move]:
        return back_to(order_path(order_id), f"The order cannot be changed: {move} is not possible now.", error=True)
    held = order["status"] if move == "hold" else None
    change_record("sales_order", order_id, {"status": new_status, "hold_before_status": held})
    return back_to(order_path(order_id), done)


def _comment(order_id: int) -> Response:
    order, text = read_order(order_id), request.form.get("history[comment]", "").strip()
    status = request.form.get("history[status]", order["status"])
    if not text:
        message = "The comment is missing. Enter and try again."
        return back_to(order_path(order_id), message, error=True)
    if status not in dict(_status_choices(order["status"])):
        abort(400, f"The order cannot get the status {status!r}.")
    if not order["has_history"]:
        return back_to(order_path(order_id), "We cannot add order history.", error=True)
    notified = int("history[is_customer_notified]" in request.form)
    with web.store().atomic():
        web.store().execute("UPDATE sales_order SET status = ? WHERE id = ?", (status, order_id))
        web.store().execute(
            "INSERT INTO sales_order_comment (order_id, created_at, status, comment, notified) VALUES (?, ?, ?, ?, ?)",
            (order_id, timestamp(), status, text, notified),
        )
    return back_to(order_path(order_id), "You added the comment to the order.")


def _address(order_id: int) -> str | Response:
    order = read_order(order_id)
    if request.method == "GET":
        return render_template("admin/order_address.html", order=order)
    typed = {name: request.form.get(name, "").strip() or order[name] for name in _ADDRESS_FIELDS}
    change_record("sales_order", order_id, typed)
    return back_to(order_path(order_id), "You updated the order address.")
