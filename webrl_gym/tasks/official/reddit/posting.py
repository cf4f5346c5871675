"""Tasks that write posts and comments."""

from __future__ import annotations

import re
from functools import partial

from webrl_gym.actions import leave
from webrl_gym.tasks.official.reddit.moves import (
    all_forums,
    entries,
    forum_about,
    open_comments,
    quoted_texts,
    write_post,
)
from webrl_gym.tasks.official.script import Script, asked
from webrl_gym.tasks.page_view import Moves, Oracle, PageView
from webrl_gym.tasks.practice.reddit_moves import ACCOUNT


def _post_in_its_forum(page: PageView, title: str, body: str = "", *, forum: str = "") -> Moves:
    """Posts in the forum that the instruction names or is about, or in another one."""
    page = yield from all_forums(page)
    page = yield page.click(forum or forum_about(page, page.observation["instruction"]), tag="a")
    return (yield from write_post(page, title, body))


def _ask_question(page: PageView, *, ending: str = "") -> Oracle:
    (question,) = quoted_texts(page.observation["instruction"])
    yield from _post_in_its_forum(page, question.removesuffix(ending))
    yield leave()


def _review_book(page: PageView, *, ending: str = "") -> Oracle:
    book, comment = quoted_texts(page.observation["instruction"])
    yield from _post_in_its_forum(page, book, comment.removesuffix(ending))
    yield leave()


def _ask_for_opinions(page: PageView, *, ending: str = "") -> Oracle:
    product, prompt = quoted_texts(page.observation["instruction"])
    yield from _post_in_its_forum(page, product.removesuffix(ending), prompt)
    yield leave()


def _post_what_is_asked(page: PageView, *, pattern: str, forum: str = "", day: str = "") -> Oracle:
    """The title is the part of the instruction that a pattern finds, with another day if one is given."""
    (text,) = asked(page, pattern)
    title = text[0].upper() + text[1:]
    yield from _post_in_its_forum(page, re.sub(r"\d+th", day, title) if day else title, forum=forum)
    yield leave()


def _post_picture_again(page: PageView, *, nth: int = 0) -> Oracle:
    subject, forum = asked(page, r"image of (.+?) in this page to (\w+) subreddit")
    (note,) = quoted_texts(page.observation["instruction"])
    shown = [entry for entry in entries(page) if (subject in entry.title.casefold()) == (nth == 0)]
    title = shown[0].title
    picture = yield page.click(title, tag="a")
    page = yield picture.back()
    yield from write_post(page, title, note, url=picture.url, forum=forum)
    yield leave()


def _comment(page: PageView, *, ending: str = "") -> Oracle:
    (text,) = quoted_texts(page.observation["instruction"])
    page = yield page.type("Comment", text.removesuffix(ending))
    page = yield page.click("Post", tag="button")
    yield leave()


def _add_line_to_own_post(page: PageView, *, ending: str = "") -> Oracle:
    instruction = page.observation["instruction"]
    (show,) = asked(page, r"my post on (.+?) series by")
    (line,) = quoted_texts(instruction)
    page = yield page.click(ACCOUNT, tag="summary")
    page = yield page.click("Profile")
    page = yield page.click("Submissions", tag="a")
    while not (found := [entry for entry in entries(page) if _holds_all(entry.title, show)]):
        page = yield page.click("More", tag="a")
    page = yield open_comments(page, found[0])
    page = yield page.click("Edit", tag="a")
    before = page.find("Body").value
    page = yield page.type("Body", f"{before}\n{line}".strip().removesuffix(ending))
    page = yield page.click("Edit submission", tag="button")
    yield leave()


def _holds_all(title: str, words: str) -> bool:
    return all(word in title for word in words.split())


SCRIPTS: tuple[Script, ...] = (
    Script(task_id=133, solve=_ask_question, twin=partial(_ask_question, ending=" in NYC")),
    Script(task_id=134, solve=_ask_question, twin=partial(_ask_question, ending=" these days")),
    Script(task_id=135, solve=_review_book, twin=partial(_review_book, ending=" it")),
    Script(task_id=136, solve=_post_picture_again, twin=partial(_post_picture_again, nth=1)),
    Script(task_id=137, solve=_ask_for_opinions, twin=partial(_ask_for_opinions, ending=" 14")),
    Script(
        task_id=138,
        solve=partial(_post_what_is_asked, pattern=r"Ask for (.+) in r/"),
        twin=partial(_post_what_is_asked, pattern=r"Ask for (.+) within"),
    ),
    Script(
        task_id=139,
        solve=partial(_post_what_is_asked, pattern=r"Post a notice on a (.+) in the"),
        twin=partial(_post_what_is_asked, pattern=r"Post a notice on a (.+) in the", day="9th"),
    ),
    Script(
        task_id=140,
        solve=partial(_post_what_is_asked, pattern=r"about (.+)"),
        twin=partial(_post_what_is_asked, pattern=r"about (.+)", forum="gadgets"),
    ),
    Script(task_id=141, solve=_comment, twin=partial(_comment, ending="?")),
    Script(task_id=154, solve=_add_line_to_own_post, twin=partial(_add_line_to_own_post, ending=" again")),
)
