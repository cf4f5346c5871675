"""Reading and navigating tasks on the forum site."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import answer_is, ends_at
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice import reddit_moves as moves
from webrl_gym.tasks.template import Row, Split, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_ORDERS = {
    "new": "new",
    "active": "active",
    "top": "top",
    "controversial": "controversial",
    "most commented": "most_commented",
}


def _change_author(world: WorldReader, row: Row) -> Statement:
    other = world.value(Site.REDDIT, "SELECT MAX(id) FROM users WHERE id != ?", (row["user_id"],))
    return Site.REDDIT, "UPDATE submissions SET user_id = ? WHERE id = ?", (other, row["id"])


def _evaluate_author(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_is(moves.post(world, parameters["post"])["author"])


def _solve_author(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.search_post(page, parameters)
    yield leave(moves.author_below(page, parameters["post"]))


def _perturb_author(world: WorldReader, parameters: Parameters) -> Statement:
    return _change_author(world, moves.post(world, parameters["post"]))


def _evaluate_score(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_is(str(moves.post(world, parameters["post"])["score"]))


def _solve_score(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.search_post(page, parameters)
    yield leave(moves.score_below(page, parameters["post"]))


def _perturb_score(_: WorldReader, parameters: Parameters) -> Statement:
    return Site.REDDIT, "UPDATE submissions SET upvotes = upvotes + 7 WHERE title = ?", (parameters["post"],)


def _draw_discussed(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = [row for row in moves.others_posts(world, novel) if row["comment_count"]]
    return {"post": rng.choice(rows)["title"]} if rows else None


def _evaluate_count(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_is(str(moves.post(world, parameters["post"])["comment_count"]))


def _solve_count(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.search_post(page, parameters)
    yield leave(moves.comments_link(page, parameters["post"]).name.split()[0])


def _perturb_count(_: WorldReader, parameters: Parameters) -> Statement:
    statement = "UPDATE submissions SET comment_count = comment_count + 3 WHERE title = ?"
    return Site.REDDIT, statement, (parameters["post"],)


def _comments(world: WorldReader, title: str) -> list[Row]:
    return world.query(
        Site.REDDIT,
        "SELECT c.id, c.score, u.username AS author FROM comments c JOIN submissions s ON s.id = c.submission_id "
        "JOIN users u ON u.id = c.user_id WHERE s.title = ? ORDER BY c.score DESC, c.id",
        (title,),
    )


def _draw_best_comment(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = [row for row in moves.others_posts(world, novel) if row["comment_count"] > 1]
    rng.shuffle(rows)
    for row in rows:
        best, second = _comments(world, row["title"])[:2]
        if best["score"] > second["score"]:
            return {"post": row["title"]}
    return None


def _evaluate_best_comment(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_is(_comments(world, parameters["post"])[0]["author"])


def _solve_best_comment(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_post(page, parameters)
    yield leave(max(moves.comment_scores(page))[1])


def _perturb_best_comment(world: WorldReader, parameters: Parameters) -> Statement:
    last = _comments(world, parameters["post"])[-1]
    return Site.REDDIT, "UPDATE comments SET upvotes = upvotes + 500 WHERE id = ?", (last["id"],)


def _draw_biography(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = [row for row in moves.others_posts(world, novel) if row["biography"]]
    return {"post": rng.choice(rows)["title"]} if rows else None


def _evaluate_biography(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_is(moves.post(world, parameters["post"])["biography"])


def _solve_biography(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_author(page, parameters)
    yield leave(page.plain_lines[page.line_of("Registered on ") + 1])


def _perturb_biography(world: WorldReader, parameters: Parameters) -> Statement:
    author = moves.post(world, parameters["post"])["user_id"]
    return Site.REDDIT, "UPDATE users SET biography = 'On holiday until ' || username WHERE id = ?", (author,)


def _evaluate_subscribers(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_is(str(moves.forums(world, "f.name = ?", (parameters["forum"],))[0]["subscribers"]))


def _solve_subscribers(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_forum(page, parameters["forum"])
    line = page.plain_lines[page.line_of(" subscriber")]
    yield leave(line.split()[1])


def _perturb_subscribers(_: WorldReader, parameters: Parameters) -> Statement:
    return Site.REDDIT, "UPDATE forums SET subscribers = subscribers + 11 WHERE name = ?", (parameters["forum"],)


def _first_in(world: WorldReader, forum: str, order: str) -> Row:
    return max(moves.posts(world, "f.name = ?", (forum,)), key=lambda row: (row[order], row["id"]))


def _evaluate_newest(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_is(_first_in(world, parameters["forum"], "created")["author"])


def _solve_newest(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_forum(page, parameters["forum"])
    page = yield from moves.sort_forum(page, "New")
    yield leave(moves.author_below(page, moves.first_title(page)))


def _perturb_newest(world: WorldReader, parameters: Parameters) -> Statement:
    return _change_author(world, _first_in(world, parameters["forum"], "created"))


def _evaluate_top(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_is(_first_in(world, parameters["forum"], "score")["title"])


def _solve_top(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_forum(page, parameters["forum"])
    page = yield from moves.top_of_all_time(page)
    yield leave(moves.first_title(page))


def _perturb_top(world: WorldReader, parameters: Parameters) -> Statement:
    last = min(moves.posts(world, "f.name = ?", (parameters["forum"],)), key=lambda row: (row["score"], row["id"]))
    return Site.REDDIT, "UPDATE submissions SET upvotes = upvotes + 2000 WHERE id = ?", (last["id"],)


def _evaluate_submissions_of(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return ends_at(f"__REDDIT__/user/{moves.post(world, parameters['post'])['author']}/submissions")


def _solve_submissions_of(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_author(page, parameters)
    yield page.click("Submissions")
    yield leave()


def _draw_order(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    drawn = moves.draw_forum(world, rng, novel)
    return drawn and {**drawn, "order": rng.choice(list(_ORDERS))}


def _evaluate_order(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return ends_at(f"__REDDIT__/f/{parameters['forum']}/{_ORDERS[parameters['order']]}")


def _solve_order(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_forum(page, parameters["forum"])
    yield from moves.sort_forum(page, parameters["order"].capitalize())
    yield leave()


READING_TEMPLATES = (
    Template(
        name="reddit.post_author",
        sites=moves.SITE,
        kind=TaskKind.READING,
        wordings=(
            'Who submitted the post "{post}"?',
            'Tell me the username of the author of "{post}".',
            'Which user wrote the post titled "{post}"?',
            'I want to know who posted "{post}".',
        ),
        draw=moves.draw_post,
        evaluate=_evaluate_author,
        solve=_solve_author,
        steps=2,
        perturb=_perturb_author,
    ),
    Template(
        name="reddit.post_score",
        sites=moves.SITE,
        kind=TaskKind.READING,
        wordings=(
            'How many points does the post "{post}" have?',
            'What is the score of "{post}"?',
            'Tell me the net number of votes of the post titled "{post}".',
        ),
        draw=moves.draw_post,
        evaluate=_evaluate_score,
        solve=_solve_score,
        steps=2,
        perturb=_perturb_score,
    ),
    Template(
        name="reddit.comment_count",
        sites=moves.SITE,
        kind=TaskKind.READING,
        wordings=(
            'How many comments does the post "{post}" have?',
            'Tell me the number of comments on "{post}".',
            'Count the comments below the post titled "{post}".',
        ),
        draw=_draw_discussed,
        evaluate=_evaluate_count,
        solve=_solve_count,
        steps=2,
        perturb=_perturb_count,
        split=Split.VALID_ONLY,
    ),
    Template(
        name="reddit.best_comment_author",
        sites=moves.SITE,
        kind=TaskKind.READING,
        wordings=(
            'Who wrote the comment with the highest score on the post "{post}"?',
            'Tell me the author of the most upvoted comment below "{post}".',
            'Whose comment on "{post}" has the most points?',
        ),
        draw=_draw_best_comment,
        evaluate=_evaluate_best_comment,
        solve=_solve_best_comment,
        steps=3,
        perturb=_perturb_best_comment,
    ),
    Template(
        name="reddit.author_biography",
        sites=moves.SITE,
        kind=TaskKind.READING,
        wordings=(
            'What does the biography of the user who posted "{post}" say?',
            'Read me the bio of the author of "{post}".',
            'What does the author of the post "{post}" say about themselves on their profile?',
        ),
        draw=_draw_biography,
        evaluate=_evaluate_biography,
        solve=_solve_biography,
        steps=3,
        perturb=_perturb_biography,
    ),
    Template(
        name="reddit.subscriber_count",
        sites=moves.SITE,
        kind=TaskKind.READING,
        wordings=(
            "How many subscribers does the {forum} forum have?",
            "Tell me the number of subscribers of /f/{forum}.",
            "How many people are subscribed to the forum {forum}?",
        ),
        draw=moves.draw_forum,
        evaluate=_evaluate_subscribers,
        solve=_solve_subscribers,
        steps=4,
        perturb=_perturb_subscribers,
        split=Split.VALID_ONLY,
    ),
    Template(
        name="reddit.newest_post_author",
        sites=moves.SITE,
        kind=TaskKind.READING,
        wordings=(
            "Who made the latest post on the {forum} forum?",
            "Tell me the username of the author of the newest post in {forum}.",
            "Which user posted most recently in /f/{forum}?",
        ),
        draw=moves.draw_forum,
        evaluate=_evaluate_newest,
        solve=_solve_newest,
        steps=6,
        perturb=_perturb_newest,
    ),
    Template(
        name="reddit.top_post_title",
        sites=moves.SITE,
        kind=TaskKind.READING,
        wordings=(
            "What is the title of the top post of all time in the {forum} forum?",
            "Tell me the title of the highest scoring post ever in {forum}.",
            "Which post in /f/{forum} has the most points of all time? Give me its title.",
        ),
        draw=moves.draw_forum,
        evaluate=_evaluate_top,
        solve=_solve_top,
        steps=8,
        perturb=_perturb_top,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="reddit.submissions_of_author",
        sites=moves.SITE,
        kind=TaskKind.NAVIGATING,
        wordings=(
            'Open the list of all submissions by the author of "{post}".',
            'Show me everything that the user who posted "{post}" has submitted.',
            'Take me to the submissions page of whoever wrote the post "{post}".',
        ),
        draw=moves.draw_post,
        evaluate=_evaluate_submissions_of,
        solve=_solve_submissions_of,
        steps=4,
    ),
    Template(
        name="reddit.sort_forum",
        sites=moves.SITE,
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Show me the posts of the {forum} forum sorted by {order}.",
            "Open /f/{forum} and sort it by {order}.",
            "Go to the forum {forum} and put its submissions in the order {order}.",
        ),
        draw=_draw_order,
        evaluate=_evaluate_order,
        solve=_solve_order,
        steps=6,
    ),
)
"""Templates whose tasks change nothing."""
