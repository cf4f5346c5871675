"""Tasks that vote on posts."""

from __future__ import annotations

from webrl_gym.actions import leave
from webrl_gym.tasks.official.reddit.moves import entries, open_forum, press
from webrl_gym.tasks.official.script import Script, asked
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.practice.reddit_moves import sort_forum, top_of_all_time


def _upvote_newest(page: PageView, *, place: int = 0) -> Oracle:
    (forum,) = asked(page, r"in (\w+) subreddit")
    page = yield from open_forum(page, forum)
    page = yield from sort_forum(page, "New")
    page = yield press(page, entries(page)[place], "Upvote")
    yield leave()


def _upvote_second_newest(page: PageView) -> Oracle:
    return _upvote_newest(page, place=1)


def _downvote_best(page: PageView, *, place: int = 0) -> Oracle:
    (forum,) = asked(page, r"ever in (\w+)")
    page = yield from open_forum(page, forum)
    page = yield from top_of_all_time(page)
    page = yield press(page, entries(page)[place], "Downvote")
    yield leave()


def _downvote_second_best(page: PageView) -> Oracle:
    return _downvote_best(page, place=1)


def _vote_on_all_of_a_user(page: PageView, *, spared: int = 0, wrong: bool = False) -> Oracle:
    opinion, author, forum = asked(page, r"^(\w+) all submissions created by (\w+) in subreddit (\w+)$")
    vote = "Upvote" if (opinion == "Like") != wrong else "Downvote"
    page = yield from open_forum(page, forum)
    while not any(entry.author == author for entry in entries(page)):
        page = yield page.click("More", tag="a")
    page = yield page.click(author, tag="a")
    page = yield page.click("Submissions", tag="a")
    theirs = [entry for entry in entries(page) if entry.forum.casefold() == forum.casefold()]
    for entry in theirs[spared:]:
        page = yield press(page, entry, vote)
    yield leave()


def _vote_on_all_but_one(page: PageView) -> Oracle:
    return _vote_on_all_of_a_user(page, spared=1)


def _vote_the_other_way(page: PageView) -> Oracle:
    return _vote_on_all_of_a_user(page, wrong=True)


SCRIPTS: tuple[Script, ...] = (
    Script(task_id=98, solve=_upvote_newest, twin=_upvote_second_newest),
    Script(task_id=151, solve=_downvote_best, twin=_downvote_second_best),
    Script(task_id=152, solve=_vote_on_all_of_a_user, twin=_vote_on_all_but_one),
    Script(task_id=153, solve=_vote_on_all_of_a_user, twin=_vote_the_other_way),
)
