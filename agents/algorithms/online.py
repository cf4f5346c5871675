"""What algorithms share that collect their own data: instructions, rollout, labels, transitions."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.algorithms.base import PhaseAlgorithm, PhaseMetrics
from agents.augmentation import reworded
from agents.curriculum import TaskSource
from agents.errors import TrainingStopped
from agents.labelling import Labeller, Labelling, RuleLabeller, label_trajectories
from agents.policy import LLMPolicy
from agents.rollout import Rollout, RolloutCollector
from agents.trajectory_io import write_trajectories
from agents.transitions import TransitionSet, to_transitions
from agents.types import LabelledTrajectory
from webrl_gym.tasks.record import Task

_TRIES_A_TASK = 20
_RENAMING = 100
"""Purpose of the generator that names copies; algorithms number theirs from 0."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a phase collected.

    Attributes:
        labelling: Labelled trajectories.
        transitions: Their steps as training examples.
        renamed: Steps of copies of the successes under other names.
        metrics: Numbers about them.
    """

    labelling: Labelling
    transitions: TransitionSet
    renamed: TransitionSet
    metrics: PhaseMetrics

    @property
    def failed_tasks(self) -> list[Task]:
        """Tasks that were attempted without success, in order."""
        return [item.trajectory.task for item in self.labelling.labelled if not item.label.success]


class OnlineAlgorithm(PhaseAlgorithm):
    """An algorithm that rolls out, has the outcome labelled, and learns from that."""

    def __init__(
        self,
        policy: LLMPolicy,
        env: Any,
        *,
        learning_rate: float,
        phases: int,
        instructions_per_phase: int,
        temperature: float,
        renamed_copies: int = 0,
        word_dropout: float = 0.0,
        labeller: Labeller | None = None,
        suite: TaskSource | None = None,
        trajectory_folder: Path | str | None = None,
        **shared: Any,
    ) -> None:
        """Sets up collecting.

        Args:
            policy: Is trained in place.
            env: A ``VecEnv`` or an environment; None to predict only.
            learning_rate: Of the policy, > 0.
            phases: Phases after which ``learn`` ends, >= 1.
            instructions_per_phase: Tasks attempted in one phase, once each, >= 1.
            temperature: Of sampling while collecting, > 0 (at 0 nothing is explored).
            renamed_copies: Copies of each success under other names (``agents.augmentation``) that are learned from
                beside it, >= 0.
            word_dropout: Probability that a word of the instruction is left out, in half of the copies, in [0, 1].
            labeller: Gives outcomes; the tasks' own rules when None.
            suite: Training tasks; the environment's attribute ``suite`` when None.
            trajectory_folder: Where each phase's trajectories are written, labelled ones first, then those that the
                infrastructure broke (``agents.trajectory_io``); None writes none.
            **shared: Arguments of ``PhaseAlgorithm``.

        Raises:
            ValueError: If a number is out of its range.
        """
        if instructions_per_phase < 1 or not temperature > 0.0 or renamed_copies < 0 or not 0.0 <= word_dropout <= 1.0:
            raise ValueError(
                "Expected instructions_per_phase >= 1, temperature > 0, renamed_copies >= 0 and word_dropout in "
                f"[0, 1], got {instructions_per_phase}, {temperature}, {renamed_copies} and {word_dropout}."
            )
        super().__init__(policy, env, learning_rate=learning_rate, phases=phases, **shared)
        self.instructions_per_phase = instructions_per_phase
        self.temperature = temperature
        self.renamed_copies = renamed_copies
        self.word_dropout = word_dropout
        self.labeller = labeller or RuleLabeller()
        self.trajectory_folder = None if trajectory_folder is None else Path(trajectory_folder)
        self._suite = suite
        self._collector: RolloutCollector | None = None

    @property
    def suite(self) -> TaskSource:
        """Where training tasks come from.

        Raises:
            ValueError: If there is neither a suite nor an environment that has one.
        """
        if self._suite is None:
            if self.env is None:
                raise ValueError(f"{type(self).__name__} needs an environment to learn; it was made without one.")
            self._suite = self.env.get_attr("suite", indices=[0])[0]
        return self._suite

    @property
    def collector(self) -> RolloutCollector:
        """Rolls the policy out.

        Raises:
            ValueError: If there is no environment.
        """
        if self._collector is None:
            if self.env is None:
                raise ValueError(f"{type(self).__name__} needs an environment to learn; it was made without one.")
            self._collector = RolloutCollector(self.env, self.policy)
        return self._collector

    def sample_tasks(self, count: int, phase: int, purpose: int, besides: Sequence[Task] = ()) -> list[Task]:
        """Draws training tasks, different ones as far as the suite has them.

        Args:
            count: How many.
            phase: For this phase.
            purpose: Of the draw.
            besides: Tasks that should not be drawn again.
        """
        rng = self.phase_rng(phase, purpose)
        taken = {task.key for task in besides}
        tasks: list[Task] = []
        for _ in range(count):
            for _ in range(_TRIES_A_TASK):
                task = self.suite.sample(rng)
                if task.key not in taken:
                    break
            taken.add(task.key)
            tasks.append(task)
        return tasks

    def rename(self, items: Sequence[LabelledTrajectory], phase: int) -> TransitionSet:
        """``renamed_copies`` copies of each trajectory under other names, as training examples.

        Args:
            items: Labelled trajectories.
            phase: Decides the names; 0 for what was there before the first.
        """
        rng = random.Random(self.phase_seed(phase, _RENAMING))
        copies = [reworded(item, rng, self.word_dropout) for item in items for _ in range(self.renamed_copies)]
        return to_transitions(copies, self.policy.renderer)

    def collect(self, tasks: Sequence[Task], phase: int, purpose: int) -> Collected:
        """Attempts tasks, has them labelled and makes training examples of them.

        Args:
            tasks: What to attempt.
            phase: For this phase.
            purpose: Of the draws.

        Raises:
            OSError: If the trajectories cannot be written.
            TrainingStopped: If nothing came of it: every attempt failed for infrastructure, none could be labelled,
                or no step can be trained on.
        """
        if self._callback is not None:
            self._callback.on_rollout_start()
        began = time.perf_counter()
        rollout = self.collector.collect(
            tasks,
            phase=phase,
            temperature=self.temperature,
            seed=self.phase_seed(phase, purpose),
            progress=self.progress,
            on_steps=self._on_steps,
        )
        collected = time.perf_counter()
        if self._callback is not None:
            self._callback.on_rollout_end()
        labelling = label_trajectories(self.labeller, rollout.trajectories)
        if self.trajectory_folder is not None:
            self.trajectory_folder.mkdir(parents=True, exist_ok=True)
            path = self.trajectory_folder / f"phase-{phase:04d}.jsonl.gz"
            write_trajectories(path, [*labelling.labelled, *rollout.failures])
        transitions = to_transitions(labelling.labelled, self.policy.renderer)
        successes = [item for item in labelling.labelled if item.label.success]
        renamed = self.rename(successes, phase)
        metrics = _metrics(rollout, labelling, transitions)
        metrics["data/renamed_steps"] = len(renamed.steps)
        metrics["time/rollout_s"] = collected - began
        metrics["time/label_s"] = time.perf_counter() - collected
        if not transitions.steps:
            raise TrainingStopped(_why_empty(rollout, labelling, transitions))
        return Collected(labelling, transitions, renamed, metrics)


def _why_empty(rollout: Rollout, labelling: Labelling, transitions: TransitionSet) -> str:
    if not rollout.trajectories:
        reason = rollout.failures[0].failure if rollout.failures else "there was no task"
        return f"empty batch: no attempt came to an end ({reason})."
    if not labelling.labelled:
        return (
            f"empty batch: none of {len(rollout.trajectories)} trajectories could be labelled ({labelling.left_out})."
        )
    return (
        f"empty batch: no step can be trained on ({transitions.rendered_differently} are rendered differently now, "
        f"{transitions.too_long} are too long)."
    )


def _metrics(rollout: Rollout, labelling: Labelling, transitions: TransitionSet) -> PhaseMetrics:
    trajectories = rollout.trajectories
    ruled = [item.rule_verdict.success for item in trajectories if item.rule_verdict is not None]
    lengths = [len(item.steps) for item in trajectories]
    return {
        "rollout/trajectories": len(trajectories),
        "rollout/steps": rollout.steps,
        "rollout/success_rate": labelling.success_rate,
        "rollout/rule_success_rate": sum(ruled) / len(ruled) if ruled else None,
        "rollout/mean_length": sum(lengths) / len(lengths) if lengths else None,
        "rollout/truncated": sum(item.truncated for item in trajectories),
        "rollout/infrastructure_failures": len(rollout.failures),
        "rollout/retries": rollout.retries,
        "label/left_out": sum(labelling.left_out.values()),
        "label/accuracy": labelling.agreement.accuracy,
        "label/balanced_accuracy": labelling.agreement.balanced_accuracy,
        "data/steps": len(transitions.steps),
        "data/rendered_differently": transitions.rendered_differently,
        "data/too_long": transitions.too_long,
    }
