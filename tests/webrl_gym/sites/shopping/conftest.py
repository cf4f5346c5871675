from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.web import STORE_KEY, signed_in_cookie, site_app
from webrl_gym.sites.worlds import World
from webrl_gym.types import Site


@pytest.fixture
def world() -> Iterator[World]:
    """A practice world; what only the replica has is tested in test_replica.py."""
    opened = World(1)
    yield opened
    opened.close()


@pytest.fixture
def store(world: World) -> SiteStore:
    return world.store(Site.SHOPPING)


@pytest.fixture
def visitor(store: SiteStore) -> FlaskClient:
    client = site_app(Site.SHOPPING).test_client()
    client.environ_base[STORE_KEY] = store
    return client


@pytest.fixture
def emma(visitor: FlaskClient) -> FlaskClient:
    cookie = signed_in_cookie(Site.SHOPPING)
    assert cookie is not None
    visitor.set_cookie(*cookie, domain="localhost")
    return visitor


@pytest.fixture
def product(store: SiteStore) -> sqlite3.Row:
    row = store.one(
        "SELECT * FROM product WHERE in_stock AND id NOT IN (SELECT product_id FROM wishlist_item)"
        " AND (SELECT COUNT(*) FROM review WHERE product_id = product.id) > 5 ORDER BY id"
    )
    assert row is not None
    return row
