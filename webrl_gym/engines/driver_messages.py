"""Messages between an environment's process and its browser driver: a small protocol over a stream socket.

A message is a head (JSON) and a body (bytes, often empty), each with its length before it. Page trees and pictures
travel as bodies, so nobody on the way has to read them.
"""

from __future__ import annotations

import json
import struct
from typing import Any

from webrl_gym import errors
from webrl_gym.errors import BrowserError, WebRLGymError
from webrl_gym.wellformed import well_formed

LENGTHS = struct.Struct(">II")
"""Lengths of head and body in bytes, at the start of each message."""

HEADED = "--headed"
"""First argument of a driver whose browser shows its windows."""

LOAD_LIMIT = 20.0
"""Longest wait for a site's answer, in seconds, where nothing else is asked for."""

_REQUEST_LIMIT = 90.0
_MOST_LOADS = 4
_ROOM = 10.0

Message = tuple[dict[str, Any], bytes]
"""Head and body."""


def request_limit(load_limit: float) -> float:
    """Seconds that one request may take: it may open several pages, each of which may take as long as is waited for."""
    return max(_REQUEST_LIMIT, _MOST_LOADS * load_limit + _ROOM)


def encode(head: dict[str, Any], body: bytes = b"") -> bytes:
    """One message as bytes."""
    text = json.dumps(head).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


def decode_head(text: bytes) -> dict[str, Any]:
    """Reads the head that ``encode`` wrote."""
    head: dict[str, Any] = json.loads(text)
    return head


def encode_error(error: WebRLGymError) -> dict[str, str]:
    """An exception as JSON-ready data."""
    return {"kind": type(error).__name__, "text": well_formed(str(error))}


def decode_error(data: dict[str, str]) -> WebRLGymError:
    """Reads what ``encode_error`` wrote."""
    kind = getattr(errors, data["kind"], None)
    if isinstance(kind, type) and issubclass(kind, WebRLGymError):
        return kind(data["text"])
    return BrowserError(f"{data['kind']}: {data['text']}")
