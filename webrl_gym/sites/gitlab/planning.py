"""Milestones and labels of a project."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, Response, abort, render_template, request

from webrl_gym.sites.gitlab.access import (
    back_to,
    base_of,
    field,
    invalid,
    may,
    next_iid,
    project_or_404,
    require_role,
    required_field,
    setting,
)
from webrl_gym.sites.gitlab.listing import date_or_none, fetch_page
from webrl_gym.sites.web import store

pages = Blueprint("planning", __name__)

ITEMS_A_PAGE = 10
STATES = {"active": "Open", "closed": "Closed", "all": "All"}


@pages.get("/<namespace>/<path>/-/milestones")
def milestones(namespace: str, path: str) -> str:
    """Milestones of the project with how far they are."""
    project = project_or_404(namespace, path)
    state = request.args.get("state", "active")
    page = fetch_page(
        "m.*, (SELECT count(*) FROM issues i WHERE i.milestone_id = m.id) AS issue_count,"
        " (SELECT count(*) FROM issues i WHERE i.milestone_id = m.id AND i.state = 'closed') AS closed_count",
        "milestones m WHERE m.project_id = :project AND (:state = 'all' OR m.state = :state)",
        "m.due_date IS NULL, m.due_date, m.id",
        {"project": project["id"], "state": state if state in STATES else "active"},
        setting("planning_per_page", ITEMS_A_PAGE),
    )
    return render_template(
        "milestones.html",
        project=project,
        section="issues",
        page=page,
        states=STATES,
        may_add=may(project, "Developer"),
    )


@pages.get("/<namespace>/<path>/-/milestones/<int:iid>")
def milestone(namespace: str, path: str, iid: int) -> str:
    """A milestone with its issues."""
    project = project_or_404(namespace, path)
    found = store().one("SELECT * FROM milestones WHERE project_id = ? AND iid = ?", (project["id"], iid))
    if found is None:
        abort(404, "There is no such milestone.")
    issues = store().query(
        "SELECT iid, title, state FROM issues WHERE milestone_id = ? ORDER BY state DESC, iid LIMIT 20", (found["id"],)
    )
    return render_template("milestone.html", project=project, section="issues", milestone=found, issues=issues)


@pages.get("/<namespace>/<path>/-/milestones/new")
def new_milestone(namespace: str, path: str) -> str:
    """The form for a new milestone."""
    project = project_or_404(namespace, path)
    require_role(project, "Developer")
    return render_template("milestone_form.html", project=project, section="issues")


@pages.post("/<namespace>/<path>/-/milestones")
def create_milestone(namespace: str, path: str) -> Response:
    """Creates a milestone."""
    project = project_or_404(namespace, path)
    require_role(project, "Developer")
    with store().atomic():
        title = _new_title("milestone", project)
        iid = next_iid("milestones", project["id"])
        store().execute(
            "INSERT INTO milestones (project_id, iid, title, description, start_date, due_date)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (project["id"], iid, title, field("milestone[description]", 2000), *_dates()),
        )
    return back_to(f"{base_of(project)}/-/milestones/{iid}")


def _new_title(kind: str, project: sqlite3.Row) -> str:
    """Title of the sent form for a new ``milestone`` or ``label``; 422 if the project has one of that title."""
    title = required_field(f"{kind}[title]", "Title")
    if store().one(f"SELECT 1 FROM {kind}s WHERE project_id = ? AND title = ?", (project["id"], title)):
        invalid("Title has already been taken")
    return title


def _dates() -> tuple[str | None, str | None]:
    try:
        start, due = date_or_none(field("milestone[start_date]")), date_or_none(field("milestone[due_date]"))
    except ValueError as error:
        invalid(str(error))
    if start and due and due < start:
        invalid("Due date must be greater than start date")
    return start, due


@pages.get("/<namespace>/<path>/-/labels")
def labels(namespace: str, path: str) -> str:
    """Labels of the project."""
    project = project_or_404(namespace, path)
    page = fetch_page(
        "l.*",
        "labels l WHERE l.project_id = :project",
        "l.title",
        {"project": project["id"]},
        setting("planning_per_page", ITEMS_A_PAGE),
    )
    return render_template(
        "labels.html", project=project, section="information", page=page, may_add=may(project, "Reporter")
    )


@pages.get("/<namespace>/<path>/-/labels/new")
def new_label(namespace: str, path: str) -> str:
    """The form for a new label."""
    project = project_or_404(namespace, path)
    require_role(project, "Reporter")
    return render_template("label_form.html", project=project, section="information")


@pages.post("/<namespace>/<path>/-/labels")
def create_label(namespace: str, path: str) -> Response:
    """Creates a label."""
    project = project_or_404(namespace, path)
    require_role(project, "Reporter")
    with store().atomic():
        title = _new_title("label", project)
        store().execute(
            "INSERT INTO labels (project_id, title, color, description) VALUES (?, ?, '#6699cc', ?)",
            (project["id"], title, field("label[description]")),
        )
    return back_to(f"{base_of(project)}/-/labels")
