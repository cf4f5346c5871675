"""A project's own pages: overview, activity, stars, forks, settings, and the form for a new project."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from flask import Blueprint, Response, abort, render_template, request

from webrl_gym.sites.gitlab.access import (
    VISIBILITIES,
    account_id,
    back_to,
    base_of,
    field,
    invalid,
    is_slug,
    project_or_404,
    require_account,
    require_role,
    required_field,
    setting,
    slug_from,
    timestamp,
)
from webrl_gym.sites.gitlab.file_editor import add_commit
from webrl_gym.sites.gitlab.listing import fetch_page, project_page
from webrl_gym.sites.gitlab.repository import files_of, latest_commit, may_write
from webrl_gym.sites.web import store

pages = Blueprint("projects", __name__)

PEOPLE_A_PAGE = 10
_EVENTS = 8
_RESERVED = frozenset("dashboard explore groups help projects search static users admin".split())


@pages.get("/<namespace>/<path>")
def show(namespace: str, path: str) -> str:
    """The overview of a project."""
    project = project_or_404(namespace, path)
    counts = store().one(
        "SELECT (SELECT count(*) FROM commits WHERE project_id = :id) AS commits,"
        " (SELECT count(*) FROM branches WHERE project_id = :id) AS branches,"
        " (SELECT count(*) FROM tags WHERE project_id = :id) AS tags,"
        " (SELECT content FROM files WHERE project_id = :id AND path = 'README.md') AS readme,"
        " (SELECT '/' || namespace || '/' || path FROM projects WHERE id = :origin) AS origin",
        {"id": project["id"], "origin": project["forked_from_id"]},
    )
    return render_template(
        "project_show.html",
        project=project,
        section="overview",
        counts=counts,
        commit=latest_commit(project["id"]),
        files=files_of(project["id"]),
        may_write=may_write(project),
    )


@pages.get("/<namespace>/<path>/activity")
def activity(namespace: str, path: str) -> str:
    """The latest issues, merge requests and comments."""
    project = project_or_404(namespace, path)
    events = store().query(
        "SELECT e.*, u.name AS author_name FROM ("
        " SELECT 'opened issue' AS action, 'issues' AS place, iid, title, author_id, created_at FROM issues"
        "  WHERE project_id = :id"
        " UNION ALL SELECT 'opened merge request', 'merge_requests', iid, title, author_id, created_at"
        "  FROM merge_requests WHERE project_id = :id"
        " ) e JOIN users u ON u.id = e.author_id ORDER BY e.created_at DESC, e.iid DESC LIMIT :most",
        {"id": project["id"], "most": _EVENTS},
    )
    return render_template("activity.html", project=project, section="information", events=events)


@pages.post("/<namespace>/<path>/toggle_star")
def toggle_star(namespace: str, path: str) -> Response:
    """Stars the project, or takes the star back."""
    project = project_or_404(namespace, path)
    require_account()
    with store().atomic():
        if project["starred"]:
            store().execute("DELETE FROM stars WHERE project_id = ? AND user_id = ?", (project["id"], account_id()))
        else:
            store().execute("INSERT INTO stars VALUES (?, ?, ?)", (project["id"], account_id(), timestamp()))
    return back_to(base_of(project))


@pages.get("/<namespace>/<path>/-/starrers")
def starrers(namespace: str, path: str) -> str:
    """Who starred the project."""
    project = project_or_404(namespace, path)
    page = fetch_page(
        "u.username, u.name, s.created_at",
        "stars s JOIN users u ON u.id = s.user_id WHERE s.project_id = :project",
        "s.created_at DESC, u.id",
        {"project": project["id"]},
        setting("people_per_page", PEOPLE_A_PAGE),
    )
    return render_template("starrers.html", project=project, section="overview", page=page)


@pages.get("/<namespace>/<path>/-/forks")
def forks(namespace: str, path: str) -> str:
    """Forks of the project."""
    project = project_or_404(namespace, path)
    page = project_page("p.forked_from_id = :origin", {"origin": project["id"]}, "created_desc")
    return render_template("forks.html", project=project, section="overview", page=page)


@pages.get("/<namespace>/<path>/-/forks/new")
def new_fork(namespace: str, path: str) -> str:
    """The form that forks the project into the visitor's namespace."""
    project = project_or_404(namespace, path)
    require_account()
    return render_template("fork_form.html", project=project, section="overview")


@pages.post("/<namespace>/<path>/-/forks")
def fork(namespace: str, path: str) -> Response:
    """Forks the project: the copy has its files, commits and branches."""
    origin = project_or_404(namespace, path)
    require_account()
    with store().atomic():
        name = field("project[name]") or origin["name"]
        fork_id, base = _create(name, field("project[path]"), origin["description"], origin["visibility"])
        store().execute("UPDATE projects SET forked_from_id = ? WHERE id = ?", (origin["id"], fork_id))
        store().execute(
            "INSERT INTO commits (project_id, sha, title, author_id, committed_at, additions, deletions)"
            " SELECT ?, sha, title, author_id, committed_at, additions, deletions FROM commits"
            " WHERE project_id = ? ORDER BY id",
            (fork_id, origin["id"]),
        )
        for table, columns in (("files", "path, content"), ("branches", "name"), ("tags", "name, message")):
            store().execute(
                f"INSERT INTO {table} (project_id, {columns}, commit_id)"
                f" SELECT ?, {', '.join('t.' + column for column in columns.split(', '))},"
                " (SELECT n.id FROM commits n JOIN commits o ON o.sha = n.sha"
                " WHERE n.project_id = ? AND o.id = t.commit_id)"
                f" FROM {table} t WHERE t.project_id = ? ORDER BY t.id",
                (fork_id, fork_id, origin["id"]),
            )
    return back_to(base, "The project was successfully forked.")


@pages.get("/<namespace>/<path>/edit")
@pages.get("/<namespace>/<path>/-/settings")
def settings(namespace: str, path: str) -> str:
    """Name, description and visibility of the project."""
    project = project_or_404(namespace, path)
    require_role(project, "Maintainer")
    return render_template("settings.html", project=project, section="settings", levels=VISIBILITIES)


@pages.post("/<namespace>/<path>/edit")
def save_settings(namespace: str, path: str) -> Response:
    """Takes over the settings form."""
    project = project_or_404(namespace, path)
    require_role(project, "Maintainer")
    name = required_field("project[name]", "Project name")
    with store().atomic():
        store().execute(
            "UPDATE projects SET name = ?, description = ?, visibility = ? WHERE id = ?",
            (name, field("project[description]", 500), _visibility(project["visibility"]), project["id"]),
        )
    return back_to(f"{base_of(project)}/edit", f"Project '{name}' was successfully updated.")


@pages.get("/projects/new")
def new() -> str:
    """The form for a new project."""
    require_account()
    offered = store().one("SELECT 1 FROM project_templates") is not None
    return render_template("project_form.html", levels=VISIBILITIES, template=None, offered=offered)


@pages.get("/projects/new/templates")
def templates() -> str:
    """What a new project can be made from."""
    require_account()
    found = store().query("SELECT * FROM project_templates ORDER BY title")
    return render_template("template_list.html", templates=found)


@pages.get("/projects/new/templates/<name>")
def new_from_template(name: str) -> str:
    """The form for a new project that begins with a template's files."""
    require_account()
    template = _template_or_404(name)
    return render_template("project_form.html", levels=VISIBILITIES, template=template, offered=False)


def _template_or_404(name: str) -> sqlite3.Row:
    found = store().one("SELECT * FROM project_templates WHERE name = ?", (name,))
    if found is None:
        abort(404, "There is no such template.")
    return found


@pages.post("/projects")
def create() -> Response:
    """Creates a project in the visitor's namespace."""
    require_account()
    name = required_field("project[name]", "Project name")
    chosen = request.form.get("project[template_name]", "")
    template = _template_or_404(chosen) if chosen else None
    with store().atomic():
        project_id, base = _create(name, field("project[path]"), "", _visibility("private"))
        if template is not None:
            title = f"Initialized from '{template['title']}' project template"
            _initialise(project_id, name, title, template["files"].split("\n"))
        elif request.form.get("project[initialize_with_readme]") == "1":
            _initialise(project_id, name, "Initial commit", ())
    return back_to(base, f"Project '{name}' was successfully created.")


def _visibility(otherwise: str) -> str:
    return VISIBILITIES.get(request.form.get("project[visibility_level]", ""), otherwise)


def _create(name: str, slug: str, description: str, visibility: str) -> tuple[int, str]:
    """Writes a project of the visitor; returns its id and path."""
    me, path, now = require_account(), slug or slug_from(name), timestamp()
    if not is_slug(path):
        invalid("Project slug can contain only letters, digits, '_', '-' and '.'")
    taken = store().one("SELECT 1 FROM projects WHERE namespace = ? AND path = ?", (me["username"], path))
    if taken is not None or path.lower() in _RESERVED:
        invalid("Path has already been taken")
    project_id = store().execute(
        "INSERT INTO projects (namespace, namespace_name, path, name, description, visibility, creator_id,"
        " created_at, last_activity_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (me["username"], me["name"], path, name, description, visibility, me["id"], now, now),
    )
    store().execute(
        "INSERT INTO project_members (project_id, user_id, role, created_at) VALUES (?, ?, 'Owner', ?)",
        (project_id, me["id"], now),
    )
    return project_id, f"/{me['username']}/{path}"


def _initialise(project_id: int, name: str, title: str, others: Iterable[str]) -> None:
    """Gives a new project its first commit with a README and the files ``others``."""
    readme = f"# {name}"
    commit = add_commit(project_id, title, readme, "main")
    files = [("README.md", readme), *((path, f"{path} of {name}") for path in others)]
    for path, content in files:
        store().execute(
            "INSERT INTO files (project_id, path, content, commit_id) VALUES (?, ?, ?, ?)",
            (project_id, path, content, commit),
        )
