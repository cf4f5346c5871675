"""Tasks on the forum site that write posts and comments, or vote on them."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import page_check, pages_show
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice import reddit_moves as moves
from webrl_gym.tasks.template import Row, Split, TaskKind, Template, WorldReader
from webrl_gym.types import Site


def _draw_post_and_text(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    drawn = moves.draw_post(world, rng, novel)
    return drawn and {**drawn, "text": moves.some_words(rng, 4)}


def _evaluate_comment(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    page = moves.post_page(moves.post(world, parameters["post"]))
    return pages_show(page_check(page, moves.text_of("#comments"), parameters["text"]))


def _solve_comment(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_post(page, parameters)
    page = yield page.type("Comment", parameters["text"])
    yield page.click("Post", tag="button")
    yield leave()


def _comment_row(world: WorldReader, title: str, author: str) -> Row:
    return world.one(
        Site.REDDIT,
        "SELECT c.id FROM comments c JOIN submissions s ON s.id = c.submission_id JOIN users u ON u.id = c.user_id "
        "WHERE s.title = ? AND u.username = ?",
        (title, author),
    )


def _draw_reply(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = world.query(
        Site.REDDIT,
        "SELECT s.title, u.username FROM comments c JOIN submissions s ON s.id = c.submission_id "
        "JOIN users u ON u.id = c.user_id WHERE s.novel = ? AND u.username != ? "
        "GROUP BY s.id, u.id HAVING COUNT(*) = 1 ORDER BY s.id, u.id",
        (int(novel), moves.ACCOUNT),
    )
    if not rows:
        return None
    row = rng.choice(rows)
    return {"post": row["title"], "user": row["username"], "text": moves.some_words(rng, 3)}


def _evaluate_reply(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    comment = _comment_row(world, parameters["post"], parameters["user"])["id"]
    page = f"{moves.post_page(moves.post(world, parameters['post']))}/comment/{comment}"
    return pages_show(page_check(page, moves.text_of(".comment__replies"), parameters["text"]))


def _solve_reply(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_post(page, parameters)
    page = yield page.click("Reply", near=f"{parameters['user']} wrote on ")
    page = yield page.type("Comment", parameters["text"])
    yield page.click("Post", tag="button")
    yield leave()


def _draw_unvoted(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = [row for row in moves.others_posts(world, novel) if not row["choice"]]
    return {"post": rng.choice(rows)["title"]}


def _evaluate_upvote(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    page = moves.post_page(moves.post(world, parameters["post"]))
    return pages_show(page_check(page, moves.text_of(".submission__vote"), "Retract upvote"))


def _solve_upvote(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.search_post(page, parameters)
    yield page.click("Upvote", near=parameters["post"])
    yield leave()


def _top_post(world: WorldReader, forum: str) -> Row:
    return max(moves.posts(world, "f.name = ?", (forum,)), key=lambda row: row["score"])


def _draw_top(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    names = [row["name"] for row in moves.forums(world, "f.novel = ?", (int(novel),))]
    unvoted = [name for name in names if not _top_post(world, name)["choice"]]
    return {"forum": rng.choice(unvoted)} if unvoted else None


def _evaluate_downvote(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    page = moves.post_page(_top_post(world, parameters["forum"]))
    return pages_show(page_check(page, moves.text_of(".submission__vote"), "Retract downvote"))


def _solve_downvote(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_forum(page, parameters["forum"])
    page = yield from moves.top_of_all_time(page)
    yield page.click("Downvote")
    yield leave()


def _draw_new_post(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    drawn = moves.draw_forum(world, rng, novel)
    return drawn and {**drawn, "title": moves.some_words(rng, 3), "text": moves.some_words(rng, 4)}


def _evaluate_new_post(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    check = page_check("last", moves.text_of(".submission__inner"), parameters["title"], parameters["text"])
    return pages_show(check, ends=f"__REDDIT__/f/{parameters['forum']}/")


def _solve_new_post(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.click("Submit", tag="a")
    page = yield page.type("Title", parameters["title"])
    page = yield page.type("Body", parameters["text"])
    page = yield page.select("Forum", parameters["forum"])
    yield page.click("Create submission")
    yield leave()


def _draw_own_post(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = moves.posts(world, "u.username = ? AND s.novel = ?", (moves.ACCOUNT, int(novel)))
    return {"post": rng.choice(rows)["title"], "text": moves.some_words(rng, 4)} if rows else None


def _evaluate_edit_post(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    page = moves.post_page(moves.post(world, parameters["post"]))
    return pages_show(page_check(page, moves.text_of(".submission__body"), parameters["text"], exactly=True))


def _solve_edit_post(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_post(page, parameters)
    page = yield page.click("Edit", near="Submitted by ")
    page = yield page.type("Body", parameters["text"])
    yield page.click("Edit submission")
    yield leave()


POSTING_TEMPLATES = (
    Template(
        name="reddit.upvote_post",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            'Upvote the post "{post}".',
            'Like the submission titled "{post}".',
            'Give my thumbs up to "{post}".',
            'I enjoyed the post "{post}", please vote it up.',
        ),
        draw=_draw_unvoted,
        evaluate=_evaluate_upvote,
        solve=_solve_upvote,
        steps=3,
    ),
    Template(
        name="reddit.downvote_top_post",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            "Thumbs down the top 1 post ever in {forum}.",
            "Downvote the highest scoring post of all time in the {forum} forum.",
            "DisLike the best post of all time in /f/{forum}.",
        ),
        draw=_draw_top,
        evaluate=_evaluate_downvote,
        solve=_solve_downvote,
        steps=9,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="reddit.comment_on_post",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            'Reply to the post "{post}" with my comment "{text}".',
            'Comment "{text}" on the post titled "{post}".',
            'Leave the comment "{text}" below "{post}".',
        ),
        draw=_draw_post_and_text,
        evaluate=_evaluate_comment,
        solve=_solve_comment,
        steps=5,
    ),
    Template(
        name="reddit.reply_to_comment",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            'Reply "{text}" to the comment of {user} on the post "{post}".',
            'Answer the comment that {user} left below "{post}" with "{text}".',
            'On the post "{post}", write "{text}" as a reply to what {user} said.',
        ),
        draw=_draw_reply,
        evaluate=_evaluate_reply,
        solve=_solve_reply,
        steps=6,
    ),
    Template(
        name="reddit.create_submission",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            'Create a post titled "{title}" with the text "{text}" in the {forum} forum.',
            'Post "{title}" in /f/{forum} and write "{text}" in the body.',
            'Submit a discussion "{title}" to the forum {forum}. Its body should say "{text}".',
        ),
        draw=_draw_new_post,
        evaluate=_evaluate_new_post,
        solve=_solve_new_post,
        steps=6,
    ),
    Template(
        name="reddit.edit_own_post",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            'Change the body of my post "{post}" to "{text}".',
            'Edit my submission titled "{post}" so that its text is only "{text}".',
            'Replace the text of my post "{post}" by "{text}".',
        ),
        draw=_draw_own_post,
        evaluate=_evaluate_edit_post,
        solve=_solve_edit_post,
        steps=6,
        split=Split.TEST_ONLY,
    ),
)
"""Templates about posts, comments and votes."""
