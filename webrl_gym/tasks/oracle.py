"""The scripted oracle as an agent: follows the template's script, reads only what the environment shows."""

from __future__ import annotations

from webrl_gym.actions import format_action, leave
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.practice import template_by_name
from webrl_gym.tasks.record import Task
from webrl_gym.types import Observation


class OracleAgent:
    """Solves practice tasks; ``reset(task)``, then ``act(observation)`` for each step."""

    def __init__(self) -> None:
        """Starts without a task."""
        self._task: Task | None = None
        self._script: Oracle | None = None

    def reset(self, task: Task) -> None:
        """Takes up a task.

        Raises:
            ValueError: If the task was not made from a practice template.
        """
        if task.template is None:
            raise ValueError(f"Task {task.task_id} has no template, so there is no oracle for it")
        self._task = task
        self._script = None

    def act(self, observation: Observation) -> str:
        """The next action as text; leaves without an answer when the script is over.

        Raises:
            OracleLost: If the page does not hold what the script looks for.
        """
        if self._task is None or self._task.template is None:
            raise ValueError("reset(task) comes before act(observation)")
        page = PageView(observation)
        try:
            if self._script is None:
                self._script = template_by_name(self._task.template).solve(page, self._task.parameters)
                return format_action(next(self._script))
            return format_action(self._script.send(page))
        except StopIteration:
            return format_action(leave())
