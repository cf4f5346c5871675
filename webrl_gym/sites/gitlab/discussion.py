"""What issues and merge requests have in common: their people, who may edit them, and their comments."""

from __future__ import annotations

import sqlite3

from flask import Response

from webrl_gym.sites.gitlab.access import (
    account_id,
    back_to,
    base_of,
    field,
    may,
    require_account,
    require_role,
    required_field,
    timestamp,
    touch,
)
from webrl_gym.sites.web import store


def members_of(project_id: int) -> list[sqlite3.Row]:
    """Users who can be assigned or asked for a review, by name."""
    return store().query(
        "SELECT u.id, u.username, u.name FROM project_members m JOIN users u ON u.id = m.user_id"
        " WHERE m.project_id = ? ORDER BY u.name",
        (project_id,),
    )


def member_ids(project_id: int) -> dict[str, int]:
    """Ids of those users, by how forms send them."""
    return {str(row["id"]): int(row["id"]) for row in members_of(project_id)}


def sent_texts(target: str) -> tuple[str, str]:
    """Title and description in the sent form of an ``issue`` or a ``merge_request``."""
    return required_field(f"{target}[title]", "Title"), field(f"{target}[description]", 4000)


def notes_of(target: str, target_id: int) -> list[sqlite3.Row]:
    """Comments below an issue or a merge request, oldest first."""
    return store().query(
        "SELECT n.*, u.username AS author, u.name AS author_name FROM notes n JOIN users u ON u.id = n.author_id"
        " WHERE n.target = ? AND n.target_id = ? ORDER BY n.created_at, n.id",
        (target, target_id),
    )


def add_note(target: str, item: sqlite3.Row, project: sqlite3.Row) -> Response:
    """Writes the comment of the sent form below an ``issue`` or a ``merge_request``, and goes back there."""
    author = require_account()
    with store().atomic():
        body = required_field("note[note]", "Note", 4000)
        now = timestamp()
        store().execute(
            "INSERT INTO notes (target, target_id, author_id, body, created_at) VALUES (?, ?, ?, ?, ?)",
            (target, item["id"], author["id"], body, now),
        )
        touch_item(target, item["id"], project, now)
    return back_to(f"{base_of(project)}/-/{target}s/{item['iid']}#notes-list")


def touch_item(target: str, target_id: int, project: sqlite3.Row, when: str) -> None:
    """Notes that an issue or a merge request was changed, and so its project."""
    store().execute(f"UPDATE {target}s SET updated_at = ? WHERE id = ?", (when, target_id))
    touch(project["id"], when)


def may_edit(project: sqlite3.Row, item: sqlite3.Row) -> bool:
    """True if the visitor wrote the issue or merge request, or is at least a Reporter of its project."""
    return may(project, "Reporter") or item["author_id"] == account_id()


def require_edit(project: sqlite3.Row, item: sqlite3.Row) -> None:
    """Answers 403 unless ``may_edit``; sends those who are not signed in to the sign-in page."""
    require_account()
    if not may_edit(project, item):
        require_role(project, "Reporter")
