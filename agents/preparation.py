"""What a WebRL run starts from: demonstrations, and how far the policy gets that has learned from them.

After arXiv 2411.02337, algorithm 1, part 1. The number of demonstrations is limited on purpose: all other training
tasks have an instruction only.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import gymnasium

from agents.actors import ScriptedOracle
from agents.errors import TrainingStopped
from agents.labelling import Labeller, RuleLabeller, label_trajectories
from agents.metrics import Progress, SilentProgress
from agents.panel import play_task
from agents.policy import LLMPolicy
from agents.results import Rate
from agents.rollout import RolloutCollector
from agents.types import LabelledTrajectory
from webrl_gym.tasks.record import Task
from webrl_gym.types import Observation, VerdictStatus


@dataclass(frozen=True, slots=True)
class Start:
    """What the phases of a run begin with.

    Attributes:
        policy: After supervised fine-tuning.
        demonstrations: What it was fitted to.
        attempts: What it did on training tasks without a demonstration, labelled by the rules.
        labeller: Gives the phases their outcomes.
    """

    policy: LLMPolicy
    demonstrations: list[LabelledTrajectory]
    attempts: list[LabelledTrajectory]
    labeller: Labeller


def choose_evenly(tasks: Sequence[Task], count: int, seed: int) -> list[Task]:
    """Draws tasks by seed, each template as often as the others while it has any.

    Args:
        tasks: Tasks of a suite.
        count: How many to choose, at most ``len(tasks)``.
        seed: Decides the draw.

    Raises:
        ValueError: If there are fewer tasks.
    """
    if not 0 < count <= len(tasks):
        raise ValueError(f"from 1 to {len(tasks)} tasks can be chosen here, got {count}")
    by_template: dict[str | None, list[Task]] = defaultdict(list)
    for task in tasks:
        by_template[task.template].append(task)
    rng = random.Random(seed)
    names = sorted(by_template, key=str)
    for own in by_template.values():
        rng.shuffle(own)
    chosen: list[Task] = []
    while len(chosen) < count:
        rng.shuffle(names)
        for name in names:
            if by_template[name] and len(chosen) < count:
                chosen.append(by_template[name].pop())
    return chosen


def demonstrate(
    env: gymnasium.Env[Observation, str], tasks: Sequence[Task], progress: Progress | None = None
) -> list[LabelledTrajectory]:
    """The oracle's trajectories, labelled by the rules.

    Args:
        env: An environment.
        tasks: Tasks with an oracle.
        progress: Shown one unit a task.

    Raises:
        TrainingStopped: If a demonstration fails; the oracle solves every task, so something is broken.
    """
    shown = progress or SilentProgress()
    oracle = ScriptedOracle({task.task_id: task for task in tasks}.__getitem__)
    trajectories = []
    shown.begin("demonstrations", len(tasks))
    try:
        for task in tasks:
            result, trajectory = play_task(env, oracle, task, seed=0)
            if result.status == "failed":  # the infrastructure's doing: once more
                result, trajectory = play_task(env, oracle, task, seed=0)
            if not result.success:
                raise TrainingStopped(f"the demonstration of {task.task_id} failed: {result.detail}")
            trajectories.append(trajectory)
            shown.advance()
    finally:
        shown.end()
    return list(label_trajectories(RuleLabeller(), trajectories).labelled)


def greedy_success(collector: RolloutCollector, tasks: Sequence[Task], progress: Progress | None = None) -> Rate:
    """Success of the collector's policy at temperature 0, by the rules; verdicts that do not count are left out.

    Args:
        collector: Environments and policy.
        tasks: What to attempt, once each.
        progress: Shown one unit a task.
    """
    rollout = collector.collect(tasks, phase=0, temperature=0.0, progress=progress)
    verdicts = [trajectory.rule_verdict for trajectory in rollout.trajectories if trajectory.rule_verdict is not None]
    scored = [verdict for verdict in verdicts if verdict.status is VerdictStatus.SCORED]
    return Rate(sum(verdict.success for verdict in scored), len(scored))
