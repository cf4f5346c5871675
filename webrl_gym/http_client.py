"""HTTP clients that keep secrets out of the log: httpx writes down every address that it asks, whole."""

from __future__ import annotations

from typing import Any

import httpx

from webrl_gym.web_address import shown


def http_client(**settings: Any) -> httpx.Client:
    """A client whose requests are logged without user name, password and query; whoever asks for it closes it.

    Args:
        settings: For ``httpx.Client``.
    """
    return httpx.Client(**settings, event_hooks={"request": [_hide]})


class _Shown(httpx.URL):
    """An address that is asked as it is and written without its secrets."""

    def __str__(self) -> str:
        return shown(super().__str__())


def _hide(request: httpx.Request) -> None:
    # By now the user is in the request's headers.
    request.url = _Shown(request.url)
