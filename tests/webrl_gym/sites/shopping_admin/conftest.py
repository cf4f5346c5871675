from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.webrl_gym.sites.shopping_admin.visits import ADMIN, Visitor
from webrl_gym.sites.web import signed_in_cookie
from webrl_gym.sites.worlds import World


@pytest.fixture
def world() -> Iterator[World]:
    """A world of the practice tasks."""
    opened = World(1)
    yield opened
    opened.close()


@pytest.fixture
def replica() -> Iterator[Visitor]:
    """The administrator in world 0."""
    opened = World(0)
    visitor = Visitor(opened.store(ADMIN))
    cookie = signed_in_cookie(ADMIN)
    assert cookie is not None
    visitor.client.set_cookie(*cookie, domain="localhost")
    yield visitor
    opened.close()


@pytest.fixture
def stranger(world: World) -> Visitor:
    return Visitor(world.store(ADMIN))


@pytest.fixture
def admin(stranger: Visitor) -> Visitor:
    cookie = signed_in_cookie(ADMIN)
    assert cookie is not None
    stranger.client.set_cookie(*cookie, domain="localhost")
    return stranger
