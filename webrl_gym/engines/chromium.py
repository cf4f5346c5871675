"""The chromium engine: a real browser, driven in a process of its own."""

from __future__ import annotations

import itertools
import json
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from webrl_gym.actions import Action
from webrl_gym.engines.driver_client import DriverClient, acquire_driver, release_driver, tidy_later
from webrl_gym.engines.driver_messages import LOAD_LIMIT
from webrl_gym.errors import BrowserError, WebRLGymError
from webrl_gym.sites.dispatch import SiteDispatcher
from webrl_gym.sites.server import SiteServer
from webrl_gym.sites.worlds import World
from webrl_gym.types import EMBEDDED_URLS, PageNode, PageSnapshot

_names = itertools.count(1)


class _Connection:
    """An engine's session at a driver; survives the driver's death by opening a new one."""

    def __init__(self, executable: str | None, headed: bool, load_limit: float, **settings: Any) -> None:
        self._executable = executable
        self._headed = headed
        self._load_limit = load_limit
        self._settings = {**settings, "load_limit": load_limit}
        self._driver: DriverClient | None = None
        self._name = f"engine-{next(_names)}"

    def open(self) -> None:
        if self._driver is not None and self._driver.alive:
            return
        self.close()
        driver = acquire_driver(self._executable, self._headed)
        try:
            driver.call(self._name, "open", settings=self._settings)
        except BaseException:
            release_driver(driver)
            raise
        self._driver = driver

    def call(self, method: str, **arguments: Any) -> tuple[Any, bytes]:
        if self._driver is None:
            raise BrowserError("The engine is closed or was not started.")
        return self._driver.call(self._name, method, load_limit=self._load_limit, **arguments)

    def close(self) -> None:
        driver, self._driver = self._driver, None
        if driver is None:
            return
        try:
            if driver.alive:
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
        origins: Sequence[str] | None = tuple(EMBEDDED_URLS.values()),
        profile: str = "full",
        load_limit: float = LOAD_LIMIT,
    ) -> None:
        """Prepares the browser.

        Args:
            world: What the embedded sites show; its life cycle stays with the caller. None when ``server`` serves
                other pages, or for a real deployment at ``origins`` without one.
            executable: Path of the browser; found by itself when None.
            headed: Whether the browser shows its window; needs a display.
            server: Serves pages instead of the embedded sites; closed with the engine.
            origins: Roots of the addresses that the agent may visit; a folder's ``file:`` address with a slash at its
                end admits the files in it. None admits all of the web: for people who look, not for agents.
            profile: What snapshots are for: ``full`` (see ``observation.simplify``) or ``webrl`` (see
                ``observation_webrl.simplify_webrl``).
            load_limit: Longest wait for a site's answer, in seconds.

        Raises:
            BrowserMissing: If no browser is found.
            ValueError: If there is no such profile.
        """
        if profile not in ("full", "webrl"):
            raise ValueError(f"profile must be full or webrl, got {profile!r}")
        if world is not None and server is None:
            server = SiteServer(SiteDispatcher(world), [urlsplit(origin).netloc for origin in origins or ()])
        direct = server is None
        # Without sites of its own it is only the wall: it refuses whatever comes.
        self._server = server or SiteServer(None)
        self._connection = _Connection(
            executable,
            headed,
            load_limit,
            proxy=self._server.url,
            origins=None if origins is None else list(origins),
            direct=direct,
            profile=profile,
        )
        self._finalizer = weakref.finalize(self, tidy_later, partial(_close, self._connection, self._server))
        # At the interpreter's end the driver is closed as a whole.
        self._finalizer.atexit = False
        self._document: Any = None
        self._blocked = 0
        self._settled = (0.0, 0.0)
        try:
            self._connection.open()
        except BaseException:
            self.close()
            raise

    @property
    def blocked_navigations(self) -> int:
        """Addresses refused since the episode began, as of the latest snapshot."""
        return self._blocked

    @property
    def settled(self) -> tuple[float, float]:
        """Seconds that the action before the latest snapshot, and that snapshot, waited for a quiet page."""
        return self._settled

    def start(
        self,
        urls: Sequence[str],
        cookies: Sequence[tuple[str, str, str]],
        *,
        must_exist: bool = False,
        still: bool = True,
    ) -> None:
        """Begins an episode; see ``Engine.start``. With ``still=False`` pages need only be loaded, not at rest."""
        if not self._finalizer.alive:
            raise BrowserError("The engine is closed.")
        self._connection.open()
        self._blocked = 0
        jar = [list(cookie) for cookie in cookies]
        self._connection.call("start", urls=list(urls), cookies=jar, must_exist=must_exist, still=still)

    def snapshot(self) -> PageSnapshot:
        """Reads the current tab when it is quiet."""
        head, body = self._connection.call("snapshot")
        page, *frames = json.loads(body)
        root = _joined(page["body"], frames, head["owners"]) if frames else _page_node(page["body"], 0)
        self._document = head["document"]
        self._blocked = head["blocked"]
        self._settled = tuple(head["settled"])
        root.children[:0] = [PageNode("p", {"role": "status"}, [notice], None) for notice in head["notices"]]
        titles = tuple(head["titles"]) or (page["title"],)
        return PageSnapshot(page["url"], page["title"], root, titles, head["current"], tuple(head["document"]))

    def execute(self, action: Action, target: Any) -> None:
        """Carries out an action; see ``Engine.execute``."""
        self._connection.call(
            "execute",
            kind=action.kind.value,
            argument=action.argument or "",
            target=target,
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

    def task_page(self) -> ChromiumTaskPage:
        """The agent's current tab for a task that prepares and judges its own pages."""
        return ChromiumTaskPage(self._connection)

    def sent(self) -> list[tuple[str, str]]:
        """Where this episode's pages went on a deployment, and what actions sent there that may have changed something.

        Returns:
            Method and address, without its query, of each.
        """
        return [(method, url) for method, url in self._connection.call("sent")[0]]

    def screenshot(self) -> bytes | None:
        """The current tab as PNG."""
        return self._connection.call("screenshot")[1]

    def close(self) -> None:
        """Closes the tabs and the site server, and the browser after its last engine."""
        if self._finalizer.detach():
            _close(self._connection, self._server)


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


class ChromiumTaskPage:
    """The agent's current tab as a task sees it; see ``tasks.page_task.TaskPage``."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    @property
    def url(self) -> str:
        """Address of this page."""
        return str(self._connection.call("evaluate_url")[0])

    def goto(self, url: str) -> None:
        """Opens ``url`` here; raises ``SiteError`` or ``BrowserError`` when it cannot."""
        self._connection.call("visit", url=url)

    def evaluate(self, javascript: str) -> Any:
        """Value of an expression in the page; raises ``EvaluationError`` when it fails."""
        return self._connection.call("evaluate", javascript=javascript)[0]


def _page_node(data: list[Any], part: int) -> PageNode:
    """Turns an element as ``snapshot.js`` writes it into a node.

    Args:
        data: Tag, ref, attributes or 0, then children.
        part: 0 for the page itself, n for its n-th foreign frame. The node's ref is the element's own in the page, and
            with the part before it in a frame.
    """
    tag, ref, attrs, *children = data
    if part and attrs:
        # Labels find their controls by these, within one frame only.
        attrs.update({name: f"{part}:{attrs[name]}" for name in ("id", "for") if name in attrs})
    for index, child in enumerate(children):
        if not isinstance(child, str):
            children[index] = _page_node(child, part)
    return PageNode(tag, attrs or {}, children, (part, ref) if part else ref)


def _joined(body: list[Any], frames: list[list[Any]], owners: list[list[int]]) -> PageNode:
    """A page with its foreign frames in their places.

    Args:
        body: The page.
        frames: What each frame shows, outer ones first.
        owners: For each frame its part, the part that holds it, and the holder's ref there.
    """
    root = _page_node(body, 0)
    holders = {node.ref: node for node in root.walk()}
    for data, (part, outer, ref) in zip(frames, owners, strict=True):
        inner = _page_node(data, part)
        holders.update({node.ref: node for node in inner.walk()})
        holder = holders.get((outer, ref) if outer else ref)
        if holder is not None:
            holder.children = [inner]
    return root


def _close(connection: _Connection, server: SiteServer) -> None:
    connection.close()
    server.close()
