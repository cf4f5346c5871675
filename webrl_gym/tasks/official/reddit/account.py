"""Tasks about the account and its forums: the biography, a new forum, a subscription."""

from __future__ import annotations

import re

from webrl_gym.actions import leave
from webrl_gym.tasks.official.reddit.moves import entries, open_comments, open_forum, quoted_texts
from webrl_gym.tasks.official.script import Script, asked
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.practice.reddit_moves import ACCOUNT


def _change_biography(page: PageView, *, ending: str = "") -> Oracle:
    (text,) = quoted_texts(page.observation["instruction"])
    page = yield page.click(ACCOUNT, tag="summary")
    page = yield page.click("Profile")
    page = yield page.click("Edit biography")
    page = yield page.type("Biography", text + ending)
    page = yield page.click("Save", tag="button")
    yield leave()


def _change_biography_wrongly(page: PageView) -> Oracle:
    return _change_biography(page, ending="!")


def _create_forum(page: PageView, *, left_out: int = 0) -> Oracle:
    instruction = page.observation["instruction"]
    name, description = asked(page, r"named (\w+), with a description of (.+?), and include")
    topics = re.findall(r"'(\w+)'", instruction)
    page = yield page.click("Forums", tag="a")
    page = yield page.click("Create forum")
    page = yield page.type("Name", name)
    page = yield page.type("Title", name)
    page = yield page.type("Description", description)
    page = yield page.type("Sidebar", "\n".join(topics[left_out:]))
    page = yield page.click("Create forum", tag="button")
    yield leave()


def _create_forum_without_a_topic(page: PageView) -> Oracle:
    return _create_forum(page, left_out=1)


def _subscribe_on_a_post(page: PageView, *, forum: str = "") -> Oracle:
    (named,) = quoted_texts(page.observation["instruction"])
    page = yield from open_forum(page, forum or named)
    page = yield open_comments(page, entries(page)[0])
    page = yield page.click("Subscribe", tag="button")
    yield leave()


def _subscribe_elsewhere(page: PageView) -> Oracle:
    return _subscribe_on_a_post(page, forum="deep learning")


SCRIPTS: tuple[Script, ...] = (
    Script(task_id=97, solve=_change_biography, twin=_change_biography_wrongly),
    Script(task_id=131, solve=_create_forum, twin=_create_forum_without_a_topic),
    Script(task_id=132, solve=_subscribe_on_a_post, twin=_subscribe_elsewhere),
)
