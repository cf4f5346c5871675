"""What goes from a browser context to its sites: the cookies that it is given, and the requests that its pages send."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Request

from webrl_gym.web_address import host_of

_READING = frozenset(("GET", "HEAD", "OPTIONS"))
_OF_THE_BROWSER = frozenset(("ping", "cspreport"))
"""Kinds of requests by which pages and browser report, whatever anybody does."""
_MOST = 10_000


class SentRequests:
    """Keeps book of where pages went, and of what actions sent that may change something."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self._sent: dict[tuple[str, str], None] = {}
        self._acted_on = False

    def watch(self, context: BrowserContext) -> None:
        """Listens to all pages of a context, those that are still to come included."""
        context.on("request", self._note)

    def forget(self) -> None:
        """Begins anew."""
        self._sent.clear()
        self._acted_on = False

    def begin_action(self) -> None:
        """What a page sends from now on may be the action's doing, until another document comes."""
        self._acted_on = True

    @property
    def listed(self) -> list[tuple[str, str]]:
        """Method and address, without its query, of each; in order, each once."""
        return list(self._sent)

    def _note(self, request: Request) -> None:
        if request.is_navigation_request():
            # What the next document posts while it loads, it posts to everybody who reads it.
            self._acted_on = False
        elif not self._acted_on or request.resource_type in _OF_THE_BROWSER or _only_asks(request):
            return
        if len(self._sent) < _MOST:
            self._sent[request.method, request.url.partition("?")[0]] = None


def _only_asks(request: Request) -> bool:
    """True for what reads: a query in GraphQL does, though it is posted."""
    if request.method in _READING:
        return True
    return urlsplit(request.url).path.endswith("/graphql") and b"mutation" not in (request.post_data_buffer or b"")


def cookie_of(address: str, name: str, value: str) -> dict[str, Any]:
    """A cookie as Playwright takes it; it belongs to the host of ``address`` and to what lies below its path."""
    parts = urlsplit(address)
    return {
        "name": name,
        "value": value,
        "domain": host_of(address),
        "path": parts.path or "/",
        "secure": parts.scheme == "https",
    }
