"""One environment's part of the browser: a context with its tabs, and the pages of the evaluators."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from playwright.async_api import Browser, BrowserContext, Dialog, Download, Page
from playwright.async_api import Error as PlaywrightError

from webrl_gym.actions import ActionKind, tab_number
from webrl_gym.engines.browser_actions import GONE, perform
from webrl_gym.engines.browser_bounds import Bounds, outside
from webrl_gym.engines.browser_errors import locating_error
from webrl_gym.engines.browser_frames import ForeignFrame, FrameNumbers, Target, read_foreign_frames
from webrl_gym.engines.browser_tab import PageMoved, Tab
from webrl_gym.engines.browser_traffic import SentRequests, cookie_of
from webrl_gym.errors import ActionTargetError, BrowserError, NothingLocated, WebRLGymError
from webrl_gym.wellformed import well_formed

VIEWPORT = (1280, 720)
"""Width and height of every page, in CSS pixels."""
_MOST_EPISODES = 100
"""Episodes after which a context is replaced, since what pages leave in it adds up."""
_MOST_TABS = 20
_MOST_NOTICES = 5
_PATIENCE = 25.0
_ROOM = 5.0
"""Seconds for what else happens while a site's answer is waited for."""


class BrowserSession:
    """A browser context, recycled from episode to episode.

    Attributes:
        load_limit: Longest wait for a site's answer, in seconds.
    """

    def __init__(
        self,
        ready_browser: Callable[[], Awaitable[Browser]],
        give_up: Callable[[Browser], None],
        proxy: str,
        origins: Sequence[str] | None,
        direct: bool,
        profile: str,
        load_limit: float,
    ) -> None:
        """Keeps pages inside ``origins``.

        Args:
            ready_browser: Gives the running browser, a new one after the last has died.
            give_up: Ends a browser that does not answer.
            proxy: Address of the ``SiteServer`` that all traffic goes through; it refuses what is out of bounds.
            origins: What may be opened; see ``Bounds``.
            direct: True to connect to ``origins`` without the proxy, which then refuses everything else.
            profile: Observation profile that ``snapshot`` reads pages for.
            load_limit: Longest wait for a site's answer, in seconds.
        """
        self._ready_browser = ready_browser
        self._give_up = give_up
        self._bounds = Bounds(origins)
        self._proxy = self._bounds.proxy(proxy, direct=direct)
        # Embedded sites know by themselves what was asked of them.
        self._sent = SentRequests() if direct else None
        self._profile = profile
        self.load_limit = load_limit
        self._patience = max(_PATIENCE, load_limit + _ROOM)
        self._browser: Browser | None = None
        self._context: BrowserContext | None = None
        self._episodes = 0
        self._tabs: list[Tab] = []
        self._current = 0
        self._evaluation: Tab | None = None
        self._evaluators_page: Tab | None = None
        self._notices: list[str] = []
        self._frames: dict[int, ForeignFrame] = {}
        self._frame_numbers = FrameNumbers()
        self._adoptions: set[asyncio.Task[None]] = set()
        self._adopting = asyncio.Lock()
        self._waited = 0.0
        self._refusals_before = 0
        self._refusals_of_closed = 0

    async def start(self, urls: Sequence[str], cookies: Sequence[Sequence[str]], must_exist: bool, still: bool) -> None:
        """Begins an episode with one tab for each address; ``must_exist`` and ``still`` as in ``Tab.navigate``."""
        browser = await self._ready_browser()
        await self._abandon_windows()
        try:
            async with asyncio.timeout(_PATIENCE):
                if not await self._recycle(browser):
                    await self._new_context(browser)
        except TimeoutError:
            self._give_up(browser)
            raise BrowserError(f"The browser did not answer within {_PATIENCE:.0f} s and was ended.") from None
        self._notices.clear()
        if self._sent is not None:
            self._sent.forget()
        self._refusals_before = self._refusals()
        context = self._require_context()
        if cookies:
            await context.add_cookies([cookie_of(*cookie) for cookie in cookies])
        for position, url in enumerate(urls):
            if position >= len(self._tabs):
                self._tabs.append(await self._open_tab(await context.new_page()))
            tab = self._tabs[position]
            await tab.navigate(url, must_exist=must_exist, still=still)
            await tab.forget_history()
        self._current = 0

    async def snapshot(self) -> tuple[dict[str, Any], bytes]:
        """The current tab as JSON text (the page, then its foreign frames), and what goes with it."""
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(self._patience):
            tab = await self._current_tab()
            state = await tab.settle(profile=self._profile)
            while not state["page"]:
                # The page closed itself; another tab is the current one now.
                self._on_close(tab)
                tab = await self._current_tab()
                state = await tab.settle(profile=self._profile)
            settled = asyncio.get_running_loop().time() - began - state["reading"] / 1000
            self._frames = await read_foreign_frames(tab, self._frame_numbers) if state["foreign"] else {}
            titles, current = await self._titles()
            head = {
                "document": [tab.number, tab.activity.document],
                "titles": titles,
                "current": current,
                "notices": [well_formed(notice) for notice in self._notices],
                "blocked": self._refusals() - self._refusals_before,
                "owners": [[frame.part, frame.outer, frame.ref] for frame in self._frames.values()],
                "settled": [self._waited, max(0.0, settled)],
            }
            self._waited = 0.0
        parts = [state["page"], *(frame.tree for frame in self._frames.values())]
        return head, f"[{','.join(parts)}]".encode()

    async def execute(self, kind: str, argument: str, target: int | Sequence[int] | None, document: Any) -> None:
        """Carries out an action and waits until the page is quiet."""
        tab = await self._current_tab()
        self._notices.clear()
        tab.activity.refused = ""
        if self._sent is not None:
            self._sent.begin_action()
        if kind == ActionKind.SWITCH_TAB:
            self._current = tab_number(argument, len(self._tabs))
            return
        if target is not None and document != [tab.number, tab.activity.document]:
            raise ActionTargetError(GONE)
        element = None if target is None else Target.named(target)
        before, refusal, began = tab.activity.document, "", None
        try:
            async with asyncio.timeout(self._patience):
                await perform(tab, ActionKind(kind), argument, element, self._frames)
                began = asyncio.get_running_loop().time()
                refusal = (await tab.settle())["refusal"]
        except PlaywrightError:
            # A page may close itself while it is clicked.
            if tab.activity.crashed or not tab.page.is_closed():
                raise
        finally:
            if began is not None:
                self._waited += asyncio.get_running_loop().time() - began
        if tab.activity.refused:
            raise ActionTargetError(outside(tab.activity.refused))
        if refusal and tab.activity.document == before:
            raise ActionTargetError(refusal)

    async def sent(self) -> list[tuple[str, str]]:
        """What this episode's pages sent to the origins themselves; see ``SentRequests.listed``."""
        return [] if self._sent is None else self._sent.listed

    async def screenshot(self) -> tuple[None, bytes]:
        """The current tab as PNG, as a body."""
        tab = await self._current_tab()
        return None, await tab.page.screenshot(type="png", animations="disabled")

    async def evaluation_open(self, at_end: bool) -> None:
        """Begins an evaluation on the agent's page as it is, or on none."""
        self._evaluation = await self._current_tab() if at_end else None

    async def evaluation_close(self) -> None:
        """Ends the evaluation; its own page serves the next one too, unless it has a life of its own."""
        tab, self._evaluation = self._evaluation, None
        if tab is not None and tab is self._evaluators_page and (tab.scripted or tab.activity.wrote_session_storage):
            self._evaluators_page = None
            await tab.page.close()

    async def evaluation_goto(self, url: str) -> None:
        """Opens an address on the evaluation's own page; the agent's tabs stay as they are."""
        tab = self._evaluators_page
        if tab is None or tab.activity.crashed or tab.page.is_closed():
            tab = await self._open_tab(await self._require_context().new_page())
        self._evaluation = self._evaluators_page = tab
        await tab.navigate(url)

    async def evaluation_content(self) -> str:
        """The evaluation's page as HTML."""
        if self._evaluation is None:
            return ""
        return str(await self._evaluation.page.content())

    async def evaluation_url(self) -> str:
        """Address of the evaluation's page."""
        return str(self._evaluation.page.url) if self._evaluation else "about:blank"

    async def evaluation_locate(self, expression: str) -> str:
        """Value of a JavaScript expression on the evaluation's page."""
        if self._evaluation is None:
            raise NothingLocated(f"the locator {expression!r} finds nothing: no page was opened")
        try:
            async with asyncio.timeout(self._patience):
                value = await self._evaluation.page.evaluate(f"() => ({expression.strip().rstrip(';')})")
        except PlaywrightError as error:
            raise locating_error(error, expression) from error
        if value is None:
            raise NothingLocated(f"the locator {expression!r} finds nothing on the page")
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    async def visit(self, url: str) -> None:
        """Opens an address in the current tab, which keeps no history of it."""
        tab = await self._current_tab()
        await tab.navigate(url)
        await tab.forget_history()

    async def evaluate(self, javascript: str) -> Any:
        """Value of a JavaScript expression in the current tab, where the page's own scripts run."""
        async with asyncio.timeout(self._patience):
            tab = await self._current_tab()
            try:
                return await tab.evaluate(javascript)
            except PageMoved:
                # It was asked of a document that went away before it ran to its end; the next one is asked.
                await tab.settle()
                return await tab.evaluate(javascript)

    async def evaluate_url(self) -> str:
        """Address of the current tab."""
        return str((await self._current_tab()).page.url)

    async def close(self) -> None:
        """Closes the context; may be called twice."""
        context, self._context = self._context, None
        self._tabs.clear()
        if context is not None:
            try:
                async with asyncio.timeout(_PATIENCE):
                    await context.close()
            except (PlaywrightError, TimeoutError):
                # It went down with its browser.
                return

    def _refusals(self) -> int:
        """Navigations refused on all pages that the context has had."""
        open_ones = {*self._tabs, *([self._evaluators_page] if self._evaluators_page else [])}
        return self._refusals_of_closed + sum(tab.activity.refusals for tab in open_ones)

    async def _abandon_windows(self) -> None:
        """Ends the adoption of windows that the last episode left on their way."""
        for adoption in self._adoptions:
            adoption.cancel()
        await asyncio.gather(*self._adoptions, return_exceptions=True)

    async def _recycle(self, browser: Browser) -> bool:
        """Empties the context for the next episode; False when a new one is needed."""
        tab = self._tabs[0] if self._tabs else None
        if self._context is None or self._browser is not browser or tab is None or self._episodes >= _MOST_EPISODES:
            return False
        self._episodes += 1
        if not tab.reusable:
            return False
        self._tabs = [tab]
        try:
            async with asyncio.timeout(_PATIENCE / 3):
                await self.evaluation_close()
                kept = {tab.page, *([self._evaluators_page.page] if self._evaluators_page else [])}
                await asyncio.gather(*(page.close() for page in self._context.pages if page not in kept))
                if tab.scripted:
                    # What still runs there must not write to what is emptied next.
                    await tab.leave_behind()
                await asyncio.gather(self._context.clear_cookies(), tab.forget(self._bounds.origins))
        except (PlaywrightError, TimeoutError, WebRLGymError):
            return False
        return True

    async def _new_context(self, browser: Browser) -> None:
        await self.close()
        self._browser = browser
        self._evaluators_page = None
        self._episodes = 1
        self._context = await browser.new_context(
            viewport={"width": VIEWPORT[0], "height": VIEWPORT[1]},
            locale="en-US",
            accept_downloads=False,
            service_workers="block",
            proxy=self._proxy,
        )
        if self._sent is not None:
            self._sent.watch(self._context)
        self._tabs = [await self._open_tab(await self._context.new_page())]

    async def _open_tab(self, page: Page) -> Tab:
        tab = await Tab.open(page, self._bounds.allows, self.load_limit)
        page.on("dialog", self._on_dialog)
        page.on("filechooser", lambda _: self._notice("The page asked for a file; files cannot be chosen here."))
        page.on("download", self._on_download)
        page.on("popup", lambda popup: self._on_popup(tab, popup))
        page.on("close", lambda _: self._on_close(tab))
        return tab

    def _require_context(self) -> BrowserContext:
        if self._context is None:
            raise BrowserError("The browser session was not started.")
        return self._context

    async def _current_tab(self) -> Tab:
        if not self._tabs:
            context = self._require_context()
            self._tabs.append(await self._open_tab(await context.new_page()))
            self._notice("The page closed the last tab; this is a new, empty one.")
        self._current = min(self._current, len(self._tabs) - 1)
        return self._tabs[self._current]

    async def _titles(self) -> tuple[list[str], int]:
        """Titles of all tabs, none if there is one only, and the current one's position among them."""
        tabs, current = list(self._tabs), self._current
        if len(tabs) == 1:
            return [], 0

        async def title(tab: Tab) -> str:
            try:
                async with asyncio.timeout(1):
                    return str(await tab.ask("title()"))
            except (PageMoved, TimeoutError, PlaywrightError, BrowserError):
                return str(tab.page.url)

        return list(await asyncio.gather(*(title(tab) for tab in tabs))), current

    def _notice(self, text: str) -> None:
        if len(self._notices) < _MOST_NOTICES:
            self._notices.append(text)

    async def _on_dialog(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            self._notice(f'The page said "{dialog.message[:500]}" in a dialog ({dialog.type}); it was accepted.')
        try:
            await dialog.accept(dialog.default_value)
        except PlaywrightError:
            # The page went away with its dialog.
            return

    def _on_download(self, download: Download) -> None:
        self._notice(f'The file "{download.suggested_filename[:200]}" was offered; downloads are not kept.')

    def _on_close(self, tab: Tab) -> None:
        self._refusals_of_closed += tab.activity.refusals
        tab.activity.refusals = 0
        if tab in self._tabs:
            position = self._tabs.index(tab)
            self._tabs.remove(tab)
            if position <= self._current:
                self._current = max(0, self._current - 1)

    def _on_popup(self, opener: Tab, page: Page) -> None:
        task = asyncio.get_running_loop().create_task(self._adopt(opener, page))
        self._adoptions.add(task)
        task.add_done_callback(self._adoptions.discard)

    async def _adopt(self, opener: Tab, page: Page) -> None:
        """Makes a window that a page opened the current tab, or closes it."""
        try:
            if opener.activity.refused or not self._bounds.allows(page.url):
                if not opener.activity.refused:
                    opener.activity.refuse(page.url)
                await page.close()
                return
            # One after the other: each may be the one too many.
            async with self._adopting:
                await self._add_window(page)
        except (PlaywrightError, WebRLGymError):
            # A window that closes or fails at once is no tab.
            return
        finally:
            opener.activity.window_adopted()

    async def _add_window(self, page: Page) -> None:
        if len(self._tabs) >= _MOST_TABS:
            self._notice(f"There are {_MOST_TABS} tabs open already; no more can be opened.")
            await page.close()
            return
        tab = await self._open_tab(page)
        await tab.settle()
        self._tabs.append(tab)
        self._current = len(self._tabs) - 1
