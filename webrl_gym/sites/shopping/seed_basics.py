"""What all worlds of the One Stop Market are written with."""

from __future__ import annotations

import hashlib
import re

EMMA = 1
"""Id of Emma Lopez among the customers."""

LISTED_PRODUCTS = "catalog/frontend/grid_per_page_values"
LISTED_ORDERS = "sales/history/per_page_values"
SHOWN_REVIEWS = "catalog/review/per_page_values"
"""Settings: how many entries a page may have, the usual number first."""


def password_hash(password: str) -> str:
    """What is stored of a password; unsalted, because the accounts are published and rows must be equal everywhere."""
    return hashlib.sha256(password.encode()).hexdigest()


def url_key(name: str) -> str:
    """A name as it stands in addresses: ``Home & Kitchen`` becomes ``home-kitchen``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
