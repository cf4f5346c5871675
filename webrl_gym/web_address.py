"""Addresses of the web in one spelling, so that equal ones are equal texts, and as they may be shown."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
"""The port of a scheme where an address names none."""


def origin_of(url: str) -> str:
    """Scheme, host and port as browsers write them: lower case, no user, no port that the scheme has anyway.

    Args:
        url: Any text; the result is empty for what is no address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    return f"{parts.scheme}://{_host(parts)}" + (f":{port}" if port and port != DEFAULT_PORTS.get(parts.scheme) else "")


def host_of(url: str) -> str:
    """The host of an address, without its port; in brackets where that is a number of IPv6.

    Args:
        url: An address.
    """
    return _host(urlsplit(url))


def with_port(origin: str) -> str:
    """An origin with its port, also where that is the one of its scheme.

    Args:
        origin: What ``origin_of`` gave.
    """
    parts = urlsplit(origin)
    return f"{parts.scheme}://{_host(parts)}:{parts.port or DEFAULT_PORTS[parts.scheme]}"


def root_of(url: str) -> str:
    """The root of a site in the spelling of ``origin_of``, without a slash at its end.

    Args:
        url: Any text; what is no address, or names a user, stays as it is.
    """
    text = url.strip().rstrip("/")
    origin = origin_of(text)
    if not origin or "@" in urlsplit(text).netloc or not urlsplit(text).hostname:
        return text
    return origin + text.partition("//")[2][len(urlsplit(text).netloc) :]


def shown(url: str) -> str:
    """An address for messages: without user name, password and query, any of which may be a secret."""
    address = re.sub(r"//[^/?#]*@", "//", url).partition("?")[0]
    if "//" in address and origin_of(address):
        return address
    # What is no address may hold its password anywhere before the host.
    return url.rpartition("@")[2].partition("?")[0]


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host
