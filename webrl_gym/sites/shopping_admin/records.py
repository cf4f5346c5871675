"""Single records of the store's tables: reading one, adding one, changing one, and the time that is written there."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import abort

from webrl_gym.sites import web


def read_record(table: str, number: int, missing: str) -> sqlite3.Row:
    """The row of ``table`` (fixed text) with this id; answers 404 with the text ``missing`` when there is none."""
    row = web.store().one(f"SELECT * FROM {table} WHERE id = ?", (number,))
    if row is None:
        abort(404, missing)
    return row


def add_record(table: str, values: Mapping[str, Any]) -> int:
    """Adds a row with these column values (their names are fixed text, like ``table``); returns its id."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    with web.store().atomic():
        return web.store().execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))


def change_record(table: str, number: int, values: Mapping[str, Any]) -> None:
    """Gives columns of a row new values; names as for ``add_record``."""
    assigned = ", ".join(f"{name} = ?" for name in values)
    with web.store().atomic():
        web.store().execute(f"UPDATE {table} SET {assigned} WHERE id = ?", (*values.values(), number))


def setting(path: str) -> list[str]:
    """What a setting of the back office lists, separated by commas; nothing when this world does not have it."""
    value = web.store().value("SELECT value FROM core_config_data WHERE path = ?", (path,))
    return value.split(",") if value else []


def timestamp() -> str:
    """The site's time as the database keeps it."""
    return web.store().now().isoformat(" ")
