"""Fills the One Stop Market: catalogue, reviews, and the account of Emma Lopez with what she bought."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from webrl_gym.sites.shopping import vocabulary
from webrl_gym.sites.shopping.seed_basics import EMMA, password_hash, url_key
from webrl_gym.sites.shopping.seed_replica import populate_replica
from webrl_gym.sites.store import WORLD_NOW
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.sites.words import FILLER, FIRST_NAMES, LAST_NAMES, PRODUCT_QUALITIES, novel_words
from webrl_gym.types import Site

_PRODUCTS = 300
_REVIEWS = 900
_ORDERS = 40
_NOVEL_SHARE = 0.15
_VARIANT_SHARE = 0.3
_MOST_REVIEWS = (0, 0, 2, 3, 4, 5, 6, 8, 12)
_STAR_WEIGHTS = (1, 1, 2, 4, 6)
_OLD_STATUSES = ("Complete",) * 7 + ("Canceled",) * 3
_NEW_STATUSES = ("Pending", "Processing", "Complete", "Canceled")


@dataclass(slots=True)
class _Product:
    id: int
    sku: str
    name: str
    price_cents: int
    novel: bool


@dataclass(slots=True)
class _Aisle:
    """A sub-category with what is on its shelf."""

    id: int
    parent_id: int
    nouns: list[str]
    products: list[_Product] = field(default_factory=list)
    bases: list[tuple[str, str, bool]] = field(default_factory=list)
    """Product names without feature, with their noun, and whether they are invented."""


def populate(connection: sqlite3.Connection, world: int, rng: random.Random) -> None:
    """Writes one world's rows.

    Args:
        connection: An empty database with the site's schema.
        world: World number; decides the invented words. World 0 is the replica.
        rng: Decides everything else.
    """
    if world == 0:
        populate_replica(connection, rng)
        return
    invented = novel_words(world, "product", 60)
    aisles = _add_categories(connection, rng, invented[:6])
    products = _add_products(connection, rng, aisles, invented[6:])
    _add_emma(connection, world, rng)
    _add_reviews(connection, world, rng, products)
    _add_orders(connection, rng, products)
    _add_wishlist(connection, rng, products)


def _add_categories(connection: sqlite3.Connection, rng: random.Random, invented: list[str]) -> list[_Aisle]:
    rows: list[tuple[int, int | None, str, str, bool]] = []
    aisles: list[_Aisle] = []
    tops = list(vocabulary.CATALOGUE)
    with_novel = dict(zip(rng.sample(tops, len(invented)), invented, strict=True))
    for top in tops:
        top_id = len(rows) + 1
        rows.append((top_id, None, top, url_key(top), False))
        offered = vocabulary.CATALOGUE[top]
        names = [(name, offered[name], False) for name in rng.sample(list(offered), 2)]
        if top in with_novel:
            range_name = f"{with_novel[top]} {rng.choice(vocabulary.NOVEL_RANGES)}"
            names.append((range_name, " ".join(offered.values()), True))
        for name, nouns, novel in names:
            rows.append((len(rows) + 1, top_id, name, f"{url_key(top)}/{url_key(name)}", novel))
            aisles.append(_Aisle(len(rows), top_id, [noun.replace("-", " ") for noun in nouns.split()]))
    connection.executemany("INSERT INTO category (id, parent_id, name, url_path, novel) VALUES (?, ?, ?, ?, ?)", rows)
    return aisles


def _add_products(
    connection: sqlite3.Connection, rng: random.Random, aisles: list[_Aisle], invented: list[str]
) -> list[_Product]:
    qualities = rng.sample(PRODUCT_QUALITIES, 18)
    prices = rng.sample(range(299, 14_999, 7), _PRODUCTS)
    products: list[_Product] = []
    rows = []
    features_of: dict[str, list[str]] = {}
    while len(products) < _PRODUCTS:
        aisle = aisles[len(products) % len(aisles)]
        if aisle.bases and rng.random() < _VARIANT_SHARE:
            base, noun, novel = rng.choice(aisle.bases)
        else:
            noun, novel = rng.choice(aisle.nouns), rng.random() < _NOVEL_SHARE
            base = f"{rng.choice(invented if novel else qualities)} {noun}"
        feature = rng.choice(vocabulary.FEATURES)
        # A name never ends where another goes on, so that naming a product means that product only.
        taken = features_of.setdefault(base, [])
        if feature in taken or "" in taken:
            continue
        if not taken and rng.random() < 0.4:
            feature = ""
        taken.append(feature)
        aisle.bases.append((base, noun, novel))
        sku = "B0" + "".join(rng.choices("0123456789BCDFGHJKLMNPQRSTVWXYZ", k=8))
        product = _Product(len(products) + 1, sku, f"{base} {feature}".strip(), prices[len(products)], novel)
        products.append(product)
        aisle.products.append(product)
        text = f"{noun} made of {rng.choice(vocabulary.MATERIALS)} for {rng.choice(vocabulary.PURPOSES)}. "
        text += rng.choice(vocabulary.PROMISES)
        in_stock = rng.random() < 0.95
        rows.append((product.id, sku, product.name, url_key(product.name), product.price_cents, text, in_stock, novel))
    connection.executemany(
        "INSERT INTO product (id, sku, name, url_key, price_cents, description, in_stock, novel)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    _shelve(connection, rng, aisles)
    return products


def _shelve(connection: sqlite3.Connection, rng: random.Random, aisles: list[_Aisle]) -> None:
    """A product stands in its sub-category and, at another position, in the category above."""
    shelves: dict[int, list[int]] = {}
    for aisle in aisles:
        for category in (aisle.id, aisle.parent_id):
            shelves.setdefault(category, []).extend(product.id for product in aisle.products)
    for category, shelf in shelves.items():
        rng.shuffle(shelf)
        connection.executemany(
            "INSERT INTO category_product (category_id, product_id, position) VALUES (?, ?, ?)",
            [(category, product, position) for position, product in enumerate(shelf, 1)],
        )


def _add_emma(connection: sqlite3.Connection, world: int, rng: random.Random) -> None:
    email, password = ACCOUNTS[Site.SHOPPING]
    connection.execute(
        "INSERT INTO customer (id, email, password_hash, firstname, lastname, default_billing, default_shipping)"
        " VALUES (?, ?, ?, 'Emma', 'Lopez', 1, 2)",
        (EMMA, email, password_hash(password)),
    )
    streets = [f"{rng.randrange(10, 990)} {street}" for street in rng.sample(vocabulary.STREETS, 3)]
    places = rng.sample(vocabulary.CITIES, 3)
    streets[2] = f"{rng.randrange(10, 990)} {rng.choice(novel_words(world, 'street', 10))} Street"
    for number, (street, (city, region, postcode)) in enumerate(zip(streets, places, strict=True), 1):
        telephone = f"{rng.randrange(2_020_000_000, 9_899_999_999)}"
        connection.execute(
            "INSERT INTO address (id, customer_id, firstname, lastname, telephone, street, city, region, postcode,"
            " country, novel) VALUES (?, ?, 'Emma', 'Lopez', ?, ?, ?, ?, ?, 'United States', ?)",
            (number, EMMA, telephone, street, city, region, postcode, number == 3),
        )


def _add_reviews(connection: sqlite3.Connection, world: int, rng: random.Random, products: list[_Product]) -> None:
    invented = novel_words(world, "person", 40)
    chances = [product for product in products for _ in range(rng.choice(_MOST_REVIEWS))]
    owners = sorted(rng.sample(chances, _REVIEWS), key=lambda product: product.id)
    first_names, last_names = rng.sample(FIRST_NAMES, 24), rng.sample(LAST_NAMES, 20)
    nicknames: set[tuple[int, str]] = set()
    rows = []
    for number, product in enumerate(owners, 1):
        novel = rng.random() < _NOVEL_SHARE
        nickname = ""
        while not nickname or (product.id, nickname) in nicknames:
            last = rng.choice(invented if novel else last_names)
            nickname = f"{rng.choice(first_names)} {last}"
        nicknames.add((product.id, nickname))
        rating = rng.choices((1, 2, 3, 4, 5), weights=_STAR_WEIGHTS)[0]
        title = f"{rng.choice(vocabulary.REVIEW_VERDICTS[rating])} {rng.choice(vocabulary.REVIEW_ASPECTS)}"
        title += rng.choice(vocabulary.REVIEW_ADDITIONS)
        detail = " ".join(rng.sample(FILLER, rng.randrange(6, 12))).capitalize() + "."
        when = WORLD_NOW - timedelta(days=rng.randrange(5, 700), minutes=rng.randrange(1440))
        rows.append((number, product.id, nickname, title, detail, rating, when.isoformat(" "), novel))
    connection.executemany(
        "INSERT INTO review (id, product_id, nickname, title, detail, rating, created_at, novel)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    for review in rng.sample(range(1, _REVIEWS + 1), 4):
        connection.execute(
            "UPDATE review SET customer_id = ?, nickname = 'Emma', novel = 0 WHERE id = ?", (EMMA, review)
        )


def _add_orders(connection: sqlite3.Connection, rng: random.Random, products: list[_Product]) -> None:
    """Order numbers have gaps: the store has other customers, too."""
    numbers = sorted(rng.sample(range(3, 190), _ORDERS))
    first_day = datetime(2022, 1, 4)
    days = sorted(rng.sample(range((WORLD_NOW - first_day).days - 4), _ORDERS))
    addresses = [_address_text(connection, number) for number in (1, 2, 3)]
    known = [product for product in products if not product.novel]
    invented = [product for product in products if product.novel]
    for rank, (number, day) in enumerate(zip(numbers, days, strict=True)):
        novel = rng.random() < _NOVEL_SHARE
        bought = rng.sample(invented if novel else known, rng.choice((1, 1, 2, 2, 3, 4)))
        lines = [(product, rng.choice((1, 1, 1, 2, 3))) for product in bought]
        pieces = sum(qty for _, qty in lines)
        subtotal = sum(product.price_cents * qty for product, qty in lines)
        shipping = 500 * pieces
        status = rng.choice(_NEW_STATUSES if rank >= _ORDERS - 8 else _OLD_STATUSES)
        when = first_day + timedelta(days=day, hours=rng.randrange(7, 22), minutes=rng.randrange(60))
        connection.execute(
            "INSERT INTO sales_order (id, increment_id, customer_id, email, status, created_at, subtotal_cents,"
            " shipping_cents, grand_total_cents, shipping_address, billing_address, novel)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                f"{number:09d}",
                EMMA,
                ACCOUNTS[Site.SHOPPING][0],
                status,
                when.isoformat(" "),
                subtotal,
                shipping,
                subtotal + shipping,
                rng.choice(addresses),
                addresses[0],
                novel,
            ),
        )
        connection.executemany(
            "INSERT INTO sales_order_item (order_id, product_id, name, sku, price_cents, qty)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(number, product.id, product.name, product.sku, product.price_cents, qty) for product, qty in lines],
        )


def _address_text(connection: sqlite3.Connection, number: int) -> str:
    name, street, city, region, postcode, country, telephone = connection.execute(
        "SELECT firstname || ' ' || lastname, street, city, region, postcode, country, telephone"
        " FROM address WHERE id = ?",
        (number,),
    ).fetchone()
    return f"{name}\n{street}\n{city}, {region}, {postcode}\n{country}\nT: {telephone}"


def _add_wishlist(connection: sqlite3.Connection, rng: random.Random, products: list[_Product]) -> None:
    for number, product in enumerate(rng.sample(products, rng.randrange(3, 6)), 1):
        comment = rng.choice(("", "", "birthday gift", "wait for a sale"))
        added = WORLD_NOW - timedelta(days=rng.randrange(10, 200))
        connection.execute(
            "INSERT INTO wishlist_item (id, customer_id, product_id, qty, comment, added_at) VALUES (?, ?, ?, ?, ?, ?)",
            (number, EMMA, product.id, rng.choice((1, 1, 2)), comment, added.isoformat(" ")),
        )
