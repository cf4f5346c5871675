"""Success by required steps: does an agent that does short tasks do long ones too?

**Definition.** The required steps of a task are the number of actions, the leaving one included, in the shortest
successful attempt of any agent in the comparison. A scripted oracle counts where it is in the comparison; where it is
not, tasks that nobody solved have no number and are left out.
Source: Qi et al. 2024, arXiv:2411.02337v1, figure 4. The paper counts the compared models only, which leaves out what
none of them solves; with an oracle the number tells of the task alone, and every task counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.analyses.breakdown import Breakdown, Bucket, break_down
from agents.results import EpisodeResult

BUCKETS = (Bucket(1, 3), Bucket(4, 5), Bucket(6, 7), Bucket(8, 10), Bucket(11))


def required_steps(results: Mapping[str, Sequence[EpisodeResult]]) -> dict[str, int]:
    """Actions in the shortest success at each task that somebody solved, by task id.

    Args:
        results: Episodes by agent.
    """
    found: dict[str, int] = {}
    for rows in results.values():
        for result in rows:
            if result.success:
                found[result.task_id] = min(result.steps, found.get(result.task_id, result.steps))
    return found


def success_by_steps(results: Mapping[str, Sequence[EpisodeResult]]) -> Breakdown:
    """Success in buckets of required steps.

    Args:
        results: Episodes by agent, all of one panel.
    """
    return break_down(results, required_steps(results), BUCKETS)
