"""One page of the browser: asking it questions, opening addresses and waiting until it is quiet.

Works on the DevTools protocol where Playwright's own calls wait for more than is needed. Nothing here sleeps for a
fixed time: the browser's events say when a page is busy.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from typing import Any, TypedDict

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError

from webrl_gym.engines.browser_activity import WORLD, PageActivity
from webrl_gym.engines.protocol import NOT_KEPT
from webrl_gym.errors import ActionTargetError, BrowserError, EvaluationError, SiteError

SETTLE_LIMIT = 6.0
"""Longest wait for a quiet page, in seconds."""
_NEXT_PATIENCE = 0.5
_MOST_RESTLESS = 3
_MOST_MOVES = 10
_READ_LIMIT = 10.0
_CALM = 30
_SLICE = 500


def _source(name: str) -> str:
    return files("webrl_gym.engines").joinpath(name).read_text(encoding="utf-8")


_SCRIPTS = (
    # Without a name it runs in the page's own world.
    {"source": _source("timers.js") + _source("handlers.js"), "runImmediately": True},
    {
        "source": _source("snapshot.js") + _source("hands.js") + _source("layout.js"),
        "worldName": WORLD,
        "runImmediately": True,
    },
)
_OWNER = "function() { return JSON.stringify([this.contentDocument === null, webrlGym.refOf(this)]); }"
_DOCUMENT_GONE = ("context was destroyed", "Cannot find context", "navigated or closed", "Promise was collected")
_numbers = itertools.count()


class PageMoved(Exception):
    """Raised when the document went away while it was asked; the caller waits and asks the next one."""


class PageState(TypedDict):
    """What a page says of itself once it is quiet."""

    calm: bool
    """False when it was still busy at the limit."""
    refusal: str
    """Why the browser did not do what an action asked for; mostly empty."""
    blocked: str
    """Address that it tried to go to without a request, since the last action; mostly empty."""
    status: int
    """Status of the answer that the document came with; 0 when there was none."""
    scripted: bool
    """True when it may change by itself."""
    page: str
    """The page as JSON text, when it was read."""
    foreign: int
    """Frames of other origins on it, which are not part of ``page``."""
    reading: float
    """Milliseconds that reading it took."""


CLOSED: PageState = {
    "calm": True,
    "refusal": "",
    "blocked": "",
    "status": 0,
    "scripted": True,
    "page": "",
    "foreign": 0,
    "reading": 0.0,
}
"""What stands for the state of a page that was closed meanwhile."""


class Tab:
    """One page with its DevTools connection.

    Attributes:
        page: Playwright's page.
        number: Names the tab; no two tabs of a driver share one.
        activity: What its events tell.
        scripted: True when the current document may change by itself, as of the last wait.
    """

    def __init__(self, page: Page, cdp: CDPSession, allows: Callable[[str], bool], load_limit: float) -> None:
        """Use ``Tab.open``."""
        self.page = page
        self.number = next(_numbers)
        self.activity = PageActivity(page, cdp, allows)
        self.scripted = False
        self._cdp = cdp
        self._load_limit = load_limit
        self._checked = 0
        self._restless = -1

    @classmethod
    async def open(cls, page: Page, allows: Callable[[str], bool], load_limit: float) -> Tab:
        """Connects to a page.

        Args:
            page: Playwright's page.
            allows: Says whether a document may be opened from an address.
            load_limit: Longest wait for a site's answer, in seconds.
        """
        tab = cls(page, await page.context.new_cdp_session(page), allows, load_limit)
        tree = await tab._cdp.send("Page.getFrameTree")
        tab.activity.begin(tree["frameTree"])
        # The proxy refuses by itself; but a tunnel that it refuses would show an error page in place of the page, and
        # files do not pass it.
        watched = [{"urlPattern": pattern, "resourceType": "Document"} for pattern in ("https://*", "file://*")]
        await asyncio.gather(
            tab._cdp.send("Page.enable"),
            tab._cdp.send("Runtime.enable"),
            *(tab._cdp.send("Page.addScriptToEvaluateOnNewDocument", script) for script in _SCRIPTS),
            tab._cdp.send("Network.enable"),
            tab._cdp.send("DOMStorage.enable"),
            tab._cdp.send("Fetch.enable", {"patterns": watched}),
        )
        return tab

    @property
    def reusable(self) -> bool:
        """Whether another episode may begin in it."""
        seen = self.activity
        return not (seen.crashed or self.page.is_closed() or seen.wrote_session_storage or seen.stray_window)

    async def ask(self, call: str, frame: str | None = None) -> Any:
        """Value of a call of the page scripts.

        Args:
            call: JavaScript, after ``webrlGym.``.
            frame: The frame to ask; None is the main one.

        Raises:
            PageMoved: If the document went away meanwhile.
            BrowserError: If the page has crashed.
        """
        return json.loads(await self.ask_text(call, frame))

    async def ask_text(self, call: str, frame: str | None = None) -> str:
        """Like ``ask``; the answer stays JSON text."""
        request = {
            "expression": f"webrlGym.{call}",
            "contextId": self._context_of(frame),
            "returnByValue": True,
            "awaitPromise": True,
        }
        return str(await self._value("Runtime.evaluate", request))

    def _context_of(self, frame: str | None) -> int:
        if self.activity.crashed:
            raise BrowserError("The page has crashed.")
        context = self.activity.contexts.get(frame or self.activity.frame)
        if context is None:
            raise PageMoved
        return context

    async def owner_of(self, frame: str, asker: str) -> tuple[bool, int]:
        """The element that holds a frame.

        Args:
            frame: The inner frame.
            asker: A frame that may look into the document of that element.

        Returns:
            True if ``asker`` may not look into ``frame``, and the element's ref in the scripts of ``asker``.

        Raises:
            PageMoved: If one of them went away meanwhile.
        """
        try:
            owner = await self._cdp.send("DOM.getFrameOwner", {"frameId": frame})
            place = {"backendNodeId": owner["backendNodeId"], "executionContextId": self._context_of(asker)}
            handle = (await self._cdp.send("DOM.resolveNode", place))["object"]["objectId"]
        except PlaywrightError as error:
            raise PageMoved from error
        request = {"functionDeclaration": _OWNER, "objectId": handle, "returnByValue": True}
        is_foreign, ref = json.loads(await self._value("Runtime.callFunctionOn", request))
        return bool(is_foreign), int(ref)

    async def _value(self, method: str, request: dict[str, Any]) -> Any:
        scope = self.activity.answering()
        try:
            async with scope:
                answer = await self._cdp.send(method, request)
        except TimeoutError:
            raise BrowserError("The page has crashed.") from None
        except PlaywrightError as error:
            if self.activity.crashed or self.page.is_closed():
                raise
            raise PageMoved from error
        finally:
            self.activity.answered(scope)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            text = details.get("exception", {}).get("description", details.get("text", ""))
            raise BrowserError(f"Reading the page failed: {text[:500]}")
        return answer["result"]["value"]

    async def evaluate(self, javascript: str) -> Any:
        """Value of an expression among the page's own scripts, as JSON has it; a promise is waited for.

        Raises:
            EvaluationError: If the script fails.
            PageMoved: If the document went away meanwhile.
            BrowserError: If the page has crashed.
        """
        if self.activity.crashed:
            raise BrowserError("The page has crashed.")
        request = {"expression": javascript, "returnByValue": True, "awaitPromise": True}
        try:
            answer = await self._cdp.send("Runtime.evaluate", request)
        except PlaywrightError as error:
            if any(sign in str(error) for sign in _DOCUMENT_GONE):
                raise PageMoved from error
            raise
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            text = details.get("exception", {}).get("description") or details["text"]
            raise EvaluationError(f"the page's script {javascript[:80]!r} failed: {text.splitlines()[0][:500]}")
        return answer["result"].get("value")

    async def navigate(self, url: str, *, must_exist: bool = False, still: bool = True) -> None:
        """Opens an address and waits until the page is quiet.

        Args:
            url: The address.
            must_exist: Whether a status of 400 to 499 is a failure of the site, too.
            still: False takes a page that is loaded for quiet, whatever its scripts still change.

        Raises:
            SiteError: If the site does not answer, or answers with a status that is a failure.
        """
        self.activity.refused = ""
        try:
            async with asyncio.timeout(self._load_limit):
                answer = await self._cdp.send("Page.navigate", {"url": url})
        except TimeoutError as error:
            raise SiteError(f"{url} did not answer within {self._load_limit:g} seconds") from error
        if self.activity.refused:
            leading = "" if self.activity.refused == url else f"{url} leads away: "
            raise SiteError(f"{leading}{self.activity.refused[:200]} lies outside the allowed sites")
        if answer.get("errorText"):
            raise SiteError(f"{url} cannot be opened: {answer['errorText']}")
        state = await self.settle(still=still)
        if must_exist and state["status"] >= 400:
            raise SiteError(f"{self.page.url} answered with status {state['status']}")

    async def settle(self, limit: float = SETTLE_LIMIT, *, profile: str = "", still: bool = True) -> PageState:
        """Waits until network and document are quiet, at most ``limit`` seconds.

        Args:
            limit: Seconds after which a busy page is taken as it is; less once a page has proved restless.
            profile: Observation profile that the page is read for in the same pass; empty for none.
            still: False does not wait for the document to stop changing once it is loaded.

        Raises:
            SiteError: If what came is a server's failure (status 500 or more).
            BrowserError: If the page has crashed, or cannot be read.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        deadline = began + min(limit, _NEXT_PATIENCE if self._restless == self.activity.document else limit)
        state: PageState | None = None
        restless = 0
        while state is None and not self.page.is_closed():
            left = deadline - loop.time()
            if self.activity.crashed:
                raise BrowserError("The page has crashed.")
            if self.activity.navigating and left <= 0:
                # No script runs before the answer has come or is given up.
                await self._await_document(began + self._load_limit)
                deadline = loop.time() + limit
            elif left <= 0 or restless >= _MOST_RESTLESS:
                state = await self._take_as_it_is(profile)
            elif self.activity.busy:
                await self.activity.next_event(left)
            else:
                document = self.activity.document
                state = await self._ask_quiet(left, profile, _CALM if still else 0)
                if self.activity.document != document:
                    restless = 0
                else:
                    restless += state is None and not self.activity.busy
        if state is None:
            return CLOSED
        self._check_document(state)
        return state

    def _check_document(self, state: PageState) -> None:
        """Takes down what a quiet page says of itself; refuses a document that is a server's failure, once."""
        self.scripted = state["scripted"]
        if state["blocked"] and not self.activity.refused:
            self.activity.refuse(state["blocked"])
        if self.activity.document == self._checked:
            return
        self._checked = self.activity.document
        if state["status"] >= 500 or state["status"] == 429:  # too many requests is the server's word, too
            raise SiteError(f"{self.page.url} answered with status {state['status']}")
        if self.activity.unreachable:
            raise SiteError(f"{self.activity.unreachable} cannot be reached")

    async def _await_document(self, deadline: float) -> None:
        """Waits for the answer to a navigation; gives it up at ``deadline``."""
        while self.activity.navigating and not self.activity.crashed and not self.page.is_closed():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                await self._cdp.send("Page.stopLoading")
                self.activity.ignore_what_runs()
                raise SiteError(f"the site of {self.page.url} did not answer within {self._load_limit:g} seconds")
            await self.activity.next_event(left)

    async def _ask_quiet(self, limit: float, profile: str, stillness: int) -> PageState | None:
        """The state of a page that is quiet, or None."""
        try:
            async with asyncio.timeout(limit):
                state = await self._ask_state(stillness, _SLICE, profile)
        except (PageMoved, TimeoutError):
            return None
        return state if state["calm"] and not self.activity.busy else None

    async def _ask_state(self, stillness: int, limit: int, profile: str) -> PageState:
        head, _, page = (await self.ask_text(f"quiet({stillness}, {limit}, {json.dumps(profile)})")).partition("\n")
        state: PageState = json.loads(head)
        state["page"] = page
        return state

    async def _take_as_it_is(self, profile: str) -> PageState:
        """Reads a page that never became quiet, and waits less for it from now on."""
        self._restless = self.activity.document
        self.activity.ignore_what_runs()
        async with asyncio.timeout(_READ_LIMIT):
            for _ in range(_MOST_MOVES):
                try:
                    state = await self._ask_state(0, 0, profile)
                except PageMoved:
                    if self.page.is_closed():
                        return CLOSED
                    await self.activity.next_event(_NEXT_PATIENCE)
                else:
                    return state
        raise BrowserError("The page kept moving while it was read.")

    async def go(self, offset: int) -> None:
        """Moves in the tab's history.

        Raises:
            ActionTargetError: If there is no such entry, or its page came from a form and was not kept.
        """
        history = await self._cdp.send("Page.getNavigationHistory")
        position = history["currentIndex"] + offset
        if not 0 <= position < len(history["entries"]):
            raise ActionTargetError(f"There is no {'earlier' if offset < 0 else 'later'} page in this tab.")
        self.activity.lost = False
        await self._show_entry(history["entries"][position])
        if self.activity.lost:
            await self._show_entry(history["entries"][history["currentIndex"]])
            raise ActionTargetError(NOT_KEPT)

    async def _show_entry(self, entry: dict[str, Any]) -> None:
        self.activity.expect_document()
        await self._cdp.send("Page.navigateToHistoryEntry", {"entryId": entry["id"]})
        with suppress(SiteError):
            # Whoever waits for the page next is told of it, if it is the one that stays.
            await self.settle()
        self._checked = -1

    async def leave_behind(self) -> None:
        """Shows an empty document, where no script of the last one runs."""
        await self.navigate("about:blank")
        await self._cdp.send("Runtime.evaluate", {"expression": "name = ''"})

    async def forget_history(self) -> None:
        """Makes the current page the first one of the tab."""
        await self._cdp.send("Page.resetNavigationHistory")

    async def forget(self, origins: list[str]) -> None:
        """Deletes all that pages of these origins keep in the browser but cookies, and takes the mouse off the page."""
        stores = [{"origin": origin, "storageTypes": "all"} for origin in origins]
        await asyncio.gather(
            *(self._cdp.send("Storage.clearDataForOrigin", store) for store in stores),
            # A mere move waits for the page's next frame, up to a second.
            self._cdp.send("Input.dispatchMouseEvent", {"type": "mouseReleased", "button": "left", "x": -1, "y": -1}),
        )
