"""The replica's customers: those that official tasks speak of, and others."""

from __future__ import annotations

import random
import sqlite3
from datetime import datetime, timedelta
from itertools import product as pairs
from typing import NamedTuple

from webrl_gym.sites import words
from webrl_gym.sites.shopping_admin import vocabulary as vocab
from webrl_gym.sites.shopping_admin.seed_rows import insert

CUSTOMER_COUNT = 74

_NAMED = """
Jane Smith|Sarah Miller|Lily Potter|John Smith|Matt Baker|Grace Nguyen|Adam Garcia|Samantha Jones|Sean Miller|Amanda Kim
Jennifer White|Jason Miller|Michael Nguyen|Lisa Green|Katie Wong|Brian Smith|Daniel Jackson|John Lee|Mary Martin
Olivia Lee|Emma Davis|Jessica Nguyen|Alexander Thomas|Bob Jones|Alex Johnson|Julia Williams|Jacob Rivera|Anna Nguyen
""".replace("\n", "|")
_OWN_PHONES = {"Sean Miller": "8015551212"}
_OWN_PLACES = {"Amanda Kim": ("321 Birch Lane", "Hoboken", "New Jersey", "07030")}
_FIRST_DAY = datetime(2022, 1, 1, 8, 0, 0)


class ReplicaCustomer(NamedTuple):
    """A customer, as orders and reviews need them; ``place`` is street, city, state and postcode."""

    id: int
    name: str
    email: str
    telephone: str
    place: tuple[str, str, str, str]


_FIRST = ReplicaCustomer(
    1,
    "Veronica Costello",
    "roni_cost@example.com",
    "(555) 229-3326",
    ("6146 Honey Bluff Parkway", "Calder", "Michigan", "49628-7978"),
)
"""The sample data's only customer."""


def fill_customers(connection: sqlite3.Connection, rng: random.Random) -> list[ReplicaCustomer]:
    """Writes the customers; gives them by id."""
    named = [(first, last) for first, last in (name.split(" ") for name in _NAMED.split("|") if name)]
    others = [pair for pair in pairs(words.FIRST_NAMES, words.LAST_NAMES) if pair not in named]
    names = named + rng.sample(others, CUSTOMER_COUNT - len(named) - 1)
    customers = [_FIRST]
    phones = rng.sample(range(2_010_000_000, 7_999_999_999), len(names))
    for number, ((first, last), phone) in enumerate(zip(names, phones, strict=True), 2):
        name = f"{first} {last}"
        host = "gmail.com" if name in _OWN_PHONES else rng.choice(vocab.MAIL_HOSTS)
        city, region, postcode = rng.choice(vocab.CITIES)
        place = _OWN_PLACES.get(name, (f"{rng.randint(1, 999)} {rng.choice(vocab.STREETS)}", city, region, postcode))
        telephone = _OWN_PHONES.get(name, str(phone))
        customers.append(ReplicaCustomer(number, name, f"{first}.{last}@{host}".lower(), telephone, place))
    rows = []
    for customer in customers:
        since = _FIRST_DAY - timedelta(days=rng.randint(1, 300), seconds=rng.randint(0, 86_000))
        group = rng.choice(("General", "General", "General", "Wholesale", "Retailer"))
        head = (customer.id, *customer.name.split(" "), customer.email, group, since.isoformat(" "))
        rows.append((*head, customer.telephone, *customer.place))
    insert(
        connection,
        "customer (id, firstname, lastname, email, customer_group, created_at, telephone, street, city, region, "
        "postcode)",
        rows,
    )
    return customers
