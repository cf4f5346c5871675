"""WebRL: self-evolving online curriculum reinforcement learning. Qi et al. 2024, arXiv:2411.02337.

One phase: evolve the last phase's failures into instructions, roll out, label, draw experience, fit the critic, weigh
the actions, update the policy under a KL term to itself at the start of the phase, keep the successes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean, pstdev
from typing import Any

import torch

from agents.algorithms.base import PhaseMetrics
from agents.algorithms.evolving import EXPERIENCE, REPLAY, ROLLOUT, SHOWING, EvolvingAlgorithm
from agents.algorithms.online import FITTING
from agents.checkpoint import Checkpoint
from agents.critics import ValueCritic
from agents.errors import TrainingStopped
from agents.experience import PERPLEXITY_HIGH, PERPLEXITY_LOW, ExperienceBuffer, ExperienceDraw
from agents.feasibility import FeasibilityFilter
from agents.fitting import FitSettings, rate_in_phase
from agents.inference import action_log_probs, mean_entropy, transition_values
from agents.policy import LLMPolicy
from agents.policy_update import WeighedSteps, distance_to_reference, fit_policy, make_policy_loss
from agents.proposers import InstructionProposer
from agents.returns import mixed_advantage
from agents.transitions import to_transitions
from agents.types import LabelledTrajectory, Transition
from webrl_gym.tasks.record import Task

_ENTROPY_STEPS = 128
"""Steps over which the policy's entropy is measured after a phase."""


class WebRL(EvolvingAlgorithm):
    """The WebRL algorithm.

    Departures from the paper's text, where it leaves something open: optimizers begin anew with each phase, and the
    curriculum's shortfall is filled with tasks of the training suite.
    """

    setting_names = (
        "lam",
        "kl_coef",
        "policy_loss",
        "policy_learning_rate",
        "critic_learning_rate",
        "epochs",
        "updates_per_trajectory",
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
        "critic_weights",
        "critic_heads",
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
        "entropy_floor",
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
        feasibility: FeasibilityFilter | None = None,
        protected: Iterable[Task] = (),
        lam: float = 0.5,
        kl_coef: float = 0.5,
        policy_loss: str = "kl_regression",
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
        critic_weights: str | None = None,
        critic_heads: int = 1,
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
        entropy_floor: float = 1.0e-4,
        **shared: Any,
    ) -> None:
        """Sets WebRL up; the defaults are the paper's where it gives a number.

        Args:
            policy: Is trained in place; starts from supervised fine-tuning.
            env: A ``VecEnv`` or an environment; None to predict only.
            demonstrations: Labelled trajectories that the experience starts with.
            attempts: What the starting policy did: the critic is fitted on all, and the first phase evolves the
                failures (algorithm 1 of the paper); without any it draws its instructions from the suite.
            critic: Value network; the policy's trunk with a new head when None.
            proposer: Makes new instructions from failed ones; the suite's grammar when None.
            feasibility: Says which of them can be done; None takes all.
            protected: Tasks that must never be trained on, beyond the embedded sites' validation and test
                tasks.
            lam: Weight of the one-step part of the advantage, in [0, 1].
            kl_coef: Weight of the KL term (beta), > 0.
            policy_loss: ``kl_regression`` is the paper's; ``released`` that of its released code, ``reinforce`` the
                ablation without the KL term, a policy gradient (``agents.policy_update``).
            policy_learning_rate: Of the policy's optimizer.
            critic_learning_rate: Of the critic's optimizer.
            epochs: Passes of the policy over a phase's data.
            critic_epochs: Passes of the critic.
            critic_examples: Most steps of the phase that the critic is fitted on, drawn evenly; None takes all.
            critic_trunk: Fit the critic's trunk too, as the paper does. Without it only the head is fitted, to its
                optimum, and rate, passes and optimizer of the critic have no part in it.
            critic_advantage: Weigh actions by the critic's values, as the paper does. Without it every action has the
                outcome less 1/2 as its advantage, and the critic only chooses instructions.
            failures: Update the policy on failed attempts too, as the paper does. The released loss masks nearly all of
                their steps out.
            tokens_per_batch: Most padded tokens in one forward pass.
            examples_per_update: Examples in one optimizer step (the paper: 128); None takes one batch a step.
            max_grad_norm: Gradients are scaled down to this norm.
            optimizer: ``adamw`` or ``muon`` (``agents.optimizers``).
            critic_optimizer: Likewise for the critic; the policy's when None.
            critic_weights: ``own`` gives the critic a trunk of its own, ``adapters`` its own adapters on the base of
                the policy's (``agents.critics``); None takes adapters where the policy has them.
            critic_heads: Value heads, of which the smallest value counts; the released code has two.
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
            begin_with_attempts: Take successful attempts into the experience, and fit the policy to it before the first
                phase, as to the data of a phase of its own. The paper begins with the supervised policy, and the
                experience with the demonstrations alone.
            instructions_per_phase: Tasks attempted in one phase, once each.
            phases: Phases after which ``learn`` ends.
            temperature: Of sampling while collecting.
            renamed_share: Share of the phase's and of the replayed trajectories that the policy is shown under other
                names (``agents.augmentation``), other ones in each phase.
            word_dropout: Probability that a word of the instruction is left out, in half of those.
            min_action_probability: Of each action of a success that the ORM saw, or it is not learned from.
            kl_ceiling: Most nats an action that the policy may move from its reference; beyond it training stops.
            entropy_floor: Least mean entropy of the next token, in nats, over actions of the phase; below it training
                stops. A policy fitted to an oracle is rightly sure of most tokens, so the default asks nothing.
            **shared: ``updates_per_trajectory``, ``rephrased_share``, ``labeller``, ``suite`` and the arguments of
                ``PhaseAlgorithm``.

        Raises:
            ValueError: If a number is out of its range.
        """
        if not 0.0 <= lam <= 1.0 or not kl_coef > 0.0 or not kl_ceiling > 0.0 or not entropy_floor >= 0.0:
            raise ValueError(
                "Expected lam in [0, 1], kl_coef > 0, kl_ceiling > 0 and entropy_floor >= 0, got "
                f"{lam}, {kl_coef}, {kl_ceiling} and {entropy_floor}."
            )
        if policy_loss == "released" and not critic_advantage:
            raise ValueError("policy_loss=released weighs actions by the critic's values: expected critic_advantage.")
        self._loss = make_policy_loss(policy_loss, kl_coef)
        self._fits_before = int(begin_with_attempts and bool(attempts))  # the constructors called now ask for it
        super().__init__(
            policy,
            env,
            attempts=attempts,
            critic=critic,
            proposer=proposer,
            feasibility=feasibility,
            protected=protected,
            policy_learning_rate=policy_learning_rate,
            critic_learning_rate=critic_learning_rate,
            epochs=epochs,
            critic_epochs=critic_epochs,
            critic_examples=critic_examples,
            critic_trunk=critic_trunk,
            tokens_per_batch=tokens_per_batch,
            examples_per_update=examples_per_update,
            max_grad_norm=max_grad_norm,
            optimizer=optimizer,
            critic_optimizer=critic_optimizer,
            critic_weights=critic_weights,
            critic_heads=critic_heads,
            schedule=schedule,
            averaged_share=averaged_share,
            value_low=value_low,
            value_high=value_high,
            curriculum=curriculum,
            retried_share=retried_share,
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
        self.policy_loss = policy_loss
        self.critic_advantage = critic_advantage
        self.failures = failures
        self.replay_ratio = replay_ratio
        self.perplexity_low = perplexity_low
        self.perplexity_high = perplexity_high
        self.begin_with_attempts = begin_with_attempts
        self.kl_ceiling = kl_ceiling
        self.entropy_floor = entropy_floor
        self.experience = ExperienceBuffer(
            replay_ratio=replay_ratio, perplexity_low=perplexity_low, perplexity_high=perplexity_high
        )
        self.experience.add([*demonstrations, *(attempts if begin_with_attempts else ())])
        self._given = tuple(attempts)
        self._attempts: Sequence[LabelledTrajectory] = self._given  # that are to be learned from yet

    def _run_phase(self, phase: int) -> PhaseMetrics:
        began = time.perf_counter()
        metrics: PhaseMetrics = {}
        if phase == 1 and self._attempts:
            self._learn_from_attempts()
            metrics["time/attempts_s"] = time.perf_counter() - began
        instructions = self.pick_instructions(phase, metrics)
        metrics["time/curriculum_s"] = time.perf_counter() - began
        collected = self.collect(instructions, phase, ROLLOUT)
        metrics.update(collected.metrics)
        steps = collected.transitions.steps
        collected_at = time.perf_counter()
        attempts = collected.trusted if self.failures else collected.successes
        used = self.show(attempts, phase, SHOWING)
        draw = self._draw_experience(phase, len(steps), metrics)
        reference = [*action_log_probs(self.policy, used, self.tokens_per_batch), *draw.log_probs]
        metrics["time/reference_s"] = time.perf_counter() - collected_at
        self.update_critic(phase, steps, metrics)
        settings = self.policy_fit(phase, len(collected.labelling.labelled))
        self._update_policy([*used, *draw.transitions], reference, settings, metrics)
        self._require_entropy(steps, metrics)
        self.experience.add(collected.successes)
        self._proposals.note(collected.labelling.labelled)
        metrics["experience/steps"] = len(self.experience)
        return metrics

    def _learn_from_attempts(self) -> None:
        """Policy, then critic; the critic first where its values weigh what the policy learns.

        With a curriculum the critic learns from them in any case, or nothing would be known of any start state in the
        first phase.
        """
        is_weighed = self.critic_advantage and bool(self._fits_before)
        if is_weighed:
            self._fit_critic_to_attempts()
        if self._fits_before:
            self.stage("policy", self._fit_to_attempts, changes=("policy",))
        if self.curriculum and not is_weighed:
            self._fit_critic_to_attempts()
        self._attempts = ()  # learned from once, also where a callback stops the phase and it is begun again

    def _fit_critic_to_attempts(self) -> None:
        self.update_critic(0, to_transitions(self._attempts, self.policy.renderer).steps, {})

    def _fit_to_attempts(self) -> None:
        steps = self.show(self.experience.items, 0, SHOWING)
        reference = action_log_probs(self.policy, steps, self.tokens_per_batch)
        self._update_policy(steps, reference, self.policy_fit(0, len(self._attempts)), {})

    def _draw_experience(self, phase: int, current_steps: int, metrics: PhaseMetrics) -> ExperienceDraw:
        """The policy has not been updated in this phase yet, so it is the previous phase's: filter and reference."""
        draw = self.experience.draw(
            current_steps,
            lambda items: self.show(items, phase, REPLAY),
            lambda steps: action_log_probs(self.policy, steps, self.tokens_per_batch),
            self.phase_rng(phase, EXPERIENCE),
        )
        metrics["experience/drawn"] = len(draw.transitions)
        metrics.update({"experience/too_sure": draw.too_sure, "experience/too_unsure": draw.too_unsure})
        return draw

    def _update_policy(
        self, data: Sequence[Transition], reference: Sequence[float], settings: FitSettings, metrics: PhaseMetrics
    ) -> None:
        began = time.perf_counter()
        steps = self._weighed(data, reference)
        report = fit_policy(self.policy, steps, self._loss, settings, self.progress)
        if steps.values:
            metrics["critic/value_mean"] = fmean(steps.values)
        metrics.update({"advantage/mean": fmean(steps.advantages), "advantage/std": pstdev(steps.advantages)})
        metrics["policy/loss"] = report.loss
        metrics.update({"policy/grad_norm": report.grad_norm, "policy/updates": report.updates})
        metrics.update({"policy/examples": report.examples, "policy/tokens": report.tokens})
        divergence, log_ratio = distance_to_reference(self.policy, steps, self.tokens_per_batch)
        metrics.update({"policy/divergence": divergence, "policy/log_ratio": log_ratio})
        metrics["time/policy_s"] = time.perf_counter() - began
        if not divergence <= self.kl_ceiling:  # also where it is no number
            raise TrainingStopped(
                f"KL ceiling: the policy moved {divergence:.3g} nats an action from its reference, more than "
                f"{self.kl_ceiling:.3g}."
            )

    def _weighed(self, data: Sequence[Transition], reference: Sequence[float]) -> WeighedSteps:
        """By the critic, which has seen this phase, or by the outcome alone."""
        if not self.critic_advantage:
            return WeighedSteps(data, reference, [step.outcome - 0.5 for step in data])
        values, next_values = transition_values(self.critic, data, self.tokens_per_batch)
        rewards = torch.tensor([step.reward for step in data])
        outcomes = torch.tensor([step.outcome for step in data])
        mixed = mixed_advantage(torch.tensor(values), torch.tensor(next_values), rewards, outcomes, self.lam)
        return WeighedSteps(data, reference, mixed.tolist(), values, next_values)

    def _require_entropy(self, steps: Sequence[Transition], metrics: PhaseMetrics) -> None:
        some = steps[:: max(1, len(steps) // _ENTROPY_STEPS)][:_ENTROPY_STEPS]
        entropy = mean_entropy(self.policy, some, self.tokens_per_batch)
        metrics["policy/entropy"] = entropy
        if not entropy >= self.entropy_floor:  # also where it is no number
            raise TrainingStopped(
                f"collapsed entropy: the policy's next token has {entropy:.3g} nats on average, less than the floor of "
                f"{self.entropy_floor:.3g}."
            )

    def policy_fit(self, phase: int, trajectories: int | None = None) -> FitSettings:
        """As of every algorithm that collects; fitting to the attempts counts as a phase where the rate falls.

        Args:
            phase: Its number, from 1; 0 for the attempts.
            trajectories: As of every algorithm that collects.
        """
        before = self._fits_before
        rate = rate_in_phase(self.policy_learning_rate, self.schedule, phase + before, self.phases + before)
        settings = super().policy_fit(max(phase, 1), trajectories)
        return replace(settings, **rate, seed=self.phase_seed(phase, FITTING))

    def _state_lines(self) -> dict[str, Iterable[Mapping[str, Any]]]:
        return {"experience": self.experience.as_records()}

    def _restore(self, checkpoint: Checkpoint) -> None:
        self._attempts = self._given if checkpoint.phase == 0 else ()
        self._load_tensors(checkpoint.tensors)
        self.experience.replace_by(checkpoint.lines["experience"])
        self._proposals.replace_by(checkpoint.records["curriculum"])
