"""Submissions: their page, votes, and the forms that create, edit and delete them."""

from __future__ import annotations

import sqlite3
from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites.reddit.forums import forum_or_404
from webrl_gym.sites.reddit.listing import ID_PATTERN, SUBMISSION_COLUMNS, comment_threads
from webrl_gym.sites.reddit.seed_basics import PICTURE_FOLDER, slugify
from webrl_gym.sites.reddit.session import (
    login_required,
    now,
    only_for,
    page_before,
    text_field,
    viewer_id,
)
from webrl_gym.sites.web import store

_FIELDS = {"url": 2_000, "title": 300, "body": 25_000}

blueprint = Blueprint("submissions", __name__)


def find(number: int) -> sqlite3.Row | None:
    """A submission with its forum, author and the viewer's vote, or None."""
    return store().one(f"SELECT {SUBMISSION_COLUMNS} WHERE s.id = :id", {"viewer": viewer_id(), "id": number})


def submission_or_404(forum: str, number: int) -> sqlite3.Row:
    """A submission of a forum."""
    row = find(number)
    if row is None or row["forum"].lower() != forum.lower():
        abort(404, f"There is no submission {number} in {forum}.")
    return row


def address(row: sqlite3.Row) -> str:
    """Path of a submission's page."""
    return f"/f/{row['forum']}/{row['id']}/{row['slug']}"


@blueprint.get(f"/f/<forum>/<{ID_PATTERN}:number>/", defaults={"_slug": ""}, strict_slashes=False)
@blueprint.get(f"/f/<forum>/<{ID_PATTERN}:number>/<_slug>")
def show(forum: str, number: int, _slug: str) -> str:
    """A submission with its comments."""
    row = submission_or_404(forum, number)
    return render_template(
        "submission.html",
        submission=row,
        forum=forum_or_404(row["forum"]),
        threads=comment_threads("c.submission_id = :submission", submission=number),
    )


@blueprint.get(f"{PICTURE_FOLDER}<name>.jpg")
def picture(name: str) -> str:
    """A picture that was uploaded with a submission. There are no pictures here, so words stand where it would be."""
    title = store().value("SELECT title FROM submissions WHERE url = ? ORDER BY id", (f"{PICTURE_FOLDER}{name}.jpg",))
    if title is None:
        abort(404, f"There is no picture {name}.jpg.")
    return render_template("picture.html", name=name, title=title)


@blueprint.post(f"/sv/<{ID_PATTERN}:number>")
@login_required
def vote(number: int) -> Response:
    """Casts, changes or retracts (choice 0) the viewer's vote on a submission."""
    return cast_vote("submission", number)


def cast_vote(kind: str, number: int) -> Response:
    """Stores a vote from the form field ``choice`` and keeps the counts right.

    Args:
        kind: ``submission`` or ``comment``.
        number: Its id.
    """
    choice = {"1": 1, "-1": -1, "0": 0}.get(request.form.get("choice", ""))
    if choice is None:
        abort(400, "choice must be 1, -1 or 0.")
    if store().value(f"SELECT id FROM {kind}s WHERE id = ?", (number,)) is None:
        abort(404)
    key = (viewer_id(), number)
    with store().atomic():
        before = store().value(f"SELECT choice FROM {kind}_votes WHERE user_id = ? AND {kind}_id = ?", key) or 0
        store().execute(f"DELETE FROM {kind}_votes WHERE user_id = ? AND {kind}_id = ?", key)
        if choice:
            store().execute(f"INSERT INTO {kind}_votes (user_id, {kind}_id, choice) VALUES (?, ?, ?)", (*key, choice))
        store().execute(
            f"UPDATE {kind}s SET upvotes = upvotes + ?, downvotes = downvotes + ? WHERE id = ?",
            ((choice == 1) - (before == 1), (choice == -1) - (before == -1), number),
        )
    return redirect(page_before())


@blueprint.get("/submit", defaults={"forum": ""})
@blueprint.get("/submit/<forum>")
@login_required
def create_form(forum: str) -> str:
    """The form for a new submission."""
    chosen = str(forum_or_404(forum)["name"]) if forum else ""
    return _form({"url": "", "title": "", "body": "", "forum": chosen}, [], None)


@blueprint.post("/submit")
@blueprint.post("/submit/<path:_>")
@login_required
def create(_: str = "") -> tuple[str, int] | Response:
    """Creates a submission, which its author upvotes."""
    values = _values()
    values["forum"] = request.form.get("submission[forum]", "")
    forum = store().one("SELECT id, name FROM forums WHERE name = ?", (values["forum"],))
    errors = _errors(values)
    if forum is None:
        errors.append("Forum: Choose one of the forums.")
    if forum is None or errors:
        return _form(values, errors, None), 422
    with store().atomic():
        number = store().execute(
            "INSERT INTO submissions (forum_id, user_id, title, slug, url, body, created, last_active, upvotes) "
            "VALUES (:forum, :user, :title, :slug, NULLIF(:url, ''), NULLIF(:body, ''), :now, :now, 1)",
            {**values, "forum": forum["id"], "user": viewer_id(), "slug": slugify(values["title"]), "now": now()},
        )
        store().execute(
            "INSERT INTO submission_votes (user_id, submission_id, choice) VALUES (?, ?, 1)", (viewer_id(), number)
        )
    return redirect(f"/f/{forum['name']}/{number}/{slugify(values['title'])}")


@blueprint.get(f"/f/<forum>/<{ID_PATTERN}:number>/<_slug>/edit")
@login_required
def edit_form(forum: str, number: int, _slug: str) -> str:
    """The form for the viewer's own submission."""
    row = submission_or_404(forum, number)
    only_for(row["user_id"])
    return _form({name: row[name] or "" for name in (*_FIELDS, "forum")}, [], row)


@blueprint.post(f"/f/<forum>/<{ID_PATTERN}:number>/<_slug>/edit")
@login_required
def edit(forum: str, number: int, _slug: str) -> tuple[str, int] | Response:
    """Saves changes to the viewer's own submission."""
    row = submission_or_404(forum, number)
    only_for(row["user_id"])
    values = _values()
    errors = _errors(values)
    if errors:
        return _form({**values, "forum": row["forum"]}, errors, row), 422
    with store().atomic():
        store().execute(
            "UPDATE submissions SET title = :title, slug = :slug, url = NULLIF(:url, ''), body = NULLIF(:body, ''), "
            "edited = :now WHERE id = :id",
            {**values, "slug": slugify(values["title"]), "now": now(), "id": number},
        )
    flash("The submission was edited.")
    return redirect(f"/f/{row['forum']}/{number}/{slugify(values['title'])}")


@blueprint.post(f"/f/<forum>/<{ID_PATTERN}:number>/<_slug>/delete")
@login_required
def delete(forum: str, number: int, _slug: str) -> Response:
    """Deletes the viewer's own submission with its comments."""
    row = submission_or_404(forum, number)
    only_for(row["user_id"])
    with store().atomic():
        # Replies refer to their parents, so the references go first.
        store().execute("UPDATE comments SET parent_id = NULL WHERE submission_id = ?", (number,))
        store().execute("DELETE FROM submissions WHERE id = ?", (number,))
    flash("The submission was deleted.")
    return redirect(f"/f/{row['forum']}")


def _values() -> dict[str, str]:
    values = {name: text_field(f"submission[{name}]", longest) for name, longest in _FIELDS.items()}
    values["title"] = " ".join(values["title"].split())
    return values


def _errors(values: dict[str, str]) -> list[str]:
    errors = [] if values["title"] else ["Title: This value should not be blank."]
    if values["url"] and not _is_web_address(values["url"]):
        errors.append("URL: This value is not a valid URL.")
    return errors


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _form(values: dict[str, str], errors: list[str], row: sqlite3.Row | None) -> str:
    forums = store().query("SELECT name FROM forums ORDER BY name")
    return render_template("submission_form.html", values=values, errors=errors, submission=row, forums=forums)
