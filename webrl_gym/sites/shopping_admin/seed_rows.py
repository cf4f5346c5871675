"""How the seeds write rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any


def insert(connection: sqlite3.Connection, target: str, rows: Iterable[Sequence[Any]]) -> None:
    """Adds at least one row to ``target``, a table with the names of its columns: ``customer (id, email)``."""
    listed = list(rows)
    marks = ", ".join("?" * len(listed[0]))
    connection.executemany(f"INSERT INTO {target} VALUES ({marks})", listed)
