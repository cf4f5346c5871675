"""What the templates about GitLab share: reading its tables, and the moves of its oracles."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import Action, click
from webrl_gym.tasks.page_view import Moves, OracleLost, PageView
from webrl_gym.tasks.template import Row, WorldReader
from webrl_gym.types import Site

MEMBER = "EXISTS (SELECT 1 FROM project_members m WHERE m.project_id = p.id AND m.user_id = 1)"
"""Condition on a project ``p``: the signed-in account (always user 1) is a member."""

MAINTAINED = MEMBER.replace("m.user_id = 1", "m.user_id = 1 AND m.role IN ('Maintainer', 'Owner')")
"""Condition on a project ``p``: the signed-in account may invite members there."""

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_USABLE = f"(SELECT count(*) FROM projects q WHERE q.name = p.name) = 1 AND (p.visibility = 'public' OR {MEMBER})"


def projects(reader: WorldReader, novel: bool, condition: str = "1") -> list[Row]:
    """Projects that the account can see and no other shares its name with, by id.

    Args:
        reader: The world.
        novel: Whether their names are invented words.
        condition: SQL condition on ``p``.
    """
    sql = f"SELECT * FROM projects p WHERE {_USABLE} AND p.novel = ? AND {condition} ORDER BY p.id"
    return reader.query(Site.GITLAB, sql, (int(novel),))


def draw_project(reader: WorldReader, rng: random.Random, novel: bool, condition: str = "1") -> dict[str, str] | None:
    """A usable project that meets an SQL condition on ``p``, as the parameter ``project``."""
    rows = projects(reader, novel, condition)
    return {"project": rng.choice(rows)["name"]} if rows else None


def project(reader: WorldReader, name: str) -> Row:
    """The project with this name."""
    return _found(reader, "SELECT * FROM projects WHERE name = ? ORDER BY id", name)


def address(row: Row) -> str:
    """Address of a project, with the placeholder."""
    return f"__GITLAB__/{row['namespace']}/{row['path']}"


def issues(reader: WorldReader, novel: bool, condition: str = "1") -> list[Row]:
    """Open issues of usable projects, with ``project`` (its name), by id; either the title or the project is novel."""
    sql = (
        "SELECT i.*, p.name AS project FROM issues i JOIN projects p ON p.id = i.project_id"
        f" WHERE {_USABLE} AND i.state = 'opened' AND max(i.novel, p.novel) = ? AND {condition} ORDER BY i.id"
    )
    return reader.query(Site.GITLAB, sql, (int(novel),))


def draw_issue(reader: WorldReader, rng: random.Random, novel: bool, condition: str = "1") -> dict[str, str] | None:
    """An issue that meets an SQL condition on ``i`` and ``p``, as the parameters ``project`` and ``title``."""
    rows = issues(reader, novel, condition)
    if not rows:
        return None
    row = rng.choice(rows)
    return {"project": row["project"], "title": row["title"]}


def issue(reader: WorldReader, parameters: Any) -> Row:
    """The issue that the parameters ``project`` and ``title`` name."""
    owner = project(reader, parameters["project"])
    return _found(
        reader, "SELECT * FROM issues WHERE title = ? AND project_id = ? ORDER BY id", parameters["title"], owner["id"]
    )


def issue_address(reader: WorldReader, parameters: Any) -> str:
    """Address of that issue, with the placeholder."""
    return f"{address(project(reader, parameters['project']))}/-/issues/{issue(reader, parameters)['iid']}"


def user(reader: WorldReader, name: str) -> Row:
    """The user with this full name."""
    return _found(reader, "SELECT * FROM users WHERE name = ? ORDER BY id", name)


def invented_word(reader: WorldReader, rng: random.Random) -> str:
    """A word that only this world has."""
    rows = reader.query(Site.GITLAB, "SELECT title FROM issues WHERE novel = 1 ORDER BY id")
    # Such titles end in "the <invented word> <noun>".
    return str(rng.choice(rows)["title"]).split()[-2]


def day_text(text: str) -> str:
    """A date or time of the database as GitLab writes dates: ``Jun 3, 2023``."""
    year, month, day = text[:10].split("-")
    return f"{_MONTHS[int(month) - 1]} {int(day)}, {year}"


def _found(reader: WorldReader, sql: str, *parameters: Any) -> Row:
    row = reader.one(Site.GITLAB, sql, parameters)
    if row is None:
        raise LookupError(f"world {reader.number} has no {' '.join(map(str, parameters))!r} on GitLab")
    return row


def project_link(page: PageView, name: str) -> Action:
    """Clicks the project called ``name`` in a list, where links read ``Owner / name``."""
    for control in page.controls:
        if control.tag == "a" and control.text.endswith(f" / {name}"):
            return click(control.id)
    raise OracleLost(f"no project {name!r} on {page.url}:\n{page.text}")


def open_project(page: PageView, name: str) -> Moves:
    """Searches for a project and opens it; two actions."""
    page = yield page.search("Search GitLab", name)
    page = yield project_link(page, name)
    return page


def open_issues(page: PageView, name: str) -> Moves:
    """Opens the list of a project's issues; three actions."""
    page = yield from open_project(page, name)
    page = yield page.click("Issues")
    return page


def open_issue(page: PageView, name: str, title: str) -> Moves:
    """Opens an issue by its title; at most five actions."""
    page = yield from open_issues(page, name)
    if not page.has(title):
        page = yield page.search("Search issues", title)
    page = yield page.click(title)
    return page


def create_issue(page: PageView, name: str, title: str) -> Moves:
    """Creates an issue with this title in a project; six actions."""
    page = yield from open_issues(page, name)
    page = yield page.click("New issue")
    page = yield page.type("Title (required)", title)
    page = yield page.click("Create issue")
    return page


def open_members(page: PageView, name: str) -> Moves:
    """Opens the members of a project; four actions."""
    page = yield from open_project(page, name)
    page = yield page.click("Project information")
    page = yield page.click("Members")
    return page
