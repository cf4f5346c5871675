"""Supervised fine-tuning on demonstrations: the start of every run and a baseline of arXiv:2411.02337."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from agents.algorithms.base import PhaseAlgorithm, PhaseMetrics
from agents.fitting import FitSettings
from agents.objectives import fit_actions
from agents.policy import LLMPolicy
from agents.transitions import to_transitions
from agents.types import LabelledTrajectory

_POLICY = 0


class SFT(PhaseAlgorithm):
    """Imitates the successful demonstrations; one phase, no environment steps."""

    setting_names = (
        "policy_learning_rate",
        "epochs",
        "tokens_per_batch",
        "examples_per_update",
        "max_grad_norm",
        "schedule",
        "warmup_share",
    )

    def __init__(
        self,
        policy: LLMPolicy,
        env: Any = None,
        *,
        demonstrations: Sequence[LabelledTrajectory] = (),
        policy_learning_rate: float = 1e-5,
        epochs: int = 1,
        tokens_per_batch: int = 16_384,
        examples_per_update: int | None = None,
        max_grad_norm: float = 1.0,
        schedule: str = "cosine",
        warmup_share: float = 0.1,
        phases: int = 1,
        **shared: Any,
    ) -> None:
        """Sets supervised fine-tuning up; the defaults are the paper's where it gives a number.

        Args:
            policy: Is trained in place.
            env: Not needed.
            demonstrations: Labelled trajectories; only successes are imitated.
            policy_learning_rate: Of AdamW.
            epochs: Passes over the demonstrations.
            tokens_per_batch: Most padded tokens in one forward pass.
            examples_per_update: Examples in one optimizer step (the paper: 128); None takes one batch a step.
            max_grad_norm: Gradients are scaled down to this norm.
            schedule: Of the learning rate, one of ``agents.fitting.SCHEDULES``; falls to 0.
            warmup_share: Share of the updates over which the rate rises first.
            phases: How often all of this is done.
            **shared: Arguments of ``PhaseAlgorithm``.

        Raises:
            ValueError: If a number is out of its range.
        """
        super().__init__(policy, env, learning_rate=policy_learning_rate, phases=phases, **shared)
        self.demonstrations = [item for item in demonstrations if item.label.success]
        self.policy_learning_rate = policy_learning_rate
        self.epochs = epochs
        self.tokens_per_batch = tokens_per_batch
        self.examples_per_update = examples_per_update
        self.max_grad_norm = max_grad_norm
        self.schedule = schedule
        self.warmup_share = warmup_share
        self._fit_settings(seed=0)  # refuses wrong settings now

    def _run_phase(self, phase: int) -> PhaseMetrics:
        began = time.perf_counter()
        transitions = to_transitions(self.demonstrations, self.policy.renderer)
        settings = self._fit_settings(self.phase_seed(phase, _POLICY))
        report = fit_actions(self.policy, transitions.steps, settings, self.progress)
        return {
            "data/trajectories": len(transitions.trajectories),
            "data/steps": len(transitions.steps),
            "data/rendered_differently": transitions.rendered_differently,
            "data/too_long": transitions.too_long,
            "policy/loss": report.loss,
            "policy/grad_norm": report.grad_norm,
            "policy/updates": report.updates,
            "policy/examples": report.examples,
            "policy/tokens": report.tokens,
            "time/policy_s": time.perf_counter() - began,
        }

    def _fit_settings(self, seed: int) -> FitSettings:
        return FitSettings(
            learning_rate=self.policy_learning_rate,
            epochs=self.epochs,
            tokens_per_batch=self.tokens_per_batch,
            examples_per_update=self.examples_per_update,
            max_grad_norm=self.max_grad_norm,
            schedule=self.schedule,
            warmup_share=self.warmup_share,
            seed=seed,
        )
