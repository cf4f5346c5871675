"""Success in buckets of tasks: the same tasks for every agent, sorted by one number of each task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.results import EpisodeResult, Rate, rate


@dataclass(frozen=True, slots=True)
class Bucket:
    """A range of whole numbers, both ends included; no upper end where ``high`` is None."""

    low: int
    high: int | None = None

    @property
    def label(self) -> str:
        """``3``, ``4-5`` or ``11+``, with an en dash."""
        if self.high is None:
            return f"{self.low}+"
        return str(self.low) if self.low == self.high else f"{self.low}\N{EN DASH}{self.high}"

    def __contains__(self, number: int) -> bool:
        return self.low <= number and (self.high is None or number <= self.high)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Success by bucket.

    Attributes:
        buckets: Buckets that hold a task, in order.
        tasks: Tasks in each of them.
        rates: Success of each agent in each of them.
        left_out: Tasks of the panel that are in none.
    """

    buckets: tuple[Bucket, ...]
    tasks: tuple[int, ...]
    rates: Mapping[str, tuple[Rate, ...]]
    left_out: int


def break_down(
    results: Mapping[str, Sequence[EpisodeResult]], numbers: Mapping[str, int], buckets: Sequence[Bucket]
) -> Breakdown:
    """Sorts a panel's tasks into buckets and takes each agent's success in each.

    Args:
        results: Episodes by agent.
        numbers: The number of each task by its id; tasks without one are left out and counted.
        buckets: Disjoint ranges, in the order in which they are shown.

    Returns:
        The breakdown; buckets without a task are not in it.
    """
    panel = {result.task_id for rows in results.values() for result in rows}
    bucket_of = {task: bucket for task in panel if task in numbers for bucket in buckets if numbers[task] in bucket}
    sizes = Counter(bucket_of.values())
    used = tuple(bucket for bucket in buckets if sizes[bucket])
    rates = {
        agent: tuple(
            rate(rows, lambda result, bucket=bucket: bucket_of.get(result.task_id) == bucket)  # type: ignore[misc] # mypy cannot type a default in a lambda
            for bucket in used
        )
        for agent, rows in results.items()
    }
    return Breakdown(used, tuple(sizes[bucket] for bucket in used), rates, len(panel) - len(bucket_of))
