"""Swaps the reward for a judge's."""

from __future__ import annotations

from typing import Any

import gymnasium

from webrl_gym.actions import describe_action
from webrl_gym.orm_prompt import Evidence
from webrl_gym.reward import OutcomeRewardModel, YesNoScorer, outcome_reward_model
from webrl_gym.types import Observation
from webrl_gym.wellformed import well_formed


class OutcomeReward(gymnasium.Wrapper[Observation, str, Observation, str], gymnasium.utils.RecordConstructorArgs):
    """Replaces the reward at the end by an outcome reward model's judgement.

    ``info["verdict"]`` becomes the judge's; ``info["rule_verdict"]`` keeps what the rules say. An undecided judgement
    gives reward 0.0 and its status says so.
    """

    def __init__(self, env: gymnasium.Env[Observation, str], scorer: YesNoScorer | OutcomeRewardModel) -> None:
        """Wraps ``env``.

        Args:
            env: An environment with this package's observations and infos.
            scorer: Anything that gives P(YES) for a prompt, or a judge with its own threshold and prompt.

        Raises:
            TypeError: If ``scorer`` is neither.
        """
        gymnasium.utils.RecordConstructorArgs.__init__(self, scorer=scorer)
        super().__init__(env)
        self._judge = outcome_reward_model(scorer)
        self._history: list[str] = []
        self._completions: list[str] = []
        self._page = ""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begins an episode and an empty action history."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._history, self._completions = [], []
        self._page = observation["html"]
        return observation, info

    def step(self, action: str) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Steps, and judges the end."""
        text = well_formed(str(action))  # as the environment reads it
        self._history.append(describe_action(text, self._page))
        self._completions.append(text)
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._page = observation["html"]
        if (terminated or truncated) and info["failure"] is None:
            actions, written = tuple(self._history), tuple(self._completions)
            verdict = self._judge.judge(Evidence(observation["instruction"], actions, self._page, written))
            info = {**info, "verdict": verdict}
            reward = float(verdict.success)
        return observation, float(reward), terminated, truncated, info
