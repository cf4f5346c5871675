"""Advantage-weighted regression: imitate one's own actions, the better ones more. A baseline of arXiv:2411.02337.

One phase: fit the critic to the discounted returns, weigh each action by exp(A / beta) with A = return - V(s), imitate.
Source: Peng et al. 2019, arXiv:1910.00177. Where WebRL's paper is silent about it: docs/decisions/0009.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import fmean
from typing import Any

import torch

from agents.algorithms.advantage_weighted import AdvantageWeighted
from agents.algorithms.base import PhaseMetrics
from agents.algorithms.collected import Collected
from agents.algorithms.filtered_bc import MODES, OFFLINE
from agents.critics import ValueCritic
from agents.fitting import enough_passes, in_passes
from agents.inference import state_values, transition_size
from agents.losses import awr_loss
from agents.policy import LLMPolicy
from agents.returns import outcome_returns
from agents.types import LabelledTrajectory, Transition

_INSTRUCTIONS, _ROLLOUT, _SHOWING = range(3)


class AWR(AdvantageWeighted):
    """Advantage-weighted regression, in one of two modes.

    ``online``: each phase attempts new training tasks and learns from those attempts. ``paper``: offline, as in WebRL's
    paper; the attempts of the starting policy are all the data, in every phase, and no environment is touched.
    """

    setting_names = (*AdvantageWeighted.setting_names, "mode", "advantage_temperature", "max_weight")

    def __init__(
        self,
        policy: LLMPolicy,
        env: Any,
        *,
        attempts: Sequence[LabelledTrajectory] = (),
        critic: ValueCritic | None = None,
        mode: str = "online",
        advantage_temperature: float = 0.5,
        max_weight: float = 20.0,
        **shared: Any,
    ) -> None:
        """Sets AWR up.

        Args:
            policy: Is trained in place.
            env: A ``VecEnv`` or an environment; None to predict only, or in mode ``paper``.
            attempts: The starting policy's attempts with their outcomes, failures too; what mode ``paper`` learns from.
            critic: V(s); made of the policy when None.
            mode: ``online`` or ``paper``.
            advantage_temperature: Advantage at which an action weighs e times as much as one without any, > 0.
            max_weight: Largest weight of an action, > 0.
            **shared: Arguments of ``AdvantageWeighted`` and ``OnlineAlgorithm``.

        Raises:
            ValueError: If there is no such mode, or a number is out of its range.
        """
        if mode not in MODES:
            raise ValueError(f"Expected mode {' or '.join(MODES)}, got {mode!r}.")
        if not advantage_temperature > 0.0 or not max_weight > 0.0:
            raise ValueError(
                f"Expected advantage_temperature > 0 and max_weight > 0, got {advantage_temperature} and {max_weight}."
            )
        super().__init__(policy, env, critic=critic, **shared)
        self.mode = mode
        self.advantage_temperature = advantage_temperature
        self.max_weight = max_weight
        self._attempts = list(attempts)

    def _run_phase(self, phase: int) -> PhaseMetrics:
        collected = self.stored(self._attempts) if self.mode == OFFLINE else self._collected(phase)
        metrics, steps = collected.metrics, collected.transitions.steps
        self.fit_critic(phase, steps, self._returns(steps).tolist(), metrics)
        settings = self.policy_fit(phase, len(collected.labelling.labelled))
        showings = self.showings(collected.trusted, phase, _SHOWING)
        shown, passes = in_passes(enough_passes(showings, transition_size, settings))
        values = state_values(self.critic, [step.prompt_ids for step in shown], self.tokens_per_batch)
        advantages = (self._returns(shown) - torch.tensor(values)).tolist()
        loss = partial(awr_loss, temperature=self.advantage_temperature, max_weight=self.max_weight)
        self.fit_policy(shown, passes, advantages, loss, settings, metrics)
        metrics["critic/value_mean"] = fmean(values)
        return metrics

    def _collected(self, phase: int) -> Collected:
        tasks = self.sample_tasks(self.instructions_per_phase, phase, _INSTRUCTIONS)
        return self.collect(tasks, phase, _ROLLOUT)

    def _returns(self, steps: Sequence[Transition]) -> torch.Tensor:
        outcomes = torch.tensor([step.outcome for step in steps])
        return outcome_returns(outcomes, torch.tensor([step.steps_to_go for step in steps]), self.discount)
