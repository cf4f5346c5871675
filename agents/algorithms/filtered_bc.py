"""Filtered behaviour cloning: imitate the successes among one's own attempts. A baseline of arXiv:2411.02337."""

from __future__ import annotations

import time
from typing import Any

from agents.algorithms.base import PhaseMetrics
from agents.algorithms.online import OnlineAlgorithm
from agents.errors import TrainingStopped
from agents.fitting import FitSettings
from agents.objectives import fit_actions
from agents.policy import LLMPolicy

_INSTRUCTIONS, _ROLLOUT, _POLICY = range(3)


class FilteredBC(OnlineAlgorithm):
    """Each phase rolls out on new training tasks and imitates that phase's successes.

    With ``phases=1`` it is the paper's offline baseline: one rollout of the starting policy, then imitation. With
    outcomes of 0 and 1 the paper's percentile filter keeps the successes.
    """

    setting_names = (
        "policy_learning_rate",
        "epochs",
        "tokens_per_batch",
        "examples_per_update",
        "max_grad_norm",
        "optimizer",
        "schedule",
        "instructions_per_phase",
        "temperature",
        "renamed_copies",
        "word_dropout",
    )

    def __init__(
        self,
        policy: LLMPolicy,
        env: Any,
        *,
        policy_learning_rate: float = 1e-6,
        epochs: int = 1,
        tokens_per_batch: int = 16_384,
        examples_per_update: int | None = None,
        max_grad_norm: float = 1.0,
        optimizer: str = "adamw",
        schedule: str = "constant",
        instructions_per_phase: int = 500,
        phases: int = 1,
        temperature: float = 1.0,
        renamed_copies: int = 0,
        word_dropout: float = 0.0,
        **shared: Any,
    ) -> None:
        """Sets filtered behaviour cloning up; the defaults are the paper's where it gives a number.

        Args:
            policy: Is trained in place.
            env: A ``VecEnv`` or an environment; None to predict only.
            policy_learning_rate: Of the optimizer.
            epochs: Passes over a phase's successes.
            tokens_per_batch: Most padded tokens in one forward pass.
            examples_per_update: Examples in one optimizer step (the paper: 128); None takes one batch a step.
            max_grad_norm: Gradients are scaled down to this norm.
            optimizer: ``adamw`` or ``muon`` (``agents.optimizers``).
            schedule: ``constant`` learning rate, or ``linear`` to 0 at the end of each phase.
            instructions_per_phase: Tasks attempted in one phase, once each.
            phases: Phases after which ``learn`` ends.
            temperature: Of sampling while collecting.
            renamed_copies: Copies of each success under other names that are imitated beside it.
            word_dropout: Probability that a word of the instruction is left out, in half of the copies.
            **shared: ``labeller``, ``suite`` and the arguments of ``PhaseAlgorithm``.

        Raises:
            ValueError: If a number is out of its range.
        """
        super().__init__(
            policy,
            env,
            learning_rate=policy_learning_rate,
            phases=phases,
            instructions_per_phase=instructions_per_phase,
            temperature=temperature,
            renamed_copies=renamed_copies,
            word_dropout=word_dropout,
            **shared,
        )
        self.policy_learning_rate = policy_learning_rate
        self.epochs = epochs
        self.tokens_per_batch = tokens_per_batch
        self.examples_per_update = examples_per_update
        self.max_grad_norm = max_grad_norm
        self.optimizer = optimizer
        self.schedule = schedule
        self._fit_settings(seed=0)  # refuses wrong settings now, not after a rollout

    def _run_phase(self, phase: int) -> PhaseMetrics:
        tasks = self.sample_tasks(self.instructions_per_phase, phase, _INSTRUCTIONS)
        collected = self.collect(tasks, phase, _ROLLOUT)
        metrics = collected.metrics
        successes = [step for step in collected.transitions.steps if step.outcome >= 1.0]
        successes += collected.renamed.steps
        if not successes:
            raise TrainingStopped(f"no success: none of {len(collected.labelling.labelled)} labelled trajectories.")
        began = time.perf_counter()
        settings = self._fit_settings(self.phase_seed(phase, _POLICY))
        report = fit_actions(self.policy, successes, settings, self.progress, stage="filtered bc")
        metrics["policy/loss"] = report.loss
        metrics["policy/grad_norm"] = report.grad_norm
        metrics["policy/updates"] = report.updates
        metrics["policy/tokens"] = report.tokens
        metrics["time/policy_s"] = time.perf_counter() - began
        return metrics

    def _fit_settings(self, seed: int) -> FitSettings:
        return FitSettings(
            learning_rate=self.policy_learning_rate,
            epochs=self.epochs,
            tokens_per_batch=self.tokens_per_batch,
            examples_per_update=self.examples_per_update,
            max_grad_norm=self.max_grad_norm,
            optimizer=self.optimizer,
            schedule=self.schedule,
            seed=seed,
        )
