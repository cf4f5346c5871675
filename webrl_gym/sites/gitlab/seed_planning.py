"""Labels, milestones, issues, merge requests, their comments, and the to-do list."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from webrl_gym.sites.gitlab import vocabulary
from webrl_gym.sites.gitlab.seed_projects import BYTEBLAZE, LAST_DAY, Person, Project, moment
from webrl_gym.sites.words import novel_words

_NOVEL_SHARE = 0.15
_TODOS = 9


def add_planning(
    connection: sqlite3.Connection, world: int, rng: random.Random, projects: list[Project], people: list[Person]
) -> None:
    """Writes what the teams plan and discuss."""
    words = iter(novel_words(world, "title", 60) * 3)
    for project in projects:
        add_labels(connection, rng, project)
        milestones = add_milestones(connection, rng, project)
        _issues(connection, rng, project, milestones, people, words)
        _merge_requests(connection, rng, project, people, words)
    add_todos(connection, rng)


def add_labels(connection: sqlite3.Connection, rng: random.Random, project: Project) -> None:
    """Gives a project some of the usual labels."""
    for title, color, description in rng.sample(vocabulary.LABELS, rng.randint(4, 7)):
        cursor = connection.execute(
            "INSERT INTO labels (project_id, title, color, description) VALUES (?, ?, ?, ?)",
            (project.id, title, color, description),
        )
        project.labels.append((int(cursor.lastrowid or 0), title))


def add_milestones(connection: sqlite3.Connection, rng: random.Random, project: Project) -> list[int]:
    """Gives a project up to three milestones; returns their ids."""
    ids = []
    for iid in range(1, rng.randint(0, 3) + 1):
        start = moment(rng, datetime(2022, 1, 3), datetime(2023, 6, 1)).date()
        cursor = connection.execute(
            "INSERT INTO milestones (project_id, iid, title, start_date, due_date, state) VALUES (?, ?, ?, ?, ?, ?)",
            (
                project.id,
                iid,
                f"Version {iid}.0",
                start.isoformat(),
                (start + timedelta(days=rng.randint(14, 90))).isoformat(),
                "active" if iid > 1 or rng.random() < 0.5 else "closed",
            ),
        )
        ids.append(int(cursor.lastrowid or 0))
    return ids


def _title(rng: random.Random, heads: list[str], taken: set[str], words: Iterator[str]) -> tuple[str, int]:
    """A title that no other of the project has, and whether it holds an invented word."""
    novel = rng.random() < _NOVEL_SHARE
    word = next(words) if novel else ""
    while True:
        area = rng.choice(vocabulary.AREAS)
        if novel:
            area = f"the {word} {area.split()[-1]}"
        title = f"{rng.choice(heads)} {area}"
        if title not in taken:
            taken.add(title)
            return title, int(novel)


def _issues(
    connection: sqlite3.Connection,
    rng: random.Random,
    project: Project,
    milestones: list[int],
    people: list[Person],
    words: Iterator[str],
) -> None:
    taken: set[str] = set()
    count = rng.randint(9, 16) if BYTEBLAZE in project.team else rng.randint(4, 11)
    created_at = sorted(moment(rng, project.created) for _ in range(count))
    for iid, created in enumerate(created_at, start=1):
        title, novel = _title(rng, vocabulary.ISSUE_PROBLEMS, taken, words)
        author = rng.choice(project.team) if rng.random() < 0.5 else rng.choice(people).id
        details = rng.choice(vocabulary.ISSUE_DETAILS).format(browser=rng.choice(vocabulary.BROWSERS))
        notes = discussion(rng, project.team, created, rng.choice((0, 0, 1, 1, 2, 3)))
        due = (created + timedelta(days=rng.randint(20, 200))).date().isoformat() if rng.random() < 0.2 else None
        issue = int(
            connection.execute(
                "INSERT INTO issues (project_id, iid, title, description, author_id, state, milestone_id, due_date,"
                " created_at, updated_at, novel) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    project.id,
                    iid,
                    title,
                    f"{details} {rng.choice(vocabulary.ISSUE_WISHES)}",
                    author,
                    "opened" if rng.random() < 0.65 else "closed",
                    rng.choice(milestones) if milestones and rng.random() < 0.4 else None,
                    due,
                    created.isoformat(" "),
                    notes[-1][2] if notes else created.isoformat(" "),
                    novel,
                ),
            ).lastrowid
            or 0
        )
        write_discussion(connection, "issue", issue, notes)
        if rng.random() < 0.6:
            connection.execute("INSERT INTO issue_assignees VALUES (?, ?)", (issue, rng.choice(project.team)))
        chosen = rng.sample(project.labels, rng.choice((0, 1, 1, 2)))
        connection.executemany("INSERT INTO issue_labels VALUES (?, ?)", [(issue, label) for label, _ in chosen])


def _merge_requests(
    connection: sqlite3.Connection, rng: random.Random, project: Project, people: list[Person], words: Iterator[str]
) -> None:
    taken: set[str] = set()
    mine = BYTEBLAZE in project.team
    count = rng.randint(2, 6) if mine else rng.randint(1, 4)
    created_at = sorted(moment(rng, project.created) for _ in range(count))
    for iid, created in enumerate(created_at, start=1):
        title, novel = _title(rng, vocabulary.CHANGES, taken, words)
        notes = discussion(rng, project.team, created, rng.choice((0, 1, 1, 2)))
        branch = "-".join(title.lower().split()[-2:]) + f"-{iid}"
        cursor = connection.execute(
            "INSERT INTO merge_requests (project_id, iid, title, description, author_id, assignee_id, reviewer_id,"
            " state, source_branch, target_branch, created_at, updated_at, novel)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'main', ?, ?, ?)",
            (
                project.id,
                iid,
                title,
                rng.choice(vocabulary.ISSUE_DETAILS).format(browser=rng.choice(vocabulary.BROWSERS)),
                rng.choice(project.team) if rng.random() < 0.6 else rng.choice(people[1:]).id,
                BYTEBLAZE if mine and rng.random() < 0.35 else rng.choice((None, *project.team)),
                BYTEBLAZE if mine and rng.random() < 0.35 else rng.choice((None, *project.team)),
                rng.choice(("opened", "opened", "merged", "closed")),
                branch,
                created.isoformat(" "),
                notes[-1][2] if notes else created.isoformat(" "),
                novel,
            ),
        )
        write_discussion(connection, "merge_request", int(cursor.lastrowid or 0), notes)


def discussion(rng: random.Random, team: list[int], after: datetime, count: int) -> list[tuple[int, str, str]]:
    """Author, text and time of the comments below something, oldest first."""
    times = sorted(moment(rng, after, min(after + timedelta(days=60), LAST_DAY)) for _ in range(count))
    return [
        (
            rng.choice(team),
            f"{rng.choice(vocabulary.COMMENT_OPENINGS)} {rng.choice(vocabulary.COMMENT_ENDINGS)}",
            max(when, after).isoformat(" "),
        )
        for when in times
    ]


def write_discussion(
    connection: sqlite3.Connection, target: str, target_id: int, notes: Sequence[tuple[int, str, str]]
) -> None:
    """Writes the comments (author, text, time) below an ``issue`` or a ``merge_request``."""
    connection.executemany(
        "INSERT INTO notes (target, target_id, author_id, body, created_at) VALUES (?, ?, ?, ?, ?)",
        [(target, target_id, author, body, when) for author, body, when in notes],
    )


def add_todos(connection: sqlite3.Connection, rng: random.Random) -> None:
    """Open work of others that waits for the published account, each title once."""
    reasons = [
        (
            "assigned",
            "issue",
            "SELECT i.id, i.title, i.author_id, i.created_at FROM issues i JOIN issue_assignees a ON a.issue_id = i.id"
            " WHERE a.user_id = ? AND i.state = 'opened' AND i.author_id <> ? ORDER BY i.id",
        ),
        (
            "review_requested",
            "merge_request",
            "SELECT id, title, author_id, created_at FROM merge_requests"
            " WHERE reviewer_id = ? AND state = 'opened' AND author_id <> ? ORDER BY id",
        ),
        (
            "mentioned",
            "issue",
            "SELECT i.id, i.title, i.author_id, i.created_at FROM issues i"
            " JOIN project_members m ON m.project_id = i.project_id"
            " WHERE m.user_id = ? AND i.state = 'opened' AND i.author_id <> ? ORDER BY i.id",
        ),
    ]
    titles: set[str] = set()
    for action, target, sql in reasons:
        candidates = connection.execute(sql, (BYTEBLAZE, BYTEBLAZE)).fetchall()
        fresh = [row for row in candidates if row[1] not in titles]
        for target_id, title, author, created in rng.sample(fresh, min(len(fresh), _TODOS // 3)):
            if title in titles:
                continue
            titles.add(title)
            connection.execute(
                "INSERT INTO todos (user_id, author_id, action, target, target_id, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (BYTEBLAZE, author, action, target, target_id, created),
            )
