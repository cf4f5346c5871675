"""Configurations by their whole keys, and where two of them differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A configuration's values by their whole keys, ``algorithm.phases`` for example.

    Args:
        config: What a run is configured with.
        prefix: Of the keys.
    """
    values: dict[str, Any] = {}
    for key, value in config.items():
        is_group = isinstance(value, Mapping) and value
        values.update(flat(value, f"{prefix}{key}.") if is_group else {f"{prefix}{key}": value})
    return values


def differences(there: Mapping[str, Any], now: Mapping[str, Any], ignored: Collection[str] = ()) -> list[str]:
    """One phrase for each value that differs, by the order of keys; a key that is missing counts as None.

    Args:
        there: A configuration that was stored.
        now: The one that is asked for.
        ignored: Whole keys that may differ.
    """
    stored, asked = flat(there), flat(now)
    return [
        f"{key}: {stored.get(key)!r} there, {asked.get(key)!r} now"
        for key in sorted({*stored, *asked}.difference(ignored))
        if stored.get(key) != asked.get(key)
    ]
