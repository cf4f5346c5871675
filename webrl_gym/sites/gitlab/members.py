"""Members of a project and their roles."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, Response, render_template, request

from webrl_gym.sites.gitlab.access import (
    ROLES,
    back_to,
    base_of,
    field,
    invalid,
    may,
    project_or_404,
    require_role,
    setting,
    timestamp,
)
from webrl_gym.sites.gitlab.listing import date_or_none, fetch_page, like
from webrl_gym.sites.web import store

pages = Blueprint("members", __name__)

MEMBERS_A_PAGE = 10
_INVITABLE = {str(level): role for role, level in ROLES.items()}


@pages.get("/<namespace>/<path>/-/project_members")
def index(namespace: str, path: str) -> str:
    """Members with their roles; maintainers can invite, change and remove."""
    project = project_or_404(namespace, path)
    search = request.args.get("search", "").strip()
    page = fetch_page(
        "m.*, u.username, u.name",
        "project_members m JOIN users u ON u.id = m.user_id WHERE m.project_id = :project"
        " AND (:search = '' OR u.name LIKE :pattern ESCAPE '!' OR u.username LIKE :pattern ESCAPE '!')",
        "u.name, u.id",
        {"project": project["id"], "search": search, "pattern": like(search)},
        setting("members_per_page", MEMBERS_A_PAGE),
    )
    return render_template(
        "members.html",
        project=project,
        section="information",
        page=page,
        roles=ROLES,
        may_invite=may(project, "Maintainer"),
    )


@pages.post("/<namespace>/<path>/-/project_members")
def invite(namespace: str, path: str) -> Response:
    """Adds users, given by username or full name and separated by commas."""
    project = project_or_404(namespace, path)
    require_role(project, "Maintainer")
    role = _INVITABLE.get(request.form.get("access_level", ""))
    if role is None or (role == "Owner" and not may(project, "Owner")):
        invalid("Select a role")
    names = [name.strip().lstrip("@") for name in field("user_ids", 1000).split(",") if name.strip()]
    if not names:
        invalid("Enter the members to invite")
    try:
        expires = date_or_none(field("expires_at"))
    except ValueError as error:
        invalid(f"Access expiration date {error}")
    with store().atomic():
        for name in names:
            user = _user_or_invalid(name, project["id"])
            if user["is_member"]:
                invalid(f"{user['name']} is already a member of this project")
            store().execute(
                "INSERT INTO project_members (project_id, user_id, role, created_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (project["id"], user["id"], role, timestamp(), expires),
            )
    return back_to(f"{base_of(project)}/-/project_members", "Members were successfully added")


def _user_or_invalid(name: str, project_id: int) -> sqlite3.Row:
    """The user with this username, full name or e-mail address."""
    found = store().query(
        "SELECT u.*, EXISTS (SELECT 1 FROM project_members m WHERE m.project_id = :project AND m.user_id = u.id)"
        " AS is_member FROM users u"
        " WHERE u.username = :name OR u.name = :name COLLATE NOCASE OR u.email = :name ORDER BY u.id LIMIT 2",
        {"name": name, "project": project_id},
    )
    if len(found) != 1:
        invalid(f"{name}: no such user" if not found else f"{name}: several users have this name")
    return found[0]


@pages.post("/<namespace>/<path>/-/project_members/<int:user_id>")
def change(namespace: str, path: str, user_id: int) -> Response:
    """Gives a member another role, or removes the member."""
    project = project_or_404(namespace, path)
    require_role(project, "Maintainer")
    current = store().value(
        "SELECT role FROM project_members WHERE project_id = ? AND user_id = ?", (project["id"], user_id)
    )
    if current is None or current == "Owner":
        invalid("The owner's membership cannot be changed")
    with store().atomic():
        if "remove" in request.form:
            store().execute(
                "DELETE FROM project_members WHERE project_id = ? AND user_id = ?", (project["id"], user_id)
            )
            return back_to(f"{base_of(project)}/-/project_members", "User was successfully removed from project.")
        role = _INVITABLE.get(request.form.get("access_level", ""))
        if role is None or role == "Owner":
            invalid("Select a role")
        store().execute(
            "UPDATE project_members SET role = ? WHERE project_id = ? AND user_id = ?", (role, project["id"], user_id)
        )
    return back_to(f"{base_of(project)}/-/project_members", "Role was updated.")
