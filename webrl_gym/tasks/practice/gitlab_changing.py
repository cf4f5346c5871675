"""Practice tasks on GitLab that change issues and projects."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import page_check, pages_show
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.gitlab_moves import (
    MAINTAINED,
    MEMBER,
    address,
    create_issue,
    day_text,
    draw_issue,
    draw_project,
    invented_word,
    issue_address,
    open_issue,
    open_issues,
    open_members,
    open_project,
    project,
    projects,
    user,
)
from webrl_gym.tasks.template import Split, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_SUBJECTS = "Tables Menus Images Forms Buttons Videos Headings Tooltips Charts Exports Imports Passwords".split()
_TROUBLES = [
    "overlap on small screens",
    "need better names",
    "vanish after a reload",
    "are not announced",
    "should be optional",
    "load twice",
    "look blurry",
    "break on Mondays",
]
_REMARKS = ["Good idea", "Thank you", "Please go on", "I will test this", "Fixed on main", "Needs more work", "Done"]
_REASONS = ["for the release", "for mobile users", "before Friday", "in the docs", "with the new theme", "for now"]
_PHASES = ["Alpha", "Beta", "Spring cleaning", "Polishing", "Launch", "Rework", "Bug hunt", "Translation"]
_PROJECT_WORDS = "atlas beacon cactus dune falcon garnet island jungle kite lemon nectar orbit pebble quill".split()
_PROJECT_KINDS = "api app blog cli demo game lab pipeline plugin sandbox site wiki".split()
_LEVELS = ["public", "internal", "private"]


def _text(selector: str) -> str:
    return f'document.querySelector("{selector}").outerText'


def _draw_unstarred(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    unstarred = "NOT EXISTS (SELECT 1 FROM stars s WHERE s.project_id = p.id AND s.user_id = 1)"
    return draw_project(reader, rng, novel, unstarred)


def _check_star(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    url = address(project(reader, parameters["project"]))
    return pages_show(page_check(url, _text(".star-btn"), "Unstar", exactly=True))


def _solve_star(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_project(page, parameters["project"])
    yield page.click("Star")
    yield leave()


def _new_title(rng: random.Random) -> str:
    return f"{rng.choice(_SUBJECTS)} {rng.choice(_TROUBLES)}"


def _draw_new_issue(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    drawn = draw_project(reader, rng, novel)
    return drawn and {**drawn, "title": _new_title(rng)}


def _check_new_issue(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    url = f"{address(project(reader, parameters['project']))}/-/issues?state=all&author_username=byteblaze"
    return pages_show(
        page_check(f"{url}&search={quote(parameters['title'])}", _text(".issues-list"), parameters["title"])
    )


def _solve_new_issue(page: PageView, parameters: Parameters) -> Oracle:
    yield from create_issue(page, parameters["project"], parameters["title"])
    yield leave()


def _draw_own_issue(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    return draw_issue(reader, rng, novel, MEMBER)


def _check_closed(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return pages_show(page_check(issue_address(reader, parameters), _text(".status-box"), "Closed", exactly=True))


def _solve_close(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_issue(page, parameters["project"], parameters["title"])
    yield page.click("Close issue")
    yield leave()


def _draw_comment(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    found = draw_issue(reader, rng, novel)
    return found and {**found, "comment": f"{rng.choice(_REMARKS)} {rng.choice(_REASONS)}"}


def _check_comment(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    check = page_check(issue_address(reader, parameters), _text("#notes-list"), parameters["comment"])
    return pages_show(check)


def _solve_comment(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_issue(page, parameters["project"], parameters["title"])
    page = yield page.type("Write a comment", parameters["comment"])
    yield page.click("Comment", tag="button")
    yield leave()


def _draw_assignment(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    found = draw_issue(reader, rng, novel, MEMBER)
    if found is None:
        return None
    rows = reader.query(
        Site.GITLAB,
        "SELECT u.name FROM project_members m JOIN users u ON u.id = m.user_id WHERE m.project_id = ?"
        " AND u.id NOT IN (SELECT a.user_id FROM issue_assignees a JOIN issues i ON i.id = a.issue_id"
        " WHERE i.project_id = m.project_id AND i.title = ?) ORDER BY u.id",
        (project(reader, found["project"])["id"], found["title"]),
    )
    return {**found, "person": rng.choice(rows)["name"]}


def _check_assignment(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    check = page_check(issue_address(reader, parameters), _text(".block.assignee"), parameters["person"])
    return pages_show(check)


def _solve_assignment(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_issue(page, parameters["project"], parameters["title"])
    page = yield page.click("Edit")
    page = yield page.select("Assignee", parameters["person"])
    yield page.click("Save changes")
    yield leave()


def _draw_invitation(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = [
        (row, person)
        for flag in (False, True)
        for row in projects(reader, flag, MAINTAINED)
        for person in reader.query(
            Site.GITLAB,
            "SELECT * FROM users u WHERE NOT EXISTS"
            " (SELECT 1 FROM project_members m WHERE m.project_id = ? AND m.user_id = u.id) ORDER BY u.id",
            (row["id"],),
        )
        if max(row["novel"], person["novel"]) == novel
    ]
    if not rows:
        return None
    row, person = rng.choice(rows)
    return {
        "project": row["name"],
        "person": person["name"],
        "role": rng.choice(["Guest", "Reporter", "Developer", "Maintainer"]),
    }


def _check_invitation(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    url = f"{address(project(reader, parameters['project']))}/-/project_members"
    role = _text(f"#member_{user(reader, parameters['person'])['username']} .col-max-role")
    return pages_show(page_check(url, role, parameters["role"], exactly=True))


def _solve_invitation(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_members(page, parameters["project"])
    page = yield page.type("Username, name or email address", parameters["person"])
    if parameters["role"] != "Guest":
        page = yield page.select("Select a role", parameters["role"])
    yield page.click("Invite")
    yield leave()


def _draw_milestone(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = projects(reader, novel, MEMBER)
    if not rows:
        return None
    start = date(2023, 7, 1) + timedelta(days=rng.randrange(400))
    return {
        "project": rng.choice(rows)["name"],
        "title": f"{rng.choice(_PHASES)} {rng.randint(2, 9)}",
        "start": start.isoformat(),
        "due": (start + timedelta(days=rng.randint(7, 90))).isoformat(),
    }


def _check_milestone(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    url = f"{address(project(reader, parameters['project']))}/-/milestones"
    span = f"{day_text(parameters['start'])}–{day_text(parameters['due'])}"
    return pages_show(page_check(url, _text(".milestones"), f"{parameters['title']} {span}"))


def _solve_milestone(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_issues(page, parameters["project"])
    page = yield page.click("Milestones")
    page = yield page.click("New milestone")
    page = yield page.type("Title", parameters["title"])
    page = yield page.type("Start Date", parameters["start"])
    page = yield page.type("Due Date", parameters["due"])
    yield page.click("Create milestone")
    yield leave()


def _draw_new_project(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    word = invented_word(reader, rng).lower() if novel else rng.choice(_PROJECT_WORDS)
    return {"name": f"{word}-{rng.choice(_PROJECT_KINDS)}", "visibility": rng.choice(_LEVELS)}


def _check_new_project(_reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    url = f"__GITLAB__/byteblaze/{parameters['name']}"
    return pages_show(
        page_check(url, _text(".home-panel-title"), parameters["name"], exactly=True),
        page_check(url, _text(".visibility-icon"), parameters["visibility"], exactly=True),
    )


def _solve_new_project(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.click("New project")
    page = yield page.type("Project name", parameters["name"])
    if parameters["visibility"] != "private":
        page = yield page.click(parameters["visibility"].capitalize())
    yield page.click("Create project")
    yield leave()


CHANGING_TEMPLATES = (
    Template(
        name="gitlab.star_project",
        sites=(Site.GITLAB,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Star the project {project}.",
            "Give {project} a star on GitLab.",
            "Add {project} to my starred projects.",
        ),
        draw=_draw_unstarred,
        evaluate=_check_star,
        solve=_solve_star,
        steps=4,
    ),
    Template(
        name="gitlab.create_issue",
        sites=(Site.GITLAB,),
        kind=TaskKind.CHANGING,
        wordings=(
            'Create an issue in {project} with the title "{title}".',
            'Open a new issue titled "{title}" in the project {project}.',
            'Report in {project} that "{title}": open an issue with that title.',
        ),
        draw=_draw_new_issue,
        evaluate=_check_new_issue,
        solve=_solve_new_issue,
        steps=7,
    ),
    Template(
        name="gitlab.close_issue",
        sites=(Site.GITLAB,),
        kind=TaskKind.CHANGING,
        wordings=(
            'Close the issue "{title}" in {project}.',
            'The issue "{title}" of the project {project} is done. Please close it.',
            'In {project}, close the open issue called "{title}".',
        ),
        draw=_draw_own_issue,
        evaluate=_check_closed,
        solve=_solve_close,
        steps=7,
    ),
    Template(
        name="gitlab.comment_issue",
        sites=(Site.GITLAB,),
        kind=TaskKind.CHANGING,
        wordings=(
            'Post "{comment}" on the issue "{title}" in {project}.',
            'Comment on the issue "{title}" of {project} with the words "{comment}".',
            'Write the comment "{comment}" below "{title}", an issue of the project {project}.',
        ),
        draw=_draw_comment,
        evaluate=_check_comment,
        solve=_solve_comment,
        steps=8,
    ),
    Template(
        name="gitlab.assign_issue",
        sites=(Site.GITLAB,),
        kind=TaskKind.CHANGING,
        wordings=(
            'Assign the issue "{title}" in {project} to {person}.',
            'Make {person} the assignee of the issue "{title}" of {project}.',
            '{person} should take care of "{title}" in the project {project}. Assign the issue.',
        ),
        draw=_draw_assignment,
        evaluate=_check_assignment,
        solve=_solve_assignment,
        steps=9,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="gitlab.invite_member",
        sites=(Site.GITLAB,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Invite {person} to the project {project} as {role}.",
            "Add {person} as a {role} to {project}.",
            "{person} wants to join {project}. Please invite them with the role {role}.",
        ),
        draw=_draw_invitation,
        evaluate=_check_invitation,
        solve=_solve_invitation,
        steps=8,
    ),
    Template(
        name="gitlab.create_milestone",
        sites=(Site.GITLAB,),
        kind=TaskKind.CHANGING,
        wordings=(
            'Create the milestone "{title}" in {project} that starts on {start} and is due on {due}.',
            'In the project {project}, add a milestone called "{title}" from {start} to {due}.',
            'Set up a milestone in {project}: title "{title}", start date {start}, due date {due}.',
        ),
        draw=_draw_milestone,
        evaluate=_check_milestone,
        solve=_solve_milestone,
        steps=10,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="gitlab.create_project",
        sites=(Site.GITLAB,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Create a new {visibility} project named {name}.",
            "Start a {visibility} repository called {name}.",
            'Set up a new project "{name}" with the visibility {visibility}.',
        ),
        draw=_draw_new_project,
        evaluate=_check_new_project,
        solve=_solve_new_project,
        steps=5,
    ),
)
