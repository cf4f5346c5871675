"""Suites are drawn once a machine, and a cache that cannot be used is no obstacle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from webrl_gym import suites
from webrl_gym.cache_folder import cache_folder
from webrl_gym.sites.worlds import World
from webrl_gym.suites import WorldTables, load_suite, open_reader
from webrl_gym.types import Site


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder for suites; worlds come from where they are."""
    load_suite("practice-train")
    load_suite.cache_clear()
    monkeypatch.setattr(suites, "cache_folder", lambda: tmp_path)
    yield tmp_path / "suites"
    load_suite.cache_clear()


def cached(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


def test_a_suite_is_drawn_once_and_read_afterwards(cache: Path) -> None:
    drawn = load_suite("practice-valid")
    path = cached(cache)
    assert path.name.startswith("practice-valid-")
    records = json.loads(path.read_text(encoding="utf-8"))
    assert [record["task_id"] for record in records] == [task.task_id for task in drawn]
    records[0]["instruction"] = "read from the cache"
    path.write_text(json.dumps(records), encoding="utf-8")
    load_suite.cache_clear()
    read = load_suite("practice-valid")
    assert read.tasks[0].instruction == "read from the cache"
    assert read.tasks[1:] == drawn.tasks[1:]


def test_a_cache_that_cannot_be_read_is_drawn_again(cache: Path) -> None:
    drawn = load_suite("practice-train").tasks
    path = cached(cache)
    whole = path.read_bytes()
    for content in ("", "null", '[{"task_id": "a"}]'):
        path.write_text(content, encoding="utf-8")
        load_suite.cache_clear()
        assert load_suite("practice-train").tasks == drawn
        assert cached(cache).read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_done_without(cache: Path) -> None:
    cache.write_text("a file where the folder should be", encoding="utf-8")
    assert len(load_suite("practice-valid")) == 165


def test_a_full_disk_leaves_nothing_behind(cache: Path) -> None:
    resource = pytest.importorskip("resource", reason="needs a limit of file sizes")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        assert len(load_suite("practice-valid")) == 165
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(cache.iterdir()) == []


def test_an_unknown_suite_is_named_with_the_near_one() -> None:
    with pytest.raises(ValueError, match="did you mean practice-train"):
        load_suite("practice-trian")
    with pytest.raises(ValueError, match=r"webarena-lite is no practice suite; find_suite\('webarena-lite'\) gives it"):
        load_suite("webarena-lite")


def test_tables_give_read_access_to_a_world(world: World) -> None:
    tables = WorldTables(world)
    count = tables.value(Site.SHOPPING, "SELECT count(*) FROM product")
    assert count == len(tables.query(Site.SHOPPING, "SELECT * FROM product")) > 100
    name = tables.one(Site.SHOPPING, "SELECT name FROM product WHERE id = ?", [1])
    assert name is not None
    assert tables.one(Site.SHOPPING, "SELECT name FROM product WHERE id = ?", [-1]) is None
    assert tables.value(Site.SHOPPING, "SELECT name FROM product WHERE id = ?", [-1]) is None
    assert tables.number == 0


def test_a_reader_is_shared() -> None:
    assert open_reader(9) is open_reader(9)
    assert open_reader(9).number == 9
    assert cache_folder().is_dir()
