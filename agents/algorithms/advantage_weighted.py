"""What AWR and DigiRL share: a critic that is fitted first, and a policy that imitates actions by their advantages."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev
from typing import Any, ClassVar

from torch import Tensor, nn

from agents.algorithms.base import PhaseMetrics
from agents.algorithms.online import OnlineAlgorithm
from agents.checkpoint import Checkpoint, load_module_tensors, module_tensors
from agents.critics import ValueCritic
from agents.fitting import FitSettings
from agents.policy import LLMPolicy
from agents.types import Transition
from agents.weighted_fitting import ActionLoss, fit_values, fit_weighted_actions

CRITIC = 50
"""Purpose of the generator that orders the critic's examples; algorithms number theirs from 0."""


class AdvantageWeighted(OnlineAlgorithm):
    """An algorithm with a critic V(s) that lives through all phases and a policy that is fitted by advantages.

    A new one writes ``_run_phase`` out of ``fit_critic`` and ``fit_policy``.
    """

    setting_names: ClassVar[tuple[str, ...]] = (
        "discount",
        "policy_learning_rate",
        "critic_learning_rate",
        "epochs",
        "updates_per_trajectory",
        "critic_epochs",
        "critic_trunk",
        "tokens_per_batch",
        "examples_per_update",
        "max_grad_norm",
        "optimizer",
        "critic_optimizer",
        "critic_weights",
        "schedule",
        "averaged_share",
        "instructions_per_phase",
        "temperature",
        "renamed_share",
        "word_dropout",
        "rephrased_share",
        "min_action_probability",
    )

    def __init__(
        self,
        policy: LLMPolicy,
        env: Any,
        *,
        critic: ValueCritic | None = None,
        discount: float = 0.9,
        policy_learning_rate: float = 1e-6,
        critic_learning_rate: float = 1e-6,
        epochs: int = 1,
        critic_epochs: int = 1,
        critic_trunk: bool = True,
        tokens_per_batch: int = 16_384,
        examples_per_update: int | None = None,
        max_grad_norm: float = 1.0,
        optimizer: str = "adamw",
        critic_optimizer: str | None = None,
        critic_weights: str | None = None,
        schedule: str = "constant",
        averaged_share: float = 0.0,
        phases: int = 1,
        instructions_per_phase: int = 500,
        temperature: float = 1.0,
        **shared: Any,
    ) -> None:
        """Sets up collecting, the critic, and how both are fitted; the defaults are WebRL's Table 4 where it has them.

        Args:
            policy: Is trained in place.
            env: A ``VecEnv`` or an environment; None to predict only.
            critic: V(s); made of the policy when None.
            discount: Weight of one step's delay in returns, in [0, 1].
            policy_learning_rate: Of the policy's optimizer, > 0.
            critic_learning_rate: Of the critic's, > 0.
            epochs: Passes of the policy over its data, >= 1.
            critic_epochs: Passes of the critic over its data, >= 1.
            critic_trunk: Fit the critic's trunk too, as the paper does. Without it only the head is fitted, to its
                optimum, and rate, passes and optimizer of the critic have no part in it.
            tokens_per_batch: Most padded tokens in one forward pass.
            examples_per_update: Examples in one optimizer step (the paper: 128); None takes one batch a step.
            max_grad_norm: Gradients are scaled down to this norm.
            optimizer: ``adamw`` or ``muon`` (``agents.optimizers``).
            critic_optimizer: Likewise for the critic; the policy's when None.
            critic_weights: ``own`` gives the critic a trunk of its own, ``adapters`` its own adapters on the base of
                the policy's (``agents.critics``); None takes adapters where the policy has them.
            schedule: ``constant`` learning rates, ``linear`` to 0 at the end of each phase, or ``run``: the policy's
                falls to 0 at the end of the last phase, the critic's at the end of each.
            averaged_share: Share of a phase's updates, the last ones, over which the policy's weights are averaged.
            phases: Phases after which ``learn`` ends.
            instructions_per_phase: Tasks attempted in one phase, once each.
            temperature: Of sampling while collecting.
            **shared: Further arguments of ``OnlineAlgorithm``.

        Raises:
            ValueError: If a number is out of its range.
        """
        if not 0.0 <= discount <= 1.0:
            raise ValueError(f"Expected discount in [0, 1], got {discount}.")
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
            **shared,
        )
        self.discount = discount
        self.critic_learning_rate = critic_learning_rate
        self.critic_epochs = critic_epochs
        self.critic_trunk = critic_trunk
        self.critic_optimizer = critic_optimizer
        self.critic_weights = critic_weights
        self.critic = (critic if critic is not None else self._new_critic()).eval()
        self.critic_settings(phase=1)  # refuses wrong settings now, not after a rollout

    def _new_critic(self) -> ValueCritic:
        return ValueCritic(self.policy.language_model, weights=self.critic_weights)

    def critic_settings(self, phase: int, purpose: int = CRITIC) -> FitSettings:
        """How critics are fitted in a phase.

        Args:
            phase: Its number, from 1.
            purpose: Of the generator that orders the examples.
        """
        return FitSettings(
            learning_rate=self.critic_learning_rate,
            epochs=self.critic_epochs,
            tokens_per_batch=self.tokens_per_batch,
            examples_per_update=self.examples_per_update,
            max_grad_norm=self.max_grad_norm,
            optimizer=self.critic_optimizer or self.optimizer,
            schedule="linear" if self.schedule == "run" else self.schedule,
            seed=self.phase_seed(phase, purpose),
        )

    def fit_critic(
        self, phase: int, steps: Sequence[Transition], targets: Sequence[float], metrics: PhaseMetrics
    ) -> None:
        """Fits V(s) to targets in [0, 1]: a stage of the phase.

        Args:
            phase: Number of the phase, from 1.
            steps: Whose states are valued.
            targets: One for each step.
            metrics: Gets the loss and the time it took.

        Raises:
            TrainingStopped: If there is no step, or a loss or gradient is not finite.
        """
        began = time.perf_counter()
        metrics["critic/loss"] = self.stage(
            "critic",
            lambda: fit_values(
                self.critic,
                [step.prompt_ids for step in steps],
                targets,
                self.critic_settings(phase),
                with_trunk=self.critic_trunk,
                progress=self.progress,
            ),
            changes=("critic",),
        )
        metrics["time/critic_s"] = time.perf_counter() - began

    def fit_policy(
        self,
        steps: Sequence[Transition],
        passes: Sequence[Sequence[int]],
        advantages: Sequence[float],
        loss_of_actions: ActionLoss,
        settings: FitSettings,
        metrics: PhaseMetrics,
    ) -> None:
        """Fits the policy by the advantages of its actions.

        Args:
            steps: Examples of all passes.
            passes: Places of each pass's among them.
            advantages: One for each example.
            loss_of_actions: What is minimised.
            settings: How (``policy_fit``).
            metrics: Gets loss, advantages and the time it took.

        Raises:
            TrainingStopped: If there is no example, or a loss or gradient is not finite.
        """
        began = time.perf_counter()
        report = fit_weighted_actions(self.policy, steps, advantages, loss_of_actions, settings, self.progress, passes)
        metrics.update({"advantage/mean": fmean(advantages), "advantage/std": pstdev(advantages)})
        metrics.update({"policy/loss": report.loss, "policy/grad_norm": report.grad_norm})
        metrics.update({"policy/updates": report.updates, "policy/tokens": report.tokens})
        metrics["time/policy_s"] = time.perf_counter() - began

    def _networks(self) -> list[nn.Module]:
        return [*super()._networks(), *([self.critic] if self.critic_trunk else [])]

    def _state_tensors(self) -> dict[str, Mapping[str, Tensor]]:
        return {"critic": module_tensors(self.critic)}

    def _restore(self, checkpoint: Checkpoint) -> None:
        self._load_tensors(checkpoint.tensors)

    def _load_tensors(self, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
        load_module_tensors(self.critic, tensors["critic"], "critic")
