"""Official tasks that customers' reviews answer."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import NamedTuple

from webrl_gym.actions import Action, leave
from webrl_gym.tasks.official.script import Perturbation, Script, asked
from webrl_gym.tasks.official.shopping.moves import listed, named, show_all
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.types import Site

_GOOD = 4
_POOR = 2
_SIGNED = re.compile(r"Review by (.+) Posted on ")
_STARS = re.compile(r"Rating: (\d) stars?")


class Review(NamedTuple):
    """A review on a product's page."""

    nickname: str
    stars: int
    text: str


def reviews_shown(page: PageView) -> list[Review]:
    """The reviews on a product's page."""
    found, stars, text = [], 0, ""
    for line in page.plain_lines:
        rated, signed = _STARS.fullmatch(line), _SIGNED.match(line)
        if rated is not None:
            stars, text = int(rated[1]), ""
        elif signed is not None:
            found.append(Review(signed[1], stars, text))
        else:
            text = f"{text} {line}".strip()
    return found


def _reviews_of(page: PageView, words: str) -> Generator[Action, PageView, list[Review]]:
    """Searches for products with some words in their names and reads all their reviews."""
    page = yield page.search("Search", words)
    found: list[Review] = []
    for product in named(listed(page), words):
        if product.reviews:
            page = yield page.click(product.name, tag="a")
            found += reviews_shown(page)
            page = yield page.back()
    return found


def _praise_of(page: PageView) -> Oracle:
    word = asked(page, r"about good (\w+)")[0]
    page = yield from show_all(page)
    found = [review for review in reviews_shown(page) if word in review.text.lower() and review.stars >= _GOOD]
    yield leave(", ".join(review.nickname for review in found))


def _criticisms(page: PageView) -> Oracle:
    page = yield from show_all(page)
    yield leave("\n".join(review.text for review in reviews_shown(page) if review.stars <= _POOR))


def _opinions_on_brush(page: PageView) -> Oracle:
    what, brand = asked(page, r"about (\w+) from (\w+)")
    found = yield from _reviews_of(page, f"{brand} {what}")
    said = "\n".join(f"{review.nickname}: {review.text}" for review in found)
    yield leave(said or f"Nobody has reviewed a {what} from {brand}")


def _all_reviews(page: PageView) -> Oracle:
    found = yield from _reviews_of(page, asked(page, r"reviews for (.+?)\.")[0])
    yield leave("\n".join(f"{review.nickname}: {review.text}" for review in found))


def _case_reviewers(page: PageView) -> Generator[Action, PageView, list[Review]]:
    """All reviews of the cases of the brand that the instruction names in capitals."""
    brand = next(word for word in page.observation["instruction"].split() if word.isupper() and len(word) > 1)
    return (yield from _reviews_of(page, f"{brand} case"))


def _complaints(page: PageView) -> Oracle:
    found = yield from _case_reviewers(page)
    yield leave(", ".join(review.nickname for review in found if review.stars <= _POOR))


def _fans(page: PageView) -> Oracle:
    found = yield from _case_reviewers(page)
    yield leave(", ".join(review.nickname for review in found if review.stars >= _GOOD))


def _rounded_rating(page: PageView) -> Oracle:
    words = asked(page, r"rating of (.+?)\.\s*Please")[0]
    page = yield page.search("Search", words)
    yield leave(f"{named(listed(page), words)[0].rating / 20:.0f}")


def _changed(sql: str, answer: str, *parameters: str | int) -> Perturbation:
    return Perturbation(((Site.SHOPPING, sql, parameters),), answer)


_RENAMED = "UPDATE review SET nickname = 'Quill Vane' WHERE nickname = ?"
_WORSE = (
    "UPDATE review SET rating = 2, detail = 'The lid fell off.' WHERE nickname = 'Mark' AND product_id ="
    " (SELECT id FROM product WHERE sku = 'B002N2Y6YM')"
)
_FIRST_OPINION = (
    "INSERT INTO review (product_id, nickname, title, detail, rating, created_at)"
    " SELECT id, 'Tess', 'Soft', 'Its hairs are soft.', 5, '2023-01-01 10:00:00' FROM product WHERE sku = 'B00IRUPV42'"
)
_BETTER = "UPDATE review SET rating = 5 WHERE product_id = (SELECT id FROM product WHERE sku = 'B07DZ5BDRG')"
_OTHER_WORDS = "UPDATE review SET detail = 'It hums at night.' WHERE nickname = 'Jack Smith'"

SCRIPTS = (
    Script(4, _praise_of, "Priya, Marcus B.", _changed(_RENAMED, "Quill Vane", "T. Gannon")),
    Script(42, _criticisms, "My holiday pictures came out well.", _changed(_WORSE, "The lid fell off.")),
    Script(
        54,
        _opinions_on_brush,
        "Customers love it: soft and dense.",
        _changed(_FIRST_OPINION, "hairs are soft"),
        judged="the reference is a sentence, and no rule reads sentences",
    ),
    Script(89, _all_reviews, "Nobody has reviewed it.", _changed(_OTHER_WORDS, "It hums at night.")),
    Script(93, _complaints, "MH, Cally, Misba009", _changed(_RENAMED, "Quill Vane", "N Randall")),
    Script(94, _rounded_rating, "5", _changed(_BETTER, "5")),
    Script(95, _fans, "Lisa Lee, Evelyn Kurver, N Randall", _changed(_RENAMED, "Quill Vane", "Cally")),
)
