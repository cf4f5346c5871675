"""Learning algorithms by name. Each is a Stable-Baselines3 ``BaseAlgorithm``."""

from __future__ import annotations

from difflib import get_close_matches

from agents.algorithms.awr import AWR
from agents.algorithms.base import PhaseAlgorithm
from agents.algorithms.digirl import DigiRL
from agents.algorithms.filtered_bc import FilteredBC
from agents.algorithms.lookup import accepted_arguments
from agents.algorithms.lookup import find_own as _find_own
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

__all__ = [
    "ALGORITHMS",
    "AWR",
    "SFT",
    "DigiRL",
    "FilteredBC",
    "PhaseAlgorithm",
    "WebRL",
    "accepted_arguments",
    "algorithm_class",
]


def algorithm_class(name: str) -> type[PhaseAlgorithm]:
    """The algorithm with this name.

    Args:
        name: A key of ``ALGORITHMS``, or ``module:Class`` for one of one's own (``docs/new_algorithm.md``).

    Raises:
        ValueError: If there is none; the message lists the names, or says what is wrong with one's own.
    """
    if ":" in name:
        return _find_own(name)
    found = ALGORITHMS.get(name)
    if found is None:
        near = get_close_matches(name, ALGORITHMS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"There is no algorithm {name!r}; choose one of {', '.join(ALGORITHMS)} or module:Class{hint}")
    return found
