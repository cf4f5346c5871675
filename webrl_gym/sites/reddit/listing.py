"""Lists of submissions and comments: sort orders, time spans, pages, each in one query."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request

from webrl_gym.sites.reddit.seed_basics import DAY, NOW
from webrl_gym.sites.reddit.session import page_number, site, viewer_id
from webrl_gym.sites.web import store

SORT_ORDERS = {
    "hot": "s.ranking DESC",
    "new": "s.created DESC",
    "active": "s.last_active DESC",
    "top": "s.score DESC",
    # Many votes, evenly split.
    "controversial": (
        "(s.upvotes + s.downvotes) * 1.0 * MIN(s.upvotes, s.downvotes) / MAX(s.upvotes, s.downvotes, 1) DESC"
    ),
    "most_commented": "s.comment_count DESC",
}
"""SQL order of each sort mode."""

SORT_LABELS = {
    "hot": "Hot",
    "new": "New",
    "active": "Active",
    "top": "Top",
    "controversial": "Controversial",
    "most_commented": "Most commented",
}
"""What the sort modes are called on pages."""

TIMED_SORTS = frozenset(("top", "controversial", "most_commented"))
"""Sort modes that pages limit to a span of time."""

TIME_SPANS = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY, "year": 365 * DAY, "all": None}
"""Span of each time filter in seconds; None for no limit."""

TIME_LABELS = {
    "day": "Past 24 hours",
    "week": "Past week",
    "month": "Past month",
    "year": "Past year",
    "all": "All time",
}
"""What the time filters are called on pages."""

SORT_PATTERN = "any(" + ",".join(f"'{mode}'" for mode in SORT_ORDERS) + ")"
"""Route converter that takes sort modes only."""

ID_PATTERN = "int(max=999999999)"
"""Route converter for ids: what SQLite cannot hold is not found."""

SUBMISSION_COLUMNS = (
    "s.*, f.name AS forum, u.username AS author, COALESCE(v.choice, 0) AS choice "
    "FROM submissions s JOIN forums f ON f.id = s.forum_id JOIN users u ON u.id = s.user_id "
    "LEFT JOIN submission_votes v ON v.submission_id = s.id AND v.user_id = :viewer"
)
"""What a submission is shown with; the statement needs the parameter ``viewer``."""

COMMENT_COLUMNS = (
    "c.*, u.username AS author, COALESCE(v.choice, 0) AS choice "
    "FROM comments c JOIN users u ON u.id = c.user_id "
    "LEFT JOIN comment_votes v ON v.comment_id = c.id AND v.user_id = :viewer"
)
"""What a comment is shown with; the statement needs the parameter ``viewer``."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        rows: Its entries.
        next: Query string of the next page, or None on the last one.
        previous: Query string of the page before, or None on the first one.
    """

    rows: list[sqlite3.Row]
    next: str | None
    previous: str | None


def take_page(sql: str, parameters: Mapping[str, Any]) -> Page:
    """The page of a SELECT that the current request asks for with ``?page=``."""
    number = page_number()
    size = site()["page_size"]
    rows = store().query(
        f"{sql} LIMIT :limit OFFSET :offset", {**parameters, "limit": size + 1, "offset": (number - 1) * size}
    )
    return Page(
        rows[:size],
        _query_string(number + 1) if len(rows) > size else None,
        _query_string(number - 1) if number > 1 else None,
    )


def _query_string(page: int) -> str:
    kept = {name: value for name, value in request.args.items() if name != "page"}
    return "?" + urlencode({**kept, "page": str(page)})


def time_filter() -> str:
    """The time filter that the query string asks for; ``all`` when it makes no sense."""
    asked = request.args.get("t", "all")
    return asked if asked in TIME_SPANS else "all"


def submissions_page(sort: str, where: str = "1", **parameters: Any) -> Page:
    """A page of submissions.

    Args:
        sort: A key of ``SORT_ORDERS``.
        where: SQL condition on ``s`` (submissions), ``f`` (forums) and ``u`` (users).
        parameters: Named parameters of ``where``.
    """
    span = TIME_SPANS[time_filter()]
    if span is not None:
        where = f"({where}) AND s.created >= :since"
        parameters["since"] = NOW - span
    return take_page(
        f"SELECT {SUBMISSION_COLUMNS} WHERE {where} ORDER BY {SORT_ORDERS[sort]}, s.id DESC",
        {**parameters, "viewer": viewer_id()},
    )


def comment_threads(where: str, **parameters: Any) -> list[dict[str, Any]]:
    """Comments as a forest, best first; each has its ``replies`` in a list."""
    rows = store().query(
        f"SELECT {COMMENT_COLUMNS} WHERE {where} ORDER BY c.score DESC, c.id", {**parameters, "viewer": viewer_id()}
    )
    nodes: dict[int, dict[str, Any]] = {row["id"]: {**dict(row), "replies": []} for row in rows}
    roots = []
    for node in nodes.values():
        parent = nodes.get(node["parent_id"])
        if parent is None:
            roots.append(node)
        else:
            parent["replies"].append(node)
    return roots
