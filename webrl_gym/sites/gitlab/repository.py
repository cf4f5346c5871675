"""Files, commits, branches, tags and contributors of a project."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, Response, abort, redirect, render_template, request

from webrl_gym.sites.gitlab.access import base_of, may, project_or_404, setting
from webrl_gym.sites.gitlab.listing import Page, fetch_page, like
from webrl_gym.sites.web import store

pages = Blueprint("repository", __name__)

COMMITS_A_PAGE = 10

_COLUMNS = "c.*, u.username AS author, u.name AS author_name"
_SOURCE = "commits c JOIN users u ON u.id = c.author_id"


def latest_commit(project_id: int) -> sqlite3.Row | None:
    """The newest commit of a project with its author, or None while the repository is empty."""
    return store().one(
        f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE c.project_id = ? ORDER BY c.committed_at DESC, c.id DESC",
        (project_id,),
    )


def files_of(project_id: int) -> list[sqlite3.Row]:
    """Files of a project with the commit that last changed each, by name."""
    return store().query(
        "SELECT f.path, c.sha, c.title, c.committed_at FROM files f JOIN commits c ON c.id = f.commit_id"
        " WHERE f.project_id = ? ORDER BY f.path COLLATE NOCASE",
        (project_id,),
    )


def may_write(project: sqlite3.Row) -> bool:
    """True if the visitor may change files here and pages offer the web editor."""
    return bool(setting("web_editor", 0)) and may(project, "Developer")


def file_or_404(project: sqlite3.Row, branch: str, path: str) -> sqlite3.Row:
    """A file of the project; every branch shows the same files."""
    branch_or_404(project, branch)
    row = store().one("SELECT * FROM files WHERE project_id = ? AND path = ?", (project["id"], path))
    if row is None:
        abort(404, "There is no such file.")
    return row


def branch_or_404(project: sqlite3.Row, name: str) -> sqlite3.Row:
    """A branch of the project."""
    row = store().one("SELECT * FROM branches WHERE project_id = ? AND name = ?", (project["id"], name))
    if row is None:
        abort(404, "There is no such branch.")
    return row


@pages.get("/<namespace>/<path>/-/tree/<branch>")
def tree(namespace: str, path: str, branch: str) -> str:
    """Files of a branch."""
    project = project_or_404(namespace, path)
    branch_or_404(project, branch)
    return render_template(
        "tree.html",
        project=project,
        section="repository",
        branch=branch,
        files=files_of(project["id"]),
        may_write=may_write(project),
    )


@pages.get("/<namespace>/<path>/-/blob/<branch>/<path:file>")
def blob(namespace: str, path: str, branch: str, file: str) -> str:
    """One file."""
    project = project_or_404(namespace, path)
    found = file_or_404(project, branch, file)
    return render_template(
        "blob.html", project=project, section="repository", branch=branch, file=found, may_write=may_write(project)
    )


@pages.get("/<namespace>/<path>/-/raw/<branch>/<path:file>")
def raw(namespace: str, path: str, branch: str, file: str) -> Response:
    """One file as plain text."""
    found = file_or_404(project_or_404(namespace, path), branch, file)
    return Response(found["content"], mimetype="text/plain")


@pages.get("/<namespace>/<path>/-/commits")
def all_commits(namespace: str, path: str) -> Response:
    """The history of the default branch."""
    project = project_or_404(namespace, path)
    return redirect(f"{base_of(project)}/-/commits/{project['default_branch']}")  # type: ignore[return-value]  # see access.back_to


@pages.get("/<namespace>/<path>/-/commits/<branch>")
def commits(namespace: str, path: str, branch: str) -> str:
    """The history of a branch, newest first, perhaps of one author or with a word in the title."""
    project = project_or_404(namespace, path)
    head = branch_or_404(project, branch)
    author, search = request.args.get("author", ""), request.args.get("search", "").strip()
    page: Page = fetch_page(
        _COLUMNS,
        f"{_SOURCE} WHERE c.project_id = :project AND c.id <= :head"
        " AND (:author = '' OR :author IN (u.name, u.username))"
        " AND (:search = '' OR c.title LIKE :pattern ESCAPE '!')",
        "c.committed_at DESC, c.id DESC",
        {
            "project": project["id"],
            "head": head["commit_id"] or 0,
            "author": author,
            "search": search,
            "pattern": like(search),
        },
        setting("commits_per_page", COMMITS_A_PAGE),
    )
    return render_template(
        "commits.html",
        project=project,
        section="repository",
        branch=branch,
        page=page,
        days=_by_day(page.rows),
        authors=_contributors(project["id"]),
    )


def _by_day(rows: list[sqlite3.Row]) -> list[tuple[str, list[sqlite3.Row]]]:
    days: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        days.setdefault(row["committed_at"][:10], []).append(row)
    return list(days.items())


@pages.get("/<namespace>/<path>/-/commit/<sha>")
def commit(namespace: str, path: str, sha: str) -> str:
    """One commit, by its id or the first characters of it."""
    project = project_or_404(namespace, path)
    found = store().query(
        f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE c.project_id = ? AND substr(c.sha, 1, ?) = ? LIMIT 2",
        (project["id"], len(sha), sha),
    )
    if len(sha) < 7 or len(found) != 1:
        abort(404, "There is no such commit.")
    return render_template("commit.html", project=project, section="repository", commit=found[0])


def _contributors(project_id: int) -> list[sqlite3.Row]:
    return store().query(
        "SELECT u.id, u.username, u.name, u.email, count(*) AS commit_count FROM commits c"
        " JOIN users u ON u.id = c.author_id WHERE c.project_id = ? GROUP BY u.id ORDER BY commit_count DESC, u.name",
        (project_id,),
    )


@pages.get("/<namespace>/<path>/-/graphs/<branch>")
def contributors(namespace: str, path: str, branch: str) -> str:
    """Who committed how much."""
    project = project_or_404(namespace, path)
    branch_or_404(project, branch)
    return render_template(
        "contributors.html", project=project, section="repository", contributors=_contributors(project["id"])
    )


@pages.get("/<namespace>/<path>/-/branches")
def branches(namespace: str, path: str) -> str:
    """Branches of the project."""
    project = project_or_404(namespace, path)
    return render_template("refs.html", project=project, section="repository", kind="Branches", refs=_refs(project))


@pages.get("/<namespace>/<path>/-/tags")
def tags(namespace: str, path: str) -> str:
    """Tags of the project."""
    project = project_or_404(namespace, path)
    found = store().query(
        "SELECT t.name, t.message, c.sha, c.title, c.committed_at FROM tags t JOIN commits c ON c.id = t.commit_id"
        " WHERE t.project_id = ? ORDER BY c.committed_at DESC, t.id DESC LIMIT 20",
        (project["id"],),
    )
    return render_template("refs.html", project=project, section="repository", kind="Tags", refs=found)


def _refs(project: sqlite3.Row) -> list[sqlite3.Row]:
    return store().query(
        "SELECT b.name, '' AS message, c.sha, c.title, c.committed_at FROM branches b"
        " JOIN commits c ON c.id = b.commit_id WHERE b.project_id = ? ORDER BY b.name = ? DESC, b.name LIMIT 20",
        (project["id"], project["default_branch"]),
    )
