"""Fills world 0, the replica: Magento's public Luma sample store, and the records that the official tasks are about.

The catalogue, the store's first customer and two first orders are the sample data's. Customers, orders, reviews and
search terms around them are made up so that each official answer comes out of them; a test on the database says which.
"""

from __future__ import annotations

import random
import sqlite3

from webrl_gym.sites.shopping_admin import vocabulary as vocab
from webrl_gym.sites.shopping_admin.seed_replica_catalogue import fill_catalogue
from webrl_gym.sites.shopping_admin.seed_replica_orders import fill_orders
from webrl_gym.sites.shopping_admin.seed_replica_people import fill_customers
from webrl_gym.sites.shopping_admin.seed_replica_reviews import fill_reviews
from webrl_gym.sites.shopping_admin.seed_rows import insert

_SEARCH_TERMS = (
    ("tanks", 23, 1),
    ("hollister", 16, 19),
    ("Joust Bag", 10, 4),
    ("nike", 0, 3),
    ("Antonia Racer Tank", 23, 2),
    ("WP10", 7, 1),
    ("yoga mat", 0, 1),
    ("duffle", 3, 1),
    ("watch", 9, 1),
    ("zoe tank", 16, 1),
    ("gift card", 0, 1),
    ("men hoodie", 13, 1),
)
"""Query, results, uses."""

_THEMES = ((1, "Magento Blank", "Magento/blank", ""), (3, "Magento Luma", "Magento/luma", "Magento Blank"))
_OPTIONS = {
    "Size": "XS S M L XL 28 29 30 31 32 33 34 36 38".split(),
    "Color": "Black Blue Brown Gray Green Lavender Multi Orange Purple Red White Yellow".split(),
}
_CONFIGURATION = (
    ("admin/grid/page_sizes", "20,30,50,100,200"),
    ("reports/sales/order_statuses", "canceled,closed,complete,holded,pending,processing"),
)
"""What makes the back office offer more than it does in the other worlds."""

_PRICE_RULES = (
    ("Buy 3 tee shirts and get the 4th free", 1, "", "by_percent", 10000),
    ("Spend $50 or more - shipping is free!", 1, "", "cart_fixed", 500),
    ("20% OFF Ever $200-plus purchase!*", 1, "", "by_percent", 2000),
    ("$4 Luma water bottle (save 70%)", 1, "H20", "by_percent", 7000),
)


def populate_replica(connection: sqlite3.Connection, rng: random.Random) -> None:
    """Writes all rows of world 0.

    Args:
        connection: An open database with the tables of ``schema.sql``.
        rng: The only source of chance.
    """
    products = fill_catalogue(connection, rng)
    customers = fill_customers(connection, rng)
    fill_orders(connection, rng, products, customers)
    fill_reviews(connection, rng, products, customers)
    insert(connection, "search_query (query_text, num_results, popularity)", _SEARCH_TERMS)
    insert(connection, "cms_page (identifier, title, content_heading, content)", vocab.PAGES)
    insert(
        connection,
        "salesrule (name, is_active, coupon_code, simple_action, discount_amount, from_date, to_date)",
        [(*rule, "", "") for rule in _PRICE_RULES],
    )
    insert(connection, "design_theme (id, title, path, parent_title)", _THEMES)
    labels = [(attribute, label) for attribute, found in _OPTIONS.items() for label in found]
    insert(connection, "attribute_option (attribute, label)", labels)
    insert(connection, "core_config_data (path, value)", _CONFIGURATION)
