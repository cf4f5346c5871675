"""Who is looking: the signed-in customer, the cart of this visit, and pages that are for customers only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import quote

from flask import g, redirect, request, session
from werkzeug.wrappers import Response

from webrl_gym.sites.web import current_user, store

View = Callable[..., Any]
"""A Flask view function."""

_CART_KEY = "cart_id"


def customer() -> sqlite3.Row | None:
    """The signed-in customer's row, read once a request."""
    if "customer" not in g:
        email = current_user()
        g.customer = None if email is None else store().one("SELECT * FROM customer WHERE email = ?", (email,))
    return cast("sqlite3.Row | None", g.customer)


def signed_in_customer() -> sqlite3.Row:
    """The customer's row on a page that is for customers only.

    Raises:
        LookupError: If no one is signed in, that is, if the view lacks ``customers_only``.
    """
    row = customer()
    if row is None:
        raise LookupError(f"{request.path} was reached without a signed-in customer")
    return row


def customers_only(view: View) -> View:
    """Sends visitors who are not signed in to the login page, which brings them back afterwards."""

    @wraps(view)
    def guarded(*arguments: Any, **named: Any) -> Any:
        if customer() is None:
            target = request.full_path.rstrip("?") if request.method == "GET" else "/customer/account/"
            return redirect(f"/customer/account/login/?referer={quote(target)}")
        return view(*arguments, **named)

    return guarded


def go_back(target: str | None, otherwise: str) -> Response:
    """Redirects to ``target`` if it is a path of this site, else to ``otherwise``."""
    local = target is not None and target.startswith("/") and not target.startswith(("//", "/\\"))
    return redirect(target if local and target is not None else otherwise)


def cart_id() -> int | None:
    """Id of this visit's cart, or None while nothing was ever put into one."""
    row = customer()
    if row is not None:
        return cast("int | None", store().value("SELECT id FROM cart WHERE customer_id = ?", (row["id"],)))
    kept = session.get(_CART_KEY)
    sql = "SELECT id FROM cart WHERE id = ? AND customer_id IS NULL"
    return None if kept is None else cast("int | None", store().value(sql, (kept,)))


def make_cart() -> int:
    """Id of this visit's cart, which is made when there is none."""
    found = cart_id()
    if found is not None:
        return found
    row = customer()
    made = store().execute("INSERT INTO cart (customer_id) VALUES (?)", (None if row is None else row["id"],))
    if row is None:
        session[_CART_KEY] = made
    return made


def take_visitor_cart() -> int | None:
    """Takes the visitor's cart out of the session, before signing in; returns its id."""
    found = cart_id() if customer() is None else None
    session.pop(_CART_KEY, None)
    return found


def forget_customer() -> None:
    """Lets the rest of this request see who is signed in now."""
    g.pop("customer", None)
