"""Who is looking at the page: the signed-in account and what it may do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC
from functools import wraps
from typing import cast
from urllib.parse import urlsplit

from flask import abort, g, redirect, request, session
from werkzeug.wrappers import Response

from webrl_gym.sites.web import current_user, store

View = Callable[..., "str | Response | tuple[str, int]"]


def now() -> int:
    """The site's clock, in seconds since 1970."""
    return int(store().now().replace(tzinfo=UTC).timestamp())


def site() -> sqlite3.Row:
    """The site's own settings."""
    if "site" not in g:
        g.site = store().one("SELECT * FROM site")
    return cast("sqlite3.Row", g.site)


def viewer() -> sqlite3.Row | None:
    """The signed-in account's row, or None."""
    if "viewer" not in g:
        name = current_user()
        g.viewer = store().one("SELECT * FROM users WHERE username = ?", (name,)) if name else None
    return cast("sqlite3.Row | None", g.viewer)


def viewer_id() -> int:
    """Id of the signed-in account; 0, which nobody has, without one."""
    row = viewer()
    return 0 if row is None else int(row["id"])


def login_required(view: View) -> View:
    """Sends visitors who are not signed in to the login page, which brings them back to where they were."""

    @wraps(view)
    def guarded(*args: object, **kwargs: object) -> str | Response | tuple[str, int]:
        if viewer() is None:
            session["after_login"] = page_before() if request.method == "POST" else request.full_path.rstrip("?")
            return redirect("/login")
        return view(*args, **kwargs)

    return guarded


def only_for(user_id: int) -> None:
    """Answers 403 unless the signed-in account is the one with this id."""
    if viewer_id() != user_id:
        abort(403, "You are not allowed to do this.")


def page_before() -> str:
    """Path and query of the page that held the form; the front page when the browser did not say."""
    try:
        parts = urlsplit(request.referrer or "")
    except ValueError:
        return "/"
    path = parts.path if parts.path.startswith("/") and not parts.path.startswith("//") else "/"
    return f"{path}?{parts.query}" if parts.query else path


def text_field(name: str, longest: int) -> str:
    """A field of the form that was sent: trimmed, with plain line feeds.

    Args:
        name: Name of the field; a field that is missing counts as empty.
        longest: Most characters; what is longer is answered with 400.
    """
    text = request.form.get(name, "").replace("\r\n", "\n").strip()
    if len(text) > longest:
        abort(400, f"You entered too many characters (max {longest}, {len(text)} entered).")
    return text


def page_number() -> int:
    """The page that the query string asks for; 1 when it makes no sense."""
    asked = request.args.get("page", "1")
    return max(1, int(asked)) if asked.isdecimal() and len(asked) < 7 else 1
