"""What a WebRL run starts from: demonstrations, and an outcome reward model (ORM).

After arXiv 2411.02337, algorithm 1, part 1: fine-tune on demonstrations, roll out, train the ORM on labelled
trajectories. The number of demonstrations is limited on purpose: all other training tasks have an instruction only.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import gymnasium

from agents.actors import ScriptedOracle
from agents.augmentation import renamed_passes
from agents.errors import TrainingStopped
from agents.fitting import FitSettings, in_passes
from agents.labelling import ConfusionMatrix, OrmLabeller, RuleLabeller, label_trajectories, orm_prompt
from agents.metrics import Progress, SilentProgress
from agents.near_misses import near_misses
from agents.objectives import fit_scorer
from agents.panel import play_task
from agents.results import Rate
from agents.rollout import RolloutCollector
from agents.scorers import LanguageModelScorer
from agents.types import LabelledTrajectory, Trajectory
from webrl_gym.tasks.record import Task
from webrl_gym.types import Observation, OutcomeVerdict, VerdictStatus


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


def under_other_instructions(
    labelled: Sequence[LabelledTrajectory], tasks: Sequence[Task], seed: int
) -> list[LabelledTrajectory]:
    """Failures made of successes: each success once more, under an instruction that it does not do.

    A judge that has seen successes of demonstrations and failures of a policy alone learns who acted; the same attempt
    under another instruction teaches it to compare the two. After the "changed variables" of arXiv 2411.02337,
    section 3.8.

    Args:
        labelled: Trajectories; failures among them are passed over.
        tasks: Where the other instructions come from: the same template, another evaluation.
        seed: Decides which.

    Returns:
        At most one for each success; none where the template has no other task.
    """
    rng = random.Random(seed)
    failed = OutcomeVerdict(VerdictStatus.SCORED, 0.0, "rules", detail="the attempt was made for another instruction")
    made = []
    for item in labelled:
        task = item.trajectory.task
        others = [other for other in tasks if other.template == task.template and other.evaluation != task.evaluation]
        if item.label.success and others:
            other = replace(item.trajectory, task=rng.choice(others), rule_verdict=failed)
            made.append(LabelledTrajectory(other, failed))
    return made


@dataclass(frozen=True, slots=True)
class OrmReport:
    """How the ORM's training went.

    Attributes:
        examples: Trajectories it was trained on.
        successes: Successful ones among them.
        held_out: Its judgements against the rules on trajectories it was not trained on.
    """

    examples: int
    successes: int
    held_out: ConfusionMatrix


def train_orm(
    scorer: LanguageModelScorer,
    labelled: Sequence[LabelledTrajectory],
    held_out: Sequence[Trajectory],
    *,
    learning_rate: float,
    optimizer: str,
    epochs: int,
    tokens_per_batch: int,
    renamed_share: float,
    near_misses_per_success: float,
    threshold: float,
    seed: int,
    progress: Progress | None = None,
) -> OrmReport:
    """Fine-tunes a YES/NO scorer on trajectories labelled by rules, both outcomes seen equally often.

    Args:
        scorer: Is trained in place.
        labelled: Training trajectories; the rarer outcome is repeated until both are as frequent.
        held_out: Trajectories with rule verdicts, for the report only.
        learning_rate: At the start; it falls linearly to 0.
        optimizer: ``adamw`` or ``muon``.
        epochs: Passes over the balanced data.
        tokens_per_batch: Most padded tokens in one forward pass.
        renamed_share: Share of the trajectories that each pass shows under other names (``agents.augmentation``).
        near_misses_per_success: Failures that each pass makes of successes (``agents.near_misses``), in parts of the
            successes.
        threshold: P(YES) above which the report's judgements are YES.
        seed: Decides names and order.
        progress: Shown one unit an example.

    Raises:
        TrainingStopped: If one of the outcomes does not occur.
    """
    successes = [item for item in labelled if item.label.success]
    failures = [item for item in labelled if not item.label.success]
    if not successes or not failures:
        raise TrainingStopped(f"the ORM needs successes and failures, got {len(successes)} and {len(failures)}")
    rng = random.Random(seed)

    def one_pass() -> list[LabelledTrajectory]:
        missed = near_misses(successes, round(near_misses_per_success * len(successes)), rng)
        outcomes = successes, [*failures, *missed]
        size = max(map(len, outcomes))
        balanced = [items[place % len(items)] for items in outcomes for place in range(size)]
        return renamed_passes(balanced, 1, renamed_share, rng)[0]

    shown, passes = in_passes([one_pass() for _ in range(epochs)])
    settings = FitSettings(
        learning_rate=learning_rate,
        optimizer=optimizer,
        epochs=epochs,
        tokens_per_batch=tokens_per_batch,
        schedule="linear",
        seed=seed,
    )
    prompts = [orm_prompt(item.trajectory) for item in shown]
    fit_scorer(scorer, prompts, [item.outcome for item in shown], settings, progress, passes)
    agreement = label_trajectories(OrmLabeller(scorer, threshold), held_out).agreement
    return OrmReport(len(labelled), len(successes), agreement)


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
