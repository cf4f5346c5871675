"""Who is asking, and what they may see and do."""

from __future__ import annotations

import re
import sqlite3
from typing import NoReturn

from flask import Response, abort, g, redirect, request, session, url_for

from webrl_gym.sites.web import current_user, store

ROLES = {"Guest": 10, "Reporter": 20, "Developer": 30, "Maintainer": 40, "Owner": 50}
"""Roles of members with GitLab's access levels."""

VISIBILITIES = {"0": "private", "10": "internal", "20": "public"}
"""GitLab's visibility levels as forms send them."""

_SLUG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")

PROJECT_COLUMNS = """
    p.*,
    (SELECT count(*) FROM stars s WHERE s.project_id = p.id) AS star_count,
    (SELECT count(*) FROM projects f WHERE f.forked_from_id = p.id) AS fork_count
"""
"""Columns of a project (table alias ``p``) as every list shows it."""

VISIBLE = """
    (p.visibility = 'public' OR (:me > 0 AND p.visibility = 'internal')
     OR EXISTS (SELECT 1 FROM project_members v WHERE v.project_id = p.id AND v.user_id = :me))
"""
"""Condition on a project (alias ``p``) that ``:me`` (0: nobody) may see it."""


def account() -> sqlite3.Row | None:
    """The signed-in account's row, or None."""
    if "account" not in g:
        name = current_user()
        g.account = None if name is None else store().one("SELECT * FROM users WHERE username = ?", (name,))
    found: sqlite3.Row | None = g.account
    return found


def account_id() -> int:
    """Id of the signed-in account, or 0."""
    found = account()
    return 0 if found is None else int(found["id"])


def require_account() -> sqlite3.Row:
    """The signed-in account's row; others are sent to the sign-in page."""
    found = account()
    if found is None:
        session["notice"] = "You need to sign in or sign up before continuing."
        abort(redirect(url_for("accounts.sign_in")))
    return found


def project_or_404(namespace: str, path: str) -> sqlite3.Row:
    """A project that the visitor may see, with the columns ``role`` and ``starred`` for the visitor."""
    row = store().one(
        f"SELECT {PROJECT_COLUMNS},"
        " (SELECT role FROM project_members m WHERE m.project_id = p.id AND m.user_id = :me) AS role,"
        " EXISTS (SELECT 1 FROM stars s WHERE s.project_id = p.id AND s.user_id = :me) AS starred"
        f" FROM projects p WHERE p.namespace = :namespace AND p.path = :path AND {VISIBLE}",
        {"me": account_id(), "namespace": namespace, "path": path},
    )
    if row is None:
        abort(404, "The page could not be found or you don't have permission to view it.")
    return row


def may(project: sqlite3.Row, role: str) -> bool:
    """True if the visitor has at least ``role`` in the project."""
    return ROLES.get(project["role"] or "", 0) >= ROLES[role]


def require_role(project: sqlite3.Row, role: str) -> None:
    """Answers 403 unless the visitor has at least ``role``; sends those who are not signed in to the sign-in page."""
    require_account()
    if not may(project, role):
        abort(403, f"You need the role {role} in this project to do that.")


def base_of(project: sqlite3.Row) -> str:
    """Path of a project's page."""
    return f"/{project['namespace']}/{project['path']}"


def notify(text: str) -> None:
    """Shows ``text`` at the top of the next page."""
    session["notice"] = text


def back_to(path: str, notice: str = "") -> Response:
    """Redirects after a form, with a message at the top of the next page."""
    if notice:
        notify(notice)
    return redirect(path, 303)  # type: ignore[return-value]  # werkzeug's Response is what Flask's is made of


def field(name: str, longest: int = 255) -> str:
    """A text field of the sent form, trimmed; 422 if it is longer than allowed."""
    text = request.form.get(name, "").strip()
    if len(text) > longest:
        invalid(f"{name} is too long (maximum is {longest} characters)")
    return text


def required_field(name: str, label: str, longest: int = 255) -> str:
    """A text field of the sent form, as ``field``; 422 if there is nothing in it."""
    text = field(name, longest)
    if not text:
        invalid(f"{label} can't be blank")
    return text


def invalid(text: str) -> NoReturn:
    """Answers 422 with the reason."""
    abort(422, text)


def is_slug(text: str) -> bool:
    """True for what may stand in an address: letters, digits, ``_``, ``-`` and ``.``."""
    return len(text) <= 100 and _SLUG.fullmatch(text) is not None


def slug_from(name: str) -> str:
    """The address part that GitLab suggests for a name."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")


def next_iid(table: str, project_id: int) -> int:
    """The number that the project's next row of ``table`` (fixed text) gets."""
    return int(store().value(f"SELECT coalesce(max(iid), 0) + 1 FROM {table} WHERE project_id = ?", (project_id,)))


def touch(project_id: int, when: str) -> None:
    """Notes that something happened in a project."""
    store().execute("UPDATE projects SET last_activity_at = ? WHERE id = ?", (when, project_id))


def setting(name: str, otherwise: int) -> int:
    """What the instance's administrator set, or ``otherwise``.

    The replica has the page sizes of the original; the practice worlds set nothing and keep their short pages.
    """
    found = store().value("SELECT value FROM application_settings WHERE name = ?", (name,))
    return otherwise if found is None else int(found)


def timestamp() -> str:
    """The site's time as the database keeps it."""
    return store().now().isoformat(" ", "seconds")
