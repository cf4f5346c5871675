"""What the oracles of the forum site share: finding forums and reading lists of posts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webrl_gym.actions import Action, click
from webrl_gym.tasks.page_view import Moves, OracleLost, PageView

_ENTRY = re.compile(
    r"Submitted by (?P<author>\S+) (?:\d+ \w+ ago|just now)(?: in (?P<forum>\S+))? (?P<comments>(?:No|\d+) comments?)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A post as a list shows it: title, author, forum (empty on the forum's own page) and the line of the title."""

    title: str
    author: str
    forum: str
    comments: str
    line: int


def entries(page: PageView) -> list[Entry]:
    """The posts of a list, from top to bottom."""
    found = []
    for number, text in enumerate(page.plain_lines):
        match = _ENTRY.fullmatch(text)
        if match is not None:
            title = page.plain_lines[number - 1]
            found.append(Entry(title, match["author"], match["forum"] or "", match["comments"], number - 1))
    return found


def press(page: PageView, entry: Entry, name: str) -> Action:
    """Clicks what is called ``name`` in a post of a list."""
    for control in page.controls:
        if control.line >= entry.line and control.name == name:
            return click(control.id)
    raise OracleLost(f"no {name!r} below {entry.title!r} on {page.url}:\n{page.text}")


def open_comments(page: PageView, entry: Entry) -> Action:
    """Opens the page of a post."""
    return press(page, entry, entry.comments)


def all_forums(page: PageView) -> Moves:
    """From any page to the names of all forums; two steps."""
    page = yield page.click("Forums", tag="a")
    return (yield page.click("Alphabetical"))


def open_forum(page: PageView, name: str) -> Moves:
    """From any page to a forum, whose name may be written in another case or with spaces; three steps."""
    page = yield from all_forums(page)
    wanted = name.replace(" ", "").casefold()
    for control in page.controls:
        if control.tag == "a" and control.name.casefold() == wanted:
            return (yield click(control.id))
    raise OracleLost(f"no forum {name!r} on {page.url}:\n{page.text}")


def forum_about(page: PageView, instruction: str) -> str:
    """On the page with all names: the last word of an instruction that names a forum, as the forum writes it."""
    names = {control.name.casefold(): control.name for control in page.controls if control.tag == "a"}
    words = [word for word in re.findall(r"\w+", instruction.casefold()) if word in names]
    if not words:
        raise OracleLost(f"no forum is named in {instruction!r}")
    return names[words[-1]]


def write_post(page: PageView, title: str, body: str = "", *, url: str = "", forum: str = "") -> Moves:
    """Submits a post, in the forum whose page this is if none is named; at most six steps."""
    page = yield page.click("Submit", tag="a")
    if url:
        page = yield page.type("URL", url)
    page = yield page.type("Title", title)
    if body:
        page = yield page.type("Body", body)
    if forum:
        page = yield page.select("Forum", forum)
    return (yield page.click("Create submission", tag="button"))


def quoted_texts(instruction: str) -> list[str]:
    """The texts that stand between double quotes in an instruction."""
    return re.findall(r'"([^"]+)"', instruction)
