"""Fills the start page's database: the same cards in every world."""

from __future__ import annotations

import random
import sqlite3

from webrl_gym.types import Site

CARDS = (
    (Site.SHOPPING, "OneStopShop", "An online shopping site", "/"),
    (Site.SHOPPING_ADMIN, "CMS", "An e-commerce content management system", "/admin"),
    (Site.REDDIT, "Reddit", "A social news aggregation and discussion website", "/"),
    (Site.GITLAB, "Gitlab", "A DevOps platform to host and manage code", "/"),
    (Site.MAP, "Map", "A map service for places and directions", "/"),
    (Site.WIKIPEDIA, "Wikipedia", "An online encyclopedia", "/"),
)


def populate(connection: sqlite3.Connection, world: int, rng: random.Random) -> None:  # noqa: ARG001 - as on all sites
    """Stores the cards; neither the world nor chance changes them."""
    connection.executemany("INSERT INTO card (site, title, description, path) VALUES (?, ?, ?, ?)", CARDS)
