"""What ``reset`` may be told."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from webrl_gym.deployment.runnable import LeftOut, refuse_left_out
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import TaskSuite

_KNOWN = ("task",)


def task_asked_for(options: object) -> Task | str | None:
    """The task, or the id of the task, that ``reset(options=...)`` names; None where it names none.

    Args:
        options: What ``reset`` was given.

    Raises:
        TypeError: If that is no mapping.
        ValueError: If it has a key that means nothing: a misspelt one would have a drawn task played in silence.
    """
    if options is None:
        return None
    if not isinstance(options, Mapping):
        raise TypeError(f'options must be a mapping such as {{"task": "practice-train/map.phone/0"}}, got {options!r}')
    unknown = [name for name in options if name not in _KNOWN]
    if unknown:
        raise ValueError(f"reset knows the options {', '.join(_KNOWN)}, got {', '.join(map(repr, unknown))}")
    wanted = options.get("task")
    return wanted if wanted is None or isinstance(wanted, Task) else str(wanted)


def choose_task(options: object, suite: TaskSuite, left_out: LeftOut, rng: np.random.Generator) -> Task:
    """The task of an episode: the one that is asked for, or one drawn from the suite.

    Args:
        options: What ``reset`` was given.
        suite: The environment's.
        left_out: Tasks that its deployment cannot run.
        rng: Draws.

    Raises:
        TypeError: As ``task_asked_for``.
        ValueError: As there, or if the suite has no such task, or the deployment cannot run it.
    """
    wanted = task_asked_for(options)
    if wanted is None:
        return suite.sample(rng)
    if isinstance(wanted, Task):
        return wanted
    refuse_left_out(wanted, left_out)
    return suite.get(wanted)
