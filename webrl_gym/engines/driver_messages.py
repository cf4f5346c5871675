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

Message = tuple[dict[str, Any], bytes]
"""Head and body."""


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
