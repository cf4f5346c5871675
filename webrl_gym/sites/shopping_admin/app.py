"""The store's app: its front pages at ``/``, its back office under ``/admin``."""

from __future__ import annotations

from hmac import compare_digest

from flask import Flask, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin import (
    configurations,
    customers,
    dashboard,
    flashes,
    formats,
    fulfilment,
    marketing,
    orders,
    pages,
    products,
    reports,
    reviews,
    storefront,
    themes,
)
from webrl_gym.types import Site

_WRONG = "The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later."
_SIGN_OUT = "/admin/admin/auth/logout/"
_PARTS = (
    dashboard,
    orders,
    fulfilment,
    products,
    configurations,
    customers,
    reviews,
    marketing,
    pages,
    themes,
    reports,
    storefront,
)


def create_app() -> Flask:
    """The app; pages below ``/admin`` show the sign-in form to whoever is not signed in."""
    app = web.create_site(Site.SHOPPING_ADMIN, __name__)
    app.url_map.strict_slashes = False
    app.before_request(_guard_back_office)
    app.add_url_rule(_SIGN_OUT, "sign_out", _sign_out)
    app.jinja_env.filters.update(
        money=formats.money, plain_amount=formats.plain_amount, day=formats.day, moment=formats.moment
    )
    app.jinja_env.globals.update(take_messages=flashes.take_messages, sections=dashboard.SECTIONS)
    for module in _PARTS:
        module.register(app)
    return app


def _guard_back_office() -> str | Response | None:
    """Signs in, or shows the sign-in form in place of any page of the back office."""
    if not f"{request.path}/".startswith("/admin/") or web.current_user() is not None:
        return None
    name = request.form.get("login[username]")
    if request.method != "POST" or name is None:
        return render_template("admin/login.html", wrong="", name="")
    account, password = web.ACCOUNTS[Site.SHOPPING_ADMIN]
    given = request.form.get("login[password]", "")
    if name == account and compare_digest(given.encode(), password.encode()):
        web.sign_in(account)
        return redirect(request.full_path.rstrip("?"))
    return render_template("admin/login.html", wrong=_WRONG, name=name)


def _sign_out() -> Response:
    web.sign_out()
    return flashes.back_to("/admin/", "You have logged out.")
