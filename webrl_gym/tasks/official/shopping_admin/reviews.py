"""Official tasks that read the store's reviews."""

from __future__ import annotations

import re
from collections.abc import Generator

from webrl_gym.actions import Action, leave
from webrl_gym.tasks.official.script import Script, asked
from webrl_gym.tasks.official.shopping_admin.moves import filter_rows, month_days, perturbed, records_found
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.practice.shopping_admin_moves import find_rows, follow_row, slashed

Reviews = Generator[Action, PageView, tuple[PageView, list[dict[str, str]]]]
"""A part of an oracle that reads reviews: yields actions, returns the page where it ends, and the reviews."""

_DISSATISFIED, _SATISFIED = 2, 4
"""At most, and at least so many stars."""

_GUEST = "Guest"


def _first(product: str) -> str:
    """An SQL expression for the id of the first review of a product."""
    return (
        f"(SELECT MIN(r.id) FROM review AS r JOIN product AS p ON p.id = r.product_id WHERE p.name LIKE '{product}%')"
    )


def read_reviews(page: PageView, words: str, product: str = "") -> Reviews:
    """Searches the reviews and reads each that is found (three actions, and two a review).

    Args:
        page: Any page of the back office.
        words: What to search for.
        product: Words that the product's name must hold; reviewers have names like products sometimes.
    """
    page = yield from find_rows(page, "Marketing", "All Reviews", words)
    found = []
    for row in page.rows():
        if not all(word in row.get("Product", "").lower() for word in product.lower().split()):
            continue
        page = yield follow_row(page, row["ID"])
        found.append(
            {
                "author": page.after("Author"),
                "rating": page.after("Rating").split(" ")[0],
                "nickname": page.find("Nickname").value,
                "title": page.find("Summary of Review").value,
                "detail": page.find("Review", tag="textarea").text,
            }
        )
        page = yield page.back()
    return page, found


def _unhappy(reviews: list[dict[str, str]]) -> list[dict[str, str]]:
    """Reviews with few stars, fewest first."""
    few = [review for review in reviews if int(review["rating"]) <= _DISSATISFIED]
    return sorted(few, key=lambda review: int(review["rating"]))


def _solve_mentions(page: PageView) -> Oracle:
    (term,) = asked(page, r'mention term "(.+)"')
    _, reviews = yield from read_reviews(page, term)
    word = re.compile(rf"\b{re.escape(term)}\b", re.IGNORECASE)
    yield leave(str(sum(bool(word.search(f"{review['title']} {review['detail']}")) for review in reviews)))


def _solve_pending(page: PageView) -> Oracle:
    (status,) = asked(page, r"total count of (\w+) reviews")
    page = yield from filter_rows(page, "Marketing", "All Reviews", {"Status": status})
    yield leave(records_found(page))


def _solve_received(page: PageView) -> Oracle:
    first, last = month_days(*asked(page, r"received in (\w+) (\d{4})"))
    days = {"Created from": slashed(first), "Created to": slashed(last)}
    page = yield from filter_rows(page, "Marketing", "All Reviews", days)
    yield leave(records_found(page))


def _solve_dissatisfied(page: PageView) -> Oracle:
    (product,) = asked(page, r"dissatisfaction with (.+)$")
    _, reviews = yield from read_reviews(page, product, product)
    yield leave(", ".join(review["nickname"] for review in _unhappy(reviews)) or "N/A")


def _solve_disliked(page: PageView) -> Oracle:
    (product,) = asked(page, r"don't like about (.+)$")
    _, reviews = yield from read_reviews(page, product, product)
    yield leave(", ".join(review["title"] for review in _unhappy(reviews)) or "N/A")


def _solve_unhappiest(page: PageView) -> Oracle:
    (product,) = asked(page, r"style of (\w+) products")
    page, reviews = yield from read_reviews(page, product, product)
    unhappy = [review["author"] for review in _unhappy(reviews) if review["author"] != _GUEST]
    if not unhappy:
        yield leave("N/A")
        return
    page = yield from find_rows(page, "Customers", "All Customers", unhappy[0])
    yield leave(page.row(unhappy[0])["Email"])


def _solve_liked(page: PageView) -> Oracle:
    (product,) = asked(page, r"customers like (\w+)'s products")
    _, reviews = yield from read_reviews(page, product, product)
    liked = [review for review in reviews if int(review["rating"]) >= _SATISFIED]
    liked.sort(key=lambda review: -int(review["rating"]))
    yield leave(" ".join(f"{review['title']}." for review in liked))


REVIEW_SCRIPTS = (
    Script(
        task_id=2,
        solve=_solve_mentions,
        twin="3",
        perturbation=perturbed("UPDATE review SET title = 'Simply the best' WHERE id = 1", "3"),
    ),
    Script(
        task_id=17,
        solve=_solve_pending,
        twin="6",
        perturbation=perturbed("UPDATE review SET status_id = 1 WHERE id = (SELECT MAX(id) FROM review)", "4"),
    ),
    Script(
        task_id=27,
        solve=_solve_dissatisfied,
        twin="Noelia",
        perturbation=perturbed(
            f"UPDATE review SET rating = 1, nickname = 'Wilma' WHERE id = {_first('Chloe')}", "Wilma"
        ),
    ),
    Script(
        task_id=30,
        solve=_solve_liked,
        twin="N/A",
        perturbation=perturbed(
            f"UPDATE review SET title = 'Deep pockets' WHERE id = {_first('Circe')}", "Deep pockets"
        ),
    ),
    Script(
        task_id=51,
        solve=_solve_disliked,
        twin="The zipper breaks.",
        perturbation=perturbed(
            f"UPDATE review SET rating = 1, title = 'Too thin' WHERE id = {_first('Circe')}", "Too thin"
        ),
    ),
    Script(
        task_id=59,
        solve=_solve_unhappiest,
        twin="sean.miller@gmail.com",
        perturbation=perturbed(
            "UPDATE review SET rating = 1, customer_id = (SELECT id FROM customer WHERE telephone = '8015551212') "
            f"WHERE id = {_first('Zoe')}",
            "sean.miller@gmail.com",
        ),
    ),
    Script(
        task_id=80,
        solve=_solve_received,
        twin="12",
        perturbation=perturbed("UPDATE review SET created_at = '2023-05-31 10:00:00' WHERE id IN (1, 2, 3)", "3"),
    ),
)
