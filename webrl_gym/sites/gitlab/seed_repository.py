"""Commits, files, branches and tags."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from webrl_gym.sites.gitlab import vocabulary
from webrl_gym.sites.gitlab.seed_projects import LAST_DAY, Project


def add_repository(
    connection: sqlite3.Connection, rng: random.Random, project: Project, areas: Sequence[str] = vocabulary.AREAS
) -> None:
    """Writes one project's history, files, branches and tags; ``areas`` is what commits' titles speak about."""
    times = _commit_times(rng, project)
    # One contributor is ahead of the others, so that "the most commits" has one answer.
    authors = rng.sample(project.team, min(len(project.team), rng.randint(2, 4)))
    weights = [5 - place for place in range(len(authors))]
    write_history(connection, rng, project, times, lambda _: rng.choices(authors, weights)[0], areas)


def write_history(
    connection: sqlite3.Connection,
    rng: random.Random,
    project: Project,
    times: Sequence[datetime],
    author_at: Callable[[int], int],
    areas: Sequence[str],
) -> None:
    """Writes commits at ``times`` (oldest first) and what hangs on them: files, branches and tags.

    Args:
        connection: The database.
        rng: The source of chance.
        project: Whose history it is.
        times: When the commits were made.
        author_at: Author's id of the commit at a place in ``times``.
        areas: What the commits' titles speak about.
    """
    commits = []
    for place, when in enumerate(times):
        title = "Initial commit" if place == 0 else f"{rng.choice(vocabulary.CHANGES)} {rng.choice(areas)}"
        author = author_at(place)
        cursor = connection.execute(
            "INSERT INTO commits (project_id, sha, title, author_id, committed_at, additions, deletions)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                project.id,
                f"{rng.getrandbits(160):040x}",
                title,
                author,
                when.isoformat(" "),
                rng.randint(1, 80),
                rng.randint(0, 40) if place else 0,
            ),
        )
        commits.append(int(cursor.lastrowid or 0))
    _files(connection, rng, project, commits)
    _branches_and_tags(connection, rng, project, commits)
    connection.execute("UPDATE projects SET last_activity_at = ? WHERE id = ?", (times[-1].isoformat(" "), project.id))


def _commit_times(rng: random.Random, project: Project) -> list[datetime]:
    """Work comes in days of one to four commits."""
    start = project.created.replace(hour=0, minute=0, second=0)
    span = (LAST_DAY - start).days
    days = sorted(rng.sample(range(1, span), rng.randint(3, 8)))
    times = []
    for day in days:
        minutes = sorted(rng.sample(range(8 * 60, 20 * 60), rng.choice((1, 1, 2, 3, 4))))
        times += [start + timedelta(days=day, minutes=minute) for minute in minutes]
    return times


def _files(connection: sqlite3.Connection, rng: random.Random, project: Project, commits: list[int]) -> None:
    readme = (
        f"# {project.name}\n\n{project.description}\n\n## Usage\n\n"
        f"Clone the project and run version {rng.randint(0, 4)}.{rng.randint(0, 9)} of it."
    )
    license_name = rng.choice(vocabulary.LICENSES)
    files = [
        ("README.md", readme),
        ("LICENSE", f"{license_name}\n\nCopyright (c) {project.created.year} the {project.name} authors"),
    ]
    others = sorted(rng.sample(vocabulary.SOURCE_FILES, rng.randint(1, 3)))
    files += [(name, f"{name} of {project.name}, revision {rng.randint(2, 99)}") for name in others]
    connection.executemany(
        "INSERT INTO files (project_id, path, content, commit_id) VALUES (?, ?, ?, ?)",
        [(project.id, path, content, rng.choice(commits)) for path, content in files],
    )


def _branches_and_tags(
    connection: sqlite3.Connection, rng: random.Random, project: Project, commits: list[int]
) -> None:
    branches = ["main", *(f"{word}-{rng.randint(1, 40)}" for word in rng.sample(("redesign", "fix", "docs"), 2))]
    connection.executemany(
        "INSERT INTO branches (project_id, name, commit_id) VALUES (?, ?, ?)",
        [(project.id, name, commits[-1] if name == "main" else rng.choice(commits)) for name in branches],
    )
    tagged = sorted(rng.sample(commits, min(len(commits), rng.randint(0, 3))))
    connection.executemany(
        "INSERT INTO tags (project_id, name, message, commit_id) VALUES (?, ?, ?, ?)",
        [
            (project.id, f"v{number // 2}.{number % 2 * 5}", f"Release {number}", commit)
            for number, commit in enumerate(tagged, start=1)
        ],
    )
