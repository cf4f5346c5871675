from __future__ import annotations

import logging
import mmap
import os
from pathlib import Path

import pytest
import torch

from agents import devices
from agents.devices import (
    _left_to_container,
    available_memory,
    fast_bfloat16,
    is_same_device,
    resident_memory,
    tell_of_other_devices,
)


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


def test_on_a_mac_memory_is_what_the_system_advises_and_all_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 1000)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 300)
    assert available_memory("mps") == 700
    monkeypatch.setattr(devices, "_meminfo", lambda _: None)
    monkeypatch.setattr(devices, "_left_to_container", lambda: None)
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 16, "SC_PHYS_PAGES": 50}.__getitem__)
    assert available_memory("cpu") == 800
    monkeypatch.delattr(os, "sysconf")
    assert available_memory("cpu") is None


def test_a_device_without_a_number_is_the_first() -> None:
    assert is_same_device("cuda", "cuda:0")
    assert is_same_device("cpu", "cpu")
    assert not is_same_device("cuda", "cuda:1")
    assert not is_same_device("cuda", "cpu")


def test_devices_that_stand_idle_are_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tell_of_other_devices.cache_clear()
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 8)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            tell_of_other_devices("cuda:1")
    (said,) = caplog.messages
    assert "on one device, here cuda:1; the other 7 of this machine's CUDA devices stand idle" in said
    tell_of_other_devices("cpu")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    tell_of_other_devices("cuda")
    assert len(caplog.messages) == 1
    tell_of_other_devices.cache_clear()


@pytest.mark.parametrize(("used_as", "is_fast"), [("AVX512", True), ("AVX2", False), ("DEFAULT", False)])
def test_a_processor_multiplies_bfloat16_unless_torch_is_told_to_use_it_as_an_older_one(
    monkeypatch: pytest.MonkeyPatch, used_as: str, is_fast: bool
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "flags: avx512f avx512_bf16")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: used_as)
    monkeypatch.setattr(devices, "_processor_multiplies_bfloat16", devices._processor_multiplies_bfloat16.__wrapped__)
    assert fast_bfloat16("cpu") is is_fast
