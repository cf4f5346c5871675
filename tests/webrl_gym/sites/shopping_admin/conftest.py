from __future__ import annotations

import pytest

from tests.webrl_gym.sites.shopping_admin.visits import ADMIN, Visitor
from webrl_gym.sites.web import signed_in_cookie
from webrl_gym.sites.worlds import World


@pytest.fixture
def stranger(world: World) -> Visitor:
    return Visitor(world.store(ADMIN))


@pytest.fixture
def admin(stranger: Visitor) -> Visitor:
    cookie = signed_in_cookie(ADMIN)
    assert cookie is not None
    stranger.client.set_cookie(*cookie, domain="localhost")
    return stranger
