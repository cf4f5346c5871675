"""Pages of long lists, searching in texts, and how dates are written."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import request

from webrl_gym.sites.gitlab.access import PROJECT_COLUMNS, VISIBLE, account_id, setting
from webrl_gym.sites.web import store

PROJECTS_A_PAGE = 8

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

PROJECT_SORTS = {
    "latest_activity_desc": ("Last updated", "p.last_activity_at DESC, p.id"),
    "latest_activity_asc": ("Oldest updated", "p.last_activity_at, p.id"),
    "created_desc": ("Last created", "p.created_at DESC, p.id DESC"),
    "created_asc": ("Oldest created", "p.created_at, p.id"),
    "name_asc": ("Name", "p.name, p.id"),
    "name_desc": ("Name, descending", "p.name DESC, p.id"),
    "stars_desc": ("Most stars", "star_count DESC, p.name, p.id"),
}
"""Sort parameter of project lists: label and SQL order."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        rows: The rows of this page.
        number: Page number, from 1.
        total: Rows on all pages.
        size: Most rows of a page.
    """

    rows: list[sqlite3.Row]
    number: int
    total: int
    size: int

    @property
    def last(self) -> int:
        """Number of the last page, at least 1."""
        return max(1, -(-self.total // self.size))

    def address(self, number: int) -> str:
        """The current address with another page number."""
        pairs = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
        return f"{request.path}?{urlencode([*pairs, ('page', number)])}"


def page_number() -> int:
    """The ``page`` parameter; 1 when it is missing or no positive number of at most six digits."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def fetch_page(columns: str, source: str, order: str, parameters: Mapping[str, Any], size: int) -> Page:
    """Reads one page of a SELECT.

    Args:
        columns: What to select; fixed text, as are the next two.
        source: Everything from the tables to the WHERE clause.
        order: The ORDER BY list.
        parameters: Values of the named parameters.
        size: Rows a page.
    """
    total = int(store().value(f"SELECT count(*) FROM {source}", dict(parameters)))
    number = min(page_number(), max(1, -(-total // size)))
    rows = store().query(
        f"SELECT {columns} FROM {source} ORDER BY {order} LIMIT :limit OFFSET :offset",
        {**parameters, "limit": size, "offset": (number - 1) * size},
    )
    return Page(rows, number, total, size)


def page_by_state(
    columns: str, source: str, order: str, parameters: Mapping[str, Any], states: Mapping[str, str], size: int
) -> tuple[Page, dict[str, int]]:
    """Reads one page of the issues or merge requests in the request's state and with its searched text.

    Args:
        columns: What to select, from ``i`` (issue or merge request); fixed text, as are the next two.
        source: Everything from the tables to the WHERE clause.
        order: The ORDER BY list.
        parameters: Values of the named parameters.
        states: The states that there are, ``all`` among them.
        size: Rows a page.

    Returns:
        The page, and how many rows there are in each state.
    """
    search = request.args.get("search", "").strip()
    state = request.args.get("state", "opened")
    values = {**parameters, "search": search, "pattern": like(search), "state": state if state in states else "opened"}
    source += " AND (:search = '' OR i.title LIKE :pattern ESCAPE '!' OR i.description LIKE :pattern ESCAPE '!')"
    rows = store().query(f"SELECT i.state, count(*) AS n FROM {source} GROUP BY i.state", values)
    counts = dict.fromkeys(states, 0) | {row["state"]: int(row["n"]) for row in rows}
    counts["all"] = sum(counts.values())
    page = fetch_page(columns, f"{source} AND :state IN ('all', i.state)", order, values, size)
    return page, counts


def project_page(
    condition: str, parameters: Mapping[str, Any] | None = None, sort: str = "latest_activity_desc"
) -> Page:
    """One page of the projects that the visitor may see and that fulfil ``condition`` (alias ``p``).

    The request's ``name`` parameter filters them by name and its ``sort`` parameter orders them; ``sort`` is the order
    when there is none.
    """
    chosen = request.args.get("sort", sort)
    order = PROJECT_SORTS.get(chosen, PROJECT_SORTS[sort])[1]
    name = request.args.get("name", "").strip()
    return fetch_page(
        PROJECT_COLUMNS,
        f"projects p WHERE {VISIBLE} AND {condition} AND (:name = '' OR p.name LIKE :pattern ESCAPE '!')",
        order,
        {**(parameters or {}), "me": account_id(), "name": name, "pattern": like(name)},
        setting("projects_per_page", PROJECTS_A_PAGE),
    )


def like(text: str) -> str:
    """A LIKE pattern (escape character ``!``) for texts that hold ``text``."""
    escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


def day(text: str) -> str:
    """A date or time of the database as GitLab writes dates: ``Jun 3, 2023``."""
    when = date.fromisoformat(text[:10])
    return f"{MONTHS[when.month - 1]} {when.day}, {when.year}"


def date_or_none(text: str) -> str | None:
    """A date as forms send it (``2023-06-30``), None for an empty field.

    Raises:
        ValueError: If it is no date; the message is for the visitor.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValueError(f'"{text[:40]}" is no date; expected YYYY-MM-DD, for example 2023-06-30') from error


def blocks(text: str) -> list[tuple[str, str]]:
    """A Markdown text as (``h2`` or ``p``, text) pairs; inline markup stays as it is written."""
    parts = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n")]
    return [("h2", part.lstrip("# ")) if part.startswith("#") else ("p", part) for part in parts if part]
