"""Fixtures of the forum site's tests: its database and browsers of a practice world, unless a module has its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.web import STORE_KEY, signed_in_cookie, site_app
from webrl_gym.sites.worlds import World
from webrl_gym.types import Site


@pytest.fixture
def world() -> Iterator[World]:
    opened = World(1)
    yield opened
    opened.close()


@pytest.fixture
def store(world: World) -> SiteStore:
    return world.store(Site.REDDIT)


@pytest.fixture
def visitor(store: SiteStore) -> FlaskClient:
    client = site_app(Site.REDDIT).test_client()
    client.environ_base[STORE_KEY] = store
    return client


@pytest.fixture
def member(visitor: FlaskClient) -> FlaskClient:
    cookie = signed_in_cookie(Site.REDDIT)
    assert cookie is not None
    visitor.set_cookie(*cookie, domain="localhost")
    return visitor
