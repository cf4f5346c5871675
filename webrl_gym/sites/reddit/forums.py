"""Forums: their pages, lists, subscriptions, hiding, and the forms that create and edit them."""

from __future__ import annotations

import re
import sqlite3

from flask import Blueprint, abort, flash, redirect, render_template
from werkzeug.wrappers import Response

from webrl_gym.sites.reddit.listing import ID_PATTERN, SORT_PATTERN, submissions_page
from webrl_gym.sites.reddit.session import (
    login_required,
    now,
    only_for,
    page_before,
    page_number,
    site,
    text_field,
    viewer_id,
)
from webrl_gym.sites.web import store

_ORDERS = {
    "by_submissions": ("Submissions", "submissions DESC, f.name"),
    "by_subscribers": ("Subscribers", "f.subscribers DESC, f.name"),
    "by_name": ("Name", "f.name"),
    "by_title": ("Title", "f.title, f.name"),
}
_FIELDS = {"name": 25, "title": 100, "description": 300, "sidebar": 1_500}

blueprint = Blueprint("forums", __name__)


def forum_or_404(name: str) -> sqlite3.Row:
    """A forum by its name in any case, with ``subscribed`` and ``hidden`` as the viewer has them."""
    row = store().one(
        "SELECT f.*, m.username AS moderator, "
        "EXISTS (SELECT 1 FROM subscriptions WHERE user_id = :viewer AND forum_id = f.id) AS subscribed, "
        "EXISTS (SELECT 1 FROM hidden_forums WHERE user_id = :viewer AND forum_id = f.id) AS hidden "
        "FROM forums f JOIN users m ON m.id = f.moderator_id WHERE f.name = :name",
        {"viewer": viewer_id(), "name": name},
    )
    if row is None:
        abort(404, f"There is no forum called {name}.")
    return row


@blueprint.get("/f/<name>", defaults={"sort": "hot"})
@blueprint.get(f"/f/<name>/<{SORT_PATTERN}:sort>")
def show(name: str, sort: str) -> str:
    """A forum's submissions."""
    forum = forum_or_404(name)
    page = submissions_page(sort, "s.forum_id = :forum", forum=forum["id"])
    return render_template("forum.html", forum=forum, page=page, sort=sort, base=f"/f/{forum['name']}")


@blueprint.get("/forums", defaults={"order": "by_submissions", "number": 1})
@blueprint.get("/forums/<any('by_submissions','by_subscribers','by_name','by_title'):order>", defaults={"number": 1})
@blueprint.get(f"/forums/<any('by_submissions','by_subscribers','by_name','by_title'):order>/<{ID_PATTERN}:number>")
def list_page(order: str, number: int) -> str:
    """One page of all forums."""
    number = max(number, page_number())
    size = site()["forums_per_page"]
    rows = store().query(
        "SELECT f.*, (SELECT COUNT(*) FROM submissions s WHERE s.forum_id = f.id) AS submissions, "
        "EXISTS (SELECT 1 FROM subscriptions WHERE user_id = ? AND forum_id = f.id) AS subscribed "
        f"FROM forums f ORDER BY {_ORDERS[order][1]} LIMIT ? OFFSET ?",
        (viewer_id(), size + 1, (number - 1) * size),
    )
    return render_template(
        "forum_list.html",
        forums=rows[:size],
        order=order,
        orders={key: label for key, (label, _) in _ORDERS.items()},
        previous=f"/forums/{order}/{number - 1}" if number > 1 else None,
        next=f"/forums/{order}/{number + 1}" if len(rows) > size else None,
    )


@blueprint.get("/forums/all")
def alphabetical() -> str:
    """The names of all forums."""
    return render_template("forum_names.html", forums=store().query("SELECT name FROM forums ORDER BY name"))


@blueprint.post("/f/<name>/<any('subscribe','unsubscribe'):what>")
@login_required
def subscribe(name: str, what: str) -> Response:
    """Subscribes or unsubscribes; a second time changes nothing."""
    forum = forum_or_404(name)
    wanted = what == "subscribe"
    if wanted != bool(forum["subscribed"]):
        pair = (viewer_id(), forum["id"])
        with store().atomic():
            if wanted:
                store().execute("INSERT INTO subscriptions (user_id, forum_id) VALUES (?, ?)", pair)
            else:
                store().execute("DELETE FROM subscriptions WHERE user_id = ? AND forum_id = ?", pair)
            store().execute(
                "UPDATE forums SET subscribers = subscribers + ? WHERE id = ?", (1 if wanted else -1, forum["id"])
            )
    return redirect(page_before())


@blueprint.post("/user/<username>/<any('hide_forum','unhide_forum'):what>/<name>")
@login_required
def hide(username: str, what: str, name: str) -> Response:
    """Keeps a forum's submissions off the front page, or lets them back."""
    forum = forum_or_404(name)
    owner = store().value("SELECT id FROM users WHERE username = ?", (username,))
    only_for(owner)
    with store().atomic():
        store().execute("DELETE FROM hidden_forums WHERE user_id = ? AND forum_id = ?", (owner, forum["id"]))
        if what == "hide_forum":
            store().execute("INSERT INTO hidden_forums (user_id, forum_id) VALUES (?, ?)", (owner, forum["id"]))
    return redirect(page_before())


@blueprint.get("/create_forum")
@login_required
def create_form() -> str:
    """The form for a new forum."""
    return _form(dict.fromkeys(_FIELDS, ""), [], None)


@blueprint.post("/create_forum")
@login_required
def create() -> tuple[str, int] | Response:
    """Creates a forum, which its creator moderates and is subscribed to."""
    values = _values()
    errors = _errors(values, None)
    if errors:
        return _form(values, errors, None), 422
    with store().atomic():
        number = store().execute(
            "INSERT INTO forums (name, title, description, sidebar, created, moderator_id, subscribers) "
            "VALUES (:name, :title, :description, :sidebar, :created, :moderator, 1)",
            {**values, "created": now(), "moderator": viewer_id()},
        )
        store().execute("INSERT INTO subscriptions (user_id, forum_id) VALUES (?, ?)", (viewer_id(), number))
    return redirect(f"/f/{values['name']}")


@blueprint.get("/f/<name>/edit")
@login_required
def edit_form(name: str) -> str:
    """The form for a forum that the viewer moderates."""
    forum = forum_or_404(name)
    only_for(forum["moderator_id"])
    return _form({field: forum[field] for field in _FIELDS}, [], forum)


@blueprint.post("/f/<name>/edit")
@login_required
def edit(name: str) -> tuple[str, int] | Response:
    """Saves changes to a forum."""
    forum = forum_or_404(name)
    only_for(forum["moderator_id"])
    values = _values()
    errors = _errors(values, forum["id"])
    if errors:
        return _form(values, errors, forum), 422
    with store().atomic():
        store().execute(
            "UPDATE forums SET name = :name, title = :title, description = :description, sidebar = :sidebar "
            "WHERE id = :id",
            {**values, "id": forum["id"]},
        )
    flash("The changes have been saved.")
    return redirect(f"/f/{values['name']}/edit")


def _values() -> dict[str, str]:
    return {name: text_field(f"forum[{name}]", longest) for name, longest in _FIELDS.items()}


def _errors(values: dict[str, str], own_id: int | None) -> list[str]:
    errors = [f"{name.capitalize()}: This value should not be blank." for name in _FIELDS if not values[name]]
    if values["name"] and not re.fullmatch(r"\w{3,25}", values["name"], re.ASCII):
        errors.append("Name: 3 to 25 letters, numbers and underscores.")
    taken = store().value("SELECT id FROM forums WHERE name = ?", (values["name"],))
    if taken is not None and taken != own_id:
        errors.append(f"Name: There is already a forum called {values['name']}.")
    return errors


def _form(values: dict[str, str], errors: list[str], forum: sqlite3.Row | None) -> str:
    return render_template("forum_form.html", values=values, errors=errors, forum=forum)
