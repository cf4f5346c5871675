"""What the forum site's practice templates share: drawing posts and forums, and finding one's way on its pages."""

from __future__ import annotations

import random
import re
from typing import Any

from webrl_gym.actions import click
from webrl_gym.tasks.page_view import Control, Moves, OracleLost, PageView, Parameters
from webrl_gym.tasks.template import Row, WorldReader
from webrl_gym.types import Site

SITE = (Site.REDDIT,)
ACCOUNT = "MarvelsGrantMan136"

_POSTS = (
    "SELECT s.*, f.name AS forum, u.username AS author, u.biography, u.allow_private_messages AS reachable, "
    "COALESCE(v.choice, 0) AS choice FROM submissions s JOIN forums f ON f.id = s.forum_id "
    "JOIN users u ON u.id = s.user_id JOIN users me ON me.username = ? "
    "LEFT JOIN submission_votes v ON v.submission_id = s.id AND v.user_id = me.id"
)
_FORUMS = (
    "SELECT f.*, EXISTS (SELECT 1 FROM subscriptions x WHERE x.forum_id = f.id AND x.user_id = me.id) AS subscribed, "
    "EXISTS (SELECT 1 FROM hidden_forums x WHERE x.forum_id = f.id AND x.user_id = me.id) AS hidden "
    "FROM forums f JOIN users me ON me.username = ?"
)
_WORDS = (
    "thanks for sharing this great really helpful advice totally agree nice work please explain more about last part "
    "love it what wonderful idea never seen before would recommend everyone here maybe next time could be better "
    "simple quick answer looking forward hope works well long story"
).split()


def posts(world: WorldReader, where: str, values: tuple[Any, ...] = ()) -> list[Row]:
    """Submissions that meet a condition on ``s``, ``f``, ``u`` and ``v``, with forum, author and the account's vote."""
    return world.query(Site.REDDIT, f"{_POSTS} WHERE {where} ORDER BY s.id", (ACCOUNT, *values))


def post(world: WorldReader, title: str) -> Row:
    """The submission with this title; titles are unique."""
    return posts(world, "s.title = ?", (title,))[0]


def others_posts(world: WorldReader, novel: bool) -> list[Row]:
    """Submissions of other people."""
    return posts(world, "s.novel = ? AND u.username != ?", (int(novel), ACCOUNT))


def draw_post(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    """The title of somebody else's submission."""
    return {"post": rng.choice(others_posts(world, novel))["title"]}


def post_page(row: Row) -> str:
    """Address of a submission's page."""
    return f"__REDDIT__/f/{row['forum']}/{row['id']}/{row['slug']}"


def forums(world: WorldReader, where: str, values: tuple[Any, ...] = ()) -> list[Row]:
    """Forums that meet a condition on ``f``, with ``subscribed`` and ``hidden`` as the account has them."""
    return world.query(Site.REDDIT, f"SELECT * FROM ({_FORUMS}) f WHERE {where} ORDER BY f.id", (ACCOUNT, *values))


def draw_forum(world: WorldReader, rng: random.Random, novel: bool, condition: str = "1") -> dict[str, str] | None:
    """The name of a forum that meets a condition on ``f``."""
    rows = forums(world, f"f.novel = ? AND {condition}", (int(novel),))
    return {"forum": rng.choice(rows)["name"]} if rows else None


def text_of(selector: str) -> str:
    """Locator of the text of the first element that a CSS selector finds."""
    return f'document.querySelector("{selector}").outerText'


def some_words(rng: random.Random, count: int) -> str:
    """A sentence to write, without end mark."""
    text = " ".join(rng.sample(_WORDS, count))
    return text[0].upper() + text[1:]


def open_forum(page: PageView, forum: str) -> Moves:
    """From any page to a forum's page; three steps."""
    page = yield page.click("Forums", tag="a")
    page = yield page.click("Alphabetical")
    return (yield page.click(forum, tag="a"))


def sort_forum(page: PageView, order: str) -> Moves:
    """Puts the submissions of a forum into another order; two steps."""
    page = yield page.click(choice_box(page, "Sort by: "))
    return (yield page.click(order, tag="a"))


def top_of_all_time(page: PageView) -> Moves:
    """Puts the best submission of all time first on a forum's page; four steps."""
    page = yield from sort_forum(page, "Top")
    page = yield page.click(choice_box(page, "From: "))
    return (yield page.click("All time"))


def choice_box(page: PageView, start: str) -> str:
    """Full name of the box whose name begins with ``start``; it ends with the current choice."""
    for control in page.controls:
        if control.tag == "summary" and control.name.startswith(start):
            return control.name
    raise OracleLost(f"no box {start!r} on {page.url}:\n{page.text}")


def search_post(page: PageView, parameters: Parameters) -> Moves:
    """Searches for the submission ``post``; one step."""
    return (yield page.search("Search query", parameters["post"]))


def open_post(page: PageView, parameters: Parameters) -> Moves:
    """Searches for the submission ``post`` and opens its comments; two steps."""
    page = yield from search_post(page, parameters)
    return (yield click(comments_link(page, parameters["post"]).id))


def open_author(page: PageView, parameters: Parameters) -> Moves:
    """Searches for the submission ``post`` and opens the page of its author; two steps."""
    page = yield from search_post(page, parameters)
    return (yield page.click(author_below(page, parameters["post"]), near=parameters["post"]))


def author_below(page: PageView, title: str) -> str:
    """Who submitted the submission with this title, as a list says."""
    return _found(page, r"Submitted by (\S+) on ", page.line_of(title))


def score_below(page: PageView, title: str) -> str:
    """Score of the submission with this title, as a list says."""
    return _found(page, r"pvote (-?\d+) ", page.line_of(title))


def comments_link(page: PageView, title: str) -> Control:
    """The link to the comments of the submission with this title."""
    start = page.line_of(title)
    for control in page.controls:
        if control.tag == "a" and control.line >= start and re.fullmatch(r"(No|\d+) comments?", control.name):
            return control
    raise OracleLost(f"no link to the comments of {title!r} on {page.url}:\n{page.text}")


def first_title(page: PageView) -> str:
    """Title of the first submission of a list."""
    number = page.line_of("Submitted by ")
    return page.plain_lines[number - 1]


def comment_scores(page: PageView) -> list[tuple[int, str]]:
    """Score and author of every comment on a submission's page."""
    found = []
    author = ""
    for line in page.plain_lines:
        wrote = re.match(r"(\S+) wrote on ", line)
        score = re.search(r"pvote (-?\d+) ", line)
        if wrote:
            author = wrote[1]
        elif score and author:
            found.append((int(score[1]), author))
            author = ""
    return found


def _found(page: PageView, pattern: str, start: int) -> str:
    for line in page.plain_lines[start:]:
        match = re.search(pattern, line)
        if match:
            return match[1]
    raise OracleLost(f"no line with {pattern!r} from line {start} on {page.url}:\n{page.text}")
