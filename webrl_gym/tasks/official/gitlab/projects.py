"""Official GitLab tasks that create projects and invite people."""

from __future__ import annotations

import ast
from collections.abc import Callable

from webrl_gym.actions import leave
from webrl_gym.tasks.official.gitlab.moves import find_person, invite, open_members, open_project
from webrl_gym.tasks.official.script import Script, Solve, asked
from webrl_gym.tasks.page_view import Moves, Oracle, PageView


def _empty_project(change: Callable[[str], str] = str) -> Solve:
    def solve(page: PageView) -> Oracle:
        (name,) = asked(page, r"with the name (\w+)")
        page = yield page.click("New project")
        page = yield page.type("Project name", change(name))
        page = yield page.click("Initialize repository with a README")
        yield page.click("Create project")
        yield leave()

    return solve


def _invite_one(change: Callable[[str], str] = str) -> Solve:
    """112: the first word names the person; the project's name begins with what is to be checked."""

    def solve(page: PageView) -> Oracle:
        person, project, role = asked(page, r"^(\w+) wants to check my (\w+) .*invite him to the repo as a (\w+)")
        page, username = yield from find_person(page, person)
        page = yield from open_project(page, project)
        page = yield from open_members(page)
        yield from invite(page, [username], change(role.capitalize()))
        yield leave()

    return solve


def _invite_collaborators(change: Callable[[list[str]], list[str]] = list) -> Solve:
    def solve(page: PageView) -> Oracle:
        people, project = asked(page, r"Invite (.+) as collaborator to (\S+) repo")
        page = yield from _invite_found(page, change(people.split(" and ")), project, "Developer")
        yield leave()

    return solve


def _invite_to_extension(change: Callable[[str], str] = str) -> Solve:
    """130: the extension's name holds the word ``timeline``."""

    def solve(page: PageView) -> Oracle:
        topic, role, people = asked(page, r"to my GitHub (\w+) .* extension as (\w+): (\[.+\])")
        page = yield from _invite_found(page, ast.literal_eval(people), topic, change(role.capitalize()))
        yield leave()

    return solve


def _invite_found(page: PageView, people: list[str], project: str, role: str) -> Moves:
    """Looks the people up, then invites them all at once."""
    usernames = []
    for person in people:
        page, username = yield from find_person(page, person)
        usernames.append(username)
    page = yield from open_project(page, project)
    page = yield from open_members(page)
    page = yield from invite(page, usernames, role)
    return page


def _project_with_members(visibility_of: Callable[[str], str] = str, template_of: Callable[[str], str] = str) -> Solve:
    """156 and 157: looks the people up, creates the project and invites them."""

    def solve(page: PageView) -> Oracle:
        visibility, name, template, people = asked(
            page, r'(public|private) project "?([\w-]+)"?(?: with (\w+) template)? and add (.+) as members'
        )
        usernames = []
        for person in people.split(", "):
            page, username = yield from find_person(page, person)
            usernames.append(username)
        page = yield page.click("Create new", tag="summary")
        page = yield page.click("New project")
        if template_of(template):
            page = yield page.click("Create from template")
            page = yield page.click("Use template", near=template_of(template))
        page = yield page.type("Project name", name)
        page = yield page.click(visibility_of(visibility).capitalize())
        page = yield page.click("Create project")
        page = yield from open_members(page)
        yield from invite(page, usernames)
        yield leave()

    return solve


PROJECTS = (
    Script(111, _empty_project(), _empty_project(lambda name: name.replace("_", "-"))),
    Script(112, _invite_one(), _invite_one(lambda _: "Reporter")),
    Script(128, _invite_collaborators(), _invite_collaborators(lambda people: people[:1])),
    Script(130, _invite_to_extension(), _invite_to_extension(lambda _: "Developer")),
    Script(156, _project_with_members(), _project_with_members(lambda _: "private")),
    Script(157, _project_with_members(), _project_with_members(template_of=lambda _: "")),
)
