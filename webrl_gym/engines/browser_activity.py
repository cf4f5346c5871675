"""What the browser's events tell about a page: which document it shows, what is under way, what was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError

WORLD = "webrl_gym"
"""Name of the script world that ``snapshot.js`` runs in."""
_SECONDARY = frozenset(("EventSource", "WebSocket", "Media", "Ping", "Prefetch", "CSPViolationReport"))


class PageActivity:
    """Keeps book of one page's events.

    Attributes:
        frame: The page's main frame.
        document: Counts the documents shown so far.
        parents: The parent of every other frame, outer ones before inner ones.
        contexts: Number of each frame's script context; a frame has none between two documents.
        crashed: True once the page's process is gone.
        refused: Address of a navigation that was stopped since this was last set to empty.
        refusals: Counts those of this page and its frames.
        navigating: True while the main frame waits for a document's answer.
        unreachable: Address of a document that could not be had; empty when the last one could.
        lost: True once a document could not be had since the browser has not kept it; set back by whoever asks.
        wrote_session_storage: True once a page left something in the tab's own storage.
        stray_window: True once it opened a window to a place that is out of bounds.
    """

    def __init__(self, page: Page, cdp: CDPSession, allows: Callable[[str], bool]) -> None:
        """Listens to ``page`` through ``cdp``; ``allows`` says which documents may be opened."""
        self.frame = ""
        self.document = 0
        self.parents: dict[str, str] = {}
        self.contexts: dict[str, int] = {}
        self.crashed = False
        self.refused = ""
        self.refusals = 0
        self.navigating = False
        self.unreachable = ""
        self.lost = False
        self.wrote_session_storage = False
        self.stray_window = False
        self._cdp = cdp
        self._allows = allows
        self._loading: set[str] = set()
        self._requests: set[str] = set()
        self._opening = 0
        self._event = asyncio.Event()
        self._answering: set[asyncio.Timeout] = set()
        self._pending: set[asyncio.Task[None]] = set()
        self._listen(page)

    def begin(self, tree: dict[str, Any]) -> None:
        """Takes over the frames that are there already, as ``Page.getFrameTree`` tells them."""
        self.frame = tree["frame"]["id"]
        self._add_frames(tree)

    def _add_frames(self, tree: dict[str, Any]) -> None:
        for child in tree.get("childFrames", ()):
            self.parents[child["frame"]["id"]] = tree["frame"]["id"]
            self._add_frames(child)

    @property
    def context(self) -> int | None:
        """Number of the main frame's script context; None between two documents."""
        return self.contexts.get(self.frame)

    @property
    def busy(self) -> bool:
        """True while a document, a request or a window is under way."""
        return bool(self._loading or self._requests or self._opening or self.context is None)

    async def next_event(self, limit: float) -> None:
        """Waits until something happens, at most ``limit`` seconds."""
        self._event.clear()
        try:
            async with asyncio.timeout(limit):
                await self._event.wait()
        except TimeoutError:
            return

    def expect_document(self) -> None:
        """Counts the page as busy from now on, until its main frame stops loading."""
        self._loading.add(self.frame)
        self.navigating = True

    def ignore_what_runs(self) -> None:
        """Stops waiting for everything that is under way."""
        self._loading.clear()
        self._requests.clear()
        self._opening = 0
        self.navigating = False

    def refuse(self, url: str) -> None:
        """Notes a navigation that was stopped."""
        self.refused = url
        self.refusals += 1

    def window_adopted(self) -> None:
        """Called when a window that this page opened has become a tab, or has gone."""
        self._opening = max(0, self._opening - 1)
        self._event.set()

    def answering(self) -> asyncio.Timeout:
        """A scope for one question to the page: ends by ``TimeoutError`` when the page crashes."""
        scope = asyncio.timeout(None)
        self._answering.add(scope)
        return scope

    def answered(self, scope: asyncio.Timeout) -> None:
        """Ends what ``answering`` began."""
        self._answering.discard(scope)

    def _listen(self, page: Page) -> None:
        listeners: dict[str, Callable[[dict[str, Any]], None]] = {
            "Page.frameRequestedNavigation": self._on_navigation_requested,
            "Page.frameStartedLoading": lambda event: self._loading.add(event["frameId"]),
            "Page.frameStoppedLoading": self._on_stopped_loading,
            "Page.frameAttached": self._on_frame_attached,
            "Page.frameDetached": self._on_frame_detached,
            "Page.frameNavigated": self._on_navigated,
            "Page.windowOpen": self._on_window_open,
            "Runtime.executionContextCreated": self._on_context,
            "Runtime.executionContextDestroyed": self._on_context_destroyed,
            "Runtime.executionContextsCleared": self._on_contexts_cleared,
            "Network.requestWillBeSent": self._on_request,
            "Network.loadingFinished": lambda event: self._requests.discard(event["requestId"]),
            "Network.loadingFailed": self._on_loading_failed,
            "DOMStorage.domStorageItemAdded": self._on_storage,
            "Fetch.requestPaused": self._on_paused,
        }
        for name, listener in listeners.items():
            self._cdp.on(name, self._noting(listener))
        page.on("crash", self._on_crash)
        page.on("close", lambda _: self._event.set())

    def _noting(self, listener: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
        def note(event: dict[str, Any]) -> None:
            listener(event)
            self._event.set()

        return note

    def _on_navigation_requested(self, event: dict[str, Any]) -> None:
        if event["disposition"] == "currentTab" and not event["url"].startswith("javascript:"):
            self._loading.add(event["frameId"])
            self.navigating = self.navigating or event["frameId"] == self.frame

    def _on_stopped_loading(self, event: dict[str, Any]) -> None:
        self._loading.discard(event["frameId"])
        if event["frameId"] == self.frame:
            self.navigating = False

    def _on_frame_attached(self, event: dict[str, Any]) -> None:
        self.parents[event["frameId"]] = event["parentFrameId"]

    def _on_frame_detached(self, event: dict[str, Any]) -> None:
        if event.get("reason") != "swap":
            self._loading.discard(event["frameId"])
            self.parents.pop(event["frameId"], None)
            self.contexts.pop(event["frameId"], None)

    def _on_navigated(self, event: dict[str, Any]) -> None:
        if event["frame"]["id"] == self.frame:
            self.document += 1
            self.navigating = False
            self.unreachable = event["frame"].get("unreachableUrl", "")
            self._requests.clear()

    def _on_context(self, event: dict[str, Any]) -> None:
        context = event["context"]
        if context["name"] == WORLD:
            self.contexts[context["auxData"]["frameId"]] = context["id"]

    def _on_context_destroyed(self, event: dict[str, Any]) -> None:
        gone = event["executionContextId"]
        self.contexts = {frame: context for frame, context in self.contexts.items() if context != gone}

    def _on_contexts_cleared(self, _event: dict[str, Any]) -> None:
        self.contexts.clear()

    def _on_window_open(self, event: dict[str, Any]) -> None:
        if event["url"] and not self._allows(event["url"]):
            # It may stay empty for ever and then Playwright never tells of it.
            self.refuse(event["url"])
            self.stray_window = True
        else:
            self._opening += 1

    def _on_request(self, event: dict[str, Any]) -> None:
        if event.get("type") == "Document" and not self._allows(event["request"]["url"]):
            if event.get("frameId") == self.frame:
                self.refuse(event["request"]["url"])
            else:
                self.refusals += 1
        if event.get("type") not in _SECONDARY and not event["request"]["url"].startswith(("data:", "blob:")):
            self._requests.add(event["requestId"])

    def _on_loading_failed(self, event: dict[str, Any]) -> None:
        self._requests.discard(event["requestId"])
        self.lost |= event.get("type") == "Document" and event["errorText"] == "net::ERR_CACHE_MISS"

    def _on_storage(self, event: dict[str, Any]) -> None:
        if not event["storageId"]["isLocalStorage"]:
            self.wrote_session_storage = True

    def _on_crash(self, _page: Page) -> None:
        self.crashed = True
        # A page that has crashed never answers what it was asked.
        for answering in self._answering:
            answering.reschedule(asyncio.get_running_loop().time())
        self._event.set()

    def _on_paused(self, event: dict[str, Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._decide(event))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _decide(self, event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        try:
            if self._allows(url):
                await self._cdp.send("Fetch.continueRequest", {"requestId": event["requestId"]})
                return
            # An aborted navigation leaves the page as it was; any other reason would show an error page.
            await self._cdp.send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "Aborted"})
        except PlaywrightError:
            # The page or its request went away first.
            return
