"""What all worlds of the forum site are made with: the clock, addresses of posts, stored passwords, rows."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from webrl_gym.sites.store import WORLD_NOW

NOW = int(WORLD_NOW.replace(tzinfo=UTC).timestamp())
DAY = 86_400

PICTURE_FOLDER = "/submission_images/"
"""Where the site keeps pictures that were uploaded."""


def password_hash(username: str, password: str) -> str:
    """What the site stores of a password. The accounts are published, so this keeps no secret."""
    return hashlib.sha256(f"{username}:{password}".encode()).hexdigest()


def slugify(title: str) -> str:
    """The last part of a submission's address: 1 to 60 characters, ``-`` for a title without letters."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if len(slug) > 60:
        slug = slug[:61].rpartition("-")[0] or slug[:60]
    return slug or "-"


def insert(connection: sqlite3.Connection, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes rows, at least one, into a table."""
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
