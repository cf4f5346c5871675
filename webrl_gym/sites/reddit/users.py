"""Users: profiles, biography, account and preferences."""

from __future__ import annotations

import re
import sqlite3

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites.reddit.listing import SORT_LABELS, submissions_page, take_page
from webrl_gym.sites.reddit.seed_basics import password_hash
from webrl_gym.sites.reddit.session import login_required, only_for, text_field, viewer_id
from webrl_gym.sites.web import store

FRONT_PAGES = {"all": "All forums", "subscribed": "Subscribed forums"}
_LONGEST_BIOGRAPHY = 10_000
_SHORTEST_PASSWORD = 8

# Submissions and comments in one list need the same columns.
_SUBMISSIONS_OF = (
    "SELECT 'submission' AS kind, s.id, s.created, s.score, s.title, s.url, s.slug, s.body, s.comment_count, "
    "f.name AS forum, u.username AS author, COALESCE(v.choice, 0) AS choice, 0 AS comment_id, '' AS op "
    "FROM submissions s JOIN forums f ON f.id = s.forum_id JOIN users u ON u.id = s.user_id "
    "LEFT JOIN submission_votes v ON v.submission_id = s.id AND v.user_id = :viewer WHERE s.user_id = :owner"
)
_COMMENTS_OF = (
    "SELECT 'comment' AS kind, s.id, c.created, c.score, s.title, s.url, s.slug, c.body, 0 AS comment_count, "
    "f.name AS forum, u.username AS author, COALESCE(v.choice, 0) AS choice, c.id AS comment_id, o.username AS op "
    "FROM comments c JOIN submissions s ON s.id = c.submission_id JOIN forums f ON f.id = s.forum_id "
    "JOIN users u ON u.id = c.user_id JOIN users o ON o.id = s.user_id "
    "LEFT JOIN comment_votes v ON v.comment_id = c.id AND v.user_id = :viewer "
    "WHERE c.user_id = :owner AND c.deleted = 0"
)

blueprint = Blueprint("users", __name__)


def user_or_404(name: str) -> sqlite3.Row:
    """A user by name, in any case."""
    row = store().one("SELECT * FROM users WHERE username = ?", (name,))
    if row is None:
        abort(404, f"There is no user called {name}.")
    return row


@blueprint.get("/user/<name>")
def overview(name: str) -> str:
    """A user's submissions and comments, newest first."""
    owner = user_or_404(name)
    page = take_page(
        f"SELECT * FROM ({_SUBMISSIONS_OF} UNION ALL {_COMMENTS_OF}) ORDER BY created DESC, id DESC",
        {"viewer": viewer_id(), "owner": owner["id"]},
    )
    return render_template("user.html", owner=owner, page=page, tab="overview")


@blueprint.get("/user/<name>/submissions")
def submissions(name: str) -> str:
    """A user's submissions, newest first."""
    owner = user_or_404(name)
    page = submissions_page("new", "s.user_id = :owner", owner=owner["id"])
    return render_template("user.html", owner=owner, page=page, tab="submissions")


@blueprint.get("/user/<name>/comments")
def comments(name: str) -> str:
    """A user's comments, newest first."""
    owner = user_or_404(name)
    page = take_page(
        f"{_COMMENTS_OF} ORDER BY c.created DESC, c.id DESC", {"viewer": viewer_id(), "owner": owner["id"]}
    )
    return render_template("user.html", owner=owner, page=page, tab="comments")


@blueprint.get("/user/<name>/edit_biography")
@login_required
def biography_form(name: str) -> str:
    """The form for the viewer's own biography."""
    owner = user_or_404(name)
    only_for(owner["id"])
    return render_template("biography.html", owner=owner)


@blueprint.post("/user/<name>/edit_biography")
@login_required
def save_biography(name: str) -> Response:
    """Saves the viewer's own biography."""
    owner = user_or_404(name)
    only_for(owner["id"])
    text = text_field("user_biography[biography]", _LONGEST_BIOGRAPHY)
    with store().atomic():
        store().execute("UPDATE users SET biography = ? WHERE id = ?", (text, owner["id"]))
    flash("The biography was updated.")
    return redirect(f"/user/{owner['username']}")


@blueprint.get("/user/<name>/hidden_forums")
@login_required
def hidden_forums(name: str) -> str:
    """The forums that the viewer has hidden."""
    owner = user_or_404(name)
    only_for(owner["id"])
    rows = store().query(
        "SELECT f.name FROM hidden_forums h JOIN forums f ON f.id = h.forum_id WHERE h.user_id = ? ORDER BY f.name",
        (owner["id"],),
    )
    return render_template("hidden_forums.html", owner=owner, forums=rows)


@blueprint.get("/user/<name>/account")
@login_required
def account_form(name: str) -> str:
    """The form for e-mail address and password."""
    owner = user_or_404(name)
    only_for(owner["id"])
    return render_template("account.html", owner=owner, email=owner["email"], errors=[])


@blueprint.post("/user/<name>/account")
@login_required
def save_account(name: str) -> tuple[str, int] | Response:
    """Saves e-mail address and, when one was typed, a new password."""
    owner = user_or_404(name)
    only_for(owner["id"])
    email = text_field("user[email]", 200)
    first = request.form.get("user[password][first]", "")
    errors = []
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        errors.append("Email address: This value is not a valid email address.")
    if first != request.form.get("user[password][second]", ""):
        errors.append("New password: The values do not match.")
    elif first and len(first) < _SHORTEST_PASSWORD:
        errors.append(f"New password: Use {_SHORTEST_PASSWORD} or more characters.")
    if errors:
        return render_template("account.html", owner=owner, email=email, errors=errors), 422
    password = password_hash(owner["username"], first) if first else owner["password"]
    with store().atomic():
        store().execute("UPDATE users SET email = ?, password = ? WHERE id = ?", (email, password, owner["id"]))
    flash("Your account has been updated.")
    return redirect(f"/user/{owner['username']}/account")


@blueprint.get("/user/<name>/preferences")
@login_required
def preferences_form(name: str) -> str:
    """The form for how the site looks to the viewer."""
    owner = user_or_404(name)
    only_for(owner["id"])
    return render_template("preferences.html", owner=owner, front_pages=FRONT_PAGES)


@blueprint.post("/user/<name>/preferences")
@login_required
def save_preferences(name: str) -> Response:
    """Saves the viewer's preferences."""
    owner = user_or_404(name)
    only_for(owner["id"])
    front_page = request.form.get("user_settings[frontPage]", "")
    sort_mode = request.form.get("user_settings[frontPageSortMode]", "")
    if front_page not in FRONT_PAGES or sort_mode not in SORT_LABELS:
        abort(400, "The front page and its order must be among the options.")
    with store().atomic():
        store().execute(
            "UPDATE users SET front_page = ?, front_page_sort_mode = ?, allow_private_messages = ? WHERE id = ?",
            (front_page, sort_mode, int("user_settings[allowPrivateMessages]" in request.form), owner["id"]),
        )
    flash("User settings have been updated.")
    return redirect(f"/user/{owner['username']}/preferences")
