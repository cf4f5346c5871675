"""Practice tasks on GitLab: navigation and the own profile here, the others in the modules beside it."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import ends_at, page_check, pages_show
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.gitlab_changing import CHANGING_TEMPLATES
from webrl_gym.tasks.practice.gitlab_commits import COMMIT_TEMPLATES
from webrl_gym.tasks.practice.gitlab_moves import address, invented_word, open_issues, project, projects
from webrl_gym.tasks.practice.gitlab_reading import READING_TEMPLATES
from webrl_gym.tasks.template import Row, Split, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_MOODS = ["Enjoying", "Fixing", "Planning", "Celebrating", "Learning", "Avoiding", "Painting", "Dreaming of"]
_MATTERS = [
    "life",
    "the garden",
    "old bugs",
    "a holiday",
    "new tricks",
    "the weekend",
    "meetings",
    "pancakes",
    "trains",
]
_HOST_WORDS = "egg tart maple pine cocoa honey plum olive clover fig mint basil saffron ginger".split()
_ENDINGS = ["com", "org", "net", "dev", "io"]
_TITLE = 'document.querySelector(".title").outerText'


def _draw_label(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = projects(reader, novel)
    if not rows:
        return None
    row = rng.choice(rows)
    labels = reader.query(Site.GITLAB, "SELECT title FROM labels WHERE project_id = ? ORDER BY id", (row["id"],))
    return {"project": row["name"], "label": rng.choice(labels)["title"]}


def _check_label(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    row = project(reader, parameters["project"])
    # A form writes a space as a plus, a link on an issue's page as %20.
    spellings = dict.fromkeys(parameters["label"].replace(" ", space) for space in ("+", "%20"))
    filters = f"{address(row)}/-/issues/?sort=created_date&state=opened&label_name%5B%5D="
    return ends_at(" |OR| ".join(f"{filters}{label}&" for label in spellings))


def _solve_label(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_issues(page, parameters["project"])
    page = yield page.select("Label", parameters["label"])
    yield page.click("Filter")
    yield leave()


_TODOS = (
    "SELECT t.target, coalesce(i.iid, r.iid) AS iid, coalesce(i.title, r.title) AS title, p.namespace, p.path"
    " FROM todos t LEFT JOIN issues i ON t.target = 'issue' AND i.id = t.target_id"
    " LEFT JOIN merge_requests r ON t.target = 'merge_request' AND r.id = t.target_id"
    " JOIN projects p ON p.id = coalesce(i.project_id, r.project_id)"
    " WHERE t.user_id = 1 AND t.state = 'pending'"
)


def _draw_todo(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    sql = f"{_TODOS} AND coalesce(i.novel, r.novel) = ? ORDER BY t.id"
    rows = reader.query(Site.GITLAB, sql, (int(novel),))
    return {"title": rng.choice(rows)["title"]} if rows else None


def _ends_at_item(row: Row, kind: str) -> dict[str, Any]:
    title = page_check("last", _TITLE, row["title"], exactly=True)
    return pages_show(title, ends=f"__GITLAB__/{row['namespace']}/{row['path']}/-/{kind}/{row['iid']}")


def _check_todo(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    sql = f"{_TODOS} AND coalesce(i.title, r.title) = ?"
    row = reader.query(Site.GITLAB, sql, (parameters["title"],))[0]
    return _ends_at_item(row, f"{row['target']}s")


def _solve_todo(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.click("To-Do List")
    yield page.click(parameters["title"], tag="a")
    yield leave()


_REVIEWS = (
    "SELECT r.*, p.namespace, p.path FROM merge_requests r JOIN projects p ON p.id = r.project_id"
    " WHERE r.reviewer_id = 1 AND r.state = 'opened'"
)


def _draw_review(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = reader.query(Site.GITLAB, f"{_REVIEWS} ORDER BY r.created_at DESC, r.id DESC")
    titles = [row["title"] for row in rows]
    # The oracle looks at the first page only, and a title must say which merge request is meant.
    fitting = [row["title"] for row in rows[:8] if row["novel"] == novel and titles.count(row["title"]) == 1]
    return {"title": rng.choice(fitting)} if fitting else None


def _check_review(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    row = reader.query(Site.GITLAB, f"{_REVIEWS} AND r.title = ?", (parameters["title"],))[0]
    return _ends_at_item(row, "merge_requests")


def _solve_review(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.click("Your merge requests")
    page = yield page.click("Review requests for you")
    yield page.click(parameters["title"])
    yield leave()


def _draw_homepage(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    word = invented_word(reader, rng).lower() if novel else rng.choice(_HOST_WORDS)
    return {"url": f"https://{rng.choice(_HOST_WORDS)}.{word}.{rng.choice(_ENDINGS)}"}


def _check_homepage(_reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    link = """document.querySelector('.profile-header [itemprop="url"]').outerText"""
    host = parameters["url"].removeprefix("https://")
    return pages_show(page_check("__GITLAB__/byteblaze", link, host, exactly=True))


def _edit_profile(page: PageView, label: str, text: str) -> Oracle:
    page = yield page.click("byteblaze")
    page = yield page.click("Edit profile")
    page = yield page.type(label, text)
    yield page.click("Update profile settings")
    yield leave()


def _solve_homepage(page: PageView, parameters: Parameters) -> Oracle:
    yield from _edit_profile(page, "Website url", parameters["url"])


def _draw_status(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    matter = invented_word(reader, rng) if novel else rng.choice(_MATTERS)
    return {"status": f"{rng.choice(_MOODS)} {matter}"}


def _check_status(_reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    status = 'document.querySelector(".cover-status").outerText'
    return pages_show(page_check("__GITLAB__/byteblaze", status, parameters["status"], exactly=True))


def _solve_status(page: PageView, parameters: Parameters) -> Oracle:
    yield from _edit_profile(page, "What is your status?", parameters["status"])


TEMPLATES: tuple[Template, ...] = (
    *READING_TEMPLATES,
    *COMMIT_TEMPLATES,
    *CHANGING_TEMPLATES,
    Template(
        name="gitlab.open_label",
        sites=(Site.GITLAB,),
        kind=TaskKind.NAVIGATING,
        wordings=(
            'Display the list of issues in {project} that have the label "{label}".',
            'Show me the open issues of the project {project} labelled "{label}".',
            'Filter the issues of {project} by the label "{label}".',
        ),
        draw=_draw_label,
        evaluate=_check_label,
        solve=_solve_label,
        steps=6,
    ),
    Template(
        name="gitlab.open_todo",
        sites=(Site.GITLAB,),
        kind=TaskKind.NAVIGATING,
        wordings=(
            'Check out the item "{title}" of my todos.',
            'Open what my to-do list says about "{title}".',
            'Go to "{title}" from my to-do list.',
        ),
        draw=_draw_todo,
        evaluate=_check_todo,
        solve=_solve_todo,
        steps=3,
    ),
    Template(
        name="gitlab.open_review",
        sites=(Site.GITLAB,),
        kind=TaskKind.NAVIGATING,
        wordings=(
            'Open the merge request "{title}" that requires my review.',
            'Check out "{title}", one of the merge requests that wait for my review.',
            'Go to the merge request "{title}" I have to review.',
        ),
        draw=_draw_review,
        evaluate=_check_review,
        solve=_solve_review,
        steps=4,
        split=Split.VALID_ONLY,
    ),
    Template(
        name="gitlab.set_homepage",
        sites=(Site.GITLAB,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Set the homepage URL on my GitLab profile to {url}.",
            "Change the website of my profile to {url}.",
            "My website moved to {url}. Update my GitLab profile.",
        ),
        draw=_draw_homepage,
        evaluate=_check_homepage,
        solve=_solve_homepage,
        steps=5,
    ),
    Template(
        name="gitlab.set_status",
        sites=(Site.GITLAB,),
        kind=TaskKind.CHANGING,
        wordings=(
            'Set my GitLab status as "{status}".',
            'Change my status to "{status}".',
            'Let my GitLab profile show the status "{status}".',
        ),
        draw=_draw_status,
        evaluate=_check_status,
        solve=_solve_status,
        steps=5,
    ),
)
