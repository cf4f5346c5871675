from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import async_playwright

from webrl_gym.engines.browser_supply import BrowserSupply, memory_of

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
