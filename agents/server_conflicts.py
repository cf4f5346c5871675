"""Impossible values of what names a chat server, found before it is asked; loads no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SERVER_KEYS = ("base_url", "model", "api_key_variable")


def server_conflicts(settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """One sentence for each value that cannot be.

    Args:
        settings: Some of ``SERVER_KEYS``.
        prefix: Of the keys, ``curriculum.`` for example.
    """
    base_url, model = settings.get("base_url", "http://"), settings.get("model", "any")
    if not isinstance(base_url, str) or not base_url.startswith(("http://", "https://")):
        yield f"{prefix}base_url must begin with http:// or https://, got {base_url!r}"
    if not isinstance(model, str) or not model:
        yield f"{prefix}model must be the name that the server knows, got {model!r}"
    variable = settings.get("api_key_variable", "ANY")
    if not isinstance(variable, str) or not variable.isidentifier():
        # The value is not shown: it may be the key itself.
        yield f"{prefix}api_key_variable must be the name of an environment variable, not the key"
