"""Weighing a process tree."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks.environment.memory import role, rollup_bytes, tree_memory

pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's /proc")

HOLDS_50_MB = "import sys; held = bytearray(50_000_000); print(len(held), flush=True); sys.stdin.read()"


def test_the_sizes_of_a_rollup() -> None:
    rollup = "00400000-7ffe ---p 00000000 00:00 0   [rollup]\nRss:      900 kB\nPss:      123 kB\nPss_Anon:  99 kB\n"
    assert rollup_bytes(rollup) == {"Rss": 900 * 1024, "Pss": 123 * 1024, "Pss_Anon": 99 * 1024}
    assert rollup_bytes("")["Pss"] == 0


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("some/folder/python3\0-m\0driver\0", "python3"),
        ("lib/chromium\0--headless\0", "chromium"),
        ("lib/chromium --type=renderer --lang=en", "renderer"),
        ("lib/chromium --type=utility --utility-sub-type=network.mojom.NetworkService", "network.mojom.NetworkService"),
    ],
)
def test_roles_of_processes(command: str, expected: str) -> None:
    assert role(command) == expected


def test_a_child_weighs_with_its_parent_until_it_ends() -> None:
    before = tree_memory()
    command = [sys.executable, "-c", HOLDS_50_MB]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "50000000\n"
        during = tree_memory()
        alone = tree_memory(child.pid)
    after = tree_memory()
    assert during.processes == before.processes + 1
    assert alone.processes == 1
    assert 45 < during.pss_mb - after.pss_mb < 90
    assert 50 < alone.anonymous_mb < alone.pss_mb
    assert sum(during.by_role.values()) == pytest.approx(during.pss_mb, abs=1)


def test_an_open_deleted_file_weighs() -> None:
    before = tree_memory().files_mb
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 8_000_000)
        file.flush()
        assert tree_memory().files_mb - before == pytest.approx(8, abs=0.5)
