"""What a device is good at, how much memory it has, and that it is the only one."""

from __future__ import annotations

import logging
import os
from functools import cache
from pathlib import Path

import torch

_log = logging.getLogger(__name__)
_WITHOUT_BFLOAT16 = ("DEFAULT", "AVX2")
"""What torch calls an x86 processor without instructions for it, or one that it is told to use as such."""


def fast_bfloat16(device: torch.device | str) -> bool:
    """Whether a device has instructions for bfloat16 products: accelerators do, and newer processors.

    A processor that torch is told to use as an older one (``ATEN_CPU_CAPABILITY=avx2``) counts as that.

    Args:
        device: As torch names it.
    """
    return torch.device(device).type != "cpu" or _processor_multiplies_bfloat16()


@cache
def _processor_multiplies_bfloat16() -> bool:
    if torch.backends.cpu.get_cpu_capability() in _WITHOUT_BFLOAT16:
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def available_memory(device: torch.device | str) -> int | None:
    """Bytes of a device's memory that can be had now; None where the system does not tell.

    Args:
        device: As torch names it.
    """
    kind = torch.device(device)
    if kind.type == "cuda":
        return int(torch.cuda.mem_get_info(kind)[0])
    if kind.type == "mps":  # it takes of main memory, as much as the system advises
        return max(0, torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    if kind.type != "cpu":
        return None
    known = [number for number in (_meminfo("MemAvailable"), _left_to_container()) if number is not None]
    return min(known, default=_main_memory())


def is_same_device(one: torch.device | str, other: torch.device | str) -> bool:
    """Whether two names are of one device: ``cuda`` is ``cuda:0``.

    Args:
        one: As torch names it.
        other: Likewise.
    """
    first, second = torch.device(one), torch.device(other)
    return (first.type, first.index or 0) == (second.type, second.index or 0)


@cache
def tell_of_other_devices(device: str) -> None:
    """Says, once a process, that the other accelerators will stand idle.

    Args:
        device: The one that is used, as torch names it.
    """
    count = torch.cuda.device_count()
    if torch.device(device).type == "cuda" and count > 1:
        _log.warning(
            "All networks of a run are on one device, here %s; the other %d of this machine's CUDA devices stand idle: "
            "there is neither data parallelism nor sharding (docs/memory.md).",
            device,
            count - 1,
        )


def resident_memory() -> int:
    """Bytes of main memory that this process holds; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _main_memory() -> int | None:
    """All there is, where the system does not tell what is free (macOS)."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _meminfo(name: str) -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)


def _left_to_container(folder: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What a container's limit leaves; the files that it keeps in memory can be given up."""
    try:
        limit = (folder / "memory.max").read_text(encoding="utf-8").strip()
        used = int((folder / "memory.current").read_text(encoding="utf-8"))
        kept = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="utf-8").splitlines())
        return None if limit == "max" else max(0, int(limit) - used + int(kept["inactive_file"]))
    except (OSError, ValueError, KeyError):
        return None
