"""What a device is good at, and how much memory it has."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import torch


def fast_bfloat16(device: torch.device | str) -> bool:
    """Whether a device has instructions for bfloat16 products: accelerators do, and newer processors.

    Args:
        device: As torch names it.
    """
    return torch.device(device).type != "cpu" or _processor_multiplies_bfloat16()


@cache
def _processor_multiplies_bfloat16() -> bool:
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
    if kind.type != "cpu":
        return None
    known = [number for number in (_meminfo("MemAvailable"), _left_to_container()) if number is not None]
    return min(known, default=None)


def resident_memory() -> int:
    """Bytes of main memory that this process holds; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


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
