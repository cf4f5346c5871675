"""The official tasks that cross from one site to another, forums among them: each site is open in a tab of its own."""

from __future__ import annotations

import re
from functools import partial

from webrl_gym.actions import leave, switch_tab
from webrl_gym.tasks.official.reddit.moves import (
    all_forums,
    entries,
    open_forum,
    quoted_texts,
    write_post,
)
from webrl_gym.tasks.official.script import Perturbation, Script, asked
from webrl_gym.tasks.page_view import Moves, Oracle, OracleLost, PageView
from webrl_gym.tasks.practice.reddit_moves import sort_forum
from webrl_gym.types import Site


def _forum_in_list(page: PageView, name: str) -> Moves:
    """From any page of the forums to one that is among the largest; two steps."""
    page = yield page.click("Forums", tag="a")
    return (yield page.click(name, tag="a"))


def _collect_active_posts(page: PageView, *, left_out: int = 0) -> Oracle:
    project, count, forum = asked(page, r"named (.+) that includes a README .* most active (\d+) .* on (\w+) subreddit")
    number = int(count) - left_out
    page = yield switch_tab(1)
    page = yield from _forum_in_list(page, forum)
    page = yield from sort_forum(page, "Active")
    titles = [entry.title for entry in entries(page)[:number]]
    addresses = []
    for title in titles:
        post = yield page.click(title, tag="a")
        addresses.append(post.url)
        if title != titles[-1]:
            page = yield post.back()
    page = yield switch_tab(0)
    page = yield page.click("New project", tag="a")
    page = yield page.type("Project name", project)
    page = yield page.click("Create project", tag="button")
    page = yield page.click("README.md", tag="a")
    page = yield page.click("Edit", tag="a")
    page = yield page.type("File content", "\n".join(addresses))
    yield page.click("Commit changes", tag="button")
    yield leave()


def _save_recent_posts(page: PageView) -> Oracle:
    """Looks whether there is such a forum at all; there is not, and the task is to say so."""
    (forum,) = asked(page, r"recent posts from (\w+)")
    page = yield switch_tab(1)
    page = yield from all_forums(page)
    known = {control.name.casefold() for control in page.controls}
    yield leave(f"There is a forum {forum}" if forum.casefold() in known else "N/A")


def _share_reviews(page: PageView, *, left_out: int = 0) -> Oracle:
    product, stars = asked(page, r"titles of (.+) reviews with (\d) star")
    (title,) = quoted_texts(page.observation["instruction"])
    page = yield page.search("Search", product)
    page = yield page.click(_product(page, product), tag="a")
    found = _review_titles(page, stars)
    while any(control.name == "Next" for control in page.controls):
        page = yield page.click("Next", tag="a")
        found += _review_titles(page, stars)
    page = yield switch_tab(1)
    # "The games subreddit" is the one about gaming.
    page = yield from open_forum(page, "gaming")
    yield from write_post(page, title, "\n".join(found[left_out:]))
    yield leave()


def _product(page: PageView, words: str) -> str:
    """Name of the first product whose name holds ``words``."""
    for control in page.controls:
        if control.tag == "a" and words.casefold() in control.name.casefold():
            return control.name
    raise OracleLost(f"no product {words!r} on {page.url}:\n{page.text}")


def _review_titles(page: PageView, stars: str) -> list[str]:
    """Titles of the reviews that give so many stars: each stands above its rating."""
    lines = page.plain_lines
    return [lines[number - 1] for number, line in enumerate(lines) if re.match(rf"Rating: {stars} stars?\b", line)]


def _share_repository(page: PageView, *, with_address: bool = True) -> Oracle:
    (topic,) = asked(page, r"GitLab repository related to (\w+)")
    page = yield switch_tab(1)
    page = yield from _open_project(page, topic)
    name = page.url.rsplit("/", 1)[-1]
    address = page.url
    page = yield switch_tab(0)
    # A program that talks is new technology.
    page = yield from open_forum(page, "technology")
    yield from write_post(page, f"{name}: a repository worth a look", address if with_address else "")
    yield leave()


def _promote_repository(page: PageView, *, forum: str = "") -> Oracle:
    project, subreddit = asked(page, r"Promote (\S+) to subreddit (\w+)")
    page = yield switch_tab(1)
    page = yield from _open_project(page, project.rsplit("/", 1)[-1])
    description = page.plain_lines[page.line_of(" Owner: ") + 1]
    address = page.url
    page = yield switch_tab(0)
    page = yield from open_forum(page, forum or subreddit)
    yield from write_post(page, description, url=address)
    yield leave()


def _open_project(page: PageView, words: str) -> Moves:
    """From any page of GitLab to the first project whose name holds ``words``; two steps."""
    page = yield page.search("Search GitLab", words)
    for control in page.controls:
        if control.tag == "a" and words.casefold() in control.name.rpartition(" / ")[2].casefold():
            return (yield page.click(control.name, tag="a"))
    raise OracleLost(f"no project {words!r} on {page.url}:\n{page.text}")


SCRIPTS: tuple[Script, ...] = (
    Script(task_id=127, solve=_collect_active_posts, twin=partial(_collect_active_posts, left_out=1)),
    Script(task_id=144, solve=_share_reviews, twin=partial(_share_reviews, left_out=1)),
    Script(task_id=146, solve=_share_repository, twin=partial(_share_repository, with_address=False)),
    Script(task_id=147, solve=_promote_repository, twin=partial(_promote_repository, forum="gadgets")),
    Script(
        task_id=161,
        solve=_save_recent_posts,
        twin="Done",
        perturbation=Perturbation(
            ((Site.REDDIT, "UPDATE forums SET name = 'cars' WHERE name = 'gadgets'", ()),), "There is a forum cars"
        ),
    ),
)
