"""Comments: their own page, replies, votes, and the forms that edit and delete them."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, abort, redirect, render_template
from werkzeug.wrappers import Response

from webrl_gym.sites.reddit.forums import forum_or_404
from webrl_gym.sites.reddit.listing import COMMENT_COLUMNS, ID_PATTERN, comment_threads
from webrl_gym.sites.reddit.session import login_required, now, only_for, text_field, viewer_id
from webrl_gym.sites.reddit.submissions import address, cast_vote, submission_or_404
from webrl_gym.sites.web import store

_LONGEST = 10_000

blueprint = Blueprint("comments", __name__)


def _comment_or_404(submission: sqlite3.Row, number: int) -> sqlite3.Row:
    row = store().one(
        f"SELECT {COMMENT_COLUMNS} WHERE c.id = :id AND c.submission_id = :submission",
        {"viewer": viewer_id(), "id": number, "submission": submission["id"]},
    )
    if row is None:
        abort(404, f"There is no comment {number} here.")
    return row


@blueprint.get(f"/f/<forum>/<{ID_PATTERN}:submission>/<_slug>/comment/<{ID_PATTERN}:number>")
def show(forum: str, submission: int, _slug: str, number: int) -> str:
    """One comment with a form to reply and the replies it has."""
    post = submission_or_404(forum, submission)
    row = _comment_or_404(post, number)
    descent = (
        "c.id IN (WITH RECURSIVE below (id) AS (SELECT :root UNION ALL SELECT r.id FROM comments r "
        "JOIN below ON r.parent_id = below.id) SELECT id FROM below)"
    )
    thread = next(node for node in comment_threads(descent, root=number) if node["id"] == number)
    parent = store().one(
        "SELECT c.id, u.username AS author FROM comments c JOIN users u ON u.id = c.user_id WHERE c.id = ?",
        (row["parent_id"],),
    )
    return render_template(
        "comment.html", submission=post, forum=forum_or_404(post["forum"]), comment=thread, parent=parent
    )


@blueprint.post(f"/f/<forum>/<{ID_PATTERN}:submission>/<_slug>/comment", defaults={"parent": None})
@blueprint.post(f"/f/<forum>/<{ID_PATTERN}:submission>/<_slug>/comment/<{ID_PATTERN}:parent>")
@login_required
def post(forum: str, submission: int, _slug: str, parent: int | None) -> tuple[str, int] | Response:
    """Posts a comment on a submission, or a reply to a comment; its author upvotes it."""
    row = submission_or_404(forum, submission)
    field = f"reply_to_submission_{submission}"
    if parent is not None:
        _comment_or_404(row, parent)
        field = f"reply_to_comment_{parent}"
    body = text_field(f"{field}[comment]", _LONGEST)
    if not body:
        return render_template("comment_form.html", submission=row, field=field, text="", parent=parent), 422
    with store().atomic():
        moment = now()
        number = store().execute(
            "INSERT INTO comments (submission_id, parent_id, user_id, body, created, upvotes) "
            "VALUES (?, ?, ?, ?, ?, 1)",
            (submission, parent, viewer_id(), body, moment),
        )
        store().execute(
            "INSERT INTO comment_votes (user_id, comment_id, choice) VALUES (?, ?, 1)", (viewer_id(), number)
        )
        store().execute(
            "UPDATE submissions SET comment_count = comment_count + 1, last_active = ? WHERE id = ?",
            (moment, submission),
        )
    return redirect(f"{address(row)}/comment/{number}")


@blueprint.post(f"/cv/<{ID_PATTERN}:number>")
@login_required
def vote(number: int) -> Response:
    """Casts, changes or retracts the viewer's vote on a comment."""
    return cast_vote("comment", number)


@blueprint.get(f"/f/<forum>/<{ID_PATTERN}:submission>/<_slug>/comment/<{ID_PATTERN}:number>/edit")
@login_required
def edit_form(forum: str, submission: int, _slug: str, number: int) -> str:
    """The form for the viewer's own comment."""
    row = submission_or_404(forum, submission)
    comment = _comment_or_404(row, number)
    only_for(comment["user_id"])
    return render_template("comment_edit.html", submission=row, comment=comment, error="")


@blueprint.post(f"/f/<forum>/<{ID_PATTERN}:submission>/<_slug>/comment/<{ID_PATTERN}:number>/edit")
@login_required
def edit(forum: str, submission: int, _slug: str, number: int) -> tuple[str, int] | Response:
    """Saves the viewer's own comment."""
    row = submission_or_404(forum, submission)
    comment = _comment_or_404(row, number)
    only_for(comment["user_id"])
    body = text_field("comment[comment]", _LONGEST)
    if not body:
        error = "The comment must not be empty."
        return render_template("comment_edit.html", submission=row, comment=comment, error=error), 422
    with store().atomic():
        store().execute("UPDATE comments SET body = ?, edited = ? WHERE id = ?", (body, now(), number))
    return redirect(f"{address(row)}/comment/{number}")


@blueprint.post(f"/f/<forum>/<{ID_PATTERN}:submission>/<_slug>/comment/<{ID_PATTERN}:number>/delete_own")
@login_required
def delete(forum: str, submission: int, _slug: str, number: int) -> Response:
    """Deletes the viewer's own comment; one with replies stays as an empty place."""
    row = submission_or_404(forum, submission)
    only_for(_comment_or_404(row, number)["user_id"])
    with store().atomic():
        if store().value("SELECT COUNT(*) FROM comments WHERE parent_id = ?", (number,)):
            store().execute("UPDATE comments SET deleted = 1, body = '' WHERE id = ?", (number,))
        else:
            store().execute("DELETE FROM comments WHERE id = ?", (number,))
            store().execute("UPDATE submissions SET comment_count = comment_count - 1 WHERE id = ?", (submission,))
    return redirect(address(row))
