"""Private messages between two users."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, abort, redirect, render_template
from werkzeug.wrappers import Response

from webrl_gym.sites.reddit.listing import ID_PATTERN, take_page
from webrl_gym.sites.reddit.session import login_required, now, text_field, viewer_id
from webrl_gym.sites.reddit.users import user_or_404
from webrl_gym.sites.web import store

_LONGEST = 10_000

blueprint = Blueprint("messages", __name__)


@blueprint.get("/messages")
@login_required
def threads() -> str:
    """The viewer's threads, the one with the latest message first."""
    page = take_page(
        "SELECT t.id, o.username AS other, COUNT(m.id) - 1 AS replies, MAX(m.created) AS last, "
        "(SELECT body FROM messages WHERE thread_id = t.id ORDER BY id LIMIT 1) AS first "
        "FROM message_threads t JOIN messages m ON m.thread_id = t.id "
        "JOIN users o ON o.id = t.sender_id + t.receiver_id - :viewer "
        "WHERE :viewer IN (t.sender_id, t.receiver_id) GROUP BY t.id ORDER BY last DESC, t.id DESC",
        {"viewer": viewer_id()},
    )
    return render_template("threads.html", page=page)


@blueprint.get(f"/messages/thread/<{ID_PATTERN}:number>")
@login_required
def thread(number: int) -> str:
    """One thread and the form to reply."""
    row = _thread_or_404(number)
    messages = store().query(
        "SELECT m.id, m.body, m.created, u.username AS sender FROM messages m JOIN users u ON u.id = m.sender_id "
        "WHERE m.thread_id = ? ORDER BY m.id",
        (number,),
    )
    return render_template("thread.html", thread=row, messages=messages)


@blueprint.post(f"/message_reply/<{ID_PATTERN}:number>")
@login_required
def reply(number: int) -> Response:
    """Adds a message to a thread; an empty one changes nothing."""
    _thread_or_404(number)
    body = text_field("message[body]", _LONGEST)
    if body:
        with store().atomic():
            _add_message(number, body)
    return redirect(f"/messages/thread/{number}")


@blueprint.get("/user/<name>/compose_message")
@login_required
def compose_form(name: str) -> str:
    """The form for a message to a user."""
    return render_template("compose.html", owner=_receiver(name), error="")


@blueprint.post("/user/<name>/compose_message")
@login_required
def compose(name: str) -> tuple[str, int] | Response:
    """Begins a thread with a user."""
    owner = _receiver(name)
    body = text_field("message[body]", _LONGEST)
    if not body:
        return render_template("compose.html", owner=owner, error="The message must not be empty."), 422
    with store().atomic():
        number = store().execute(
            "INSERT INTO message_threads (sender_id, receiver_id) VALUES (?, ?)", (viewer_id(), owner["id"])
        )
        _add_message(number, body)
    return redirect(f"/messages/thread/{number}")


def _receiver(name: str) -> sqlite3.Row:
    owner = user_or_404(name)
    if owner["id"] == viewer_id() or not owner["allow_private_messages"]:
        abort(403, f"You cannot send a message to {owner['username']}.")
    return owner


def _thread_or_404(number: int) -> sqlite3.Row:
    row = store().one(
        "SELECT t.id, o.username AS other FROM message_threads t "
        "JOIN users o ON o.id = t.sender_id + t.receiver_id - :viewer "
        "WHERE t.id = :id AND :viewer IN (t.sender_id, t.receiver_id)",
        {"id": number, "viewer": viewer_id()},
    )
    if row is None:
        abort(404, f"There is no thread {number}.")
    return row


def _add_message(thread: int, body: str) -> None:
    store().execute(
        "INSERT INTO messages (thread_id, sender_id, body, created) VALUES (?, ?, ?, ?)",
        (thread, viewer_id(), body, now()),
    )
