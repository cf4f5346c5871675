"""World 0 of the One Stop Market: the replica that the official tasks run on.

Two parts: the listed records, from which every official answer follows, and around them what the generator draws.
Nothing that it draws may change an official answer: the tests of the replica say what that means.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from webrl_gym.sites.shopping import vocabulary
from webrl_gym.sites.shopping.seed_basics import (
    EMMA,
    LISTED_ORDERS,
    LISTED_PRODUCTS,
    SHOWN_REVIEWS,
    password_hash,
    url_key,
)
from webrl_gym.sites.shopping.seed_replica_orders import ORDERS, OTHER_NUMBERS, Order
from webrl_gym.sites.shopping.seed_replica_products import FIRST, OPTIONS, PRICE_STEPS, PRODUCTS, URL_KEYS
from webrl_gym.sites.shopping.seed_replica_reviews import listed_reviews
from webrl_gym.sites.shopping.seed_replica_shelves import Shelf, category_path, shelves
from webrl_gym.sites.shopping.seed_replica_words import BRANDS, DETAILS, SIGNATURES, TITLES, goods_on
from webrl_gym.sites.store import WORLD_NOW
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.sites.words import FIRST_NAMES, LAST_NAMES
from webrl_gym.types import Site

_A_SHELF = 26
"""Products that the generator puts on a shelf."""
_REVIEW_COUNTS = (0, 0, 1, 2, 3, 4, 6, 9)
_STAR_WEIGHTS = (1, 1, 2, 4, 6)
_ENOUGH_REVIEWS = 5
_OTHER_CUSTOMERS = 12
_SHIPPING_CENTS = 500
_DEAR_CENTS = 7_000
_PRICES = {
    "home-kitchen/furniture/": (4_000, 90_000),
    "patio-lawn-garden/patio-furniture/": (4_000, 90_000),
    "electronics/": (1_500, 40_000),
}
"""Lowest and highest price in cents on dear shelves, by the beginning of their address."""
_COMMON_PRICES = (500, 8_000)
_HOME = "Emma Lopez\n101 S San Mateo Dr\nSan Mateo, California, 94010\nUnited States\nT: 6505551212"


@dataclass(slots=True)
class _Product:
    sku: str
    name: str
    noun: str
    shelf: Shelf
    price_cents: int
    description: str
    id: int = 0


def populate_replica(connection: sqlite3.Connection, rng: random.Random) -> None:
    """Writes the rows of world 0."""
    connection.executemany(
        "INSERT INTO store_config (path, value) VALUES (?, ?)",
        [(LISTED_PRODUCTS, "12,24,36"), (LISTED_ORDERS, "10,20,50"), (SHOWN_REVIEWS, "10,20,50")],
    )
    stocked = shelves()
    products = _listed(stocked) + _generated(rng, stocked)
    products.sort(key=lambda product: FIRST.index(product.sku) if product.sku in FIRST else len(FIRST))
    for number, product in enumerate(products, 1):
        product.id = number
    lines = _order_lines(rng, products)
    _write_products(connection, rng, stocked, products)
    _write_reviews(connection, rng, products)
    _write_customers(connection, rng)
    _write_orders(connection, rng, products, lines)
    pot = next(product for product in products if product.sku == "B07T4XQ5LZ")
    connection.execute(
        "INSERT INTO wishlist_item (id, customer_id, product_id, added_at) VALUES (1, ?, ?, '2023-04-02 10:12:45')",
        (EMMA, pot.id),
    )


def _listed(stocked: list[Shelf]) -> list[_Product]:
    by_path = {shelf.path: shelf for shelf in stocked}
    return [
        _Product(record.sku, record.name, "", by_path[path], record.price_cents, record.description)
        for path, records in PRODUCTS.items()
        for record in records
    ]


def _generated(rng: random.Random, stocked: list[Shelf]) -> list[_Product]:
    found: list[_Product] = []
    names: set[str] = set()
    for shelf in stocked:
        low, high = next((band for path, band in _PRICES.items() if shelf.path.startswith(path)), _COMMON_PRICES)
        goods = goods_on(shelf.path)
        for _ in range(_A_SHELF if shelf.nouns else 0):
            noun, name = "", ""
            while not name or name in names:
                noun = rng.choice(shelf.nouns)
                name = f"{rng.choice(BRANDS)} {rng.choice(goods.qualities)} {noun}, {rng.choice(goods.features)}"
            names.add(name)
            text = f"{noun} made of {rng.choice(goods.materials)} for {rng.choice(vocabulary.PURPOSES)}. "
            text += rng.choice(goods.promises)
            # Two draws, of which the smaller counts: shops have more cheap things than dear ones.
            cents = min(rng.randrange(low, high), rng.randrange(low, high)) // 100 * 100 + rng.choice((99, 95, 49))
            sku = "B0" + "".join(rng.choices("0123456789BCDFGHJKLMNPQRSTVWXYZ", k=8))
            found.append(_Product(sku, name, noun.lower(), shelf, cents, text))
    return found


def _order_lines(rng: random.Random, products: list[_Product]) -> dict[int, list[tuple[_Product, str]]]:
    """What each of Emma's orders holds: product and chosen options. Gives the drawn products their listed prices."""
    by_sku = {product.sku: product for product in products}
    drawn = [product for product in products if product.noun and not product.shelf.path.startswith("grocery")]
    rng.shuffle(drawn)
    dear = [product for product in drawn if product.shelf.path.startswith(tuple(_PRICES))]
    common = [product for product in drawn if not product.shelf.path.startswith((*_PRICES, "clothing"))]
    lines: dict[int, list[tuple[_Product, str]]] = {}
    for order in ORDERS:
        lines[order.number] = [(by_sku[sku], options) for sku, options in order.bought]
        for cents in order.others:
            product = (dear if cents >= _DEAR_CENTS else common).pop()
            product.price_cents = cents
            lines[order.number].append((product, ""))
    return lines


def _write_products(
    connection: sqlite3.Connection, rng: random.Random, stocked: list[Shelf], products: list[_Product]
) -> None:
    paths: dict[str, int] = {}
    for shelf in stocked:
        above = None
        for depth in range(1, len(shelf.names) + 1):
            path = category_path(shelf.names[:depth])
            if path not in paths:
                paths[path] = len(paths) + 1
                connection.execute(
                    "INSERT INTO category (id, parent_id, name, url_path, price_step_cents) VALUES (?, ?, ?, ?, ?)",
                    (paths[path], above, shelf.names[depth - 1], path, PRICE_STEPS.get(path)),
                )
            above = paths[path]
    connection.executemany(
        "INSERT INTO product (id, sku, name, url_key, price_cents, description) VALUES (?, ?, ?, ?, ?, ?)",
        [(p.id, p.sku, p.name, URL_KEYS.get(p.sku, url_key(p.name)), p.price_cents, p.description) for p in products],
    )
    connection.executemany(
        "INSERT INTO product_option (product_id, label, choices) VALUES (?, ?, ?)",
        [(p.id, OPTIONS[p.sku][0], "\n".join(OPTIONS[p.sku][1])) for p in products if p.sku in OPTIONS],
    )
    standing: dict[int, list[int]] = {}
    for product in products:
        for depth in range(1, len(product.shelf.names) + 1):
            standing.setdefault(paths[category_path(product.shelf.names[:depth])], []).append(product.id)
    for category, ids in standing.items():
        rng.shuffle(ids)
        connection.executemany(
            "INSERT INTO category_product (category_id, product_id, position) VALUES (?, ?, ?)",
            [(category, product, position) for position, product in enumerate(ids, 1)],
        )


def _write_reviews(connection: sqlite3.Connection, rng: random.Random, products: list[_Product]) -> None:
    listed = listed_reviews()
    rows = []
    for product in products:
        opinions = _drawn_opinions(rng, product.noun) if product.noun else iter(listed.get(product.sku, ()))
        for nickname, stars, title, detail in opinions:
            when = WORLD_NOW - timedelta(days=rng.randrange(30, 900), minutes=rng.randrange(1440))
            rows.append((product.id, nickname, title, detail, stars, when.isoformat(" ")))
    connection.executemany(
        "INSERT INTO review (product_id, nickname, title, detail, rating, created_at) VALUES (?, ?, ?, ?, ?, ?)", rows
    )


def _drawn_opinions(rng: random.Random, noun: str) -> Iterator[tuple[str, int, str, str]]:
    marks = rng.choices((1, 2, 3, 4, 5), weights=_STAR_WEIGHTS, k=rng.choice(_REVIEW_COUNTS))
    if len(marks) >= _ENOUGH_REVIEWS and min(marks) == 5:
        marks[0] = 4  # only listed products are flawless with that many reviews
    for stars in marks:
        nickname = rng.choice(SIGNATURES).format(first=rng.choice(FIRST_NAMES), last=rng.choice(LAST_NAMES))
        yield nickname, stars, rng.choice(TITLES[stars]), rng.choice(DETAILS[stars]).format(noun=noun)


def _write_customers(connection: sqlite3.Connection, rng: random.Random) -> None:
    email, password = ACCOUNTS[Site.SHOPPING]
    people = [(EMMA, email, password_hash(password), "Emma", "Lopez", 1, 1)]
    names = rng.sample([(first, last) for first in FIRST_NAMES for last in LAST_NAMES], _OTHER_CUSTOMERS)
    for number, (first, last) in enumerate(names, EMMA + 1):
        unknown = password_hash(f"{rng.random()}")
        people.append((number, f"{first}.{last}@example.com".lower(), unknown, first, last, number, number))
    connection.executemany(
        "INSERT INTO customer (id, email, password_hash, firstname, lastname, default_billing, default_shipping)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        people,
    )
    homes = [(EMMA, EMMA, "Emma", "Lopez", "6505551212", "101 S San Mateo Dr", *vocabulary.CITIES[0])]
    for number, (first, last) in enumerate(names, EMMA + 1):
        street = f"{rng.randrange(10, 990)} {rng.choice(vocabulary.STREETS)}"
        telephone = f"{rng.randrange(2_020_000_000, 9_899_999_999)}"
        homes.append((number, number, first, last, telephone, street, *rng.choice(vocabulary.CITIES)))
    connection.executemany(
        "INSERT INTO address (id, customer_id, firstname, lastname, telephone, street, city, region, postcode, country)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'United States')",
        homes,
    )


def _write_orders(
    connection: sqlite3.Connection,
    rng: random.Random,
    products: list[_Product],
    lines: dict[int, list[tuple[_Product, str]]],
) -> None:
    email = ACCOUNTS[Site.SHOPPING][0]
    for order in ORDERS:
        _write_order(connection, order, (EMMA, email, _HOME), lines[order.number])
    others = connection.execute(
        "SELECT c.id, c.email, c.firstname || ' ' || c.lastname || char(10) || a.street || char(10) || a.city || ', '"
        " || a.region || ', ' || a.postcode || char(10) || a.country || char(10) || 'T: ' || a.telephone"
        " FROM customer c JOIN address a ON a.customer_id = c.id WHERE c.id <> ? ORDER BY c.id",
        (EMMA,),
    ).fetchall()
    drawn = [product for product in products if product.noun]
    for number in OTHER_NUMBERS:
        when = WORLD_NOW - timedelta(days=rng.randrange(40, 470), minutes=rng.randrange(1440))
        status = rng.choice(("Complete", "Complete", "Complete", "Canceled"))
        bought = [(product, "") for product in rng.sample(drawn, rng.choice((1, 1, 2, 3)))]
        _write_order(connection, Order(number, when.isoformat(" "), status), rng.choice(others), bought)


def _write_order(
    connection: sqlite3.Connection, order: Order, buyer: tuple[int, str, str], lines: list[tuple[_Product, str]]
) -> None:
    """A piece of each product."""
    customer, email, home = buyer
    subtotal, shipping = sum(product.price_cents for product, _ in lines), _SHIPPING_CENTS * len(lines)
    connection.execute(
        "INSERT INTO sales_order (id, increment_id, customer_id, email, status, created_at, subtotal_cents,"
        " shipping_cents, grand_total_cents, shipping_address, billing_address)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order.number,
            f"{order.number:09d}",
            customer,
            email,
            order.status,
            order.created_at,
            subtotal,
            shipping,
            subtotal + shipping,
            home,
            home,
        ),
    )
    connection.executemany(
        "INSERT INTO sales_order_item (order_id, product_id, name, sku, price_cents, qty, options)"
        " VALUES (?, ?, ?, ?, ?, 1, ?)",
        [(order.number, p.id, p.name, p.sku, p.price_cents, options) for p, options in lines],
    )
