"""Merge requests: lists, a merge request's page, comments, and the forms that create and change them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from webrl_gym.sites.gitlab.access import (
    account_id,
    back_to,
    base_of,
    field,
    invalid,
    may,
    next_iid,
    project_or_404,
    require_role,
    setting,
    timestamp,
    touch,
)
from webrl_gym.sites.gitlab.discussion import (
    add_note,
    may_edit,
    member_ids,
    members_of,
    notes_of,
    require_edit,
    sent_texts,
    touch_item,
)
from webrl_gym.sites.gitlab.listing import Page, page_by_state
from webrl_gym.sites.web import store

pages = Blueprint("merge_requests", __name__)

MERGE_REQUESTS_A_PAGE = 8

STATES = {"opened": "Open", "merged": "Merged", "closed": "Closed", "all": "All"}

_COLUMNS = """
    i.*, u.username AS author, u.name AS author_name, p.namespace, p.path, p.name AS project_name,
    a.name AS assignee_name, a.username AS assignee, r.name AS reviewer_name, r.username AS reviewer
"""
_SOURCE = """
    merge_requests i JOIN users u ON u.id = i.author_id JOIN projects p ON p.id = i.project_id
    LEFT JOIN users a ON a.id = i.assignee_id LEFT JOIN users r ON r.id = i.reviewer_id
"""


def find_merge_requests(scope: str, parameters: Mapping[str, Any]) -> tuple[Page, dict[str, int]]:
    """Merge requests within ``scope`` that the request's filters leave; as ``issues.find_issues``."""
    args, parts = request.args, [scope]
    values: dict[str, Any] = dict(parameters)
    for name, alias in (("author", "u"), ("assignee", "a"), ("reviewer", "r")):
        if username := args.get(f"{name}_username", ""):
            parts.append(f"{alias}.username = :{name}")
            values[name] = username
    source = f"{_SOURCE} WHERE {' AND '.join(parts)}"
    order = "i.updated_at DESC, i.id DESC" if args.get("sort") == "updated_desc" else "i.created_at DESC, i.id DESC"
    size = setting("merge_requests_per_page", MERGE_REQUESTS_A_PAGE)
    return page_by_state(_COLUMNS, source, order, values, STATES, size)


def merge_request_or_404(project: sqlite3.Row, iid: int) -> sqlite3.Row:
    """A merge request of the project, with the people's names."""
    row = store().one(f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE i.project_id = ? AND i.iid = ?", (project["id"], iid))
    if row is None:
        abort(404, "There is no such merge request.")
    return row


@pages.get("/<namespace>/<path>/-/merge_requests")
@pages.get("/<namespace>/<path>/-/merge_requests/")
def index(namespace: str, path: str) -> str:
    """Merge requests of a project."""
    project = project_or_404(namespace, path)
    page, counts = find_merge_requests("i.project_id = :project", {"project": project["id"]})
    return render_template(
        "merge_requests.html",
        project=project,
        section="merge_requests",
        page=page,
        counts=counts,
        states=STATES,
    )


@pages.get("/<namespace>/<path>/-/merge_requests/<int:iid>")
def show(namespace: str, path: str, iid: int) -> str:
    """A merge request with its comments."""
    project = project_or_404(namespace, path)
    item = merge_request_or_404(project, iid)
    return render_template(
        "merge_request.html",
        project=project,
        section="merge_requests",
        item=item,
        notes=notes_of("merge_request", item["id"]),
        may_edit=may_edit(project, item),
        may_merge=may(project, "Developer"),
        states=STATES,
    )


@pages.get("/<namespace>/<path>/-/merge_requests/new")
def new(namespace: str, path: str) -> str:
    """The form for a new merge request."""
    project = project_or_404(namespace, path)
    require_role(project, "Developer")
    return _form(project, None)


@pages.get("/<namespace>/<path>/-/merge_requests/<int:iid>/edit")
def edit(namespace: str, path: str, iid: int) -> str:
    """The form that changes a merge request."""
    project = project_or_404(namespace, path)
    item = merge_request_or_404(project, iid)
    require_edit(project, item)
    return _form(project, item)


def _form(project: sqlite3.Row, item: sqlite3.Row | None) -> str:
    return render_template(
        "merge_request_form.html",
        project=project,
        section="merge_requests",
        item=item,
        branches=_branches(project),
        members=members_of(project["id"]),
    )


@pages.post("/<namespace>/<path>/-/merge_requests")
def create(namespace: str, path: str) -> Response:
    """Creates a merge request."""
    project = project_or_404(namespace, path)
    require_role(project, "Developer")
    source, target = field("merge_request[source_branch]"), field("merge_request[target_branch]")
    names = _branches(project)
    if source not in names or target not in names or source == target:
        invalid("Select a source branch and a different target branch of this project")
    with store().atomic():
        now = timestamp()
        iid, texts = next_iid("merge_requests", project["id"]), sent_texts("merge_request")
        store().execute(
            "INSERT INTO merge_requests (project_id, iid, title, description, author_id, assignee_id, reviewer_id,"
            " source_branch, target_branch, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (project["id"], iid, *texts, account_id(), *_people(project), source, target, now, now),
        )
        touch(project["id"], now)
    return back_to(f"{base_of(project)}/-/merge_requests/{iid}")


@pages.post("/<namespace>/<path>/-/merge_requests/<int:iid>")
def update(namespace: str, path: str, iid: int) -> Response:
    """Closes, reopens or merges a merge request, or takes over the edit form."""
    project = project_or_404(namespace, path)
    item = merge_request_or_404(project, iid)
    require_edit(project, item)
    event = request.form.get("merge_request[state_event]", "")
    states = {"close": "closed", "reopen": "opened", "merge": "merged"}
    with store().atomic():
        now = timestamp()
        if event in states:
            if event == "merge":
                require_role(project, "Developer")
            store().execute(
                "UPDATE merge_requests SET state = ? WHERE id = ? AND state <> 'merged'", (states[event], item["id"])
            )
        else:
            store().execute(
                "UPDATE merge_requests SET title = ?, description = ?, assignee_id = ?, reviewer_id = ? WHERE id = ?",
                (*sent_texts("merge_request"), *_people(project), item["id"]),
            )
        touch_item("merge_request", item["id"], project, now)
    return back_to(f"{base_of(project)}/-/merge_requests/{iid}")


@pages.post("/<namespace>/<path>/-/merge_requests/<int:iid>/notes")
def comment(namespace: str, path: str, iid: int) -> Response:
    """Adds a comment."""
    project = project_or_404(namespace, path)
    return add_note("merge_request", merge_request_or_404(project, iid), project)


def _branches(project: sqlite3.Row) -> list[str]:
    rows = store().query("SELECT name FROM branches WHERE project_id = ? ORDER BY name", (project["id"],))
    return [row["name"] for row in rows]


def _people(project: sqlite3.Row) -> tuple[int | None, int | None]:
    """Assignee and reviewer of the sent form; people who are not members count as nobody."""
    allowed = member_ids(project["id"])
    assignee = allowed.get(request.form.get("merge_request[assignee_ids][]", ""))
    return assignee, allowed.get(request.form.get("merge_request[reviewer_ids][]", ""))
