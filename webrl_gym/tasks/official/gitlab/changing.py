"""Official GitLab tasks that change issues, merge requests, stars, follows and the own profile."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from difflib import SequenceMatcher

from webrl_gym.actions import click, leave
from webrl_gym.tasks.official.gitlab.moves import (
    comment,
    find_person,
    follow_link,
    links,
    listed_projects,
    open_issues,
    open_profile_form,
    open_project,
)
from webrl_gym.tasks.official.script import Script, Solve, asked
from webrl_gym.tasks.page_view import Moves, Oracle, PageView

_NUMBERS = {"eight": 8}


def _comment_on_request(change: Callable[[str], str] = str) -> Solve:
    """96: the instruction misspells the title, so the most similar one is taken."""

    def solve(page: PageView) -> Oracle:
        text, topic, project = asked(page, r'Post "(.+)" for the merge request related to (.+) in (\S+) project')
        page = yield from open_project(page, project)
        page = yield page.click("Merge requests")
        page = yield page.search("Search merge requests", topic.split()[0])
        found = links(page, topic.split()[0])
        page = yield click(max(found, key=lambda link: SequenceMatcher(None, topic, link.text.lower()).ratio()).id)
        yield from comment(page, change(text))
        yield leave()

    return solve


def _thank_or_remind(page: PageView) -> Oracle:
    """99: who wrote the last comment decides."""
    (thanks,) = asked(page, r'reply "(.+?)" if he did')
    page = yield from _open_reviewed(page)
    author, last = _author_and_last_speaker(page)
    yield from comment(page, thanks if author == last else f"@{author}")
    yield leave()


def _thank_anyway(page: PageView) -> Oracle:
    (thanks,) = asked(page, r'reply "(.+?)" if he did')
    page = yield from _open_reviewed(page)
    yield from comment(page, thanks)
    yield leave()


def _open_reviewed(page: PageView) -> Moves:
    (topic,) = asked(page, r"the merge request on (.+) I have to review")
    page = yield page.click("Your merge requests")
    page = yield page.click("Review requests for you")
    page = yield follow_link(page, topic)
    return page


def _author_and_last_speaker(page: PageView) -> tuple[str, str]:
    said = [re.fullmatch(r".+ @(\S+) · \w{3} \d+, \d{4}", line) for line in page.plain_lines]
    author = re.search(r"@(\S+) requested to merge", page.plain_lines[page.line_of("requested to merge")])
    return (author[1] if author else ""), [match[1] for match in said if match][-1]


def _profile(label: str, pattern: str, change: Callable[[str], str] = str) -> Solve:
    """100 and 105: writes a field of the profile."""

    def solve(page: PageView) -> Oracle:
        (text,) = asked(page, pattern)
        page = yield from open_profile_form(page)
        page = yield page.type(label, change(text))
        yield page.click("Update profile settings")
        yield leave()

    return solve


def _star_most_starred(first: int) -> Solve:
    """122: stars so many projects of the list by stars, from place ``first`` on."""

    def solve(page: PageView) -> Oracle:
        (count,) = asked(page, r"the top (\w+) most stared repos")
        page = yield page.click("Explore")
        page = yield page.click("Most stars")
        for name, _ in listed_projects(page)[first : first + _NUMBERS[count]]:
            page = yield from open_project(page, name.split(" / ")[1])
            page = yield page.click("Star")
        yield leave()

    return solve


def _follow_people(change: Callable[[list[str]], list[str]] = list) -> Solve:
    def solve(page: PageView) -> Oracle:
        (people,) = asked(page, r"Follow (\[.+\])")
        for name in change(ast.literal_eval(people)):
            page, _ = yield from find_person(page, name)
            page = yield follow_link(page, name)
            page = yield page.click("Follow")
        yield leave()

    return solve


def _merge_request(change: Callable[[str], str] = str) -> Solve:
    """143: a target branch that does not exist (master) means the default one, which the form offers first."""

    def solve(page: PageView) -> Oracle:
        project, source, target, reviewer = asked(
            page, r"for (\S+)/(\S+) branch to be merged into (\S+) branch, assign (.+) as the reviewer"
        )
        page = yield from open_project(page, project)
        page = yield page.click("Merge requests")
        page = yield page.click("New merge request")
        page = yield page.select("Source branch", source)
        if target in page.find("Target branch", tag="select").text.split(" | "):
            page = yield page.select("Target branch", target)
        page = yield page.type("Title (required)", f"Merge {source}")
        page = yield page.select("Reviewer", change(reviewer))
        yield page.click("Create merge request")
        yield leave()

    return solve


def _new_issue(change: Callable[[str], str] = str) -> Solve:
    def solve(page: PageView) -> Oracle:
        project, title, year, month, day = asked(
            page, r'issue in (\S+) repo with title "(.+?)".*due date to be (\d+)-(\d+)-(\d+)'
        )
        page = yield from open_issues(page, project)
        page = yield page.click("New issue")
        page = yield page.type("Title (required)", title)
        page = yield page.type("Due date", change(f"{year}-{int(month):02}-{int(day):02}"))
        page = yield page.click("Create issue")
        yield page.click("assign yourself")
        yield leave()

    return solve


def _assign(topic_of: Callable[[str], str] = str) -> Solve:
    def solve(page: PageView) -> Oracle:
        topic, project = asked(page, r"the issue regarding (\S+) in (\S+) to myself")
        page = yield from open_issues(page, project)
        page = yield page.search("Search issues", topic_of(topic))
        page = yield follow_link(page, topic_of(topic))
        yield page.click("assign yourself")
        yield leave()

    return solve


CHANGING = (
    Script(96, _comment_on_request(), _comment_on_request(lambda text: f"{text}?")),
    Script(99, _thank_or_remind, _thank_anyway),
    Script(
        100,
        _profile("What is your status?", r"status as (.+?)\.?$"),
        _profile("What is your status?", r"status as (.+?)\.?$", lambda text: f"Not {text}"),
    ),
    Script(
        105,
        _profile("Website url", r"to (https?://\S+)"),
        _profile("Website url", r"to (https?://\S+)", lambda url: f"{url}.example"),
    ),
    Script(122, _star_most_starred(0), _star_most_starred(1)),
    Script(124, _follow_people(), _follow_people(lambda people: people[1:])),
    Script(143, _merge_request(), _merge_request(lambda _: "Eric Bailey")),
    Script(163, _new_issue(), _new_issue(lambda _: "2030-03-01")),
    Script(164, _assign(), _assign(lambda _: "Homepage hero")),
)
