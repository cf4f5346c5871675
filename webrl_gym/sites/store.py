"""One environment's copy-on-write view of a site's database.

A world is built once into a file and never written again. Each ``SiteStore`` opens that file without locks, keeps
every page it changes in its own cache inside one transaction that is never committed, and rolls it back at reset. So
environments share the file (and the kernel's copy of it), never see each other's writes, and a reset costs what the
episode wrote, not what the database holds. Why this is safe: docs/decisions/0002-copy-on-write-sites.md.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from webrl_gym.errors import WorldBuildError

WORLD_NOW = datetime(2023, 6, 15, 12, 0, 0)
"""The moment at which every episode starts, on every site and in every world."""

_PRAGMAS = (
    "PRAGMA journal_mode=MEMORY",
    "PRAGMA cache_spill=OFF",
    "PRAGMA mmap_size=268435456",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
)


class SiteStore:
    """A private, resettable view of one site's database.

    Rows come as ``sqlite3.Row`` (by column name). Calls are serialised by a lock, so a threaded server may share it.
    """

    def __init__(self, path: Path) -> None:
        """Opens the world file at ``path``; raises ``WorldBuildError`` when it cannot be opened."""
        self.path = path
        self.lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?nolock=1&mode=rw", uri=True, isolation_level=None, check_same_thread=False
            )
            for pragma in _PRAGMAS:
                self._connection.execute(pragma).fetchall()
        except sqlite3.Error as error:
            raise WorldBuildError(f"The site database {path} cannot be opened: {error}") from error
        self._connection.row_factory = sqlite3.Row
        self._connection.set_authorizer(_refuse_commit)
        self._changes_at_reset = self._connection.total_changes
        self._ticks = 0

    @property
    def changed(self) -> bool:
        """True when something was written since the last reset."""
        return self._connection.total_changes != self._changes_at_reset

    def query(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[sqlite3.Row]:
        """All rows of a SELECT."""
        with self.lock:
            return self._connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Row | None:
        """The first row of a SELECT, or None."""
        with self.lock:
            row: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
            return row

    def value(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """The first column of the first row of a SELECT, or None."""
        row = self.one(sql, parameters)
        return None if row is None else row[0]

    def execute(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> int:
        """Runs an INSERT, UPDATE or DELETE; returns the id of the last inserted row."""
        with self.lock:
            self._begin()
            return self._connection.execute(sql, parameters).lastrowid or 0

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Undoes every write of the block when it raises."""
        with self.lock:
            self._begin()
            self._connection.execute("SAVEPOINT request")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK TO request")
                raise
            finally:
                self._connection.execute("RELEASE request")

    def now(self) -> datetime:
        """The site's clock: starts at ``WORLD_NOW`` and moves on one second each time it is read."""
        self._ticks += 1
        return WORLD_NOW + timedelta(seconds=self._ticks)

    def reset(self) -> None:
        """Undoes everything written since the last reset."""
        with self.lock:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._changes_at_reset = self._connection.total_changes
            self._ticks = 0

    def dump_hash(self) -> str:
        """SHA-256 of all rows in canonical order: equal on every machine for equal worlds."""
        digest = hashlib.sha256()
        names = [row[0] for row in self.query("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")]
        for name in names:
            if name.startswith("sqlite_"):
                continue
            rows = sorted(repr(tuple(row)) for row in self.query(f'SELECT * FROM "{name}"'))
            digest.update(f"{name}:{len(rows)}\n".encode())
            digest.update("\n".join(rows).encode())
        return digest.hexdigest()

    def close(self) -> None:
        """Drops all writes and closes the file, once nobody reads it any more; may be called twice."""
        with self.lock:
            self._connection.close()

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")


def _refuse_commit(action: int, argument: str | None, *_: object) -> int:
    """A commit would reach the shared file, so it is refused before it is even prepared."""
    committing = action == sqlite3.SQLITE_TRANSACTION and argument == "COMMIT"
    return sqlite3.SQLITE_DENY if committing else sqlite3.SQLITE_OK
