"""Fills the store's database: 180 products, 70 customers, 300 orders, 350 reviews, search terms, pages, price rules.

World 0 is the replica, which has a seed of its own (``seed_replica``).
"""

from __future__ import annotations

import random
import sqlite3
from datetime import datetime, timedelta
from itertools import product as pairs
from typing import Any, NamedTuple

from webrl_gym.sites import words
from webrl_gym.sites.shopping_admin import vocabulary as vocab
from webrl_gym.sites.shopping_admin.seed_replica import populate_replica
from webrl_gym.sites.shopping_admin.seed_rows import insert

PARENT_COUNT = 25
"""Products with sizes and colours; each has five variants."""
GEAR_COUNT = 30
CUSTOMER_COUNT = 70
ORDER_COUNT = 300
REVIEW_COUNT = 350

_FIRST_DAY = datetime(2022, 1, 1, 8, 0, 0)
_LAST_DAY = datetime(2023, 6, 14, 20, 0, 0)
_MOMENT = "%Y-%m-%d %H:%M:%S"
_RECENT = timedelta(days=90)

_CATEGORIES = [
    (1, None, "Women", "women"),
    (2, 1, "Women Tops", "women/tops-women"),
    (3, 1, "Women Bottoms", "women/bottoms-women"),
    (4, None, "Men", "men"),
    (5, 4, "Men Tops", "men/tops-men"),
    (6, 4, "Men Bottoms", "men/bottoms-men"),
    (7, None, "Gear", "gear"),
    (8, 7, "Bags", "gear/bags"),
    (9, 7, "Fitness Equipment", "gear/fitness-equipment"),
    (10, 7, "Watches", "gear/watches"),
]
_SKU_PREFIXES = {2: "WT", 3: "WB", 5: "MT", 6: "MB", 8: "24-MB", 9: "24-UG", 10: "24-MG"}


class _Sellable(NamedTuple):
    """A simple product, as orders need it."""

    id: int
    sku: str
    name: str
    price: int


class _Customer(NamedTuple):
    """A customer, as orders and reviews need them."""

    id: int
    name: str
    email: str
    telephone: str
    place: tuple[str, str, str, str]
    novel: int


def populate(connection: sqlite3.Connection, world: int, rng: random.Random) -> None:
    """Writes all rows of one world.

    Args:
        connection: An open database with the tables of ``schema.sql``.
        world: World number; decides the invented words.
        rng: The only source of chance.
    """
    if world == 0:
        populate_replica(connection, rng)
        return
    insert(connection, "category (id, parent_id, name, path)", _CATEGORIES)
    sellable, parents = _products(connection, world, rng)
    customers = _customers(connection, world, rng)
    _orders(connection, rng, sellable, customers)
    _reviews(connection, rng, parents, customers)
    _search_terms(connection, world, rng, parents)
    _pages(connection, world, rng)
    _price_rules(connection, world, rng)


def _names(rng: random.Random, world: int) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Names of garments and of gear with their novelty; names of one world share their words."""
    first = rng.sample(words.PRODUCT_QUALITIES, 10) + rng.sample(vocab.MUSES, 6)
    novel = words.novel_words(world, "product", 8)
    chosen = []
    for kinds, count, invented in (
        (vocab.TOPS + vocab.BOTTOMS, PARENT_COUNT, novel[:4]),
        (vocab.BAGS + vocab.FITNESS + vocab.WATCHES, GEAR_COUNT, novel[4:]),
    ):
        known = rng.sample([f"{word} {kind}" for word, kind in pairs(first, kinds)], count - len(invented))
        names = [(name, 0) for name in known] + [(f"{word} {rng.choice(kinds)}", 1) for word in invented]
        rng.shuffle(names)
        chosen.append(names)
    return chosen[0], chosen[1]


def _category(rng: random.Random, name: str) -> int:
    kind = name.split(" ", 1)[1]
    if kind in vocab.TOPS:
        return rng.choice((2, 5))
    if kind in vocab.BOTTOMS:
        return rng.choice((3, 6))
    return 8 if kind in vocab.BAGS else 9 if kind in vocab.FITNESS else 10


def _products(
    connection: sqlite3.Connection, world: int, rng: random.Random
) -> tuple[list[_Sellable], list[tuple[int, str, int]]]:
    """Writes the catalogue; gives the simple products, and (id, name, novel) of those with a page in the shop."""
    garments, gear = _names(rng, world)
    rows: list[tuple[Any, ...]] = []
    sellable: list[_Sellable] = []
    visible: list[tuple[int, str, int]] = []

    def add(name: str, sku: str, price: int, category: int, novel: int, parent: int | None, kind: str) -> int:
        number = len(rows) + 1
        quantity = 0 if kind == "configurable" or rng.random() < 0.1 else rng.randint(3, 140)
        stocked = int(kind == "configurable" or quantity > 0)
        description = f"{rng.choice(vocab.DESCRIPTIONS)} {rng.choice(vocab.DETAILS)}"
        weight = f"{rng.randint(2, 30) / 10:.1f}"
        status = 2 if parent is None and rng.random() < 0.05 else 1
        key = name.lower().replace(" ", "-")
        looks = (4 if parent is None else 1, category, int(rng.random() < 0.15), description, novel)
        rows.append((number, parent, kind, sku, name, key, price, quantity, stocked, weight, status, *looks))
        if kind == "simple":
            sellable.append(_Sellable(number, sku, name, price))
        if parent is None:
            visible.append((number, name, novel))
        return number

    for index, (name, novel) in enumerate(gear, 1):
        category = _category(rng, name)
        add(name, f"{_SKU_PREFIXES[category]}{index:02}", _price(rng), category, novel, None, "simple")
    for index, (name, novel) in enumerate(garments, 1):
        category, price = _category(rng, name), _price(rng)
        sku = f"{_SKU_PREFIXES[category]}{index:02}"
        parent = add(name, sku, price, category, novel, None, "configurable")
        sizes = vocab.TOP_SIZES if category in (2, 5) else vocab.BOTTOM_SIZES
        variants = rng.sample(list(pairs(sizes[:3], rng.sample(vocab.COLORS, 3))), 5)
        for size, color in sorted(variants):
            add(f"{name}-{size}-{color}", f"{sku}-{size}-{color}", price, category, novel, parent, "simple")
    insert(
        connection,
        "product (id, parent_id, type_id, sku, name, url_key, price, qty, is_in_stock, weight, status, visibility, "
        "category_id, sale, description, novel)",
        rows,
    )
    return sellable, visible


def _price(rng: random.Random) -> int:
    return rng.randint(9, 120) * 100 + rng.choice((0, 0, 50, 99))


def _customers(connection: sqlite3.Connection, world: int, rng: random.Random) -> list[_Customer]:
    novel = words.novel_words(world, "person", 10)
    known = rng.sample(list(pairs(words.FIRST_NAMES, words.LAST_NAMES)), CUSTOMER_COUNT - len(novel))
    people = [(first, last, 0) for first, last in known]
    people += [(rng.choice(words.FIRST_NAMES), last, 1) for last in novel]
    rng.shuffle(people)
    streets = vocab.STREETS + [f"{word} Street" for word in words.novel_words(world, "street", 3)]
    phones = rng.sample(range(2_010_000_000, 9_899_999_999), len(people))
    rows, customers = [], []
    for number, ((first, last, is_novel), phone) in enumerate(zip(people, phones, strict=True), 1):
        email = f"{first}.{last}@{rng.choice(vocab.MAIL_HOSTS)}".lower()
        city, region, postcode = rng.choice(vocab.CITIES)
        place = (f"{rng.randint(1, 999)} {rng.choice(streets)}", city, region, postcode)
        since = _FIRST_DAY - timedelta(days=rng.randint(1, 300), seconds=rng.randint(0, 86_000))
        group = rng.choice(("General", "General", "General", "Wholesale", "Retailer"))
        rows.append((number, first, last, email, group, since.strftime(_MOMENT), str(phone), *place, is_novel))
        customers.append(_Customer(number, f"{first} {last}", email, str(phone), place, is_novel))
    insert(
        connection,
        "customer (id, firstname, lastname, email, customer_group, created_at, telephone, street, city, region, "
        "postcode, novel)",
        rows,
    )
    return customers


def _status(rng: random.Random, moment: datetime) -> str:
    """Old orders are mostly done, recent ones mostly not."""
    names = ("pending", "processing", "complete", "canceled", "holded", "closed")
    weights = (42, 25, 15, 12, 6, 0) if _LAST_DAY - moment < _RECENT else (9, 5, 62, 16, 2, 6)
    return rng.choices(names, weights)[0]


def _orders(
    connection: sqlite3.Connection, rng: random.Random, sellable: list[_Sellable], customers: list[_Customer]
) -> None:
    span = int((_LAST_DAY - _FIRST_DAY).total_seconds())
    moments = [_FIRST_DAY + timedelta(seconds=second) for second in sorted(rng.sample(range(span), ORDER_COUNT))]
    ranked = rng.sample(sellable, len(sellable))
    popularity = [1 / (rank + 4) for rank in range(len(ranked))]
    buyers = [1 / (rank + 12) for rank in range(len(customers))]
    orders, items, comments, invoices, shipments, tracks = [], [], [], [], [], []
    for number, moment in enumerate(moments, 1):
        customer = rng.choices(customers, buyers)[0]
        bought = {pick.id: pick for pick in rng.choices(ranked, popularity, k=rng.randint(1, 4))}
        lines = [(number, *pick[:4], rng.choice((1, 1, 2, 3))) for pick in bought.values()]
        items.extend(lines)
        subtotal = sum(line[4] * line[5] for line in lines)
        shipping = 500 * sum(line[5] for line in lines)
        status, when = _status(rng, moment), moment.strftime(_MOMENT)
        before = "pending" if status == "holded" else None
        head = (number, f"{number:09}", customer.id, customer.name, customer.email, status, before, when)
        money = (subtotal, shipping, subtotal + shipping)
        methods = (rng.choice(("Check / Money order", "Credit Card")), "Flat Rate - Fixed")
        orders.append((*head, *money, *methods, customer.telephone, *customer.place, customer.novel))
        later = (moment + timedelta(hours=rng.randint(1, 30))).strftime(_MOMENT)
        if rng.random() < 0.2:
            comments.append((number, later, status, rng.choice(vocab.ORDER_COMMENTS), rng.randint(0, 1)))
        if status in ("processing", "complete", "closed"):
            invoices.append((number, later, money[2]))
        if status in ("complete", "closed"):
            shipments.append((number, later))
            if rng.random() < 0.6:
                carrier = rng.choice(("DHL", "United Parcel Service", "Federal Express"))
                tracks.append((len(shipments), later, carrier, str(rng.randint(10**9, 10**10 - 1))))
    insert(
        connection,
        "sales_order (id, increment_id, customer_id, customer_name, customer_email, status, hold_before_status, "
        "created_at, subtotal, shipping_amount, grand_total, payment_method, shipping_method, telephone, street, "
        "city, region, postcode, novel)",
        orders,
    )
    insert(connection, "sales_order_item (order_id, product_id, sku, name, price, qty)", items)
    insert(connection, "sales_order_comment (order_id, created_at, status, comment, notified)", comments)
    insert(connection, "sales_invoice (order_id, created_at, grand_total)", invoices)
    insert(connection, "sales_shipment (order_id, created_at)", shipments)
    insert(connection, "sales_shipment_track (shipment_id, created_at, title, track_number)", tracks)


def _reviews(
    connection: sqlite3.Connection,
    rng: random.Random,
    products: list[tuple[int, str, int]],
    customers: list[_Customer],
) -> None:
    span = int((_LAST_DAY - _FIRST_DAY).total_seconds())
    eagerness = [0.2 if customer.novel else 1.0 for customer in customers]
    rows = []
    for second in sorted(rng.sample(range(span), REVIEW_COUNT)):
        product_id, _, novel = rng.choice(products)
        customer = rng.choices(customers, eagerness)[0]
        first, last = customer.name.split(" ")
        rating = rng.choices((1, 2, 3, 4, 5), (10, 10, 15, 30, 35))[0]
        if rating >= 4:
            title, detail = rng.choice(vocab.GOOD_TITLES), rng.choice(vocab.GOOD_DETAILS)
        elif rating == 3:
            title, detail = rng.choice(vocab.FAIR_TITLES), rng.choice(vocab.FAIR_DETAILS)
        else:
            title, detail = rng.choice(vocab.BAD_TITLES), rng.choice(vocab.BAD_DETAILS)
        when = (_FIRST_DAY + timedelta(seconds=second)).strftime(_MOMENT)
        status = rng.choices((1, 2, 3), (65, 25, 10))[0]
        nickname = last if customer.novel else f"{first} {last[0]}"
        by = customer.id if rng.random() < 0.6 else None
        marked = int(novel or customer.novel)
        rows.append((product_id, by, status, rating, nickname, title, detail, when, marked))
    insert(
        connection,
        "review (product_id, customer_id, status_id, rating, nickname, title, detail, created_at, novel)",
        rows,
    )


def _search_terms(
    connection: sqlite3.Connection, world: int, rng: random.Random, products: list[tuple[int, str, int]]
) -> None:
    novel = words.novel_words(world, "title", 8)
    names = [name.lower() for _, name, is_novel in products if not is_novel]
    terms = [(term, 0) for term in sorted({*rng.sample(names, 18), *(name.split(" ")[0] for name in names[:12])})]
    terms += [(brand, 0) for brand in rng.sample(vocab.BRANDS, 4)]
    terms += [(f"{word} {rng.choice(vocab.BAGS + vocab.TOPS)}".lower(), 1) for word in novel]
    rng.shuffle(terms)
    uses = rng.sample(range(1, 400), len(terms))
    rows = []
    for (term, is_novel), popularity in zip(terms, uses, strict=True):
        results = 0 if is_novel or term in vocab.BRANDS else sum(term.split(" ")[0] in name for name in names)
        rows.append((term, results, popularity, is_novel))
    insert(connection, "search_query (query_text, num_results, popularity, novel)", rows)


def _pages(connection: sqlite3.Connection, world: int, rng: random.Random) -> None:
    titles = [(f"{muse} {rng.choice(vocab.PAGE_KINDS)}", 0) for muse in rng.sample(vocab.MUSES, 6)]
    invented = words.novel_words(world, "article", 4)
    titles += [(f"{word} {rng.choice(vocab.PAGE_KINDS)}", 1) for word in invented]
    rows = [(*page, 0) for page in vocab.PAGES]
    rows += [
        (title.lower().replace(" ", "-"), title, title, f"{rng.choice(vocab.DESCRIPTIONS)}", novel)
        for title, novel in titles
    ]
    insert(connection, "cms_page (identifier, title, content_heading, content, novel)", rows)


def _price_rules(connection: sqlite3.Connection, world: int, rng: random.Random) -> None:
    names = [(f"{occasion} sale", 0) for occasion in rng.sample(vocab.SALE_OCCASIONS, 6)]
    names += [(f"{word} promotion", 1) for word in words.novel_words(world, "title", 10)[8:]]
    rows = []
    for name, novel in names:
        action = rng.choice(("by_percent", "by_fixed", "cart_fixed"))
        amount = rng.randint(1, 10) * 500
        code = f"{name.split(' ')[0][:4].upper()}{amount // 100}" if rng.random() < 0.6 else ""
        start = _FIRST_DAY + timedelta(days=rng.randint(0, 400))
        end = start + timedelta(days=rng.randint(10, 300))
        rows.append((name, rng.randint(0, 1), code, action, amount, f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}", novel))
    insert(
        connection,
        "salesrule (name, is_active, coupon_code, simple_action, discount_amount, from_date, to_date, novel)",
        rows,
    )
