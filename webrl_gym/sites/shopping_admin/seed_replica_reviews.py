"""The replica's reviews: those that official tasks ask about, and others about everything in the catalogue."""

from __future__ import annotations

import random
import sqlite3
from datetime import datetime, timedelta
from typing import NamedTuple

from webrl_gym.official_file import quoted
from webrl_gym.sites import words
from webrl_gym.sites.shopping_admin import vocabulary as vocab
from webrl_gym.sites.shopping_admin.seed_replica_catalogue import ReplicaProduct, is_gear
from webrl_gym.sites.shopping_admin.seed_replica_people import ReplicaCustomer
from webrl_gym.sites.shopping_admin.seed_rows import insert

_APPROVED, _PENDING, _NOT_APPROVED = 1, 2, 3
_FIRST_DAY = datetime(2022, 1, 5, 8, 0, 0)
_LAST_DAY = datetime(2023, 4, 24, 20, 0, 0)
"""Nobody wrote a review after this day; one task asks how many came in May 2023."""

_PRAISED = ("Circe", "Chloe", "Zoe", "Antonia")
"""Products that begin with these words have the reviews below and no others."""

_REFUSED_COUNT = 6


_OF_CLOTHES = (
    (vocab.BAD_TITLES, vocab.BAD_DETAILS),
    (vocab.FAIR_TITLES, vocab.FAIR_DETAILS),
    (vocab.GOOD_TITLES, vocab.GOOD_DETAILS),
)
_OF_GEAR = (
    (
        ["Fell apart", "Not as pictured", "Would not buy again", "Waste of money", "Wrong color"],
        ["It broke on the first day.", "Sent it back the same week.", "Looks and feels cheap.", "Not like the photo."],
    ),
    (
        ["It is okay", "Smaller than I thought", "Larger than I thought", "Nice but plain", "Good for the gym only"],
        ["Fine for the money.", "I expected more of it.", "Color faded a little.", "Does the job."],
    ),
    (
        ["Great quality", "Love it", "Very handy", "Worth the price", "My new favorite", "Better than expected"],
        ["I take it everywhere.", "Well made and light.", "Just right for the gym.", "Bought my sister one, too."],
    ),
)
"""Titles and details of poor, fair and good reviews."""


class _Review(NamedTuple):
    """A review of the product with this SKU."""

    sku: str
    rating: int
    nickname: str
    title: str
    detail: str
    status: int = _APPROVED


def _told() -> list[_Review]:
    """The reviews that tasks ask about."""
    praise = quoted(30, "reference_answers.fuzzy_match.0", "Cozy and soft. Fits as expected.")
    warm, _, size = praise.rstrip(".").partition(". ")
    place = "program_html.0.required_contents.must_include"
    gym = quoted(108, f"{place}.0", "I wear it to the gym all the time")
    colors = quoted(108, f"{place}.1", "The colors are bright and go with all my shorts")
    style = quoted(108, f"{place}.2", "it looks good in class or on a walk")
    return [
        _Review("WH12", 5, "Inez", warm, "Wore it on two cold mornings and never missed my coat."),
        _Review("WH12", 4, "Maud", size, "I took my usual medium and it sits as it should."),
        _Review("WT06", 5, "Noelia", "Great for sprints", "Stays in place however hard I run."),
        _Review("WT06", 4, "Teofila", "Pretty color", "The straps are soft and the color does not fade."),
        _Review("WT06", 5, "Hanna", "My third one", "I keep coming back to this cut."),
        _Review("WT02", 5, "Valorie", "Love the style", "Looks good under a jacket and on its own."),
        _Review("WT02", 4, "Marquis", "Nice gift", "My wife wears it to every class."),
        _Review("WT08", 5, "Shaunte", "Love it", f"{gym}."),
        _Review("WT08", 4, "Merlyn", "Cute layer", f"{colors}."),
        _Review("WT08", 4, "Eliz", "Good for yoga", f"It is a thin fabric, but {style}."),
        _Review("WT08", 2, "Dale", "Runs small", "Had to send it back, it is tight around the arms."),
        _Review("WH05", 5, "Beatris", "Best one in my closet", "Already planning to get it in a second color."),
        _Review("24-UG06", 4, "Juliana", "Does not leak", "Cheap, light, and the best bottle I have had on my bike."),
        _Review("WS12", 4, "Emma", "Bright color", "Washed it twice and it still looks new.", _PENDING),
        _Review("24-MB02", 3, "Seam", "Not enough pockets", "Holds a lot, but all in one heap.", _PENDING),
        _Review("MH05", 5, "Hannah Lim", "Soft inside", "Feels like a blanket with sleeves.", _PENDING),
        _Review("24-WG084", 4, "Jon", "Two are better than one", "A pair of them holds any pose.", _PENDING),
        _Review("WP07", 2, "Bo", "Waistband rolls", "It slides down as soon as I bend over.", _PENDING),
    ]


def fill_reviews(
    connection: sqlite3.Connection,
    rng: random.Random,
    products: list[ReplicaProduct],
    customers: list[ReplicaCustomer],
) -> None:
    """Writes the reviews in the order of their dates."""
    reviews = _told()
    for product in products:
        if product.visible and not product.name.startswith(_PRAISED):
            reviews += [_other(rng, product.sku) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
    for place in rng.sample(range(len(_told()), len(reviews)), _REFUSED_COUNT):
        reviews[place] = reviews[place]._replace(status=_NOT_APPROVED)
    rng.shuffle(reviews)
    # Whoever still waits for approval wrote last.
    reviews.sort(key=lambda review: review.status == _PENDING)
    seconds = sorted(rng.sample(range(int((_LAST_DAY - _FIRST_DAY).total_seconds())), len(reviews)))
    numbers = {product.sku: product.id for product in products}
    by_first_name = {customer.name.split(" ")[0]: customer.id for customer in customers}
    rows = []
    for review, second in zip(reviews, seconds, strict=True):
        when = (_FIRST_DAY + timedelta(seconds=second)).isoformat(" ")
        own = review.sku not in ("WT02", "WT06", "WH12") and rng.random() < 0.3
        author = by_first_name.get(review.nickname) if own else None
        head = (numbers[review.sku], author, review.status, review.rating, review.nickname)
        rows.append((*head, review.title, review.detail, when))
    insert(
        connection,
        "review (product_id, customer_id, status_id, rating, nickname, title, detail, created_at)",
        rows,
    )


def _other(rng: random.Random, sku: str) -> _Review:
    rating = rng.choices((1, 2, 3, 4, 5), (10, 10, 20, 30, 30))[0]
    titles, details = (_OF_GEAR if is_gear(sku) else _OF_CLOTHES)[(rating >= 3) + (rating >= 4)]
    return _Review(sku, rating, rng.choice(words.FIRST_NAMES), rng.choice(titles), rng.choice(details))
