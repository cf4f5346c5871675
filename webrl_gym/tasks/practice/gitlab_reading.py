"""Practice tasks on GitLab whose answer is read from a page."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import answer_includes, answer_is
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.gitlab_moves import (
    draw_issue,
    draw_project,
    issue,
    open_issue,
    open_issues,
    open_members,
    open_project,
    project,
    projects,
    user,
)
from webrl_gym.tasks.template import Row, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_NOBODY_SHARE = 0.15
"""Share of the tasks about an issue's assignee where the answer is N/A."""


def _draw_starred(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    return draw_project(reader, rng, novel, "EXISTS (SELECT 1 FROM stars s WHERE s.project_id = p.id)")


def _check_stars(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    row = project(reader, parameters["project"])
    return answer_includes(
        str(reader.value(Site.GITLAB, "SELECT count(*) FROM stars WHERE project_id = ?", (row["id"],)))
    )


def _solve_stars(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.search("Search GitLab", parameters["project"])
    line = next(line for line in page.plain_lines if f" / {parameters['project']} " in line)
    yield leave(line.split(" stars")[0].split()[-1])


def _perturb_stars(reader: WorldReader, parameters: Parameters) -> Statement:
    row = project(reader, parameters["project"])
    sql = "DELETE FROM stars WHERE project_id = ?1 AND user_id = (SELECT min(user_id) FROM stars WHERE project_id = ?1)"
    return Site.GITLAB, sql, (row["id"],)


def _draw_issue(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    nobody = rng.random() < _NOBODY_SHARE
    assigned = "EXISTS (SELECT 1 FROM issue_assignees a WHERE a.issue_id = i.id)"
    return draw_issue(reader, rng, novel, f"NOT {assigned}" if nobody else assigned)


def _assignee(reader: WorldReader, parameters: Parameters) -> str | None:
    name: str | None = reader.value(
        Site.GITLAB,
        "SELECT u.name FROM issue_assignees a JOIN users u ON u.id = a.user_id WHERE a.issue_id = ?",
        (issue(reader, parameters)["id"],),
    )
    return name


def _check_assignee(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    name = _assignee(reader, parameters)
    return answer_is("N/A") if name is None else answer_includes(name)


def _solve_assignee(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_issue(page, parameters["project"], parameters["title"])
    name = page.after("Assignee").split(" @")[0]
    yield leave("N/A" if name.startswith("None") else name)


def _perturb_assignee(reader: WorldReader, parameters: Parameters) -> Statement:
    row = issue(reader, parameters)
    if _assignee(reader, parameters) is None:
        return Site.GITLAB, "INSERT INTO issue_assignees VALUES (?, 2)", (row["id"],)
    return Site.GITLAB, "DELETE FROM issue_assignees WHERE issue_id = ?", (row["id"],)


def _newest(reader: WorldReader, parameters: Parameters) -> Row:
    return reader.query(
        Site.GITLAB,
        "SELECT id, title FROM issues WHERE project_id = ? AND state = 'opened' ORDER BY created_at DESC, id DESC",
        (project(reader, parameters["project"])["id"],),
    )[0]


def _draw_with_issues(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    several = "2 <= (SELECT count(*) FROM issues i WHERE i.project_id = p.id AND i.state = 'opened')"
    return draw_project(reader, rng, novel, several)


def _check_newest(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(_newest(reader, parameters)["title"])


def _solve_newest(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_issues(page, parameters["project"])
    first = next(control for control in page.controls if control.line > page.find("Search issues").line)
    yield leave(first.text)


def _perturb_newest(reader: WorldReader, parameters: Parameters) -> Statement:
    return Site.GITLAB, "UPDATE issues SET state = 'closed' WHERE id = ?", (_newest(reader, parameters)["id"],)


def _draw_member(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = reader.query(
        Site.GITLAB,
        "SELECT p.name AS project, u.name AS person FROM project_members m JOIN projects p ON p.id = m.project_id"
        " JOIN users u ON u.id = m.user_id WHERE m.role <> 'Owner' AND u.id <> 1 AND max(p.novel, u.novel) = ?"
        " ORDER BY p.id, u.id",
        (int(novel),),
    )
    usable = {row["name"] for flag in (False, True) for row in projects(reader, flag)}
    rows = [row for row in rows if row["project"] in usable]
    if not rows:
        return None
    row = rng.choice(rows)
    return {"project": row["project"], "person": row["person"]}


def _check_role(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(
        reader.value(
            Site.GITLAB,
            "SELECT role FROM project_members WHERE project_id = ? AND user_id = ?",
            (project(reader, parameters["project"])["id"], user(reader, parameters["person"])["id"]),
        )
    )


def _solve_role(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_members(page, parameters["project"])
    yield leave(page.row(f"{parameters['person']} @")["Max role"])


def _perturb_role(reader: WorldReader, parameters: Parameters) -> Statement:
    return (
        Site.GITLAB,
        "UPDATE project_members SET role = CASE role WHEN 'Guest' THEN 'Reporter' ELSE 'Guest' END"
        " WHERE project_id = ? AND user_id = ?",
        (project(reader, parameters["project"])["id"], user(reader, parameters["person"])["id"]),
    )


def _check_clone(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    row = project(reader, parameters["project"])
    return answer_includes(f"ssh://git@localhost:2222/{row['namespace']}/{row['path']}.git")


def _solve_clone(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_project(page, parameters["project"])
    page = yield page.click("Clone")
    yield leave(page.find("Clone with SSH").value)


def _perturb_clone(reader: WorldReader, parameters: Parameters) -> Statement:
    row = project(reader, parameters["project"])
    return Site.GITLAB, "UPDATE projects SET path = 'moved-' || path WHERE id = ?", (row["id"],)


READING_TEMPLATES = (
    Template(
        name="gitlab.count_stars",
        sites=(Site.GITLAB,),
        kind=TaskKind.READING,
        wordings=(
            "How many stars does the project {project} have?",
            "Tell me the number of stars of {project}.",
            "How many people starred {project} on GitLab?",
        ),
        draw=_draw_starred,
        evaluate=_check_stars,
        solve=_solve_stars,
        steps=2,
        perturb=_perturb_stars,
    ),
    Template(
        name="gitlab.issue_assignee",
        sites=(Site.GITLAB,),
        kind=TaskKind.READING,
        wordings=(
            'Who is assigned to the issue "{title}" in {project}? Answer N/A if nobody is.',
            'Tell me the full name of the assignee of the issue "{title}" of the project {project}, or N/A.',
            'To whom is "{title}" assigned in {project}? If it is unassigned, the answer is N/A.',
        ),
        draw=_draw_issue,
        evaluate=_check_assignee,
        solve=_solve_assignee,
        steps=6,
        perturb=_perturb_assignee,
    ),
    Template(
        name="gitlab.latest_issue",
        sites=(Site.GITLAB,),
        kind=TaskKind.READING,
        wordings=(
            "What is the title of the most recently created open issue in {project}?",
            "Tell me the title of the newest open issue of the project {project}.",
            "Which open issue of {project} was created last? Give its title.",
        ),
        draw=_draw_with_issues,
        evaluate=_check_newest,
        solve=_solve_newest,
        steps=4,
        perturb=_perturb_newest,
    ),
    Template(
        name="gitlab.member_role",
        sites=(Site.GITLAB,),
        kind=TaskKind.READING,
        wordings=(
            "What is the role of {person} in the project {project}?",
            "Tell me which role {person} has in {project}.",
            "As what is {person} a member of {project}?",
        ),
        draw=_draw_member,
        evaluate=_check_role,
        solve=_solve_role,
        steps=5,
        perturb=_perturb_role,
    ),
    Template(
        name="gitlab.ssh_address",
        sites=(Site.GITLAB,),
        kind=TaskKind.READING,
        wordings=(
            "Show me the address to clone {project} with SSH.",
            "What is the SSH clone address of the project {project}?",
            "Get me the SSH address from which I can clone {project}.",
        ),
        draw=draw_project,
        evaluate=_check_clone,
        solve=_solve_clone,
        steps=4,
        perturb=_perturb_clone,
    ),
)
