"""Refuses Gymnasium's own step limit, which would end episodes before they are scored."""

from __future__ import annotations

from typing import Any

import gymnasium
from gymnasium.wrappers import TimeLimit

from webrl_gym.types import Observation


class NoOuterLimit(gymnasium.Wrapper[Observation, str, Observation, str], gymnasium.utils.RecordConstructorArgs):
    """Changes nothing. ``gymnasium.make`` puts it around its ``TimeLimit``, which no environment sees from within."""

    def __init__(self, env: gymnasium.Env[Observation, str]) -> None:
        """Wraps ``env``.

        Args:
            env: The environment with all that ``gymnasium.make`` puts around it.

        Raises:
            ValueError: If a step limit is among that.
        """
        gymnasium.utils.RecordConstructorArgs.__init__(self)
        super().__init__(env)
        limit = _outer_limit(env)
        if limit is not None:
            env.close()
            raise ValueError(
                f"use max_steps={limit} in place of max_episode_steps={limit}: a limit outside the environment ends "
                "episodes unscored"
            )


def _outer_limit(env: gymnasium.Env[Any, Any]) -> int | None:
    """The steps of a ``TimeLimit`` around the environment; its spec would tell, but copies a scorer with its model."""
    while isinstance(env, gymnasium.Wrapper):
        if isinstance(env, TimeLimit):
            return int(env._max_episode_steps)
        env = env.env
    return None
