"""Whether a thousand episodes leave memory where a hundred left it: one Chromium environment, short episodes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.environment.memory import Memory, tree_memory
from benchmarks.environment.rows import Part, Row
from benchmarks.episodes import panel, play
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.tasks.record import Task

_TASKS = 20
_STEPS = 3
_GROWTH_PERCENT = 5


def measure(*, quick: bool) -> Part:
    """Plays the same tasks round after round and weighs the process tree after every episode.

    A browser's memory swings with what it shows and with when it tidies up, so a state is the median over one round of
    all tasks, and the two states compared have shown the same pages.
    """
    early, late = (20, 60) if quick else (100, 1_000)
    env = WebArenaLiteEnv(suite="practice-valid", engine="chromium")
    tasks = panel(env.suite, _TASKS)
    totals: list[float] = []
    anonymous: list[float] = []
    by_role: list[dict[str, float]] = []
    try:
        for _ in range(late // len(tasks)):
            weights = [_weight_after(env, task) for task in tasks]
            totals.append(round(statistics.median(weight.total_mb for weight in weights), 1))
            anonymous.append(round(statistics.median(weight.anonymous_mb for weight in weights), 1))
            by_role.append(weights[-1].by_role)
    finally:
        env.close()
    first = early // len(tasks) - 1
    rows = [
        Row(f"after {early} episodes", totals[first], "MB"),
        Row(f"after {late} episodes", totals[-1], "MB"),
        Row("growth between them", _growth(totals[first:]), "%", at_most=_GROWTH_PERCENT),
        Row("growth of the anonymous part", _growth(anonymous[first:]), "%"),
    ]
    details = {
        "episodes_of_a_round": len(tasks),
        "most_steps": _STEPS,
        "median_mb_of_rounds": totals,
        "median_anonymous_mb_of_rounds": anonymous,
        "by_role_mb": {str(early): by_role[first], str(late): by_role[-1]},
    }
    return Part("Memory of one chromium environment over many episodes", rows, details)


def _weight_after(env: WebArenaLiteEnv, task: Task) -> Memory:
    play(env, [task], most_steps=_STEPS)
    return tree_memory()


def _growth(sizes: Sequence[float]) -> float:
    """Percent from the first to the last."""
    return 100 * (sizes[-1] / sizes[0] - 1)
