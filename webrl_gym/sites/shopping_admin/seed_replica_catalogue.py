"""The replica's catalogue: Magento's Luma sample data, with the ids that an installation gives its products.

``seed_replica_catalogue.txt`` has a line for each product that is sold by itself and for each one with variants, in the
order of installation. Variants come before the product they belong to, size by size and color by color.
"""

from __future__ import annotations

import random
import re
import sqlite3
from importlib.resources import files
from typing import Any, NamedTuple

from webrl_gym.sites.shopping_admin import vocabulary as vocab
from webrl_gym.sites.shopping_admin.seed_rows import insert

_CATEGORIES = (
    (3, None, "Gear", "gear"),
    (4, 3, "Bags", "gear/bags"),
    (5, 3, "Fitness Equipment", "gear/fitness-equipment"),
    (6, 3, "Watches", "gear/watches"),
    (11, None, "Men", "men"),
    (12, 11, "Men Tops", "men/tops-men"),
    (13, 11, "Men Bottoms", "men/bottoms-men"),
    (14, 12, "Men Jackets", "men/tops-men/jackets-men"),
    (15, 12, "Men Hoodies & Sweatshirts", "men/tops-men/hoodies-and-sweatshirts-men"),
    (16, 12, "Men Tees", "men/tops-men/tees-men"),
    (17, 12, "Men Tanks", "men/tops-men/tanks-men"),
    (18, 13, "Men Pants", "men/bottoms-men/pants-men"),
    (19, 13, "Men Shorts", "men/bottoms-men/shorts-men"),
    (20, None, "Women", "women"),
    (21, 20, "Women Tops", "women/tops-women"),
    (22, 20, "Women Bottoms", "women/bottoms-women"),
    (23, 21, "Women Jackets", "women/tops-women/jackets-women"),
    (24, 21, "Women Hoodies & Sweatshirts", "women/tops-women/hoodies-and-sweatshirts-women"),
    (25, 21, "Women Tees", "women/tops-women/tees-women"),
    (26, 21, "Women Bras & Tanks", "women/tops-women/tanks-women"),
    (27, 22, "Women Pants", "women/bottoms-women/pants-women"),
    (28, 22, "Women Shorts", "women/bottoms-women/shorts-women"),
)
_SPECIAL_TYPES = {"24-WG085_Group": "grouped", "24-WG080": "bundle"}
_SOLD_OUT = {"MP12-33-Blue"}
"""What an official task restocks."""


_ABOUT_GEAR = (
    [
        "Tough enough for the trail, neat enough for the office.",
        "Made for long days at the gym.",
        "A companion for every workout.",
        "Light, sturdy and easy to carry.",
        "Goes with you from the office to the gym.",
        "Simple, and it lasts.",
    ],
    [
        "Recycled materials.",
        "Wipe clean with a damp cloth.",
        "One year of warranty.",
        "Comes in a reusable bag.",
        "Imported.",
        "Unisex.",
    ],
)
"""Descriptions of what is not worn, and details of it."""


class ReplicaProduct(NamedTuple):
    """A product, as orders and reviews need it."""

    id: int
    sku: str
    name: str
    price: int
    kind: str
    visible: bool


def is_gear(sku: str) -> bool:
    """True for bags, watches and the like, which the sample store numbers by themselves."""
    return sku.startswith("24")


def fill_catalogue(connection: sqlite3.Connection, rng: random.Random) -> list[ReplicaProduct]:
    """Writes categories and products; gives the products."""
    insert(connection, "category (id, parent_id, name, path)", _CATEGORIES)
    numbers = {path.rsplit("/", 1)[-1]: number for number, _, _, path in _CATEGORIES}
    products: list[ReplicaProduct] = []
    rows: list[tuple[Any, ...]] = []
    keys: set[str] = set()

    def add(sku: str, name: str, price: int, kind: str, category: str, parent: int | None, about: str) -> None:
        number = len(rows) + 1
        plain = re.sub(r"[^a-z0-9]+", "-", re.sub("[™®]", "", name).lower()).strip("-")
        key = plain if plain not in keys else f"{plain}-{number}"
        keys.add(key)
        sold_out = sku in _SOLD_OUT or (kind == "simple" and rng.random() < 0.03)
        quantity = 0 if sold_out or kind == "configurable" else 100
        stock = (quantity, int(not sold_out), "" if kind == "configurable" else "1")
        looks = (1 if parent is not None else 4, numbers[category], about)
        rows.append((number, parent, kind, sku, name, key, price, *stock, *looks))
        products.append(ReplicaProduct(number, sku, name, price, kind, parent is None))

    for sku, name, dollars, category, sizes, colors in _lines():
        descriptions, details = _ABOUT_GEAR if is_gear(sku) else (vocab.DESCRIPTIONS, vocab.DETAILS)
        price, about = round(float(dollars) * 100), f"{rng.choice(descriptions)} {rng.choice(details)}"
        variants = [f"{size}-{color}" for size in sizes.split() for color in colors.split()]
        parent = len(rows) + len(variants) + 1
        for variant in variants:
            add(f"{sku}-{variant}", f"{name}-{variant}", price, "simple", category, parent, about)
        kind = "configurable" if variants else _SPECIAL_TYPES.get(sku, "simple")
        add(sku, name, price, kind, category, None, about)
    insert(
        connection,
        "product (id, parent_id, type_id, sku, name, url_key, price, qty, is_in_stock, weight, visibility, "
        "category_id, description)",
        rows,
    )
    return products


def _lines() -> list[tuple[str, str, str, str, str, str]]:
    """SKU, name, price in dollars, category, sizes and colors of each line of the list."""
    text = (files(__package__) / "seed_replica_catalogue.txt").read_text(encoding="utf-8")
    found = []
    for line in text.splitlines()[1:]:
        sku, name, price, category, sizes, colors = line.split("|")
        found.append((sku, name, price, category, sizes, colors))
    return found
