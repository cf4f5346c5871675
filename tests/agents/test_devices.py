from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from agents.devices import _left_to_container, available_memory, fast_bfloat16, resident_memory


def test_memory_of_this_machine_is_known_where_the_system_tells() -> None:
    if not Path("/proc/meminfo").exists():
        pytest.skip("no /proc")
    available, resident = available_memory("cpu"), resident_memory()
    assert available is not None
    assert available > 10_000_000
    assert 10_000_000 < resident < 2**40
    # Pages of their own: an allocator may hand out what an earlier test freed, resident already.
    with mmap.mmap(-1, 50_000_000) as held:
        held.write(b"1" * len(held))
        assert resident_memory() - resident > 30_000_000


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    for name, text in (
        ("memory.max", "1000\n"),
        ("memory.current", "700\n"),
        ("memory.stat", "anon 500\ninactive_file 50\n"),
    ):
        (tmp_path / name).write_text(text)
    assert _left_to_container(tmp_path) == 350
    (tmp_path / "memory.max").write_text("max\n")
    assert _left_to_container(tmp_path) is None
    assert _left_to_container(tmp_path / "nowhere") is None


def test_accelerators_multiply_bfloat16_and_their_memory_may_be_unknown() -> None:
    assert fast_bfloat16("cuda")
    assert available_memory("meta") is None
