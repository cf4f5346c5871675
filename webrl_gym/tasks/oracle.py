"""The scripted oracle as an agent: follows the task's script, reads only what the environment shows."""

from __future__ import annotations

from collections.abc import Callable

from webrl_gym.actions import format_action, leave
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.practice import practice_oracle
from webrl_gym.tasks.record import Task
from webrl_gym.types import Observation

Solve = Callable[[Task, PageView], Oracle]
"""Begins a task's script on its first page, as ``TaskSuite.solve`` does; raises ``ValueError`` when it has none."""


class OracleAgent:
    """Solves tasks by their scripts; ``reset(task)``, then ``act(observation)`` for each step."""

    def __init__(self, solve: Solve = practice_oracle) -> None:
        """Starts without a task.

        Args:
            solve: ``solve`` of the suite that the tasks are from; that of the practice suites when left out.
        """
        self._solve = solve
        self._task: Task | None = None
        self._script: Oracle | None = None

    def reset(self, task: Task) -> None:
        """Takes up a task."""
        self._task = task
        self._script = None

    def act(self, observation: Observation) -> str:
        """The next action as text; leaves without an answer when the script is over.

        Raises:
            ValueError: If there is no script for the task.
            OracleLost: If the page does not hold what the script looks for.
        """
        if self._task is None:
            raise ValueError("reset(task) comes before act(observation)")
        page = PageView(observation)
        try:
            if self._script is None:
                self._script = self._solve(self._task, page)
                return format_action(next(self._script))
            return format_action(self._script.send(page))
        except StopIteration:
            return format_action(leave())
