"""The web editor: a new file, a changed file, each in a commit of its own."""

from __future__ import annotations

import hashlib
import sqlite3
from urllib.parse import quote

from flask import Blueprint, Response, render_template, request

from webrl_gym.sites.gitlab.access import (
    account_id,
    back_to,
    base_of,
    field,
    invalid,
    project_or_404,
    require_role,
    required_field,
    timestamp,
    touch,
)
from webrl_gym.sites.gitlab.repository import branch_or_404, file_or_404
from webrl_gym.sites.web import store

pages = Blueprint("file_editor", __name__)

_LONGEST_FILE = 200_000


@pages.get("/<namespace>/<path>/-/new/<branch>")
@pages.get("/<namespace>/<path>/-/new/<branch>/")
def new(namespace: str, path: str, branch: str) -> str:
    """The form for a new file."""
    project = project_or_404(namespace, path)
    require_role(project, "Developer")
    _branch_or_first(project, branch)
    return render_template("file_form.html", project=project, section="repository", branch=branch, file=None)


@pages.get("/<namespace>/<path>/-/edit/<branch>/<path:file>")
def edit(namespace: str, path: str, branch: str, file: str) -> str:
    """The form that changes a file."""
    project = project_or_404(namespace, path)
    require_role(project, "Developer")
    found = file_or_404(project, branch, file)
    return render_template("file_form.html", project=project, section="repository", branch=branch, file=found)


@pages.post("/<namespace>/<path>/-/create/<branch>")
def create(namespace: str, path: str, branch: str) -> Response:
    """Commits a new file."""
    project = project_or_404(namespace, path)
    require_role(project, "Developer")
    _branch_or_first(project, branch)
    name = required_field("file_name", "File name").strip("/")
    if any(part in ("", ".", "..") for part in name.split("/")):
        invalid("Path is not a file name")
    if store().one("SELECT 1 FROM files WHERE project_id = ? AND path = ?", (project["id"], name)) is not None:
        invalid("A file with this name already exists")
    with store().atomic():
        content = _sent_content()
        commit = add_commit(project["id"], field("commit_message") or f"Add new file {name}", content, branch)
        store().execute(
            "INSERT INTO files (project_id, path, content, commit_id) VALUES (?, ?, ?, ?)",
            (project["id"], name, content, commit),
        )
    return back_to(
        f"{base_of(project)}/-/blob/{quote(branch)}/{quote(name)}", "The file has been successfully created."
    )


@pages.post("/<namespace>/<path>/-/update/<branch>/<path:file>")
def update(namespace: str, path: str, branch: str, file: str) -> Response:
    """Commits a file's new content."""
    project = project_or_404(namespace, path)
    require_role(project, "Developer")
    found = file_or_404(project, branch, file)
    with store().atomic():
        content = _sent_content()
        commit = add_commit(project["id"], field("commit_message") or f"Update {file}", content, branch)
        store().execute("UPDATE files SET content = ?, commit_id = ? WHERE id = ?", (content, commit, found["id"]))
    return back_to(
        f"{base_of(project)}/-/blob/{quote(branch)}/{quote(file)}", "Your changes have been successfully committed."
    )


def add_commit(project_id: int, title: str, content: str, branch: str) -> int:
    """Writes a commit of the visitor at the head of ``branch``, which begins with it if need be; returns its id."""
    now = timestamp()
    sha = hashlib.sha1(f"{project_id}/{title}/{now}".encode(), usedforsecurity=False).hexdigest()
    commit = store().execute(
        "INSERT INTO commits (project_id, sha, title, author_id, committed_at, additions, deletions)"
        " VALUES (?, ?, ?, ?, ?, ?, 0)",
        (project_id, sha, title, account_id(), now, content.count("\n") + 1),
    )
    store().execute(
        "INSERT INTO branches (project_id, name, commit_id) VALUES (?, ?, ?)"
        " ON CONFLICT (project_id, name) DO UPDATE SET commit_id = excluded.commit_id",
        (project_id, branch, commit),
    )
    touch(project_id, now)
    return commit


def _branch_or_first(project: sqlite3.Row, branch: str) -> None:
    """404 unless there is such a branch, or it is the default one of a project that is still empty."""
    empty = store().one("SELECT 1 FROM branches WHERE project_id = ?", (project["id"],)) is None
    if not (empty and branch == project["default_branch"]):
        branch_or_404(project, branch)


def _sent_content() -> str:
    content = request.form.get("content", "").replace("\r\n", "\n")
    if len(content) > _LONGEST_FILE:
        invalid(f"The file is too long (maximum is {_LONGEST_FILE} characters)")
    return content
