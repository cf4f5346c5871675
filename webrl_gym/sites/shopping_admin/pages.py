"""Content pages in the back office: the grid, and the form that edits or adds one."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping

from flask import Flask, abort, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.flashes import back_to
from webrl_gym.sites.shopping_admin.grid import Column, Filter, Grid, holds
from webrl_gym.sites.shopping_admin.records import add_record, change_record, read_record

_SWITCH = (("1", "Yes"), ("0", "No"))
_STATUS = (("1", "Enabled"), ("0", "Disabled"))
_FIELDS = ("is_active", "title", "content_heading", "identifier", "content")

_PAGES = Grid(
    title="Pages",
    path="/admin/cms/page/",
    source="cms_page",
    id_sql="id",
    columns=(
        Column("page_id", "ID", "id"),
        Column("title", "Title", "title"),
        Column("identifier", "URL Key", "identifier"),
        Column("is_active", "Status", "is_active", lambda active: "Enabled" if active else "Disabled"),
    ),
    searched=("title", "identifier"),
    sort="page_id",
    descending=False,
    filters=(
        Filter("title", "Title", holds("title")),
        Filter("identifier", "URL Key", holds("identifier")),
        Filter("is_active", "Status", "is_active = CAST(? AS INTEGER)", options=_STATUS),
    ),
    action=("Edit", "/admin/cms/page/edit/page_id/"),
    create=("Add New Page", "/admin/cms/page/new/"),
)


def register(app: Flask) -> None:
    """Adds the pages about content pages."""
    app.add_url_rule(_PAGES.path, _PAGES.path, _PAGES.render)
    app.add_url_rule("/admin/cms/page/index/", _PAGES.path, _PAGES.render)
    app.add_url_rule("/admin/cms/page/new/", "page_new", _new)
    app.add_url_rule("/admin/cms/page/edit/page_id/<int:page_id>/", "page_edit", _edit)
    app.add_url_rule("/admin/cms/page/save/", "page_add", _add, methods=["POST"])
    app.add_url_rule("/admin/cms/page/save/page_id/<int:page_id>/", "page_save", _save, methods=["POST"])


def _page(page_id: int) -> sqlite3.Row:
    return read_record("cms_page", page_id, "This page no longer exists.")


def _form(values: Mapping[str, str], page: sqlite3.Row | None, wrong: str = "") -> str:
    return render_template("admin/page.html", values=values, page=page, wrong=wrong, switch=_SWITCH)


def _edit(page_id: int) -> str:
    page = _page(page_id)
    return _form({name: str(page[name]) for name in _FIELDS}, page)


def _new() -> str:
    return _form(dict.fromkeys(_FIELDS, "") | {"is_active": "1"}, None)


def _read(page_id: int) -> tuple[dict[str, str], str]:
    """What was typed, with the URL key made from the title when it is missing, and what is wrong with it."""
    typed = {name: request.form.get(name, "").strip() for name in _FIELDS}
    if typed["is_active"] not in dict(_SWITCH):
        abort(400, f"Enable Page cannot be {typed['is_active']!r}.")
    if not typed["title"]:
        return typed, "Page Title is a required field."
    key = typed["identifier"] or re.sub(r"[^a-z0-9]+", "-", typed["title"].lower()).strip("-")
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", key) is None:
        return typed, "The URL Key may hold small letters, digits, - and _ only."
    if web.store().value("SELECT COUNT(*) FROM cms_page WHERE identifier = ? AND id != ?", (key, page_id)):
        return typed, "A page URL key for specified store already exists."
    return {**typed, "identifier": key}, ""


def _save(page_id: int) -> str | Response:
    page = _page(page_id)
    typed, wrong = _read(page_id)
    if wrong:
        return _form(typed, page, wrong)
    change_record("cms_page", page_id, typed)
    return back_to(_PAGES.path, "You saved the page.")


def _add() -> str | Response:
    typed, wrong = _read(0)
    if wrong:
        return _form(typed, None, wrong)
    add_record("cms_page", typed)
    return back_to(_PAGES.path, "You saved the page.")
