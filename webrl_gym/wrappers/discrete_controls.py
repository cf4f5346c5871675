"""Numbers in, a number out: the environment for policies that neither read nor write text."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

from webrl_gym.actions import Action, ActionKind, click, format_action, leave
from webrl_gym.spaces import UnicodeText
from webrl_gym.types import Observation
from webrl_gym.wrappers.controls import Control, dice, natural_action, read_controls, words
from webrl_gym.wrappers.features import PAGE_SIZE, SLOT_SIZE, encode

PLAIN_ACTIONS = (
    leave(),
    Action(ActionKind.PRESS_ENTER),
    Action(ActionKind.GO_BACKWARD),
    Action(ActionKind.SCROLL_DOWN),
    Action(ActionKind.SCROLL_UP),
)
"""Actions without a control; they come first."""

_Features = NDArray[np.float32]


# Gymnasium 1.4 types the wrapped environment by the wrapper's own observations and actions, hence Any.
class DiscreteControls(gymnasium.Wrapper[Any, Any, Observation, str], gymnasium.utils.RecordConstructorArgs):
    """Fixed-size features and a ``Discrete`` action over the visible controls.

    Stable-Baselines3's own algorithms run on it with ``"MlpPolicy"``. The controls in the observation's window take
    slots, those that match the instruction best first (Dice's coefficient of the words of their name, then document
    order), so a slot means much the same on every page. The first actions are ``PLAIN_ACTIONS``: leave, press Enter, go
    back, scroll down and up. Each of the others does the natural thing with the control in its slot: clicks a link or
    button, chooses the option that matches best, types the next quoted text, name or number of the instruction (and
    presses Enter if it is a search field). The action of an empty slot is a step in which nothing happens, and
    ``info["action_error"]`` says so. It leaves with an empty answer, so it suits tasks that open or change something.

    Works on any environment with this package's observations, wrapped or not. ``info["action"]`` is the action as it
    was written, and ``text_observation`` what a reading policy would see.
    """

    def __init__(self, env: gymnasium.Env[Observation, str], max_controls: int = 32) -> None:
        """Wraps ``env``.

        Args:
            env: An environment with this package's observations and actions.
            max_controls: Number of slots, at least 1.

        Raises:
            ValueError: If ``max_controls`` is below 1.
            TypeError: If ``env`` takes no text.
        """
        if not isinstance(env.action_space, UnicodeText):
            raise TypeError(f"DiscreteControls turns numbers into actions as text; {env} takes {env.action_space}")
        if max_controls < 1:
            raise ValueError(f"max_controls must be at least 1, got {max_controls}")
        gymnasium.utils.RecordConstructorArgs.__init__(self, max_controls=max_controls)
        super().__init__(env)
        self._slots = max_controls
        self.observation_space = Box(0.0, 1.0, (PAGE_SIZE + max_controls * SLOT_SIZE,), np.float32)
        self.action_space = Discrete(len(PLAIN_ACTIONS) + max_controls)
        self._page: list[Control] = []
        self._shown: list[Control] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[_Features, dict[str, Any]]:
        """Begins an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._read(observation), info

    def step(self, action: int | np.integer[Any]) -> tuple[_Features, float, bool, bool, dict[str, Any]]:
        """Carries out action number ``action``; raises ``ValueError`` if there is no such number."""
        text = self.written(int(action))
        observation, reward, terminated, truncated, info = self.env.step(text)
        return self._read(observation), float(reward), terminated, truncated, {**info, "action": text}

    def written(self, action: int) -> str:
        """The action numbered ``action`` on the current page, in the action language.

        Raises:
            ValueError: If there is no such number.
        """
        last = len(PLAIN_ACTIONS) + self._slots - 1
        if not 0 <= action <= last:
            raise ValueError(f"an action is a number from 0 to {last}, got {action}")
        if action < len(PLAIN_ACTIONS):
            return format_action(PLAIN_ACTIONS[action])
        slot = action - len(PLAIN_ACTIONS)
        if slot >= len(self._shown):
            # The environment refuses it in its own words, and counts the step.
            return format_action(click(f"slot {slot}"))
        return format_action(natural_action(self._shown[slot], self._page, self.text_observation["instruction"]))

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions have something to act on, by sb3-contrib's convention. Shape (number of actions,)."""
        return np.arange(self._slots + len(PLAIN_ACTIONS)) < len(PLAIN_ACTIONS) + len(self._shown)

    def _read(self, observation: Observation) -> _Features:
        self.text_observation = observation
        wanted = words(observation["instruction"])
        self._page = read_controls(observation["html"])
        self._shown = sorted(self._page, key=lambda control: -dice(control.words, wanted))[: self._slots]
        return encode(observation, self._shown, self._slots)
