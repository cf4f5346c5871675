"""Learning algorithms by name. Each is a Stable-Baselines3 ``BaseAlgorithm``."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from agents.algorithms.awr import AWR
from agents.algorithms.base import PhaseAlgorithm
from agents.algorithms.digirl import DigiRL
from agents.algorithms.filtered_bc import FilteredBC
from agents.algorithms.sft import SFT
from agents.algorithms.webrl import WebRL

ALGORITHMS: dict[str, type[PhaseAlgorithm]] = {
    "sft": SFT,
    "filtered_bc": FilteredBC,
    "awr": AWR,
    "digirl": DigiRL,
    "webrl": WebRL,
}
"""Algorithms by the name that configurations use."""

__all__ = ["ALGORITHMS", "AWR", "SFT", "DigiRL", "FilteredBC", "PhaseAlgorithm", "WebRL", "algorithm_class"]


def algorithm_class(name: str) -> Callable[..., PhaseAlgorithm]:
    """The algorithm with this name, to be called with its constructor arguments.

    Args:
        name: A key of ``ALGORITHMS``.

    Raises:
        ValueError: If there is none; the message lists the names.
    """
    found = ALGORITHMS.get(name)
    if found is None:
        near = get_close_matches(name, ALGORITHMS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"There is no algorithm {name!r}; choose one of {', '.join(ALGORITHMS)}{hint}")
    return found
