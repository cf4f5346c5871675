"""Keeps a browser ready: starts it, and another one when it has died, has served long or has grown too large.

A worn browser is not ended under running episodes: its sessions move to the new one at their next start, and it goes
when the last has left.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Browser, Playwright
from playwright.async_api import Error as PlaywrightError

from webrl_gym.engines.browser_launch import chromium_flags, find_chromium, missing

_START_LIMIT_MS = 60_000
_END_LIMIT_S = 10
MOST_EPISODES = 5_000
"""Episodes that one browser serves."""
MEMORY_MARK = 1_500_000_000
"""Proportional memory in bytes at which a browser is worn, without what its contexts may use."""
CONTEXT_MEMORY = 200_000_000
"""What each context adds to the mark."""
_LOOK_EVERY = 50
_LOOK_LIMIT_S = 5


class BrowserSupply:
    """The browser of a driver.

    Attributes:
        retired: Browsers that still serve the episodes that they began.
    """

    def __init__(
        self,
        playwright: Playwright,
        executable: str | None,
        *,
        headed: bool = False,
        most_episodes: int = MOST_EPISODES,
        memory_mark: int = MEMORY_MARK,
    ) -> None:
        """Starts nothing yet.

        Args:
            playwright: The running Playwright.
            executable: Path of the browser; None searches for one.
            headed: Whether the browser shows its windows.
            most_episodes: Episodes after which a browser is worn.
            memory_mark: Bytes above which it is, without its contexts' share.
        """
        self.retired: list[Browser] = []
        self._playwright = playwright
        self._executable = executable
        self._headed = headed
        self._most_episodes = most_episodes
        self._memory_mark = memory_mark
        self._browser: Browser | None = None
        self._processes: dict[Browser, int] = {}
        self._episodes = 0
        self._starting = asyncio.Lock()

    async def ready(self) -> Browser:
        """The browser for an episode that begins now.

        Raises:
            BrowserMissing: If none is found, or it does not start.
        """
        async with self._starting:
            browser = self._browser
            if browser is not None and browser.is_connected() and await self._is_worn(browser):
                self.retired.append(browser)
                browser = None
            if browser is None or not browser.is_connected():
                self._browser = browser = await self._launch()
                self._episodes = 0
            self._episodes += 1
            return browser

    async def sweep(self) -> None:
        """Ends retired browsers that nobody uses any more."""
        idle = [browser for browser in self.retired if not browser.contexts]
        self.retired = [browser for browser in self.retired if browser.contexts]
        await asyncio.gather(*map(_end, idle))

    def give_up(self, browser: Browser) -> None:
        """Kills a browser that does not answer; the next episode gets another one."""
        if browser is self._browser:
            self._browser = None
        with suppress(KeyError, ProcessLookupError):
            os.kill(self._processes.pop(browser), signal.SIGKILL)

    async def close(self) -> None:
        """Ends every browser."""
        browsers = [*self.retired, *([self._browser] if self._browser else [])]
        await asyncio.gather(*map(_end, browsers))

    async def _is_worn(self, browser: Browser) -> bool:
        if self._episodes >= self._most_episodes:
            return True
        if self._episodes % _LOOK_EVERY != _LOOK_EVERY - 1:
            return False
        return await memory_of(browser) > self._memory_mark + CONTEXT_MEMORY * len(browser.contexts)

    async def _launch(self) -> Browser:
        path = find_chromium(self._executable, self._playwright.chromium.executable_path)
        try:
            browser = await self._playwright.chromium.launch(
                executable_path=path,
                headless=not self._headed,
                args=chromium_flags(),
                timeout=_START_LIMIT_MS,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except PlaywrightError as error:
            reason = str(error).splitlines()[0] + (" (its windows need a working display)" * self._headed)
            raise missing([path], reason) from error
        self._processes = {one: number for one, number in self._processes.items() if one.is_connected()}
        for kind, number in await _processes_of(browser):
            if kind == "browser":
                self._processes[browser] = number
        return browser


async def memory_of(browser: Browser) -> int:
    """Proportional memory of all processes of a browser in bytes; 0 where nobody tells."""
    return sum(_proportional_memory(number) for _, number in await _processes_of(browser))


async def _processes_of(browser: Browser) -> list[tuple[str, int]]:
    """Kind and number of every process of a browser; none where it does not answer."""
    try:
        async with asyncio.timeout(_LOOK_LIMIT_S):
            session = await browser.new_browser_cdp_session()
            processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
            await session.detach()
    except (PlaywrightError, TimeoutError):
        return []
    return [(str(process["type"]), int(process["id"])) for process in processes]


def _proportional_memory(pid: int) -> int:
    try:
        report = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in report.splitlines() if line.startswith("Pss:"))


async def _end(browser: Browser) -> None:
    try:
        async with asyncio.timeout(_END_LIMIT_S):
            await browser.close()
    except (PlaywrightError, TimeoutError):
        # It has ended already, or Playwright will end it when it stops.
        return
