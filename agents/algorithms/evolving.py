"""What an algorithm needs that evolves its own instructions: a critic, and the curriculum that asks it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from agents.algorithms.base import PhaseMetrics
from agents.algorithms.online import OnlineAlgorithm
from agents.checkpoint import load_module_tensors, module_tensors
from agents.critics import ValueCritic
from agents.curriculum import Curriculum
from agents.environments import held_out_tasks
from agents.feasibility import FeasibilityFilter
from agents.fitting import FitSettings
from agents.inference import state_values
from agents.objectives import fit_critic, fit_value_head
from agents.policy import LLMPolicy
from agents.proposers import GrammarProposer, InstructionProposer
from agents.transitions import start_prompt
from agents.types import LabelledTrajectory, Transition
from webrl_gym.tasks.record import Task, task_from_dict

INSTRUCTIONS, ROLLOUT, EXPERIENCE, CRITIC, CURRICULUM, START, SHOWING, REPLAY = range(8)
"""Purposes of a phase's generators."""


class EvolvingAlgorithm(OnlineAlgorithm):
    """An online algorithm with a critic, whose value of a start state decides which new instructions are attempted."""

    def __init__(
        self,
        policy: LLMPolicy,
        env: Any,
        *,
        attempts: Sequence[LabelledTrajectory],
        critic: ValueCritic | None,
        proposer: InstructionProposer | None,
        feasibility: FeasibilityFilter | None,
        protected: Iterable[Task],
        critic_learning_rate: float,
        critic_epochs: int,
        critic_examples: int | None,
        critic_trunk: bool,
        critic_optimizer: str | None,
        critic_weights: str | None,
        critic_heads: int,
        value_low: float,
        value_high: float,
        curriculum: bool,
        retried_share: float,
        **shared: Any,
    ) -> None:
        """Sets critic and curriculum up.

        Args:
            policy: Is trained in place.
            env: A ``VecEnv`` or an environment; None to predict only.
            attempts: What the starting policy did; the first phase evolves the failures.
            critic: Value network; the policy's trunk with a new head when None.
            proposer: Makes new instructions from failed ones; the suite's grammar when None.
            feasibility: Says which of them can be done; None takes all.
            protected: Tasks that must never be trained on, beyond the embedded sites' validation and test tasks.
            critic_learning_rate: Of the critic's optimizer.
            critic_epochs: Passes of the critic.
            critic_examples: Most steps of the phase that the critic is fitted on, drawn evenly; None takes all.
            critic_trunk: Fit the critic's trunk too. Without it only the head is fitted, to its optimum.
            critic_optimizer: ``adamw`` or ``muon``; the policy's when None.
            critic_weights: ``own`` or ``adapters`` (``agents.critics``); None takes adapters where the policy has them.
            critic_heads: Value heads.
            value_low: Lowest critic value of a new instruction's start state.
            value_high: Highest critic value of a new instruction's start state.
            curriculum: Evolve failed instructions; False draws every phase's from the suite.
            retried_share: Of a phase's instructions, at most, are tasks of the suite that were failed when last
                attempted, in [0, 1]; without ``curriculum`` none is.
            **shared: Arguments of ``OnlineAlgorithm``.

        Raises:
            ValueError: If a number is out of its range.
        """
        if critic_examples is not None and critic_examples < 1:
            raise ValueError(f"Expected critic_examples >= 1 or None, got {critic_examples}.")
        if not 0.0 <= retried_share <= 1.0:
            raise ValueError(f"Expected retried_share in [0, 1], got {retried_share}.")
        super().__init__(policy, env, **shared)
        self.critic_learning_rate = critic_learning_rate
        self.critic_epochs = critic_epochs
        self.critic_examples = critic_examples
        self.critic_trunk = critic_trunk
        self.critic_optimizer = critic_optimizer
        self.critic_weights = critic_weights
        self.critic_heads = critic_heads
        self.value_low = value_low
        self.value_high = value_high
        self.curriculum = curriculum
        self.retried_share = retried_share
        own = critic or ValueCritic(policy.language_model, weights=critic_weights, heads=critic_heads)
        self.critic = own.eval()
        self._proposals = Curriculum(
            proposer or GrammarProposer(self._evolve),
            value_low=value_low,
            value_high=value_high,
            protected=(*held_out_tasks(), *protected),
            feasibility=feasibility,
        )
        self._proposals.note(attempts)
        self._critic_fit(phase=1)  # refuses wrong settings now, not after a rollout

    def pick_instructions(self, phase: int, metrics: PhaseMetrics) -> list[Task]:
        """Failed tasks of the suite once more, what the last phase's failures evolve into, and more of the suite.

        A stage of the phase.

        Args:
            phase: The phase that attempts them.
            metrics: Takes the counts.
        """
        tasks, counts = self.stage(
            "instructions",
            lambda: self._pick(phase),
            to_lines=lambda picked: [picked[1], self._proposals.as_record(), *(task.as_dict() for task in picked[0])],
            from_lines=self._picked_before,
        )
        metrics.update(counts)
        return tasks

    def _picked_before(self, lines: Sequence[Any]) -> tuple[list[Task], PhaseMetrics]:
        self._proposals.replace_by(lines[1])
        return [task_from_dict(task) for task in lines[2:]], lines[0]

    def _pick(self, phase: int) -> tuple[list[Task], PhaseMetrics]:
        if not self._proposals.failed or not self.curriculum:
            return self.sample_tasks(self.instructions_per_phase, phase, INSTRUCTIONS), {}
        rng = random.Random(self.phase_seed(phase, CURRICULUM))
        values = partial(self.start_values, phase=phase)
        draw = self._proposals.draw(self.instructions_per_phase, values, rng, self.retried_share)
        if self.trajectory_folder is not None:
            draw.write(self.trajectory_folder / f"phase-{phase:04d}.curriculum.json")
        missing = self.instructions_per_phase - len(draw.tasks)
        counts = {**draw.report.as_dict(), "from_suite": missing}
        tasks = [*draw.tasks, *self.sample_tasks(missing, phase, INSTRUCTIONS, besides=draw.tasks)]
        return tasks, {f"curriculum/{name}": count for name, count in counts.items()}

    def _evolve(self, failed: Task, rng: random.Random) -> Task | None:
        return self.suite.evolve(failed, rng)  # the suite is asked for only now: an algorithm that predicts has none

    def start_values(self, tasks: Sequence[Task], phase: int = 0) -> list[float | None]:
        """The critic's value of each task's start state; the environments are reset to the tasks.

        Args:
            tasks: Any tasks.
            phase: Decides the environments' seeds.

        Returns:
            V(s_0) in (0, 1); None where the start page could not be opened or does not fit the context.
        """
        observations = self.collector.start_observations(tasks, seed=self.phase_seed(phase, START))
        prompts = [start_prompt(self.policy.renderer, observation) for observation in observations]
        values = iter(state_values(self.critic, [ids for ids in prompts if ids is not None], self.tokens_per_batch))
        return [None if ids is None else next(values) for ids in prompts]

    def update_critic(self, phase: int, steps: Sequence[Transition], metrics: PhaseMetrics) -> None:
        """On the phase's own steps: replayed ones are successes only and would tell it that everything succeeds.

        A stage of the phase.

        Args:
            phase: The phase; 0 for the attempts.
            steps: What was collected, successes and failures.
            metrics: Takes loss and time.
        """
        metrics.update(self.stage("critic", lambda: self._fit_critic(phase, steps), changes=("critic",)))

    def _networks(self) -> list[nn.Module]:
        return [*super()._networks(), *([self.critic] if self.critic_trunk else [])]

    def _fit_critic(self, phase: int, steps: Sequence[Transition]) -> PhaseMetrics:
        began = time.perf_counter()
        settings = self._critic_fit(phase)
        if self.critic_examples is not None and len(steps) > self.critic_examples:
            steps = random.Random(settings.seed).sample(steps, self.critic_examples)
        if self.critic_trunk:
            loss = fit_critic(self.critic, steps, settings, self.progress).loss
        else:
            loss = fit_value_head(self.critic, steps, self.tokens_per_batch)
        return {"critic/loss": loss, "time/critic_s": time.perf_counter() - began}

    def _critic_fit(self, phase: int) -> FitSettings:
        return FitSettings(
            learning_rate=self.critic_learning_rate,
            epochs=self.critic_epochs,
            tokens_per_batch=self.tokens_per_batch,
            examples_per_update=self.examples_per_update,
            max_grad_norm=self.max_grad_norm,
            optimizer=self.critic_optimizer or self.optimizer,
            schedule="linear" if self.schedule == "run" else self.schedule,
            seed=self.phase_seed(phase, CRITIC),
        )

    def _state_tensors(self) -> dict[str, Mapping[str, Tensor]]:
        return {"critic": module_tensors(self.critic)}

    def _state_records(self) -> dict[str, Any]:
        return {"curriculum": self._proposals.as_record()}

    def _load_tensors(self, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
        load_module_tensors(self.critic, tensors["critic"], "critic")
