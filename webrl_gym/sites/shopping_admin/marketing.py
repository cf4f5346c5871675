"""Marketing in the back office: cart price rules and search terms."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Flask, abort, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.flashes import back_to
from webrl_gym.sites.shopping_admin.formats import day, parse_amount, parse_day, plain_amount, short_day
from webrl_gym.sites.shopping_admin.grid import Column, Filter, Grid, holds
from webrl_gym.sites.shopping_admin.records import add_record, change_record, read_record

_ACTIONS = {
    "by_percent": "Percent of product price discount",
    "by_fixed": "Fixed amount discount",
    "cart_fixed": "Fixed amount discount for whole cart",
}
_SWITCH = (("1", "Active"), ("0", "Inactive"))

_RULES = Grid(
    title="Cart Price Rules",
    path="/admin/sales_rule/promo_quote/",
    source="salesrule",
    id_sql="id",
    columns=(
        Column("rule_id", "ID", "id"),
        Column("name", "Rule", "name"),
        Column("coupon_code", "Coupon Code", "coupon_code"),
        Column("discount_amount", "Discount Amount", "discount_amount", plain_amount),
        Column("to_date", "End", "to_date", day),
        Column("is_active", "Status", "is_active", lambda active: "Active" if active else "Inactive"),
    ),
    searched=("name", "coupon_code"),
    sort="rule_id",
    filters=(
        Filter("name", "Rule", holds("name")),
        Filter("is_active", "Status", "is_active = CAST(? AS INTEGER)", options=_SWITCH),
    ),
    action=("Edit", "/admin/sales_rule/promo_quote/edit/id/"),
    create=("Add New Rule", "/admin/sales_rule/promo_quote/new/"),
)
_TERMS = Grid(
    title="Search Terms",
    path="/admin/search/term/index/",
    source="search_query",
    id_sql="id",
    columns=(
        Column("query_text", "Search Query", "query_text"),
        Column("num_results", "Results", "num_results"),
        Column("popularity", "Uses", "popularity"),
    ),
    searched=("query_text",),
    sort="query_text",
    descending=False,
)
_BLANK = {"name": "", "is_active": "1", "coupon_code": "", "simple_action": "by_percent", "discount_amount": ""}
_PERIOD = {"from_date": "", "to_date": ""}


def register(app: Flask) -> None:
    """Adds the pages about price rules and search terms."""
    for grid in (_RULES, _TERMS):
        app.add_url_rule(grid.path, grid.path, grid.render)
    app.add_url_rule("/admin/sales_rule/promo_quote/new/", "rule_new", _new)
    app.add_url_rule("/admin/sales_rule/promo_quote/edit/id/<int:rule_id>/", "rule_edit", _edit)
    app.add_url_rule("/admin/sales_rule/promo_quote/save/", "rule_add", _add, methods=["POST"])
    app.add_url_rule("/admin/sales_rule/promo_quote/save/id/<int:rule_id>/", "rule_save", _save, methods=["POST"])
    app.add_url_rule("/admin/sales_rule/promo_quote/delete/id/<int:rule_id>/", "rule_delete", _delete, methods=["POST"])


def _rule(rule_id: int) -> sqlite3.Row:
    return read_record("salesrule", rule_id, "This rule no longer exists.")


def _form(values: Mapping[str, str], rule: sqlite3.Row | None, wrong: str = "") -> str:
    return render_template(
        "admin/rule.html",
        values=values,
        rule=rule,
        wrong=wrong,
        actions=tuple(_ACTIONS.items()),
        switch=_SWITCH,
    )


def _edit(rule_id: int) -> str:
    rule = _rule(rule_id)
    values = {name: str(rule[name]) for name in _BLANK} | {"discount_amount": plain_amount(rule["discount_amount"])}
    values |= {name: short_day(date.fromisoformat(rule[name])) if rule[name] else "" for name in _PERIOD}
    return _form(values, rule)


def _new() -> str:
    return _form({**_BLANK, **_PERIOD}, None)


def _read() -> tuple[dict[str, str], dict[str, Any], str]:
    """What was typed, the column values it stands for, and what is wrong with it."""
    typed = {name: request.form.get(name, "").strip() for name in (*_BLANK, *_PERIOD)}
    amount = parse_amount(typed["discount_amount"])
    days = {name: parse_day(typed[name]) for name in _PERIOD}
    if typed["simple_action"] not in _ACTIONS or typed["is_active"] not in dict(_SWITCH):
        abort(400, "Apply or Status has a value that it does not offer.")
    if not typed["name"]:
        return typed, {}, "Rule Name is a required field."
    if amount is None or (typed["simple_action"] == "by_percent" and amount > 100_00):
        return typed, {}, "Please enter a valid Discount Amount."
    if any(typed[name] and days[name] is None for name in _PERIOD):
        return typed, {}, "Please enter dates as month/day/year."
    columns = {**typed, "is_active": int(typed["is_active"]), "discount_amount": amount}
    columns |= {name: when.isoformat() if when else "" for name, when in days.items()}
    return typed, columns, ""


def _add() -> str | Response:
    typed, columns, wrong = _read()
    if wrong:
        return _form(typed, None, wrong)
    add_record("salesrule", columns)
    return back_to(_RULES.path, "You saved the rule.")


def _save(rule_id: int) -> str | Response:
    rule = _rule(rule_id)
    typed, columns, wrong = _read()
    if wrong:
        return _form(typed, rule, wrong)
    change_record("salesrule", rule_id, columns)
    return back_to(_RULES.path, "You saved the rule.")


def _delete(rule_id: int) -> Response:
    _rule(rule_id)
    with web.store().atomic():
        web.store().execute("DELETE FROM salesrule WHERE id = ?", (rule_id,))
    return back_to(_RULES.path, "You deleted the rule.")
