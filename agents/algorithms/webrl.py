"""WebRL: self-evolving online curriculum reinforcement learning. Qi et al. 2024, arXiv:2411.02337.

One phase: evolve the last phase's failures into instructions, roll out, label, draw experience, fit the critic, weigh
the actions, update the policy under a KL term to itself at the start of the phase, keep the successes.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean, pstdev
from typing import Any

import torch
from torch import Tensor

from agents.algorithms.base import PhaseMetrics
from agents.algorithms.online import FITTING, OnlineAlgorithm
from agents.checkpoint import Checkpoint, load_module_tensors, module_tensors
from agents.curriculum import Curriculum, GrammarProposer, InstructionProposer
from agents.errors import TrainingStopped
from agents.experience import PERPLEXITY_HIGH, PERPLEXITY_LOW, ExperienceBuffer, ExperienceDraw
from agents.fitting import FitSettings, rate_in_phase
from agents.inference import action_log_probs, state_values, transition_values
from agents.models import ValueCritic
from agents.objectives import fit_critic, fit_policy, fit_value_head
from agents.policy import LLMPolicy
from agents.returns import mixed_advantage
from agents.transitions import start_prompt, to_transitions
from agents.types import LabelledTrajectory, Transition
from webrl_gym.tasks.record import Task

_INSTRUCTIONS, _ROLLOUT, _EXPERIENCE, _CRITIC, _CURRICULUM, _START, _SHOWING, _REPLAY = range(8)
"""Purposes of a phase's generators."""


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
        "retried_share",
        "begin_with_attempts",
        "instructions_per_phase",
        "temperature",
        "renamed_share",
        "word_dropout",
        "rephrased_share",
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
        retried_share: float = 0.0,
        begin_with_attempts: bool = False,
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
            retried_share: Of a phase's instructions, at most, are tasks of the suite that were failed when last
                attempted, in [0, 1]; the paper has none.
            begin_with_attempts: Fit the policy to demonstrations and successful attempts before the first phase, as to
                the data of a phase of its own. The paper begins with the supervised policy.
            instructions_per_phase: Tasks attempted in one phase, once each.
            phases: Phases after which ``learn`` ends.
            temperature: Of sampling while collecting.
            renamed_share: Share of the phase's and of the replayed trajectories that the policy is shown under other
                names (``agents.augmentation``), other ones in each phase.
            word_dropout: Probability that a word of the instruction is left out, in half of those.
            min_action_probability: Of each action of a success that the ORM saw, or it is not learned from.
            kl_ceiling: Most nats an action that the policy may move from its reference; beyond it training stops.
            **shared: ``rephrased_share``, ``labeller``, ``suite`` and the arguments of ``PhaseAlgorithm``.

        Raises:
            ValueError: If a number is out of its range.
        """
        if critic_examples is not None and critic_examples < 1:
            raise ValueError(f"Expected critic_examples >= 1 or None, got {critic_examples}.")
        if not 0.0 <= retried_share <= 1.0:
            raise ValueError(f"Expected retried_share in [0, 1], got {retried_share}.")
        if not 0.0 <= lam <= 1.0 or not kl_coef > 0.0 or not kl_ceiling > 0.0:
            raise ValueError(
                f"Expected lam in [0, 1], kl_coef > 0 and kl_ceiling > 0, got {lam}, {kl_coef} and {kl_ceiling}."
            )
        self._fits_before = int(begin_with_attempts and bool(attempts))  # the constructors called now ask for it
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
        self.retried_share = retried_share
        self.begin_with_attempts = begin_with_attempts
        self.kl_ceiling = kl_ceiling
        self.critic = critic if critic is not None else ValueCritic(policy.language_model)
        self.critic.eval()
        self.experience = ExperienceBuffer(
            replay_ratio=replay_ratio, perplexity_low=perplexity_low, perplexity_high=perplexity_high
        )
        self.experience.add([*demonstrations, *attempts])
        self._attempts = list(attempts)
        self._proposals = Curriculum(
            proposer or GrammarProposer(self._evolve), value_low=value_low, value_high=value_high, protected=protected
        )
        self._proposals.note(attempts)
        self._critic_fit(phase=1)  # refuses wrong settings now, not after a rollout

    def _run_phase(self, phase: int) -> PhaseMetrics:
        began = time.perf_counter()
        metrics: PhaseMetrics = {}
        if phase == 1 and self._attempts:
            self._learn_from_attempts()
            metrics["time/attempts_s"] = time.perf_counter() - began
        instructions = self._pick_instructions(phase, metrics)
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
        self._proposals.note(collected.labelling.labelled)
        metrics["experience/steps"] = len(self.experience)
        return metrics

    def _learn_from_attempts(self) -> None:
        """The critic always learns from them, or nothing would be known of any start state in the first phase."""
        if self._fits_before:
            (steps,) = self.show(self.experience.items, 0, _SHOWING)
            self._fit_policy(0, steps, action_log_probs(self.policy, steps, self.tokens_per_batch), {})
        if self.curriculum:
            self._fit_critic(0, to_transitions(self._attempts, self.policy.renderer).steps, {})

    def _draw_experience(self, phase: int, current_steps: int, metrics: PhaseMetrics) -> ExperienceDraw:
        """The policy has not been updated in this phase yet, so it is the previous phase's: filter and reference."""
        draw = self.experience.draw(
            current_steps,
            lambda items: self.show(items, phase, _REPLAY)[0],
            lambda steps: action_log_probs(self.policy, steps, self.tokens_per_batch),
            self.phase_rng(phase, _EXPERIENCE),
        )
        metrics["experience/drawn"] = len(draw.transitions)
        metrics.update({"experience/too_sure": draw.too_sure, "experience/too_unsure": draw.too_unsure})
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
        metrics.update({"advantage/mean": fmean(advantages), "advantage/std": pstdev(advantages)})
        metrics["policy/loss"] = report.fit.loss
        metrics.update({"policy/grad_norm": report.fit.grad_norm, "policy/updates": report.fit.updates})
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

    def policy_fit(self, phase: int) -> FitSettings:
        """As of every algorithm that collects; fitting to the attempts counts as a phase where the rate falls.

        Args:
            phase: Its number, from 1; 0 for the attempts.
        """
        before = self._fits_before
        rate = rate_in_phase(self.policy_learning_rate, self.schedule, phase + before, self.phases + before)
        return replace(super().policy_fit(max(phase, 1)), **rate, seed=self.phase_seed(phase, FITTING))

    def _pick_instructions(self, phase: int, metrics: PhaseMetrics) -> list[Task]:
        """Failed tasks of the suite once more, what the last phase's failures evolve into, and more of the suite."""
        if not self._proposals.failed or not self.curriculum:
            return self.sample_tasks(self.instructions_per_phase, phase, _INSTRUCTIONS)
        rng = random.Random(self.phase_seed(phase, _CURRICULUM))

        def values(tasks: Sequence[Task]) -> list[float | None]:
            return self.start_values(tasks, phase)

        most = round(self.retried_share * self.instructions_per_phase)
        retried = self._proposals.retries(most, values, rng) if most else []
        evolved, report = self._proposals.next_tasks(self.instructions_per_phase - len(retried), values, rng)
        known = [*retried, *evolved]
        missing = self.instructions_per_phase - len(known)
        counts = {**report.as_dict(), "retried": len(retried), "from_suite": missing}
        metrics.update({f"curriculum/{name}": count for name, count in counts.items()})
        return [*known, *self.sample_tasks(missing, phase, _INSTRUCTIONS, besides=known)]

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
        observations = self.collector.start_observations(tasks, seed=self.phase_seed(phase, _START))
        prompts = [start_prompt(self.policy.renderer, observation) for observation in observations]
        values = iter(state_values(self.critic, [ids for ids in prompts if ids is not None], self.tokens_per_batch))
        return [None if ids is None else next(values) for ids in prompts]

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
        return {"curriculum": self._proposals.as_record()}

    def _state_lines(self) -> dict[str, Iterable[Mapping[str, Any]]]:
        return {"experience": self.experience.as_records()}

    def _restore(self, checkpoint: Checkpoint) -> None:
        self._load_tensors(checkpoint.tensors)
        self.experience.replace_by(checkpoint.lines["experience"])
        self._proposals.replace_by(checkpoint.records["curriculum"])

    def _load_tensors(self, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
        load_module_tensors(self.critic, tensors["critic"], "critic")
