"""What algorithms share that collect their own data: instructions, rollout, labels, transitions."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agents.algorithms.base import PhaseAlgorithm
from agents.algorithms.collected import Collected, worth_learning_from
from agents.augmentation import instructed, renamed_passes
from agents.curriculum import TaskSource
from agents.fitting import FitSettings, rate_in_phase
from agents.labelling import Labeller, Labelling, RuleLabeller, agreement_with_rules, label_trajectories
from agents.policy import LLMPolicy
from agents.rollout import Rollout, RolloutCollector
from agents.trajectory_io import labelled_from_dict, write_trajectories
from agents.transitions import to_transitions
from agents.types import LabelledTrajectory, Transition
from webrl_gym.tasks.record import Task

_TRIES_A_TASK = 20
FITTING = 100
"""Purpose of the generator that orders the policy's examples; algorithms number theirs from 0."""


class OnlineAlgorithm(PhaseAlgorithm):
    """An algorithm that rolls out, has the outcome labelled, and learns from that."""

    def __init__(
        self,
        policy: LLMPolicy,
        env: Any,
        *,
        policy_learning_rate: float,
        epochs: int,
        tokens_per_batch: int,
        examples_per_update: int | None,
        max_grad_norm: float,
        optimizer: str,
        schedule: str,
        averaged_share: float,
        phases: int,
        instructions_per_phase: int,
        temperature: float,
        updates_per_trajectory: float | None = None,
        renamed_share: float = 0.0,
        word_dropout: float = 0.0,
        rephrased_share: float = 0.0,
        min_action_probability: float = 0.0,
        labeller: Labeller | None = None,
        suite: TaskSource | None = None,
        trajectory_folder: Path | str | None = None,
        **shared: Any,
    ) -> None:
        """Sets up collecting, and how the policy is fitted.

        Args:
            policy: Is trained in place.
            env: A ``VecEnv`` or an environment; None to predict only.
            policy_learning_rate: Of the policy's optimizer, > 0.
            epochs: Passes of the policy over a phase's data, >= 1.
            tokens_per_batch: Most padded tokens in one forward pass.
            examples_per_update: Examples in one optimizer step; None takes one batch a step.
            max_grad_norm: Gradients are scaled down to this norm.
            optimizer: ``adamw`` or ``muon`` (``agents.optimizers``).
            schedule: One of ``agents.fitting.RUN_SCHEDULES``.
            averaged_share: Share of a phase's updates, the last ones, over which the weights are averaged.
            phases: Phases after which ``learn`` ends, >= 1.
            instructions_per_phase: Tasks attempted in one phase, once each, >= 1.
            temperature: Of sampling while collecting, > 0 (at 0 nothing is explored).
            updates_per_trajectory: Optimizer steps of the policy for each trajectory of a phase, > 0, however much of
                it is learned from: examples are repeated or left out. None takes ``epochs`` passes.
            renamed_share: Share of the trajectories that are learned from under other names (``agents.augmentation``),
                in [0, 1]; anew each time.
            word_dropout: Probability that a word of the instruction is left out, in half of those, in [0, 1].
            rephrased_share: Share of the trajectories that are learned from under another instruction of the same task,
                as the suite rephrases it, in [0, 1]; anew each time, before names and words of it are exchanged.
            min_action_probability: A success that the ORM saw is learned from only if the policy that made it gave each
                of its actions at least this probability, in [0, 1]. A judge that errs takes lucky guesses for
                successes, and the policy's own doubts tell them apart.
            labeller: Gives outcomes; the tasks' own rules when None.
            suite: Training tasks; the environment's attribute ``suite`` when None.
            trajectory_folder: Where each phase's trajectories are written, labelled ones first, then those that the
                infrastructure broke (``agents.trajectory_io``); None writes none.
            **shared: Arguments of ``PhaseAlgorithm``.

        Raises:
            ValueError: If a number is out of its range.
        """
        if instructions_per_phase < 1 or not temperature > 0.0:
            raise ValueError(
                "Expected instructions_per_phase >= 1 and temperature > 0, got "
                f"{instructions_per_phase} and {temperature}."
            )
        if not 0.0 <= renamed_share <= 1.0 or not 0.0 <= word_dropout <= 1.0:
            raise ValueError(
                f"Expected renamed_share and word_dropout in [0, 1], got {renamed_share} and {word_dropout}."
            )
        if not 0.0 <= min_action_probability <= 1.0 or not 0.0 <= rephrased_share <= 1.0:
            raise ValueError(
                "Expected min_action_probability and rephrased_share in [0, 1], got "
                f"{min_action_probability} and {rephrased_share}."
            )
        if updates_per_trajectory is not None and not updates_per_trajectory > 0.0:
            raise ValueError(f"Expected updates_per_trajectory > 0 or None, got {updates_per_trajectory}.")
        super().__init__(policy, env, learning_rate=policy_learning_rate, phases=phases, **shared)
        self.policy_learning_rate = policy_learning_rate
        self.epochs = epochs
        self.tokens_per_batch = tokens_per_batch
        self.examples_per_update = examples_per_update
        self.max_grad_norm = max_grad_norm
        self.optimizer = optimizer
        self.schedule = schedule
        self.averaged_share = averaged_share
        self.instructions_per_phase = instructions_per_phase
        self.temperature = temperature
        self.updates_per_trajectory = updates_per_trajectory
        self.renamed_share = renamed_share
        self.word_dropout = word_dropout
        self.rephrased_share = rephrased_share
        self.min_action_probability = min_action_probability
        self.labeller = labeller or RuleLabeller()
        self.trajectory_folder = None if trajectory_folder is None else Path(trajectory_folder)
        self._given_suite = self._suite = suite
        self._collector: RolloutCollector | None = None
        self.policy_fit(phase=1)  # refuses wrong settings now, not after a rollout

    def policy_fit(self, phase: int, trajectories: int | None = None) -> FitSettings:
        """How the policy is fitted in a phase.

        Args:
            phase: Its number, from 1.
            trajectories: Labelled trajectories of the phase; None where passes are counted, not updates.
        """
        updates = None
        if trajectories is not None and self.updates_per_trajectory is not None:
            updates = max(1, round(self.updates_per_trajectory * trajectories))
        return FitSettings(
            epochs=self.epochs,
            updates=updates,
            tokens_per_batch=self.tokens_per_batch,
            examples_per_update=self.examples_per_update,
            max_grad_norm=self.max_grad_norm,
            optimizer=self.optimizer,
            averaged_share=self.averaged_share,
            seed=self.phase_seed(phase, FITTING),
            **rate_in_phase(self.policy_learning_rate, self.schedule, phase, self.phases),
        )

    def configuration(self) -> dict[str, Any]:
        """As of every algorithm; with the number of phases where the learning rate depends on it."""
        phases = {"phases": self.phases} if self.schedule == "run" else {}
        return {**super().configuration(), **phases}

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

    def set_env(self, env: Any, force_reset: bool = True) -> None:
        """As in Stable-Baselines3; a suite that came from the environment goes with it.

        Args:
            env: As many environments as before, with the same spaces.
            force_reset: Means nothing: every task begins with a reset.
        """
        super().set_env(env, force_reset)
        self._collector = None
        self._suite = self._given_suite

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

    def show(self, items: Sequence[LabelledTrajectory], phase: int, purpose: int) -> Sequence[Transition]:
        """Trajectories as training examples, a share of them under other instructions and other names.

        Args:
            items: Labelled trajectories.
            phase: In this phase.
            purpose: Of the names.
        """
        return next(self.showings(items, phase, purpose))

    def showings(self, items: Sequence[LabelledTrajectory], phase: int, purpose: int) -> Iterator[Sequence[Transition]]:
        """What ``show`` gives, again and again, each time under other instructions and names.

        Args:
            items: Labelled trajectories.
            phase: In this phase.
            purpose: Of the names.
        """
        rng = random.Random(self.phase_seed(phase, purpose))
        while True:
            told = [self._rephrased(item, rng) for item in items]
            (shown,) = renamed_passes(told, 1, self.renamed_share, rng, self.word_dropout)
            yield to_transitions(shown, self.policy.renderer).steps

    def _rephrased(self, item: LabelledTrajectory, rng: random.Random) -> LabelledTrajectory:
        if not self.rephrased_share or rng.random() >= self.rephrased_share:
            return item
        task = self.suite.rephrase(item.trajectory.task, rng)
        return item if task == item.trajectory.task else instructed(item, task.instruction)

    def collect(self, tasks: Sequence[Task], phase: int, purpose: int) -> Collected:
        """Attempts tasks, has them labelled and makes training examples of them: a stage of the phase.

        Args:
            tasks: What to attempt.
            phase: For this phase.
            purpose: Of the draws.

        Raises:
            OSError: If the trajectories cannot be written.
            TrainingStopped: If every attempt failed, none could be labelled, or no step can be trained on.
        """
        return self.stage(
            "collection",
            lambda: self._collect(tasks, phase, purpose),
            to_lines=Collected.as_lines,
            from_lines=self._collected_before,
        )

    def _collected_before(self, lines: Sequence[dict[str, Any]]) -> Collected:
        labelled = [labelled_from_dict(line) for line in lines[1:]]
        labelling = Labelling(tuple(labelled), lines[0]["left_out"], agreement_with_rules(labelled))
        transitions = to_transitions(labelled, self.policy.renderer)
        return Collected(labelling, transitions, lines[0]["metrics"], self.min_action_probability)

    def _collect(self, tasks: Sequence[Task], phase: int, purpose: int) -> Collected:
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
            journal=self.scratch_file("actions.jsonl"),
        )
        collected = time.perf_counter()
        if self._callback is not None:
            self._callback.on_rollout_end()
        labelling = label_trajectories(self.labeller, rollout.trajectories)
        if self.trajectory_folder is not None:
            self.trajectory_folder.mkdir(parents=True, exist_ok=True)
            path = self.trajectory_folder / f"phase-{phase:04d}.jsonl.gz"
            write_trajectories(path, [*labelling.labelled, *rollout.failures])
        collection = worth_learning_from(rollout, labelling, self.policy.renderer, self.min_action_probability)
        collection.metrics["time/rollout_s"] = collected - began
        collection.metrics["time/label_s"] = time.perf_counter() - collected
        return collection

    def stored(self, attempts: Sequence[LabelledTrajectory]) -> Collected:
        """Labelled attempts that were made before, as a phase's data.

        Args:
            attempts: What some policy did.

        Raises:
            TrainingStopped: If there is none, none of them succeeded, or no step can be trained on.
        """
        labelling = Labelling(tuple(attempts), {}, agreement_with_rules(attempts))
        rollout = Rollout(tuple(item.trajectory for item in attempts), (), retries=0, steps=0)
        return worth_learning_from(rollout, labelling, self.policy.renderer, self.min_action_probability)
