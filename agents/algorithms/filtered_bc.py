"""Filtered behaviour cloning: imitate the successes among one's own attempts. A baseline of arXiv:2411.02337."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from agents.algorithms.base import PhaseMetrics
from agents.algorithms.collected import Collected
from agents.algorithms.online import OnlineAlgorithm
from agents.fitting import enough_passes, in_passes
from agents.inference import transition_size
from agents.objectives import fit_actions
from agents.policy import LLMPolicy
from agents.types import LabelledTrajectory

_INSTRUCTIONS, _ROLLOUT, _SHOWING = range(3)


ONLINE, OFFLINE = MODES = ("online", "paper")
"""Where a baseline's data comes from, by the name that configurations use: each phase's own rollout, or the attempts of
the starting policy, as in the paper."""


class FilteredBC(OnlineAlgorithm):
    """Imitates successes: those of each phase's own rollout on new training tasks, or the starting policy's.

    With outcomes of 0 and 1 the paper's percentile filter keeps the successes.
    """

    setting_names = (
        "mode",
        "policy_learning_rate",
        "epochs",
        "updates_per_trajectory",
        "tokens_per_batch",
        "examples_per_update",
        "max_grad_norm",
        "optimizer",
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
        mode: str = "online",
        attempts: Sequence[LabelledTrajectory] = (),
        policy_learning_rate: float = 1e-6,
        epochs: int = 1,
        tokens_per_batch: int = 16_384,
        examples_per_update: int | None = None,
        max_grad_norm: float = 1.0,
        optimizer: str = "adamw",
        schedule: str = "constant",
        averaged_share: float = 0.0,
        instructions_per_phase: int = 500,
        phases: int = 1,
        temperature: float = 1.0,
        renamed_share: float = 0.0,
        word_dropout: float = 0.0,
        min_action_probability: float = 0.0,
        **shared: Any,
    ) -> None:
        """Sets filtered behaviour cloning up; the defaults are the paper's where it gives a number.

        Args:
            policy: Is trained in place.
            env: A ``VecEnv`` or an environment; None to predict only.
            mode: ``online`` learns from each phase's own rollout; ``paper`` from ``attempts`` in every phase, and takes
                no step in the environment.
            attempts: What the starting policy did; only ``paper`` asks for it.
            policy_learning_rate: Of the optimizer.
            epochs: Passes over a phase's successes.
            tokens_per_batch: Most padded tokens in one forward pass.
            examples_per_update: Examples in one optimizer step (the paper: 128); None takes one batch a step.
            max_grad_norm: Gradients are scaled down to this norm.
            optimizer: ``adamw`` or ``muon`` (``agents.optimizers``).
            schedule: ``constant`` learning rate, ``linear`` to 0 at the end of each phase, or ``run``: to 0 at the end
                of the last.
            averaged_share: Share of a phase's updates, the last ones, over which the weights are averaged.
            instructions_per_phase: Tasks attempted in one phase, once each.
            phases: Phases after which ``learn`` ends.
            temperature: Of sampling while collecting.
            renamed_share: Share of the successes that each pass shows under other names (``agents.augmentation``).
            word_dropout: Probability that a word of the instruction is left out, in half of those.
            min_action_probability: Of each action of a success that the ORM saw, or it is not learned from.
            **shared: ``labeller``, ``suite``, ``updates_per_trajectory``, ``rephrased_share`` and the arguments of
                ``PhaseAlgorithm``.

        Raises:
            ValueError: If a number is out of its range, or there is no such mode.
        """
        if mode not in MODES:
            raise ValueError(f"Expected mode {' or '.join(MODES)}, got {mode!r}.")
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

        self.mode = mode
        self._attempts = tuple(attempts)

    def _run_phase(self, phase: int) -> PhaseMetrics:
        collected = self.stored(self._attempts) if self.mode == OFFLINE else self._collected(phase)
        metrics = collected.metrics
        settings = self.policy_fit(phase, len(collected.labelling.labelled))
        shown = self.showings(collected.successes, phase, _SHOWING)
        steps, passes = in_passes(enough_passes(shown, transition_size, settings))
        began = time.perf_counter()
        report = fit_actions(self.policy, steps, settings, self.progress, "filtered bc", passes)
        metrics["policy/loss"] = report.loss
        metrics["policy/grad_norm"] = report.grad_norm
        metrics["policy/updates"] = report.updates
        metrics["policy/examples"] = report.examples
        metrics["policy/tokens"] = report.tokens
        metrics["time/policy_s"] = time.perf_counter() - began
        return metrics

    def _collected(self, phase: int) -> Collected:
        tasks = self.sample_tasks(self.instructions_per_phase, phase, _INSTRUCTIONS)
        return self.collect(tasks, phase, _ROLLOUT)
