"""Intervals for means over seeds and tasks, and for the difference of two arms on the same seeds and tasks.

Both levels are drawn with replacement, and both arms of a difference from the same draws: what a seed's start or a task
has of luck is then not counted as the arms' difference. Tasks that are alike can be drawn together, as the groups they
come from. Source: Davison and Hinkley 1997, "Bootstrap methods and their application", section 3.8; paired as in
Agarwal et al. 2021, arXiv:2108.13264; groups as in Field and Welsh 2007, "Bootstrapping clustered data".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Successes = NDArray[np.float64]
"""1 or 0 by seed and task, not-a-number where an episode does not count. Shape (S, T)."""
_DRAWS = 10_000
_CHUNK = 1_000
"""Draws at a time, so that little memory is used."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % percentile interval."""

    mean: float
    low: float
    high: float

    def in_points(self, *, signed: bool = False) -> str:
        """In percentage points, as tables print it."""
        form = "+.1f" if signed else ".1f"
        return f"{100 * self.mean:{form}} [{100 * self.low:{form}}, {100 * self.high:{form}}]"


def mean_interval(successes: Successes, groups: Sequence[str] | None = None, seed: int = 0) -> Interval:
    """Mean over seeds and tasks.

    Args:
        successes: Shape (S, T).
        groups: Of each task; whole groups are drawn then instead of tasks.
        seed: Of the draws.

    Raises:
        ValueError: If there is nothing to average.
    """
    if successes.ndim != 2 or np.isnan(successes).all():
        raise ValueError(f"Expected successes by seed and task, got shape {successes.shape} without a number.")
    rng = np.random.default_rng(seed)
    known = ~np.isnan(successes)
    values = np.where(known, successes, 0.0)
    seeds, tasks = successes.shape
    names, group_of = np.unique(range(tasks) if groups is None else groups, return_inverse=True)
    means = []
    for _ in range(_DRAWS // _CHUNK):
        by_seed, by_task = _times_drawn(rng, seeds), _times_drawn(rng, len(names))[:, group_of]
        counted = np.einsum("ds,st,dt->d", by_seed, known.astype(np.float64), by_task, optimize=True)
        sums = np.einsum("ds,st,dt->d", by_seed, values, by_task, optimize=True)
        means.append(sums[counted > 0] / counted[counted > 0])  # a resample of unknown cells alone has no mean
    low, high = np.quantile(np.concatenate(means), (0.025, 0.975))
    return Interval(float(values.sum() / known.sum()), float(low), float(high))


def _times_drawn(rng: np.random.Generator, items: int) -> NDArray[np.float64]:
    """How often each item comes in as many draws with replacement as there are items; one row a resample."""
    drawn = rng.integers(items, size=(_CHUNK, items)) + items * np.arange(_CHUNK)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=_CHUNK * items).reshape(_CHUNK, items)
    return counts.astype(np.float64)


def paired_difference(
    first: Successes, second: Successes, groups: Sequence[str] | None = None, seed: int = 0
) -> Interval:
    """First less second, over the seeds and tasks that both have.

    Args:
        first: Shape (S, T).
        second: Shape (S, T), the same seeds and tasks in the same order.
        groups: Of each task, as for `mean_interval`.
        seed: Of the draws.

    Raises:
        ValueError: If the shapes differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"Expected the same seeds and tasks, got shapes {first.shape} and {second.shape}.")
    return mean_interval(first - second, groups, seed)
