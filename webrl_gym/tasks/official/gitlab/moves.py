"""Moves that the oracles of the official GitLab tasks share."""

from __future__ import annotations

import re
from collections.abc import Generator

from webrl_gym.actions import Action, click
from webrl_gym.tasks.page_view import Control, Moves, OracleLost, PageView

ACCOUNT = "byteblaze"
OWNER = "Byte Blaze"
"""Username and name of the account that is signed in."""

_PROJECT = re.compile(r"(.+ / \S+) (?:Private |Internal )?(\d+) stars Updated .*")


def links(page: PageView, text: str) -> list[Control]:
    """Links whose text holds ``text``; case does not count."""
    return [c for c in page.controls if c.tag == "a" and text.casefold() in c.text.casefold()]


def follow_link(page: PageView, text: str) -> Action:
    """Clicks the first link whose text holds ``text``."""
    found = links(page, text)
    if not found:
        raise OracleLost(f"no link with {text!r} on {page.url}:\n{page.text}")
    return click(found[0].id)


def listed_projects(page: PageView) -> list[tuple[str, int]]:
    """Full names (``Owner / name``) and stars of the projects in a list, in its order."""
    found = [_PROJECT.fullmatch(line) for line in page.plain_lines]
    return [(row[1], int(row[2])) for row in found if row is not None]


def open_project(page: PageView, name: str) -> Moves:
    """Searches for a project and opens it: one of just that name, an own one, or the first; two actions."""
    page = yield page.search("Search GitLab", name)
    words = name.casefold().split()
    found = [full for full, _ in listed_projects(page) if all(word in full.casefold() for word in words)]
    if not found:
        raise OracleLost(f"no project {name!r} on {page.url}:\n{page.text}")
    found.sort(key=lambda full: (full.split(" / ")[1] != name, not full.startswith(f"{OWNER} / ")))
    page = yield page.click(found[0], tag="a")
    return page


def open_issues(page: PageView, name: str) -> Moves:
    """Opens the list of a project's issues; three actions."""
    page = yield from open_project(page, name)
    page = yield page.click("Issues")
    return page


def open_members(page: PageView) -> Moves:
    """Opens the members of the project that is open; two actions."""
    page = yield page.click("Project information")
    page = yield page.click("Members")
    return page


def open_profile_form(page: PageView) -> Moves:
    """Opens the form with the account's profile; two actions."""
    page = yield page.click(ACCOUNT, tag="summary")
    page = yield page.click("Edit profile")
    return page


def find_person(page: PageView, name: str) -> Generator[Action, PageView, tuple[PageView, str]]:
    """Searches for a person, by a part of the name or username; returns the found list and the username."""
    page = yield page.search("Search GitLab", name)
    page = yield page.click("Users")
    found = [line.split("@")[-1] for line in page.plain_lines if re.fullmatch(r".+ @\S+", line)]
    if not found:
        raise OracleLost(f"nobody called {name!r} on {page.url}:\n{page.text}")
    return page, next((username for username in found if username == name), found[0])


def invite(page: PageView, usernames: list[str], role: str = "Guest") -> Moves:
    """Invites people on the page of a project's members; three actions."""
    page = yield page.type("Username, name or email address", ", ".join(usernames))
    page = yield page.select("Select a role", role)
    page = yield page.click("Invite")
    return page


def comment(page: PageView, text: str) -> Moves:
    """Comments on the issue or merge request that is open; two actions."""
    page = yield page.type("Write a comment", text)
    page = yield page.click("Comment", tag="button")
    return page
