"""Sends requests to the embedded sites by host name: one WSGI application for one environment's world."""

from __future__ import annotations

import html
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from webrl_gym.sites.web import STORE_KEY, site_app
from webrl_gym.types import EMBEDDED_URLS, Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from webrl_gym.sites.store import SiteStore
    from webrl_gym.sites.worlds import World

SITES_BY_HOST: dict[str, Site] = {urlsplit(url).netloc: site for site, url in EMBEDDED_URLS.items()}
"""Embedded sites by host name."""


class SiteDispatcher:
    """Answers for every embedded site with the data of one world.

    Safe to call from several threads: requests to one site are answered one after the other.

    Attributes:
        world: Where requests find their data. May be replaced between episodes.
        blocked: Requests to hosts that are no embedded site, counted since the object was made.
    """

    def __init__(self, world: World) -> None:
        """Serves ``world``."""
        self.world = world
        self.blocked = 0
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request; the host decides which site does, and a foreign host gets a plain 403 page."""
        host = environ.get("HTTP_HOST", "").lower().removesuffix(":80")
        site = SITES_BY_HOST.get(host)
        if site is None:
            with self._lock:
                self.blocked += 1
            return refuse(host, start_response)
        with self._lock:
            turn, store = self.world.turn, self.world.store(site)
        with store.lock:
            if self.world.turn != turn:
                # It waited until the sites were put back: the page that sent it belongs to the last episode.
                return refuse(host, start_response, "was put back meanwhile")
            return answer(site, store, environ, start_response)


def answer(site: Site, store: SiteStore, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Lets a site answer one request with the data of a store; the store's other requests wait."""
    environ[STORE_KEY] = store
    with store.lock:
        response = site_app(site)(environ, start_response)
        # A streamed body may read the store, so it is drained before another request may write there.
        try:
            return list(response)
        finally:
            close = cast("Callable[[], None] | None", getattr(response, "close", None))
            if close is not None:
                close()


def refuse(host: str, start_response: StartResponse, why: str = "is outside the sites of this task") -> Iterable[bytes]:
    """The page that stands where a foreign host would be, or one whose time is over."""
    body = (
        "<!DOCTYPE html><html><head><title>Blocked</title></head><body><h1>Blocked</h1>"
        f"<p>{html.escape(host)} {why}.</p></body></html>"
    ).encode()
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("403 Forbidden", headers)
    return [body]
