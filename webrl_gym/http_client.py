"""HTTP clients that keep secrets out of the log, and answers that must come within a time."""

from __future__ import annotations

import time
from typing import Any

import httpx

from webrl_gym.web_address import shown

_MOST_BYTES = 16 * 1024 * 1024
_CONNECT_S = 10.0
"""Longest wait for a connection: a server that is busy takes one up at once, a firewall that swallows packets never."""
_OF_TRANSFER = (b"content-encoding", b"content-length", b"transfer-encoding")
"""Headers that say how the body travelled."""


class AnswerTooLarge(httpx.HTTPError):
    """An answer that is larger than anything that is asked for here."""


def http_client(**settings: Any) -> httpx.Client:
    """A client whose requests are logged without user name, password and query; whoever asks for it closes it.

    httpx writes down every address that it asks, whole.

    Args:
        settings: For ``httpx.Client``.
    """
    return httpx.Client(**settings, event_hooks={"request": [_hide]})


def answer_within(seconds: float, client: httpx.Client, method: str, url: str, **request: Any) -> httpx.Response:
    """One answer, read to its end: a server that trickles gets no more time than one that is silent.

    Args:
        seconds: Longest wait for the whole answer, for a connection at most ten seconds. For its headers it is httpx's
            own limit, one for each piece.
        client: Is asked through.
        method: Such as ``GET``.
        url: Where.
        request: For ``httpx.Client.stream``.

    Raises:
        httpx.ReadTimeout: If the answer is not whole by then.
        AnswerTooLarge: If it has more than 16 MB.
        httpx.HTTPError: As httpx does.
    """
    deadline = time.monotonic() + seconds
    patience = httpx.Timeout(seconds, connect=min(seconds, _CONNECT_S))
    with client.stream(method, url, timeout=patience, **request) as response:
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > _MOST_BYTES:
                raise AnswerTooLarge(f"the answer has more than {_MOST_BYTES >> 20} MB")
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout(f"the answer was not whole within {seconds:g} seconds")
    # As they came: names and values may be in any encoding.
    headers = [pair for pair in response.headers.raw if pair[0].lower() not in _OF_TRANSFER]
    return httpx.Response(response.status_code, headers=headers, content=bytes(content), request=response.request)


class _Shown(httpx.URL):
    """An address that is asked as it is and written without its secrets."""

    def __str__(self) -> str:
        return shown(super().__str__())


def _hide(request: httpx.Request) -> None:
    # By now the user is in the request's headers.
    request.url = _Shown(request.url)
