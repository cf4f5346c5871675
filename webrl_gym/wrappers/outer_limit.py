"""Refuses Gymnasium's own step limit, which would end episodes before they are scored."""

from __future__ import annotations

import gymnasium

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
        limit = None if env.spec is None else env.spec.max_episode_steps
        if limit is not None:
            env.close()
            raise ValueError(
                f"use max_steps={limit} in place of max_episode_steps={limit}: a limit outside the environment ends "
                "episodes unscored"
            )
