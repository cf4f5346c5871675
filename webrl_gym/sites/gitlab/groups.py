"""Groups: the list, a group's page with its projects and members, and the form for a new one."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, Response, abort, render_template, request

from webrl_gym.sites.gitlab.access import (
    VISIBILITIES,
    account_id,
    back_to,
    field,
    invalid,
    is_slug,
    require_account,
    setting,
    slug_from,
    timestamp,
)
from webrl_gym.sites.gitlab.listing import fetch_page, project_page
from webrl_gym.sites.web import store

pages = Blueprint("groups", __name__)

GROUPS_A_PAGE = 8
_VISIBLE = (
    "(g.visibility = 'public' OR (:me > 0 AND g.visibility = 'internal')"
    " OR EXISTS (SELECT 1 FROM group_members m WHERE m.group_id = g.id AND m.user_id = :me))"
)


@pages.get("/groups")
@pages.get("/dashboard/groups")
@pages.get("/explore/groups")
def index() -> str:
    """Groups that the visitor may see, or only the visitor's own."""
    mine = request.path == "/dashboard/groups"
    if mine:
        require_account()
    membership = "EXISTS (SELECT 1 FROM group_members m WHERE m.group_id = g.id AND m.user_id = :me)"
    page = fetch_page(
        "g.*, (SELECT count(*) FROM group_members m WHERE m.group_id = g.id) AS member_count",
        f"groups g WHERE {membership if mine else _VISIBLE}",
        "g.name, g.id",
        {"me": account_id()},
        setting("groups_per_page", GROUPS_A_PAGE),
    )
    return render_template("groups.html", page=page)


@pages.get("/groups/<path>")
def show(path: str) -> Response:
    """The old address of a group's page."""
    return back_to(f"/{_group_or_404(path)['path']}")


def group_page(path: str) -> str:
    """A group with its projects."""
    group = _group_or_404(path)
    page = project_page("p.namespace = :namespace", {"namespace": group["path"]})
    return render_template("group.html", group=group, page=page)


@pages.get("/groups/<path>/-/group_members")
def members(path: str) -> str:
    """Members of a group with their roles."""
    group = _group_or_404(path)
    found = store().query(
        "SELECT u.username, u.name, m.role, m.created_at FROM group_members m JOIN users u ON u.id = m.user_id"
        " WHERE m.group_id = ? ORDER BY u.name LIMIT 20",
        (group["id"],),
    )
    return render_template("group_members.html", group=group, members=found)


@pages.get("/groups/new")
def new() -> str:
    """The form for a new group."""
    require_account()
    return render_template("group_form.html", levels=VISIBILITIES)


@pages.post("/groups")
def create() -> Response:
    """Creates a group that belongs to the visitor."""
    me, name = require_account(), field("group[name]")
    path = field("group[path]") or slug_from(name)
    if not name:
        invalid("Group name can't be blank")
    if not is_slug(path):
        invalid("Group URL can contain only letters, digits, '_', '-' and '.'")
    with store().atomic():
        taken = "SELECT 1 FROM groups WHERE path = :path UNION SELECT 1 FROM users WHERE username = :path"
        if store().one(taken, {"path": path}) is not None:
            invalid("Group URL has already been taken")
        now = timestamp()
        visibility = VISIBILITIES.get(request.form.get("group[visibility_level]", ""), "private")
        group = store().execute(
            "INSERT INTO groups (path, name, visibility, created_at) VALUES (?, ?, ?, ?)", (path, name, visibility, now)
        )
        store().execute("INSERT INTO group_members VALUES (?, ?, 'Owner', ?)", (group, me["id"], now))
    return back_to(f"/{path}", f"Group '{name}' was successfully created.")


def _group_or_404(path: str) -> sqlite3.Row:
    row = store().one(
        f"SELECT g.* FROM groups g WHERE g.path = :path AND {_VISIBLE}", {"path": path, "me": account_id()}
    )
    if row is None:
        abort(404, "The page could not be found or you don't have permission to view it.")
    return row
