"""Where an agent may go: the origins of its task, and how the browser is kept to them."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from playwright.async_api import ProxySettings

from webrl_gym.web_address import origin_of, with_port

_SOCKETS = {"http": "ws:", "https": "wss:"}


class Bounds:
    """The addresses that may be opened."""

    def __init__(self, origins: Sequence[str] | None) -> None:
        """Admits everything at ``origins``: schemes, hosts and ports.

        Args:
            origins: A ``file:`` address that ends in a slash stands for everything in that folder. None admits every
                http and https address.
        """
        self._anywhere = origins is None
        self.origins = [origin_of(origin) for origin in origins or () if not origin.startswith("file:")]
        self._folders = [origin for origin in origins or () if origin.startswith("file:///") and origin.endswith("/")]

    def allows(self, url: str) -> bool:
        """True if a document may be opened from an address."""
        if url.startswith("about:"):
            return True
        if url.startswith("file:"):
            return _in_folder(url, self._folders)
        return origin_of(url) in self.origins or (self._anywhere and url.startswith(("http://", "https://")))

    def proxy(self, server: str, *, direct: bool) -> ProxySettings | None:
        """What a context's connections go through.

        Chromium itself decides what passes by a proxy, for every request of pages, frames, workers and sockets.

        Args:
            server: Address of the ``SiteServer`` that refuses what is out of bounds.
            direct: True to connect to the origins without it.
        """
        if self._anywhere:
            return None
        if not direct:
            return {"server": server}
        # To Chromium a rule without a port means every port of its host.
        origins = [with_port(origin) for origin in self.origins]
        sockets = [_SOCKETS[scheme] + rest for scheme, rest in (origin.split(":", 1) for origin in origins)]
        return {"server": server, "bypass": ",".join([*origins, *sockets])}


def outside(url: str) -> str:
    """What a refused navigation reads like."""
    return f"{url[:200]} lies outside the sites of this task; the page stays as it was."


def _in_folder(url: str, folders: Sequence[str]) -> bool:
    parts = urlsplit(url)
    if parts.netloc:
        return False
    # A ".." or an escaped slash must not lead out of the folder.
    path = normpath(unquote(parts.path))
    return any(path.startswith(unquote(urlsplit(folder).path)) for folder in folders)
