"""Oracles' episodes over the embedded sites, timed: the workload that several benchmarks share."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.tasks.oracle import OracleAgent
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import Observation, StepTiming


@dataclass
class Turn:
    """What playing some tasks once took; agents' own time is not in it.

    Attributes:
        step_s: Seconds of each step.
        reset_s: Seconds of each reset.
        timings: Where the time of each step went, as the environment says.
        pages: What the agent read before each step.
    """

    step_s: list[float] = field(default_factory=list)
    reset_s: list[float] = field(default_factory=list)
    timings: list[StepTiming] = field(default_factory=list)
    pages: list[Observation] = field(default_factory=list)

    @property
    def steps_per_s(self) -> float:
        """Steps of a second that is spent in ``step`` alone."""
        return len(self.step_s) / sum(self.step_s)

    @property
    def reset_ms(self) -> float:
        """The median reset, in milliseconds."""
        return 1000 * statistics.median(self.reset_s)


def panel(suite: TaskSuite, episodes: int) -> list[Task]:
    """About ``episodes`` tasks spread evenly over a suite, so over all its sites."""
    tasks = list(suite)
    return tasks[:: max(1, len(tasks) // episodes)][:episodes]


def play(env: WebArenaLiteEnv, tasks: Sequence[Task], *, most_steps: int | None = None) -> Turn:
    """Plays tasks as their oracles do.

    Args:
        env: Where to play.
        tasks: Practice tasks.
        most_steps: An episode is left after so many steps; None plays to the end.
    """
    agent, turn = OracleAgent(), Turn()
    for task in tasks:
        agent.reset(task)
        began = time.perf_counter()
        observation, _ = env.reset(options={"task": task})
        turn.reset_s.append(time.perf_counter() - began)
        over, steps = False, 0
        while not over and steps != most_steps:
            turn.pages.append(observation)
            action = agent.act(observation)
            began = time.perf_counter()
            observation, _, terminated, truncated, info = env.step(action)
            turn.step_s.append(time.perf_counter() - began)
            turn.timings.append(info["timing"])
            steps += 1
            over = terminated or truncated
    return turn


@contextmanager
def one_core() -> Iterator[None]:
    """Keeps this process and what it starts on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
