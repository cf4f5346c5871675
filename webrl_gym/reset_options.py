"""What ``reset`` may be told."""

from __future__ import annotations

from collections.abc import Mapping

from webrl_gym.tasks.record import Task

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
