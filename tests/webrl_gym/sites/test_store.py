from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from webrl_gym.errors import WorldBuildError
from webrl_gym.sites.store import WORLD_NOW, SiteStore


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "site.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        connection.executemany("INSERT INTO item(name) VALUES (?)", [(f"item {i}" * 40,) for i in range(2000)])
    connection.close()
    return path


@pytest.fixture
def stores(database: Path) -> Iterator[tuple[SiteStore, SiteStore]]:
    pair = SiteStore(database), SiteStore(database)
    yield pair
    for store in pair:
        store.close()


def test_stores_of_one_file_never_see_each_others_writes(stores: tuple[SiteStore, SiteStore], database: Path) -> None:
    one, two = stores
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    one.execute("UPDATE item SET name = 'one'")
    two.execute("UPDATE item SET name = 'two' WHERE id = 5")
    assert one.value("SELECT name FROM item WHERE id = 5") == "one"
    assert two.value("SELECT name FROM item WHERE id = 5") == "two"
    assert two.value("SELECT name FROM item WHERE id = 6").startswith("item 5")
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before
    assert [path.name for path in database.parent.iterdir()] == ["site.db"]


def test_reset_undoes_everything(stores: tuple[SiteStore, SiteStore]) -> None:
    store = stores[0]
    before = store.dump_hash()
    first = store.now()
    assert not store.changed
    with store.atomic():
        store.execute("DELETE FROM item WHERE id < 1000")
    store.execute("INSERT INTO item(name) VALUES ('new')")
    assert store.changed
    assert store.dump_hash() != before
    store.reset()
    assert not store.changed
    assert store.dump_hash() == before
    assert store.now() == first > WORLD_NOW


def test_a_failed_request_leaves_nothing(stores: tuple[SiteStore, SiteStore]) -> None:
    store = stores[0]
    store.execute("UPDATE item SET name = 'kept' WHERE id = 1")

    def fail_half_way() -> None:
        with store.atomic():
            store.execute("UPDATE item SET name = 'lost' WHERE id = 1")
            store.execute("UPDATE item SET name = NULL WHERE id = 2")

    with pytest.raises(sqlite3.IntegrityError):
        fail_half_way()
    assert store.value("SELECT name FROM item WHERE id = 1") == "kept"


def test_nothing_can_be_committed(stores: tuple[SiteStore, SiteStore]) -> None:
    stores[0].execute("DELETE FROM item")
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        stores[0].execute("COMMIT")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldBuildError, match=r"missing\.db cannot be opened"):
        SiteStore(tmp_path / "missing.db")
