"""Where an agent may go: the origins of its task, and how the browser is kept to them."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from playwright.async_api import ProxySettings

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_SOCKETS = {"http": "ws", "https": "wss"}


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
        sockets = [_SOCKETS[scheme] + rest for scheme, rest in (_split(origin) for origin in self.origins)]
        return {"server": server, "bypass": ",".join([*self.origins, *sockets])}


def origin_of(url: str) -> str:
    """Scheme, host and port of an address; no user, and no port that the scheme has anyway."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return ""
    if ":" in host:
        host = f"[{host}]"
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS.get(parts.scheme) else "")


def outside(url: str) -> str:
    """What a refused navigation reads like."""
    return f"{url[:200]} lies outside the sites of this task; the page stays as it was."


def _split(origin: str) -> tuple[str, str]:
    scheme, colon, rest = origin.partition(":")
    return scheme, colon + rest


def _in_folder(url: str, folders: Sequence[str]) -> bool:
    parts = urlsplit(url)
    if parts.netloc:
        return False
    # A ".." or an escaped slash must not lead out of the folder.
    path = normpath(unquote(parts.path))
    return any(path.startswith(unquote(urlsplit(folder).path)) for folder in folders)
