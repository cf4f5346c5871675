"""Templates about what customers wrote of a product."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import answer_includes
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping.store_pages import (
    SITES,
    choose,
    open_product,
    product_id,
    stars,
)
from webrl_gym.tasks.template import Row, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_APPROVED = "r.status = 'Approved'"


def _draw_review(reader: WorldReader, rng: random.Random, novel: bool, same: str) -> Row | None:
    """A review that is the only one of its product with the same value in the column ``same``."""
    sql = (
        f"SELECT r.*, p.name FROM review r JOIN product p ON p.id = r.product_id WHERE {_APPROVED} AND r.novel = ?"
        f" AND NOT EXISTS (SELECT 1 FROM review s WHERE s.product_id = r.product_id AND s.id <> r.id"
        f" AND s.{same} = r.{same}) ORDER BY r.id"
    )
    return choose(rng, reader.query(Site.SHOPPING, sql, (int(novel),)))


def _draw_rating(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    review = _draw_review(reader, rng, novel, "rating")
    return None if review is None else {"product": review["name"], "rating": stars(review["rating"])}


def _find_by_rating(reader: WorldReader, parameters: Parameters) -> Row:
    sql = f"SELECT * FROM review r WHERE product_id = ? AND rating = ? AND {_APPROVED}"
    return reader.one(Site.SHOPPING, sql, (product_id(reader, parameters), int(parameters["rating"][0])))


def _reviewer(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(_find_by_rating(reader, parameters)["nickname"])


def _read_reviewer(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_product(page, parameters["product"])
    wanted = f"Rating: {parameters['rating']}"
    while wanted not in page.plain_lines:
        page = yield page.click("Next")
    line = page.plain_lines[page.plain_lines.index(wanted) + 2]
    yield leave(line.removeprefix("Review by ").partition(" Posted on ")[0])


def _other_reviewer(reader: WorldReader, parameters: Parameters) -> Statement:
    review = _find_by_rating(reader, parameters)
    return Site.SHOPPING, "UPDATE review SET nickname = 'Nadia Okafor' WHERE id = ?", (review["id"],)


def _draw_nickname(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    review = _draw_review(reader, rng, novel, "nickname")
    return None if review is None else {"product": review["name"], "nickname": review["nickname"]}


def _find_by_nickname(reader: WorldReader, parameters: Parameters) -> Row:
    sql = f"SELECT * FROM review r WHERE product_id = ? AND nickname = ? AND {_APPROVED}"
    return reader.one(Site.SHOPPING, sql, (product_id(reader, parameters), parameters["nickname"]))


def _summary(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(_find_by_nickname(reader, parameters)["title"])


def _read_summary(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_product(page, parameters["product"])
    signature = f"Review by {parameters['nickname']} Posted on "
    while not page.has(signature):
        page = yield page.click("Next")
    yield leave(page.plain_lines[page.line_of(signature) - 3])


def _other_summary(reader: WorldReader, parameters: Parameters) -> Statement:
    review = _find_by_nickname(reader, parameters)
    return Site.SHOPPING, "UPDATE review SET title = 'Came in two boxes' WHERE id = ?", (review["id"],)


TEMPLATES: tuple[Template, ...] = (
    Template(
        name="shopping.reviewer_with_rating",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "Who gave {rating} to {product}?",
            "Which reviewer rated {product} with {rating}?",
            "Tell me the name of the reviewer who gave {product} {rating}.",
            "Find the customer whose review of {product} has {rating}.",
        ),
        draw=_draw_rating,
        evaluate=_reviewer,
        solve=_read_reviewer,
        steps=5,
        perturb=_other_reviewer,
    ),
    Template(
        name="shopping.review_summary",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "What is the summary of the review of {product} by {nickname}?",
            "What did {nickname} write as the title of the review of {product}?",
            "Give me the summary line of {nickname}'s review of {product}.",
        ),
        draw=_draw_nickname,
        evaluate=_summary,
        solve=_read_summary,
        steps=5,
        perturb=_other_summary,
    ),
)
