"""Issues: lists with filters, an issue's page, comments, and the forms that create and change issues."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
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
    require_account,
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
from webrl_gym.sites.gitlab.listing import Page, date_or_none, page_by_state
from webrl_gym.sites.web import store

pages = Blueprint("issues", __name__)

ISSUES_A_PAGE = 8

SORTS = {
    "created_date": ("Created date", "i.created_at DESC, i.id DESC"),
    "created_asc": ("Oldest created", "i.created_at, i.id"),
    "updated_desc": ("Updated date", "i.updated_at DESC, i.id DESC"),
    "due_date": ("Due date", "i.due_date IS NULL, i.due_date, i.id"),
    "title_asc": ("Title", "i.title, i.id"),
}
STATES = {"opened": "Open", "closed": "Closed", "all": "All"}

_COLUMNS = """
    i.*, u.username AS author, u.name AS author_name, p.namespace, p.path, p.name AS project_name,
    (SELECT group_concat(title, ', ') FROM (SELECT l.title FROM issue_labels il JOIN labels l ON l.id = il.label_id
        WHERE il.issue_id = i.id ORDER BY l.title)) AS label_list
"""
_SOURCE = "issues i JOIN users u ON u.id = i.author_id JOIN projects p ON p.id = i.project_id"
_ASSIGNED = "SELECT 1 FROM issue_assignees a WHERE a.issue_id = i.id"
_LABELLED = "SELECT 1 FROM issue_labels il JOIN labels l ON l.id = il.label_id WHERE il.issue_id = i.id"


def find_issues(scope: str, parameters: Mapping[str, Any]) -> tuple[Page, dict[str, int]]:
    """Issues within ``scope`` that the request's filters leave.

    Args:
        scope: SQL condition on ``i`` (issue) and ``p`` (project); fixed text.
        parameters: Values of the scope's named parameters.

    Returns:
        One page of them in the request's state, and how many there are in each state.
    """
    condition, values = _filters()
    order = SORTS.get(request.args.get("sort", ""), SORTS["created_date"])[1]
    source = f"{_SOURCE} WHERE {scope} AND {condition}"
    size = setting("issues_per_page", ISSUES_A_PAGE)
    return page_by_state(_COLUMNS, source, order, {**values, **parameters}, STATES, size)


def _filters() -> tuple[str, dict[str, Any]]:
    """SQL condition and values for the filters by people, milestone and labels in the request's address."""
    args = request.args
    parts, values = ["1"], {}
    if author := args.get("author_username", ""):
        parts.append("u.username = :author")
        values["author"] = author
    assignee = args.get("assignee_username", "")
    if assignee in ("None", "Any"):
        parts.append(f"{'NOT' if assignee == 'None' else ''} EXISTS ({_ASSIGNED})")
    elif assignee:
        # Begins with the few rows of one person instead of asking every issue.
        parts.append(
            "i.id IN (SELECT a.issue_id FROM users au JOIN issue_assignees a ON a.user_id = au.id"
            " WHERE au.username = :assignee)"
        )
        values["assignee"] = assignee
    if milestone := args.get("milestone_title", ""):
        parts.append("i.milestone_id IN (SELECT m.id FROM milestones m WHERE m.title = :milestone)")
        values["milestone"] = milestone
    for number, label in enumerate(label for label in args.getlist("label_name[]")[:10] if label):
        parts.append(f"EXISTS ({_LABELLED} AND l.title = :label{number})")
        values[f"label{number}"] = label
    return " AND ".join(parts), values


def issue_or_404(project: sqlite3.Row, iid: int) -> sqlite3.Row:
    """An issue of the project, with author, milestone and label names."""
    row = store().one(
        f"SELECT {_COLUMNS}, m.title AS milestone, m.iid AS milestone_iid FROM {_SOURCE}"
        " LEFT JOIN milestones m ON m.id = i.milestone_id WHERE i.project_id = ? AND i.iid = ?",
        (project["id"], iid),
    )
    if row is None:
        abort(404, "There is no such issue.")
    return row


@pages.get("/<namespace>/<path>/-/issues")
@pages.get("/<namespace>/<path>/-/issues/")
def index(namespace: str, path: str) -> str:
    """Issues of a project."""
    project = project_or_404(namespace, path)
    page, counts = find_issues("i.project_id = :project", {"project": project["id"]})
    labels = store().query("SELECT title FROM labels WHERE project_id = ? ORDER BY title", (project["id"],))
    return render_template(
        "issues.html",
        project=project,
        section="issues",
        page=page,
        counts=counts,
        labels=labels,
        members=members_of(project["id"]),
        sorts=SORTS,
        states=STATES,
    )


@pages.get("/<namespace>/<path>/-/issues/<int:iid>")
def show(namespace: str, path: str, iid: int) -> str:
    """An issue with its comments."""
    project = project_or_404(namespace, path)
    issue = issue_or_404(project, iid)
    return render_template(
        "issue.html",
        project=project,
        section="issues",
        issue=issue,
        labels=labels_of(issue["id"]),
        assignees=assignees_of(issue["id"]),
        notes=notes_of("issue", issue["id"]),
        may_edit=may_edit(project, issue),
        may_assign=may(project, "Reporter"),
    )


def labels_of(issue_id: int) -> list[sqlite3.Row]:
    """Labels of an issue, by title."""
    return store().query(
        "SELECT l.* FROM issue_labels il JOIN labels l ON l.id = il.label_id WHERE il.issue_id = ? ORDER BY l.title",
        (issue_id,),
    )


def assignees_of(issue_id: int) -> list[sqlite3.Row]:
    """Who an issue is assigned to, by name."""
    return store().query(
        "SELECT u.id, u.username, u.name FROM issue_assignees a JOIN users u ON u.id = a.user_id"
        " WHERE a.issue_id = ? ORDER BY u.name",
        (issue_id,),
    )


@pages.get("/<namespace>/<path>/-/issues/new")
def new(namespace: str, path: str) -> str:
    """The form for a new issue."""
    project = project_or_404(namespace, path)
    require_account()
    return _form(project, None)


@pages.get("/<namespace>/<path>/-/issues/<int:iid>/edit")
def edit(namespace: str, path: str, iid: int) -> str:
    """The form that changes an issue."""
    project = project_or_404(namespace, path)
    issue = issue_or_404(project, iid)
    require_edit(project, issue)
    return _form(project, issue)


def _form(project: sqlite3.Row, issue: sqlite3.Row | None) -> str:
    issue_id = 0 if issue is None else issue["id"]
    labels = store().query(
        "SELECT l.id, l.title, EXISTS (SELECT 1 FROM issue_labels il WHERE il.label_id = l.id AND il.issue_id = ?)"
        " AS chosen FROM labels l WHERE l.project_id = ? ORDER BY l.title",
        (issue_id, project["id"]),
    )
    milestones = store().query(
        "SELECT id, title FROM milestones WHERE project_id = ? AND state = 'active' ORDER BY title", (project["id"],)
    )
    return render_template(
        "issue_form.html",
        project=project,
        section="issues",
        issue=issue,
        labels=labels,
        milestones=milestones,
        members=members_of(project["id"]),
        assigned=[row["id"] for row in assignees_of(issue_id)],
        may_assign=may(project, "Reporter"),
    )


@pages.post("/<namespace>/<path>/-/issues")
def create(namespace: str, path: str) -> Response:
    """Creates an issue."""
    project = project_or_404(namespace, path)
    author = require_account()
    with store().atomic():
        now = timestamp()
        iid = next_iid("issues", project["id"])
        issue_id = store().execute(
            "INSERT INTO issues (project_id, iid, title, description, author_id, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (project["id"], iid, *sent_texts("issue"), author["id"], now, now),
        )
        if may(project, "Reporter"):
            _write_planning(project, issue_id)
        touch(project["id"], now)
    return back_to(f"{base_of(project)}/-/issues/{iid}")


@pages.post("/<namespace>/<path>/-/issues/<int:iid>")
def update(namespace: str, path: str, iid: int) -> Response:
    """Closes or reopens an issue, assigns it to the visitor, or takes over the edit form."""
    project = project_or_404(namespace, path)
    issue = issue_or_404(project, iid)
    require_edit(project, issue)
    event = request.form.get("issue[state_event]", "")
    with store().atomic():
        now = timestamp()
        if event in ("close", "reopen"):
            state = "closed" if event == "close" else "opened"
            store().execute("UPDATE issues SET state = ? WHERE id = ?", (state, issue["id"]))
        elif "issue[assign_to_me]" in request.form:
            require_role(project, "Reporter")
            _assign(issue["id"], [account_id()])
        else:
            store().execute(
                "UPDATE issues SET title = ?, description = ? WHERE id = ?", (*sent_texts("issue"), issue["id"])
            )
            if may(project, "Reporter"):
                _write_planning(project, issue["id"])
        touch_item("issue", issue["id"], project, now)
    return back_to(f"{base_of(project)}/-/issues/{iid}")


@pages.post("/<namespace>/<path>/-/issues/<int:iid>/notes")
def comment(namespace: str, path: str, iid: int) -> Response:
    """Adds a comment."""
    project = project_or_404(namespace, path)
    return add_note("issue", issue_or_404(project, iid), project)


def _assign(issue_id: int, users: Sequence[int]) -> None:
    store().execute("DELETE FROM issue_assignees WHERE issue_id = ?", (issue_id,))
    for user in users:
        store().execute("INSERT INTO issue_assignees VALUES (?, ?)", (issue_id, user))


def _write_planning(project: sqlite3.Row, issue_id: int) -> None:
    """Takes over assignee, labels, milestone and due date; ids that are not the project's are passed over."""
    form = request.form
    allowed = member_ids(project["id"])
    wanted = dict.fromkeys(form.getlist("issue[assignee_ids][]"))
    _assign(issue_id, [allowed[user] for user in wanted if user in allowed])
    labels = form.getlist("issue[label_ids][]")[:100]
    store().execute("DELETE FROM issue_labels WHERE issue_id = ?", (issue_id,))
    store().execute(
        "INSERT INTO issue_labels SELECT ?, id FROM labels WHERE project_id = ? AND id IN"
        f" ({', '.join('?' * len(labels))})",
        (issue_id, project["id"], *labels),
    )
    milestone = store().value(
        "SELECT id FROM milestones WHERE project_id = ? AND id = ?",
        (project["id"], form.get("issue[milestone_id]", "")),
    )
    try:
        due = date_or_none(field("issue[due_date]"))
    except ValueError as error:
        invalid(f"Due date {error}")
    store().execute("UPDATE issues SET milestone_id = ?, due_date = ? WHERE id = ?", (milestone, due, issue_id))
