"""WebRL: self-evolving online curriculum reinforcement learning. Qi et al. 2024, arXiv:2411.02337.

One phase: evolve the last phase's failures into instructions, roll out, label, draw experience, fit the critic, weigh
the actions, update the policy under a KL term to itself at the start of the phase, keep the successes.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, pstdev
from typing import Any

import torch
from torch import Tensor

from agents.algorithms.base import PhaseMetrics
from agents.algorithms.online import OnlineAlgorithm
from agents.checkpoint import Checkpoint, load_module_tensors, module_tensors
from agents.curriculum import Curriculum, GrammarProposer, InstructionProposer
from agents.errors import PromptTooLong, TrainingStopped
from agents.experience import PERPLEXITY_HIGH, PERPLEXITY_LOW, ExperienceBuffer, ExperienceDraw
from agents.fitting import FitSettings
from agents.inference import action_log_probs, state_values, transition_values
from agents.models import ValueCritic
from agents.objectives import fit_critic, fit_policy, fit_value_head
from agents.policy import LLMPolicy
from agents.returns import mixed_advantage
from agents.transitions import to_transitions
from agents.types import LabelledTrajectory, Transition
from webrl_gym.tasks.record import Task, task_from_dict
from webrl_gym.types import Observation

_INSTRUCTIONS, _ROLLOUT, _EXPERIENCE, _CRITIC, _CURRICULUM, _START, _SHOWING, _REPLAY = range(8)
"""Purposes of a phase's generators."""


class _SuiteGrammar:
    """Proposes with the grammar of an algorithm's suite, which is asked for only when there is something to propose."""

    def __init__(self, algorithm: OnlineAlgorithm) -> None:
        self._algorithm = algorithm

    def propose(self, failed: Sequence[Task], count: int, rng: random.Random) -> list[Task]:
        return GrammarProposer(self._algorithm.suite).propose(failed, count, rng)


class WebRL(OnlineAlgorithm):
    """The WebRL algorithm.

    Departures from the paper's text, where it leaves something open: optimizers begin anew with each phase, and the
    curriculum's shortfall is filled with tasks of the training suite.
    """

    setting_names = (
        "lam",
        "kl_coef",
        "policy_learning_rate",
        "critic_learning_rate",
        "epochs",
        "critic_epochs",
        "critic_examples",
        "critic_trunk",
        "critic_advantage",
        "failures",
        "tokens_per_batch",
        "examples_per_update",
        "max_grad_norm",
        "optimizer",
        "critic_optimizer",
        "schedule",
        "averaged_share",
        "replay_ratio",
        "perplexity_low",
        "perplexity_high",
        "value_low",
        "value_high",
        "curriculum",
        "suite_share",
        "instructions_per_phase",
        "temperature",
        "renamed_share",
        "word_dropout",
        "min_action_probability",
        "kl_ceiling",
    )

    def __init__(
        self,
        policy: LLMPolicy,
        env: Any,
        *,
        demonstrations: Sequence[LabelledTrajectory] = (),
        attempts: Sequence[LabelledTrajectory] = (),
        critic: ValueCritic | None = None,
        proposer: InstructionProposer | None = None,
        protected: Iterable[Task] = (),
        lam: float = 0.5,
        kl_coef: float = 0.5,
        policy_learning_rate: float = 1e-6,
        critic_learning_rate: float = 1e-6,
        epochs: int = 1,
        critic_epochs: int = 1,
        critic_examples: int | None = None,
        critic_trunk: bool = True,
        critic_advantage: bool = True,
        failures: bool = True,
        tokens_per_batch: int = 16_384,
        examples_per_update: int | None = None,
        max_grad_norm: float = 1.0,
        optimizer: str = "adamw",
        critic_optimizer: str | None = None,
        schedule: str = "constant",
        averaged_share: float = 0.0,
        replay_ratio: float = 2.0,
        perplexity_low: float = PERPLEXITY_LOW,
        perplexity_high: float = PERPLEXITY_HIGH,
        value_low: float = 0.05,
        value_high: float = 0.75,
        curriculum: bool = True,
        suite_share: float = 0.0,
        instructions_per_phase: int = 500,
        phases: int = 8,
        temperature: float = 1.0,
        renamed_share: float = 0.0,
        word_dropout: float = 0.0,
        min_action_probability: float = 0.0,
        kl_ceiling: float = 50.0,
        **shared: Any,
    ) -> None:
        """Sets WebRL up; the defaults are the paper's where it gives a number.

        Args:
            policy: Is trained in place; starts from supervised fine-tuning.
            env: A ``VecEnv`` or an environment; None to predict only.
            demonstrations: Labelled trajectories that the experience starts with.
            attempts: What the starting policy did: successes enter the experience too, the critic is fitted on all,
                and the first phase evolves the failures (algorithm 1 of the paper); without any it draws its
                instructions from the suite.
            critic: Value network; the policy's trunk with a new head when None.
            proposer: Makes new instructions from failed ones; the suite's grammar when None.
            protected: Tasks that must never be trained on, beyond the validation and test suites.
            lam: Weight of the one-step part of the advantage, in [0, 1].
            kl_coef: Weight of the KL term (beta), > 0.
            policy_learning_rate: Of the policy's optimizer.
            critic_learning_rate: Of the critic's optimizer.
            epochs: Passes of the policy over a phase's data.
            critic_epochs: Passes of the critic.
            critic_examples: Most steps of the phase that the critic is fitted on, drawn evenly; None takes all.
            critic_trunk: Fit the critic's trunk too, as the paper does. Without it only the head is fitted, to its
                optimum, and rate, passes and optimizer of the critic have no part in it.
            critic_advantage: Weigh actions by the critic's values, as the paper does. Without it every action has the
                outcome less 1/2 as its advantage, and the critic only chooses instructions.
            failures: Update the policy on failed attempts too, as the paper does. The released code masks nearly all of
                their steps out (``agents.released_loss``).
            tokens_per_batch: Most padded tokens in one forward pass.
            examples_per_update: Examples in one optimizer step (the paper: 128); None takes one batch a step.
            max_grad_norm: Gradients are scaled down to this norm.
            optimizer: ``adamw`` or ``muon`` (``agents.optimizers``).
            critic_optimizer: Likewise for the critic; the policy's when None.
            schedule: ``constant`` learning rates, ``linear`` to 0 at the end of each phase, or ``run``: the policy's
                falls to 0 at the end of the last phase, the critic's at the end of each.
            averaged_share: Share of a phase's updates, the last ones, over which the policy's weights are averaged.
            replay_ratio: Most replayed steps per step of the phase; 0 switches replay off.
            perplexity_low: Lower end of the replay window.
            perplexity_high: Upper end of the replay window.
            value_low: Lowest critic value of a new instruction's start state.
            value_high: Highest critic value of a new instruction's start state.
            curriculum: Evolve failed instructions; False draws every phase's from the suite.
            suite_share: Share of a phase's instructions that come from the suite though there are failures to evolve,
                in [0, 1]; the paper has none.
            instructions_per_phase: Tasks attempted in one phase, once each.
            phases: Phases after which ``learn`` ends.
            temperature: Of sampling while collecting.
            renamed_share: Share of the phase's and of the replayed trajectories that the policy is shown under other
                names (``agents.augmentation``), other ones in each phase.
            word_dropout: Probability that a word of the instruction is left out, in half of those.
            min_action_probability: Least probability of an action, under the policy that made it; a success with a less
                likely one is not learned from.
            kl_ceiling: Largest mean distance of the policy from its reference, in nats an action; beyond it training
                stops.
            **shared: ``labeller``, ``suite`` and the arguments of ``PhaseAlgorithm`` (``seed``, ``checkpoint_folder``,
                ``metrics``, ``progress``, ``verbose``, ``tensorboard_log``).

        Raises:
            ValueError: If a number is out of its range.
        """
        if critic_examples is not None and critic_examples < 1:
            raise ValueError(f"Expected critic_examples >= 1 or None, got {critic_examples}.")
        if not 0.0 <= suite_share <= 1.0:
            raise ValueError(f"Expected suite_share in [0, 1], got {suite_share}.")
        if not 0.0 <= lam <= 1.0 or not kl_coef > 0.0 or not kl_ceiling > 0.0:
            raise ValueError(
                f"Expected lam in [0, 1], kl_coef > 0 and kl_ceiling > 0, got {lam}, {kl_coef} and {kl_ceiling}."
            )
        super().__init__(
            policy,
            env,
            policy_learning_rate=policy_learning_rate,
            epochs=epochs,
            tokens_per_batch=tokens_per_batch,
            examples_per_update=examples_per_update,
            max_grad_norm=max_grad_norm,
            optimizer=optimizer,
            schedule=schedule,
            averaged_share=averaged_share,
            phases=phases,
            instructions_per_phase=instructions_per_phase,
            temperature=temperature,
            renamed_share=renamed_share,
            word_dropout=word_dropout,
            min_action_probability=min_action_probability,
            **shared,
        )
        self.lam = lam
        self.kl_coef = kl_coef
        self.critic_learning_rate = critic_learning_rate
        self.critic_epochs = critic_epochs
        self.critic_examples = critic_examples
        self.critic_trunk = critic_trunk
        self.critic_advantage = critic_advantage
        self.failures = failures
        self.critic_optimizer = critic_optimizer
        self.replay_ratio = replay_ratio
        self.perplexity_low = perplexity_low
        self.perplexity_high = perplexity_high
        self.value_low = value_low
        self.value_high = value_high
        self.curriculum = curriculum
        self.suite_share = suite_share
        self.kl_ceiling = kl_ceiling
        self.critic = critic if critic is not None else ValueCritic(policy.language_model)
        self.critic.eval()
        self.experience = ExperienceBuffer(
            replay_ratio=replay_ratio, perplexity_low=perplexity_low, perplexity_high=perplexity_high
        )
        done = [item for item in (*demonstrations, *attempts) if item.label.success]
        self.experience.add(done)
        self._attempts = list(attempts)
        self._failed = [item.trajectory.task for item in attempts if not item.label.success]
        self._proposals = Curriculum(
            proposer or _SuiteGrammar(self), value_low=value_low, value_high=value_high, protected=protected
        )
        self._proposals.remember(item.trajectory.task for item in attempts)
        self._critic_fit(phase=1)  # refuses wrong settings now, not after a rollout

    def _run_phase(self, phase: int) -> PhaseMetrics:
        began = time.perf_counter()
        if phase == 1 and self._attempts and self.curriculum:  # or nothing would be known of any start state
            self._fit_critic(0, to_transitions(self._attempts, self.policy.renderer).steps, {})
        instructions, metrics = self._pick_instructions(phase)
        metrics["time/curriculum_s"] = time.perf_counter() - began
        collected = self.collect(instructions, phase, _ROLLOUT)
        metrics.update(collected.metrics)
        steps = collected.transitions.steps
        collected_at = time.perf_counter()
        attempts = collected.trusted if self.failures else collected.successes
        (used,) = self.show(attempts, phase, _SHOWING)
        draw = self._draw_experience(phase, len(steps), metrics)
        reference = [*action_log_probs(self.policy, used, self.tokens_per_batch), *draw.log_probs]
        metrics["time/reference_s"] = time.perf_counter() - collected_at
        self._fit_critic(phase, steps, metrics)
        self._fit_policy(phase, [*used, *draw.transitions], reference, metrics)
        self.experience.add(collected.successes)
        if self.curriculum:
            self._proposals.remember(instructions)
        self._failed = collected.failed_tasks
        metrics["experience/steps"] = len(self.experience)
        return metrics

    def _draw_experience(self, phase: int, current_steps: int, metrics: PhaseMetrics) -> ExperienceDraw:
        """The policy has not been updated in this phase yet, so it is the previous phase's: filter and reference."""
        draw = self.experience.draw(
            current_steps,
            lambda items: self.show(items, phase, _REPLAY)[0],
            lambda steps: action_log_probs(self.policy, steps, self.tokens_per_batch),
            self.phase_rng(phase, _EXPERIENCE),
        )
        metrics["experience/drawn"] = len(draw.transitions)
        metrics["experience/too_sure"] = draw.too_sure
        metrics["experience/too_unsure"] = draw.too_unsure
        return draw

    def _fit_critic(self, phase: int, steps: Sequence[Transition], metrics: PhaseMetrics) -> None:
        """On the phase's own steps: replayed ones are successes only and would tell it that everything succeeds."""
        began = time.perf_counter()
        settings = self._critic_fit(phase)
        if self.critic_examples is not None and len(steps) > self.critic_examples:
            steps = random.Random(settings.seed).sample(steps, self.critic_examples)
        if self.critic_trunk:
            metrics["critic/loss"] = fit_critic(self.critic, steps, settings, self.progress).loss
        else:
            metrics["critic/loss"] = fit_value_head(self.critic, steps, self.tokens_per_batch)
        metrics["time/critic_s"] = time.perf_counter() - began

    def _fit_policy(
        self, phase: int, data: Sequence[Transition], reference: Sequence[float], metrics: PhaseMetrics
    ) -> None:
        began = time.perf_counter()
        advantages = self._advantages(data, metrics)
        settings = self.policy_fit(phase)
        report = fit_policy(self.policy, data, reference, advantages, self.kl_coef, settings, self.progress)
        metrics["advantage/mean"] = fmean(advantages)
        metrics["advantage/std"] = pstdev(advantages)
        metrics["policy/loss"] = report.fit.loss
        metrics["policy/grad_norm"] = report.fit.grad_norm
        metrics["policy/updates"] = report.fit.updates
        metrics["policy/tokens"] = report.fit.tokens
        metrics["policy/divergence"] = report.divergence
        metrics["policy/log_ratio"] = report.log_ratio
        metrics["time/policy_s"] = time.perf_counter() - began
        if report.divergence > self.kl_ceiling:
            raise TrainingStopped(
                f"KL ceiling: the policy moved {report.divergence:.3g} nats an action from its reference, more than "
                f"{self.kl_ceiling:.3g}."
            )

    def _advantages(self, data: Sequence[Transition], metrics: PhaseMetrics) -> list[float]:
        """By the critic, which has seen this phase, or by the outcome alone."""
        if not self.critic_advantage:
            return [step.outcome - 0.5 for step in data]
        values, next_values = transition_values(self.critic, data, self.tokens_per_batch)
        metrics["critic/value_mean"] = fmean(values)
        rewards = torch.tensor([step.reward for step in data])
        outcomes = torch.tensor([step.outcome for step in data])
        mixed = mixed_advantage(torch.tensor(values), torch.tensor(next_values), rewards, outcomes, self.lam)
        return list(mixed.tolist())

    def _pick_instructions(self, phase: int) -> tuple[list[Task], PhaseMetrics]:
        """What the last phase's failures evolve into, and tasks of the suite: a share, and where too few evolve."""
        if not self._failed or not self.curriculum:
            return self.sample_tasks(self.instructions_per_phase, phase, _INSTRUCTIONS), {}
        kept, report = self._proposals.next_tasks(
            round((1.0 - self.suite_share) * self.instructions_per_phase),
            self._failed,
            lambda tasks: self.start_values(tasks, phase),
            random.Random(self.phase_seed(phase, _CURRICULUM)),
        )
        missing = self.instructions_per_phase - len(kept)
        fill = self.sample_tasks(missing, phase, _INSTRUCTIONS, besides=kept)
        counts: PhaseMetrics = {f"curriculum/{name}": count for name, count in report.as_dict().items()}
        return [*kept, *fill], {**counts, "curriculum/from_suite": missing}

    def start_values(self, tasks: Sequence[Task], phase: int = 0) -> list[float | None]:
        """The critic's value of each task's start state; the environments are reset to the tasks.

        Args:
            tasks: Any tasks.
            phase: Decides the environments' seeds.

        Returns:
            V(s_0) in (0, 1); None where the start page could not be opened or does not fit the context.
        """
        observations = self.collector.start_observations(tasks, seed=self.phase_seed(phase, _START))
        prompts = [self._start_prompt(observation) for observation in observations]
        values = iter(state_values(self.critic, [ids for ids in prompts if ids is not None], self.tokens_per_batch))
        return [None if ids is None else next(values) for ids in prompts]

    def _start_prompt(self, observation: Observation | None) -> tuple[int, ...] | None:
        if observation is None:
            return None
        try:
            return self.policy.renderer.render(observation, ()).token_ids
        except PromptTooLong:
            return None

    def _critic_fit(self, phase: int) -> FitSettings:
        return FitSettings(
            learning_rate=self.critic_learning_rate,
            epochs=self.critic_epochs,
            tokens_per_batch=self.tokens_per_batch,
            examples_per_update=self.examples_per_update,
            max_grad_norm=self.max_grad_norm,
            optimizer=self.critic_optimizer or self.optimizer,
            schedule="linear" if self.schedule == "run" else self.schedule,
            seed=self.phase_seed(phase, _CRITIC),
        )

    def _state_tensors(self) -> dict[str, Mapping[str, Tensor]]:
        return {"critic": module_tensors(self.critic)}

    def _state_records(self) -> dict[str, Any]:
        remembered = self._proposals.as_records()
        return {"curriculum": {"failed": [task.as_dict() for task in self._failed], "remembered": remembered}}

    def _state_lines(self) -> dict[str, Iterable[Mapping[str, Any]]]:
        return {"experience": self.experience.as_records()}

    def _restore(self, checkpoint: Checkpoint) -> None:
        self._load_tensors(checkpoint.tensors)
        self.experience.replace_by(checkpoint.lines["experience"])
        record = checkpoint.records["curriculum"]
        self._failed = [task_from_dict(task) for task in record["failed"]]
        self._proposals.replace_by(record["remembered"])

    def _load_tensors(self, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
        load_module_tensors(self.critic, tensors["critic"], "critic")
