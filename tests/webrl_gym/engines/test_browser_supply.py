from __future__ import annotations

import asyncio
import os
import signal
from contextlib import closing

import pytest
from playwright.async_api import async_playwright

from tests.webrl_gym.engines.conftest import ROOT, pages_app
from webrl_gym.engines import browser_session, browser_supply
from webrl_gym.engines.browser_session import BrowserSession
from webrl_gym.engines.browser_supply import BrowserSupply, memory_of
from webrl_gym.errors import BrowserError
from webrl_gym.sites.server import SiteServer

pytestmark = pytest.mark.browser


def test_a_browser_that_has_served_long_is_replaced_and_goes_with_its_last_session() -> None:
    async def scenario() -> None:
        async with async_playwright() as playwright:
            supply = BrowserSupply(playwright, None, most_episodes=2)
            first = await supply.ready()
            context = await first.new_context()
            assert await supply.ready() is first
            second = await supply.ready()
            assert second is not first
            await supply.sweep()
            assert (first.is_connected(), supply.retired) == (True, [first])
            await context.close()
            await supply.sweep()
            assert (first.is_connected(), supply.retired) == (False, [])
            await supply.close()
            assert not second.is_connected()

    asyncio.run(scenario())


def test_a_browser_that_has_grown_too_large_is_replaced() -> None:
    async def scenario() -> None:
        async with async_playwright() as playwright:
            supply = BrowserSupply(playwright, None, memory_mark=1)
            first = await supply.ready()
            assert await memory_of(first) > 10_000_000
            assert [await supply.ready() is first for _ in range(49)] == [True] * 48 + [False]
            await supply.sweep()
            assert not first.is_connected()
            assert await memory_of(first) == 0
            await supply.close()

    asyncio.run(scenario())


def test_a_browser_that_hangs_is_ended_and_the_next_episode_gets_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_session, "_PATIENCE", 1.5)
    monkeypatch.setattr(browser_supply, "_LOOK_LIMIT_S", 0.5)

    async def scenario(server: SiteServer) -> None:
        async with async_playwright() as playwright:
            supply = BrowserSupply(playwright, None)
            proxied = {"proxy": server.url, "origins": [ROOT], "direct": False, "profile": "full", "load_limit": 20.0}
            session = BrowserSession(supply.ready, supply.give_up, **proxied)
            await session.start([f"{ROOT}/page/second.html"], [], False, True)
            first = await supply.ready()
            os.kill(supply._processes[first], signal.SIGSTOP)
            assert await memory_of(first) == 0
            with pytest.raises(BrowserError, match="did not answer within 2 s and was ended"):
                await session.start([f"{ROOT}/page/second.html"], [], False, True)
            await session.start([f"{ROOT}/page/controls.html"], [], False, True)
            assert (await session.snapshot())[0]["titles"] == []
            assert not first.is_connected()
            await session.close()
            await supply.close()

    with closing(SiteServer(pages_app(), ["pages.test"])) as server:
        asyncio.run(scenario(server))
