"""The chromium engine: a real browser, driven in a process of its own."""

from __future__ import annotations

import itertools
import json
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from webrl_gym.actions import Action
from webrl_gym.engines.driver_client import DriverClient, acquire_driver, release_driver
from webrl_gym.errors import ActionTargetError, BrowserError, WebRLGymError
from webrl_gym.sites.dispatch import SiteDispatcher
from webrl_gym.sites.server import SiteServer
from webrl_gym.sites.worlds import World
from webrl_gym.types import EMBEDDED_URLS, PageNode, PageSnapshot

_names = itertools.count(1)


class _Connection:
    """An engine's session at a driver; survives the driver's death by opening a new one."""

    def __init__(self, executable: str | None, headed: bool, proxy: str | None, origins: Sequence[str]) -> None:
        self._executable = executable
        self._headed = headed
        self._settings = {"proxy": proxy, "origins": list(origins)}
        self._driver: DriverClient | None = None
        self._name = f"engine-{next(_names)}"

    def open(self) -> None:
        if self._driver is not None and self._driver.alive:
            return
        self.close()
        driver = acquire_driver(self._executable, self._headed)
        try:
            driver.call(self._name, "open", **self._settings)
        except BaseException:
            release_driver(driver)
            raise
        self._driver = driver

    def call(self, method: str, **arguments: Any) -> tuple[Any, bytes]:
        if self._driver is None:
            raise BrowserError("The engine is closed or was not started.")
        return self._driver.call(self._name, method, **arguments)

    def close(self) -> None:
        driver, self._driver = self._driver, None
        if driver is None:
            return
        try:
            if driver.alive and driver.users > 1:
                driver.call(self._name, "close")
        except WebRLGymError:
            # A session that cannot be closed goes with its driver.
            return
        finally:
            release_driver(driver)


class ChromiumEngine:
    """One agent's tabs in a real browser; see ``engines.protocol.Engine``."""

    def __init__(
        self,
        world: World | None,
        *,
        executable: str | None = None,
        headed: bool = False,
        server: SiteServer | None = None,
        origins: Sequence[str] = tuple(EMBEDDED_URLS.values()),
    ) -> None:
        """Prepares the browser.

        Args:
            world: What the embedded sites show; its life cycle stays with the caller. None when ``server`` serves
                other pages, or for a real deployment at ``origins`` without one.
            executable: Path of the browser; found by itself when None.
            headed: Whether the browser shows its window; needs a display.
            server: Serves pages instead of the embedded sites; closed with the engine.
            origins: Roots of the addresses that the agent may visit.

        Raises:
            BrowserMissing: If no browser is found.
        """
        if world is not None and server is None:
            server = SiteServer(SiteDispatcher(world), [urlsplit(origin).netloc for origin in origins])
        self._server = server
        self._connection = _Connection(executable, headed, None if server is None else server.url, origins)
        self._finalizer = weakref.finalize(self, _close, self._connection, server)
        self._document: Any = None
        self._blocked = 0
        try:
            self._connection.open()
        except BaseException:
            self.close()
            raise

    @property
    def blocked_navigations(self) -> int:
        """Addresses refused since the episode began, as of the latest snapshot."""
        return self._blocked

    def start(self, urls: Sequence[str], cookies: Sequence[tuple[str, str, str]]) -> None:
        """Begins an episode; see ``Engine.start``."""
        if not self._finalizer.alive:
            raise BrowserError("The engine is closed.")
        self._connection.open()
        self._blocked = 0
        self._connection.call("start", urls=list(urls), cookies=[list(cookie) for cookie in cookies])

    def snapshot(self) -> PageSnapshot:
        """Reads the current tab when it is quiet."""
        head, body = self._connection.call("snapshot")
        page = json.loads(body)
        self._document = head["document"]
        self._blocked = head["blocked"]
        root = _page_node(page["body"])
        root.children[:0] = [PageNode("p", {"role": "status"}, [notice], None) for notice in head["notices"]]
        titles = tuple(head["titles"]) or (page["title"],)
        return PageSnapshot(page["url"], page["title"], root, titles, head["current"])

    def execute(self, action: Action, target: Any) -> None:
        """Carries out an action; see ``Engine.execute``."""
        if target is not None and not isinstance(target, int):
            raise ActionTargetError("The element cannot be used.")
        self._connection.call(
            "execute",
            kind=action.kind.value,
            argument=action.argument or "",
            ref=target,
            document=self._document,
        )

    @contextmanager
    def evaluation_page(self, *, at_end: bool) -> Iterator[ChromiumEvaluationPage]:
        """A page for the evaluators; see ``Engine.evaluation_page``."""
        self._connection.call("evaluation_open", at_end=at_end)
        try:
            yield ChromiumEvaluationPage(self._connection)
        finally:
            self._connection.call("evaluation_close")

    def screenshot(self) -> bytes | None:
        """The current tab as PNG."""
        return self._connection.call("screenshot")[1]

    def close(self) -> None:
        """Closes the tabs and the site server, and the browser after its last engine."""
        self._finalizer()


class ChromiumEvaluationPage:
    """A page for the evaluators: the agent's tab as it is, until ``goto`` opens a page of its own."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    @property
    def url(self) -> str:
        """Address of this page."""
        return str(self._connection.call("evaluation_url")[0])

    def goto(self, url: str) -> None:
        """Opens ``url``; raises ``SiteError`` or ``BrowserError`` when it cannot."""
        self._connection.call("evaluation_goto", url=url)

    def content(self) -> str:
        """The whole page as HTML."""
        return str(self._connection.call("evaluation_content")[0])

    def locate(self, expression: str) -> str:
        """Value of a WebArena locator; see ``EvaluationPage.locate``."""
        return str(self._connection.call("evaluation_locate", expression=expression)[0])


def _page_node(data: list[Any]) -> PageNode:
    """Turns an element as ``snapshot.js`` writes it into a node."""
    return PageNode(
        data[0],
        data[2] or {},
        [child if isinstance(child, str) else _page_node(child) for child in data[3:]],
        data[1],
    )


def _close(connection: _Connection, server: SiteServer | None) -> None:
    connection.close()
    if server is not None:
        server.close()
