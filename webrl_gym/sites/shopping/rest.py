"""The part of Magento's REST interface that WebArena's evaluators call: an admin's token, and the latest orders."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from webrl_gym.sites.web import ACCOUNTS, store
from webrl_gym.types import Site

blueprint = Blueprint("rest", __name__)

_SORT_COLUMNS = {
    "created_at": "created_at",
    "customer_email": "email",
    "entity_id": "id",
    "grand_total": "grand_total_cents",
    "increment_id": "increment_id",
    "status": "status",
}
"""Fields of an order that a list may be sorted by, with their columns."""

_SORT_FIELD = re.compile(r"searchCriteria\[sort_?[oO]rders\]\[(\d{1,3})\]\[field\]")
_SIGN_IN_FAILED = (
    "The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later."
)


@blueprint.post("/rest/V1/integration/admin/token")
@blueprint.post("/rest/<view>/V1/integration/admin/token")
def token(view: str = "default") -> tuple[Response, int]:  # noqa: ARG001 - all store views have the same admins
    """A token for the admin who gives name and password as JSON."""
    given = request.get_json(silent=True)
    fields = given if isinstance(given, dict) else {}
    for field in ("username", "password"):
        if not isinstance(fields.get(field), str):
            return _problem(400, '"%fieldName" is required. Enter and try again.', fieldName=field)
    if (fields["username"], fields["password"]) != ACCOUNTS[Site.SHOPPING_ADMIN]:
        return _problem(401, _SIGN_IN_FAILED)
    return jsonify(_signer().dumps(fields["username"])), 200


@blueprint.get("/rest/V1/orders")
@blueprint.get("/rest/<view>/V1/orders")
def orders(view: str = "default") -> tuple[Response, int]:  # noqa: ARG001 - all store views have the same orders
    """Orders of the whole shop, sorted and paged as ``searchCriteria`` says; filters are not offered."""
    if not _is_admin():
        return _problem(
            401, "The consumer isn't authorized to access %resources.", resources="Magento_Sales::actions_view"
        )
    unknown = [name for name in request.args if re.search(r"filter_?groups", name, re.IGNORECASE)]
    terms = _sort_terms()
    if unknown or terms is None:
        offered = ", ".join(_SORT_COLUMNS)
        return _problem(400, f"Orders can be sorted by {offered}, and paged; they cannot be filtered here.")
    total = store().value("SELECT count(*) FROM sales_order")
    size = _number("pageSize") or total
    first = (max(_number("currentPage"), 1) - 1) * size
    rows = store().query(f"SELECT * FROM sales_order ORDER BY {', '.join(terms)} LIMIT ? OFFSET ?", (size, first))
    return jsonify({"items": [_order(row) for row in rows], "total_count": total}), 200


def _sort_terms() -> list[str] | None:
    """Terms of the ORDER BY clause, from the table above only; None if a field cannot be sorted by."""
    wanted = sorted((int(match[1]), name) for name in request.args if (match := _SORT_FIELD.fullmatch(name)))
    terms = []
    for _, name in wanted:
        column = _SORT_COLUMNS.get(request.args[name])
        if column is None:
            return None
        direction = request.args.get(name.replace("[field]", "[direction]"), "DESC")
        terms.append(f"{column} {'ASC' if direction.upper() == 'ASC' else 'DESC'}")
    return [*terms, "id DESC"]


def _number(name: str) -> int:
    """A count among the search criteria; 0 if there is none."""
    text = request.args.get(f"searchCriteria[{name}]", "")
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0


def _order(row: sqlite3.Row) -> dict[str, Any]:
    """An order under Magento's names."""
    items = store().query("SELECT * FROM sales_order_item WHERE order_id = ? ORDER BY id", (row["id"],))
    return {
        "entity_id": row["id"],
        "increment_id": row["increment_id"],
        "created_at": row["created_at"],
        "status": row["status"].lower().replace(" ", "_"),
        "customer_id": row["customer_id"],
        "customer_email": row["email"],
        "customer_is_guest": int(row["customer_id"] is None),
        "subtotal": row["subtotal_cents"] / 100,
        "shipping_amount": row["shipping_cents"] / 100,
        "grand_total": row["grand_total_cents"] / 100,
        "total_qty_ordered": sum(item["qty"] for item in items),
        "items": [
            {"sku": item["sku"], "name": item["name"], "price": item["price_cents"] / 100, "qty_ordered": item["qty"]}
            for item in items
        ],
    }


def _is_admin() -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        return kind.lower() == "bearer" and _signer().loads(given) == ACCOUNTS[Site.SHOPPING_ADMIN][0]
    except BadData:
        return False


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="rest")


def _problem(status: int, message: str, **parameters: str) -> tuple[Response, int]:
    return jsonify({"message": message} | ({"parameters": parameters} if parameters else {})), status
