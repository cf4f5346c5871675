"""Tasks that ask for an answer: about the comments of a user, and about a post among the best."""

from __future__ import annotations

import re

from webrl_gym.actions import leave
from webrl_gym.tasks.official.reddit.moves import entries, open_comments, open_forum, press
from webrl_gym.tasks.official.script import Perturbation, Script, asked
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.practice.reddit_moves import sort_forum, top_of_all_time
from webrl_gym.types import Site

_LATEST_AUTHOR = (
    "SELECT s.user_id FROM submissions s JOIN forums f ON f.id = s.forum_id WHERE f.name = 'Showerthoughts' "
    "ORDER BY s.created DESC, s.id DESC LIMIT 1"
)
_ORGANIZATION = re.compile(r"\b[\w-]+\.(?:org|com|net)\b")


def _count_disliked_comments(page: PageView) -> Oracle:
    (forum,) = asked(page, r"on the (\w+) forum")
    page = yield from open_forum(page, forum)
    page = yield from sort_forum(page, "New")
    latest = entries(page)[0]
    page = yield press(page, latest, latest.author)
    page = yield page.click("Comments", tag="a")
    disliked = 0
    while True:
        disliked += sum(int(score) < 0 for score in re.findall(r"pvote (-?\d+) ", "\n".join(page.plain_lines)))
        if not any(control.name == "More" for control in page.controls):
            break
        page = yield page.click("More", tag="a")
    yield leave(str(disliked))


def _organizations_that_support_book_stores(page: PageView) -> Oracle:
    (forum,) = asked(page, r'"(\w+)" forum')
    page = yield from open_forum(page, forum)
    page = yield from top_of_all_time(page)
    found: dict[str, None] = {}
    for entry in entries(page)[:10]:
        if not re.search(r"\bbook ?(?:store|shop)", entry.title, re.IGNORECASE):
            continue
        page = yield open_comments(page, entry)
        found |= dict.fromkeys(_ORGANIZATION.findall("\n".join(page.plain_lines)))
        page = yield page.back()
    yield leave(", ".join(found) or "No")


SCRIPTS: tuple[Script, ...] = (
    Script(
        task_id=5,
        solve=_count_disliked_comments,
        twin="1",
        perturbation=Perturbation(
            (
                (
                    Site.REDDIT,
                    "UPDATE comments SET downvotes = upvotes + 4 WHERE id IN "
                    f"(SELECT id FROM comments WHERE user_id = ({_LATEST_AUTHOR}) ORDER BY id LIMIT 3)",
                    (),
                ),
            ),
            "3",
        ),
    ),
    Script(
        task_id=14,
        solve=_organizations_that_support_book_stores,
        twin="amazon.com",
        perturbation=Perturbation(
            (
                (
                    Site.REDDIT,
                    "UPDATE submissions SET body = replace(body, 'bookshop.org', 'indiebound.org') "
                    "WHERE body LIKE '%bookshop.org%'",
                    (),
                ),
            ),
            "indiebound.org",
        ),
    ),
)
