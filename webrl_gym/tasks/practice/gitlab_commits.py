"""Practice tasks on GitLab about who committed what."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import answer_includes
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.gitlab_moves import day_text, draw_project, open_project, project, projects
from webrl_gym.tasks.template import Row, Split, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_COMMITS_A_PAGE = 10
_COMMITS = (
    "SELECT c.*, u.name AS author, u.email FROM commits c JOIN users u ON u.id = c.author_id"
    " WHERE c.project_id = ? ORDER BY c.committed_at DESC, c.id DESC"
)
_CONTRIBUTORS = (
    "SELECT u.id, u.name, u.email, count(*) AS n FROM commits c JOIN users u ON u.id = c.author_id"
    " WHERE c.project_id = ? GROUP BY u.id ORDER BY n DESC, u.name"
)


def _commits(reader: WorldReader, parameters: Parameters) -> list[Row]:
    return reader.query(Site.GITLAB, _COMMITS, (project(reader, parameters["project"])["id"],))


def _check_latest_commit(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(_commits(reader, parameters)[0]["author"])


def _solve_latest_commit(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_project(page, parameters["project"])
    line = page.lines[page.line_of("Last commit:")]
    yield leave(line.split("</a>")[-1].split(" authored ")[0].strip())


def _perturb_latest_commit(reader: WorldReader, parameters: Parameters) -> Statement:
    latest = _commits(reader, parameters)[0]
    sql = "UPDATE commits SET author_id = (SELECT min(id) FROM users WHERE id <> ?) WHERE id = ?"
    return Site.GITLAB, sql, (latest["author_id"], latest["id"])


def _draw_commit_day(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    found = []
    for owner in projects(reader, novel):
        commits = _commits(reader, {"project": owner["name"]})
        # One page of the filtered list must hold all commits of the author.
        counts = Counter(row["author"] for row in commits)
        few = [row for row in commits if counts[row["author"]] <= _COMMITS_A_PAGE]
        if few:
            found.append((owner, few))
    if not found:
        return None
    owner, commits = rng.choice(found)
    row = rng.choice(commits)
    return {"project": owner["name"], "person": row["author"], "date": day_text(row["committed_at"])}


def _check_commit_day(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(str(len(_commits_of_day(reader, parameters))))


def _commits_of_day(reader: WorldReader, parameters: Parameters) -> list[Row]:
    return [
        row
        for row in _commits(reader, parameters)
        if row["author"] == parameters["person"] and day_text(row["committed_at"]) == parameters["date"]
    ]


def _solve_commit_day(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_project(page, parameters["project"])
    page = yield page.click("Repository")
    page = yield page.click("Commits")
    page = yield page.select("Author", parameters["person"])
    page = yield page.click("Filter")
    count, date = 0, ""
    for line, text in zip(page.lines, page.plain_lines, strict=True):
        if line.startswith("<h3>"):
            date = text
        elif date == parameters["date"] and f" {parameters['person']} authored " in text:
            count += 1
    yield leave(str(count))


def _perturb_commit_day(reader: WorldReader, parameters: Parameters) -> Statement:
    commit = _commits_of_day(reader, parameters)[0]
    return Site.GITLAB, "UPDATE commits SET committed_at = '2019-05-06 10:00:00' WHERE id = ?", (commit["id"],)


def _draw_led(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    """A project where one contributor is ahead of all others."""
    rows = []
    for row in projects(reader, novel):
        first, *others = reader.query(Site.GITLAB, _CONTRIBUTORS, (row["id"],))
        if others and others[0]["n"] < first["n"]:
            rows.append(row)
    return {"project": rng.choice(rows)["name"]} if rows else None


def _top(reader: WorldReader, parameters: Parameters) -> Row:
    return reader.query(Site.GITLAB, _CONTRIBUTORS, (project(reader, parameters["project"])["id"],))[0]


def _check_top(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(_top(reader, parameters)["email"])


def _solve_top(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_project(page, parameters["project"])
    page = yield page.click("Repository")
    page = yield page.click("Contributors")
    first = next(line for line in page.plain_lines if " commits (" in line)
    yield leave(first.split("(")[-1].rstrip(")"))


def _perturb_top(reader: WorldReader, parameters: Parameters) -> Statement:
    return (
        Site.GITLAB,
        "UPDATE users SET email = 'moved.' || email WHERE id = ?",
        (_top(reader, parameters)["id"],),
    )


COMMIT_TEMPLATES = (
    Template(
        name="gitlab.latest_commit_author",
        sites=(Site.GITLAB,),
        kind=TaskKind.READING,
        wordings=(
            "Who made the last commit to the project {project}?",
            "Tell me the full name of the author of the most recent commit in {project}.",
            "Whose commit is the newest one of {project}?",
        ),
        draw=draw_project,
        evaluate=_check_latest_commit,
        solve=_solve_latest_commit,
        steps=3,
        perturb=_perturb_latest_commit,
    ),
    Template(
        name="gitlab.commits_on_date",
        sites=(Site.GITLAB,),
        kind=TaskKind.READING,
        wordings=(
            "How many commits did {person} make to {project} on {date}?",
            "Tell me the number of commits by {person} to the project {project} on {date}.",
            "On {date}, how many commits in {project} were authored by {person}?",
        ),
        draw=_draw_commit_day,
        evaluate=_check_commit_day,
        solve=_solve_commit_day,
        steps=7,
        perturb=_perturb_commit_day,
        split=Split.VALID_ONLY,
    ),
    Template(
        name="gitlab.top_contributor_email",
        sites=(Site.GITLAB,),
        kind=TaskKind.READING,
        wordings=(
            "What is the email address of the top contributor to {project}?",
            "Tell me the email of whoever made the most commits to the project {project}.",
            "Get me the email address of the person with the most commits in {project}.",
        ),
        draw=_draw_led,
        evaluate=_check_top,
        solve=_solve_top,
        steps=5,
        perturb=_perturb_top,
        split=Split.TEST_ONLY,
    ),
)
