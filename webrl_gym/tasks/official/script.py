"""What is known of an official task on the replica: how to do it, how to fail it, and what its answer hangs on."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass

from webrl_gym.actions import Action, ActionKind, leave
from webrl_gym.tasks.page_view import Oracle, OracleLost, PageView
from webrl_gym.tasks.template import Statement

Solve = Callable[[PageView], Oracle]
"""An oracle's script: sees the instruction (``page.observation["instruction"]``) and pages, and nothing else."""


def asked(page: PageView, pattern: str) -> tuple[str, ...]:
    """What the instruction says at the groups of a pattern, empty for a group that is left out; case does not count.

    Raises:
        OracleLost: If it does not read like that.
    """
    instruction = page.observation["instruction"]
    match = re.search(pattern, instruction, re.IGNORECASE)
    if match is None:
        raise OracleLost(f"expected an instruction like {pattern!r}, got {instruction!r}")
    return match.groups("")


@dataclass(frozen=True, slots=True)
class Perturbation:
    """Another state of the world, in which a reading task has another answer.

    Attributes:
        statements: What changes the record behind the answer.
        answer: A text that the oracle's answer holds then, and does not hold before.
    """

    statements: tuple[Statement, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Script:
    """One official task.

    Attributes:
        task_id: Its number in the official file.
        solve: The oracle.
        twin: A run that must fail: the same steps with this answer at the end, or a script that changes the wrong
            record, writes a wrong value or ends on the wrong page.
        perturbation: For tasks that ask for an answer: what the answer must follow.
        constant: Why there is no ``perturbation``: the answer hangs on no record (N/A, for example). Empty for tasks
            that have one, or that ask for no answer.
        judged: Why only a judge can tell whether the oracle's answer is right. Empty where rules can.
    """

    task_id: int
    solve: Solve
    twin: str | Solve
    perturbation: Perturbation | None = None
    constant: str = ""
    judged: str = ""

    def fail(self, page: PageView) -> Oracle:
        """Begins the twin."""
        return self.twin(page) if callable(self.twin) else _answer_instead(self.solve(page), self.twin)


def _answer_instead(script: Oracle, answer: str) -> Generator[Action, PageView, None]:
    """The same steps, another answer."""
    action = next(script)
    while action.kind is not ActionKind.EXIT:
        page = yield action
        action = script.send(page)
    yield leave(answer)
