"""Issues, merge requests and comments of the replica."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from webrl_gym.sites.gitlab import vocabulary
from webrl_gym.sites.gitlab.seed_planning import add_labels, add_milestones, add_todos, discussion, write_discussion
from webrl_gym.sites.gitlab.seed_projects import BYTEBLAZE, LAST_DAY, Person, Project
from webrl_gym.sites.gitlab.seed_replica_records import FFMPEG, ISSUES, MERGE_REQUESTS, NUMBERS, Item

PARTS = [
    "the {subject} docs",
    "the {subject} tests",
    "the {subject} examples",
    "the {subject} settings",
    "the {subject} cache",
    "the {subject} import",
    "the {subject} export",
    "the {subject} preview",
    "the {subject} list",
    "the {subject} API",
    "the {subject} changelog",
    "every {subject}",
    "the first {subject}",
    "a nested {subject}",
    "an empty {subject}",
    "two {subject} options at once",
]
"""What titles of issues and commits speak about; ``subject`` is what the project is about."""
_PROBLEMS = [text for text in vocabulary.ISSUE_PROBLEMS if "404" not in text]
_QUESTIONS = ["How can I change", "Is there a way around", "Who maintains", "What comes after", "Where do I find"]


def add_replica_planning(
    connection: sqlite3.Connection,
    rng: random.Random,
    projects: dict[str, Project],
    subjects: dict[str, str],
    people: dict[str, Person],
) -> None:
    """Writes labels, milestones, issues, merge requests, comments and to-dos of all ``projects``, by path."""
    crowd = [person.id for person in people.values() if person.id != BYTEBLAZE]
    for path, project in projects.items():
        add_labels(connection, rng, project)
        labels = _needed_labels(connection, project, path)
        milestones = add_milestones(connection, rng, project)
        issues = [item for item in ISSUES if item.project == path]
        requests = [item for item in MERGE_REQUESTS if item.project == path]
        ordinary = (rng.randint(18, 60), rng.randint(7, 13), rng.randint(2, 5))
        last, issue_count, request_count = NUMBERS.get(path, ordinary)
        taken = {item.number for item in (*issues, *requests)}
        numbers = rng.sample([n for n in range(1, last + 1) if n not in taken], issue_count + request_count)
        parts = [part.format(subject=subjects[path]) for part in PARTS]
        calendar = _Calendar(project, last)
        rows = _Rows(connection, rng, project, calendar, people, labels)
        rows.issues(sorted(numbers[:issue_count]), parts, milestones, crowd, asking=0.4 if path == FFMPEG else 0.1)
        rows.merge_requests(sorted(numbers[issue_count:]), parts, crowd)
        for item in issues:
            rows.given_issue(item)
        for item in requests:
            rows.given_merge_request(item)
    add_todos(connection, rng)


def _needed_labels(connection: sqlite3.Connection, project: Project, path: str) -> dict[str, int]:
    """Ids of the project's labels by title, those included that the given issues carry."""
    labels = {title: label for label, title in project.labels}
    needed = {label for item in ISSUES if item.project == path for label in item.labels} | {"question"}
    for title, color, description in vocabulary.LABELS:
        if title in needed and title not in labels:
            cursor = connection.execute(
                "INSERT INTO labels (project_id, title, color, description) VALUES (?, ?, ?, ?)",
                (project.id, title, color, description),
            )
            labels[title] = int(cursor.lastrowid or 0)
    return labels


class _Calendar:
    """Says when a project gave out a number: evenly over its life."""

    def __init__(self, project: Project, last: int) -> None:
        self._start = project.created
        self._step = (LAST_DAY - project.created) / (last + 1)

    def at(self, number: int) -> datetime:
        return (self._start + number * self._step).replace(microsecond=0)


class _Rows:
    """Writes the issues and merge requests of one project."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        rng: random.Random,
        project: Project,
        calendar: _Calendar,
        people: dict[str, Person],
        labels: dict[str, int],
    ) -> None:
        self._connection = connection
        self._rng = rng
        self._project = project
        self._calendar = calendar
        self._people = people
        self._labels = labels
        self._taken: set[str] = set()

    def issues(
        self,
        numbers: Sequence[int],
        parts: Sequence[str],
        milestones: Sequence[int],
        crowd: Sequence[int],
        asking: float,
    ) -> None:
        rng, team = self._rng, self._project.team
        for number in numbers:
            asks = rng.random() < asking
            created = self._calendar.at(number)
            notes = discussion(rng, team, created, rng.choice((0, 0, 1, 1, 2)))
            details = rng.choice(vocabulary.ISSUE_DETAILS).format(browser=rng.choice(vocabulary.BROWSERS))
            issue = self._issue(
                number,
                self._title(_QUESTIONS, parts) + "?" if asks else self._title(_PROBLEMS, parts),
                f"{details} {rng.choice(vocabulary.ISSUE_WISHES)}",
                rng.choice(team if rng.random() < 0.4 else crowd),
                "opened" if rng.random() < 0.6 else "closed",
                notes[-1][2] if notes else "",
            )
            write_discussion(self._connection, "issue", issue, notes)
            if milestones and rng.random() < 0.3:
                self._connection.execute(
                    "UPDATE issues SET milestone_id = ? WHERE id = ?", (rng.choice(milestones), issue)
                )
            if rng.random() < 0.5:
                self._connection.execute("INSERT INTO issue_assignees VALUES (?, ?)", (issue, rng.choice(team)))
            others = [label for label in self._labels if label != "question"]
            self._label(issue, ["question"] if asks else rng.sample(others, rng.choice((0, 1, 1, 2))))

    def given_issue(self, item: Item) -> None:
        issue = self._issue(
            item.number, item.title, item.description, self._people[item.author].id, item.state, item.updated
        )
        if item.assignee:
            self._connection.execute(
                "INSERT INTO issue_assignees VALUES (?, ?)", (issue, self._people[item.assignee].id)
            )
        self._label(issue, item.labels)
        write_discussion(self._connection, "issue", issue, self._given_notes(item))

    def merge_requests(self, numbers: Sequence[int], parts: Sequence[str], crowd: Sequence[int]) -> None:
        rng, team = self._rng, self._project.team
        for number in numbers:
            created = self._calendar.at(number)
            title = self._title(vocabulary.CHANGES, parts)
            notes = discussion(rng, team, created, rng.choice((0, 1, 1, 2)))
            request = self._merge_request(
                (
                    number,
                    title,
                    rng.choice(vocabulary.ISSUE_DETAILS).format(browser=rng.choice(vocabulary.BROWSERS)),
                    rng.choice(team if rng.random() < 0.5 else crowd),
                    rng.choice((None, *team)),
                    rng.choice((None, *team)),
                    rng.choice(("opened", "merged", "merged", "closed")),
                    "-".join(title.lower().split()[-2:]) + f"-{number}",
                ),
                notes[-1][2] if notes else "",
            )
            write_discussion(self._connection, "merge_request", request, notes)

    def given_merge_request(self, item: Item) -> None:
        assignee, reviewer = (self._people[name].id if name else None for name in (item.assignee, item.reviewer))
        notes = self._given_notes(item)
        request = self._merge_request(
            (
                item.number,
                item.title,
                item.description,
                self._people[item.author].id,
                assignee,
                reviewer,
                item.state,
                item.branch,
            ),
            notes[-1][2] if notes else "",
        )
        write_discussion(self._connection, "merge_request", request, notes)

    def _issue(self, number: int, title: str, description: str, author: int, state: str, updated: str) -> int:
        created = self._calendar.at(number).isoformat(" ")
        cursor = self._connection.execute(
            "INSERT INTO issues (project_id, iid, title, description, author_id, state, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self._project.id, number, title, description, author, state, created, updated or created),
        )
        return int(cursor.lastrowid or 0)

    def _merge_request(self, values: tuple[int, str, str, int, int | None, int | None, str, str], updated: str) -> int:
        created = self._calendar.at(values[0]).isoformat(" ")
        cursor = self._connection.execute(
            "INSERT INTO merge_requests (project_id, iid, title, description, author_id, assignee_id, reviewer_id,"
            " state, source_branch, target_branch, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'main', ?, ?)",
            (self._project.id, *values, created, updated or created),
        )
        if values[6] == "opened":
            self._connection.execute(
                "INSERT OR IGNORE INTO branches (project_id, name, commit_id)"
                " SELECT ?, ?, max(id) FROM commits WHERE project_id = ?",
                (self._project.id, values[7], self._project.id),
            )
        return int(cursor.lastrowid or 0)

    def _label(self, issue: int, titles: Iterable[str]) -> None:
        self._connection.executemany(
            "INSERT INTO issue_labels VALUES (?, ?)", [(issue, self._labels[title]) for title in titles]
        )

    def _title(self, heads: Sequence[str], parts: Sequence[str]) -> str:
        while True:
            title = f"{self._rng.choice(heads)} {self._rng.choice(parts)}"
            if title not in self._taken:
                self._taken.add(title)
                return title

    def _given_notes(self, item: Item) -> list[tuple[int, str, str]]:
        begin = self._calendar.at(item.number)
        return [
            (self._people[author].id, text, (begin + timedelta(days=place)).isoformat(" "))
            for place, (author, text) in enumerate(item.notes, start=1)
        ]
