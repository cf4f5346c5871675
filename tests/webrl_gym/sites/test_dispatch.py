"""Requests and the turns of a world: what waited until the sites were put back is refused, and nothing is torn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from werkzeug.test import Client

from webrl_gym.sites.dispatch import SiteDispatcher
from webrl_gym.sites.web import signed_in_cookie
from webrl_gym.sites.worlds import World
from webrl_gym.types import EMBEDDED_URLS, Site

FORUM = EMBEDDED_URLS[Site.REDDIT]


@pytest.fixture
def world() -> Iterator[World]:
    with closing(World(1)) as made:
        yield made


def visitor(world: World, site: Site = Site.REDDIT) -> Client:
    client = Client(SiteDispatcher(world))
    if cookie := signed_in_cookie(site):
        client.set_cookie(*cookie, domain=urlsplit(EMBEDDED_URLS[site]).netloc)
    return client


@pytest.mark.parametrize("number", [1, 2])
def test_a_request_that_waited_until_the_sites_were_put_back_changes_nothing(
    world: World, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, given, statuses = world.store(Site.REDDIT), threading.Event(), []
    asked_for = world.store

    def note(site: Site) -> object:
        found = asked_for(site)
        given.set()
        return found

    def vote() -> None:
        answer = visitor(world).post("/sv/1", base_url=FORUM, data={"choice": "1"})
        statuses.append(answer.status_code)

    monkeypatch.setattr(world, "store", note)
    late = threading.Thread(target=vote)
    with store.lock:  # as while another page is answered
        late.start()
        assert given.wait(10)
        world.switch(number)
        world.reset()
    late.join(10)
    assert statuses == [403]
    assert world.changed_sites == []


def test_a_world_may_turn_while_pages_are_answered(world: World) -> None:
    over, statuses = threading.Event(), set()

    def read() -> None:
        client = visitor(world)
        while not over.is_set():
            statuses.add(client.get("/search?q=a", base_url=FORUM).status_code)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(60):
        world.switch(1 + turn % 2)
        world.reset()
    over.set()
    for reader in readers:
        reader.join(10)
    assert statuses <= {200, 403}
    assert visitor(world).get("/", base_url=FORUM).status_code == 200
