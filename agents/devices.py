"""What a device is good at."""

from __future__ import annotations

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
