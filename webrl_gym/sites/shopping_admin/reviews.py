"""Product reviews in the back office: two grids, and the form that edits, publishes or deletes a review."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from flask import Flask, abort, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.flashes import back_to
from webrl_gym.sites.shopping_admin.formats import parse_count
from webrl_gym.sites.shopping_admin.grid import Column, Filter, Grid, day_range, holds
from webrl_gym.sites.shopping_admin.records import change_record

APPROVED, PENDING, NOT_APPROVED = 1, 2, 3
_STATUSES = {APPROVED: "Approved", PENDING: "Pending", NOT_APPROVED: "Not Approved"}
_CHOICES = tuple((str(number), name) for number, name in _STATUSES.items())

_REVIEWS = Grid(
    title="Reviews",
    path="/admin/review/product/index/",
    source="review AS r JOIN product AS p ON p.id = r.product_id",
    id_sql="r.id",
    columns=(
        Column("review_id", "ID", "r.id"),
        Column("status", "Status", "r.status_id", lambda status: _STATUSES[status]),
        Column("title", "Title", "r.title"),
        Column("nickname", "Nickname", "r.nickname"),
        Column("name", "Product", "p.name"),
    ),
    searched=("r.title", "r.nickname", "r.detail", "p.name", "p.sku"),
    sort="review_id",
    filters=(
        *day_range("r.created_at", "Created"),
        Filter("status", "Status", "r.status_id = ?", parse_count, _CHOICES),
        Filter("title", "Title", holds("r.title")),
        Filter("nickname", "Nickname", holds("r.nickname")),
        Filter("name", "Product", holds("p.name")),
    ),
    action=("Edit", "/admin/review/product/edit/id/"),
)
_PENDING_REVIEWS = replace(
    _REVIEWS,
    title="Pending Reviews",
    path="/admin/review/product/pending/",
    source=f"{_REVIEWS.source} AND r.status_id = {PENDING}",
)


def register(app: Flask) -> None:
    """Adds the pages about reviews."""
    for grid in (_REVIEWS, _PENDING_REVIEWS):
        app.add_url_rule(grid.path, grid.path, grid.render)
    app.add_url_rule("/admin/review/product/", _REVIEWS.path, _REVIEWS.render)
    app.add_url_rule("/admin/review/product/edit/id/<int:review_id>/", "review_edit", _edit)
    app.add_url_rule("/admin/review/product/save/id/<int:review_id>/", "review_save", _save, methods=["POST"])
    app.add_url_rule("/admin/review/product/delete/id/<int:review_id>/", "review_delete", _delete, methods=["POST"])


def _review(review_id: int) -> sqlite3.Row:
    review = web.store().one(
        "SELECT r.*, p.name AS product_name, c.firstname || ' ' || c.lastname AS author FROM review AS r "
        "JOIN product AS p ON p.id = r.product_id LEFT JOIN customer AS c ON c.id = r.customer_id WHERE r.id = ?",
        (review_id,),
    )
    if review is None:
        abort(404, "The review was removed by another user or does not exist.")
    return review


def _edit(review_id: int) -> str:
    return render_template("admin/review.html", review=_review(review_id), choices=_CHOICES)


def _save(review_id: int) -> Response:
    _review(review_id)
    typed = {name: request.form.get(name, "").strip() for name in ("nickname", "title", "detail")}
    status = request.form.get("status_id", "")
    if status not in dict(_CHOICES):
        abort(400, f"A review cannot have the status {status!r}.")
    if not all(typed.values()):
        path = f"/admin/review/product/edit/id/{review_id}/"
        return back_to(path, "Nickname, Summary of Review and Review are required fields.", error=True)
    change_record("review", review_id, {"status_id": int(status), **typed})
    return back_to(_REVIEWS.path, "You saved the review.")


def _delete(review_id: int) -> Response:
    _review(review_id)
    with web.store().atomic():
        web.store().execute("DELETE FROM review WHERE id = ?", (review_id,))
    return back_to(_REVIEWS.path, "The review has been deleted.")
