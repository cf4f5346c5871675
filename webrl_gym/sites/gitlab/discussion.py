"""What issues and merge requests have in common: their people and their comments."""

from __future__ import annotations

import sqlite3

from webrl_gym.sites.gitlab.access import account_id, field, invalid, may, require_account, timestamp, touch
from webrl_gym.sites.web import store


def members_of(project_id: int) -> list[sqlite3.Row]:
    """Users who can be assigned or asked for a review, by name."""
    return store().query(
        "SELECT u.id, u.username, u.name FROM project_members m JOIN users u ON u.id = m.user_id"
        " WHERE m.project_id = ? ORDER BY u.name",
        (project_id,),
    )


def notes_of(target: str, target_id: int) -> list[sqlite3.Row]:
    """Comments below an issue or a merge request, oldest first."""
    return store().query(
        "SELECT n.*, u.username AS author, u.name AS author_name FROM notes n JOIN users u ON u.id = n.author_id"
        " WHERE n.target = ? AND n.target_id = ? ORDER BY n.created_at, n.id",
        (target, target_id),
    )


def add_note(target: str, target_id: int, project_id: int) -> None:
    """Writes the comment of the sent form; call it inside ``atomic``."""
    author, body = require_account(), field("note[note]", 4000)
    if not body:
        invalid("Note can't be blank")
    now = timestamp()
    store().execute(
        "INSERT INTO notes (target, target_id, author_id, body, created_at) VALUES (?, ?, ?, ?, ?)",
        (target, target_id, author["id"], body, now),
    )
    table = "issues" if target == "issue" else "merge_requests"
    store().execute(f"UPDATE {table} SET updated_at = ? WHERE id = ?", (now, target_id))
    touch(project_id, now)


def may_edit(project: sqlite3.Row, item: sqlite3.Row) -> bool:
    """True if the visitor wrote the issue or merge request, or is at least a Reporter of its project."""
    return may(project, "Reporter") or item["author_id"] == account_id()
