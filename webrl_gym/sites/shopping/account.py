"""Signing in and out, My Account, account information, the newsletter."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites.shopping.addresses import default_addresses
from webrl_gym.sites.shopping.cart import move_cart
from webrl_gym.sites.shopping.orders import recent_orders
from webrl_gym.sites.shopping.seed_basics import password_hash
from webrl_gym.sites.shopping.visitor import (
    customer,
    customers_only,
    forget_customer,
    go_back,
    signed_in_customer,
    take_visitor_cart,
)
from webrl_gym.sites.web import sign_in, sign_out, store

blueprint = Blueprint("account", __name__)

_SHORTEST_PASSWORD = 8


@blueprint.get("/customer/account/login/")
def login_form() -> str | Response:
    """The login page."""
    if customer() is not None:
        return redirect("/customer/account/")
    return render_template("login.html", email="", referer=request.args.get("referer", ""))


@blueprint.post("/customer/account/loginPost/")
def login() -> str | Response:
    """Signs in; what lay in the visitor's cart moves into the customer's."""
    email, referer = request.form.get("login[username]", "").strip(), request.form.get("referer", "")
    row = store().one(
        "SELECT email FROM customer WHERE email = ? COLLATE NOCASE AND password_hash = ?",
        (email, password_hash(request.form.get("login[password]", ""))),
    )
    if row is None:
        flash(
            "The account sign-in was incorrect or your account is disabled temporarily. "
            "Please wait and try again later.",
            "error",
        )
        return render_template("login.html", email=email, referer=referer)
    with store().atomic():
        visitor_cart = take_visitor_cart()
        sign_in(row["email"])
        forget_customer()
        if visitor_cart is not None:
            move_cart(visitor_cart)
    return go_back(referer, "/customer/account/")


@blueprint.get("/customer/account/logout/")
def logout() -> str:
    """Signs out."""
    sign_out()
    forget_customer()
    return render_template("signed_out.html")


@blueprint.get("/customer/account/")
@blueprint.get("/customer/account/index/")
@customers_only
def dashboard() -> str:
    """My Account: an overview."""
    billing, shipping = default_addresses()
    return render_template("dashboard.html", billing=billing, shipping=shipping, orders=recent_orders(3))


@blueprint.get("/customer/account/edit/")
@customers_only
def edit_form() -> str:
    """The form for name, e-mail address and password."""
    return render_template("account_edit.html", values=dict(signed_in_customer()))


@blueprint.post("/customer/account/editPost/")
@customers_only
def edit() -> str | Response:
    """Saves name, e-mail address and password; the last two need the current password."""
    row = signed_in_customer()
    values = {name: request.form.get(name, "").strip() for name in ("firstname", "lastname", "email")}
    new_password = request.form.get("password", "")
    hashed = password_hash(new_password) if new_password else row["password_hash"]
    problem = _edit_problem(values, new_password)
    if problem:
        flash(problem, "error")
        return render_template("account_edit.html", values=values)
    with store().atomic():
        store().execute(
            "UPDATE customer SET firstname = ?, lastname = ?, email = ?, password_hash = ? WHERE id = ?",
            (values["firstname"], values["lastname"], values["email"], hashed, row["id"]),
        )
    sign_in(values["email"])
    flash("You saved the account information.", "success")
    return redirect("/customer/account/")


def _edit_problem(values: dict[str, str], new_password: str) -> str:
    row = signed_in_customer()
    if not all(values.values()):
        return "First Name, Last Name and Email are required fields."
    if "@" not in values["email"]:
        return "Please enter a valid email address."
    same = "SELECT 1 FROM customer WHERE email = ? COLLATE NOCASE AND id <> ?"
    if store().one(same, (values["email"], row["id"])) is not None:
        return "A customer with the same email address already exists."
    if new_password != request.form.get("password_confirmation", ""):
        return "Please make sure your passwords match."
    if new_password and len(new_password) < _SHORTEST_PASSWORD:
        return f"The password needs at least {_SHORTEST_PASSWORD} characters."
    changes_sign_in = new_password or values["email"] != row["email"]
    if changes_sign_in and password_hash(request.form.get("current_password", "")) != row["password_hash"]:
        return "The password doesn't match this account. Verify the password and try again."
    return ""


@blueprint.get("/newsletter/manage/")
@blueprint.get("/newsletter/manage/index/")
@customers_only
def newsletter() -> str:
    """Whether the customer gets the newsletter."""
    return render_template("newsletter.html")


@blueprint.post("/newsletter/manage/save/")
@customers_only
def save_newsletter() -> Response:
    """Subscribes or unsubscribes."""
    wanted = "is_subscribed" in request.form
    row = signed_in_customer()
    with store().atomic():
        store().execute("UPDATE customer SET is_subscribed = ? WHERE id = ?", (wanted, row["id"]))
    if wanted:
        flash("We have saved your subscription.", "success")
    elif row["is_subscribed"]:
        flash("We have removed your newsletter subscription.", "success")
    else:
        flash("We have updated your subscription.", "success")
    return redirect("/customer/account/")
