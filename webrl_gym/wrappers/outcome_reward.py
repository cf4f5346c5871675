"""Swaps the reward for a judge's."""

from __future__ import annotations

from typing import Any

import gymnasium

from webrl_gym.actions import describe_action
from webrl_gym.reward import OutcomeRewardModel, YesNoScorer
from webrl_gym.types import Observation


class OutcomeReward(gymnasium.Wrapper[Observation, str, Observation, str], gymnasium.utils.RecordConstructorArgs):
    """Replaces the reward at the end by an outcome reward model's judgement.

    ``info["verdict"]`` becomes the judge's; ``info["rule_verdict"]`` keeps what the rules say. An undecided judgement
    gives reward 0.0 and its status says so.
    """

    def __init__(self, env: gymnasium.Env[Observation, str], scorer: YesNoScorer, threshold: float = 0.5) -> None:
        """Wraps ``env``.

        Args:
            env: An environment with this package's observations and infos.
            scorer: Anything that gives P(YES) for a prompt.
            threshold: The outcome is 1 when P(YES) is above it.
        """
        gymnasium.utils.RecordConstructorArgs.__init__(self, scorer=scorer, threshold=threshold)
        super().__init__(env)
        self._judge = OutcomeRewardModel(scorer, threshold)
        self._history: list[str] = []
        self._page = ""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begins an episode and an empty action history."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._history = []
        self._page = observation["html"]
        return observation, info

    def step(self, action: str) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Steps, and judges the end."""
        self._history.append(describe_action(action, self._page))
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._page = observation["html"]
        if (terminated or truncated) and info["failure"] is None:
            verdict = self._judge.judge(observation["instruction"], self._history, self._page)
            info = {**info, "verdict": verdict}
            reward = float(verdict.success)
        return observation, float(reward), terminated, truncated, info
