"""The self-evolving curriculum: new instructions from failed ones, kept where the critic sees a fair chance.

propose -> never a validation or test task -> no task twice -> the start page can be opened -> critic value of the
start state in [0.05, 0.75]. Every proposal ends in exactly one count of the report.
Source: Qi et al. 2024, arXiv:2411.02337v1, section 2.2 and appendix A. The paper evolves with GPT-4o; the default here
draws from the grammar of the training templates and needs no language model.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from agents.types import LabelledTrajectory
from webrl_gym.tasks.record import Task, task_from_dict

PROTECTED_SUITES = frozenset({"practice-valid", "practice-test", "practice-test-large", "webarena-lite"})
"""Suites that nothing is ever trained on."""

StartValues = Callable[[Sequence[Task]], Sequence[float | None]]
"""Critic value of each task's start state, in (0, 1); None where the start page could not be opened."""

Evolve = Callable[[Task, random.Random], Task | None]
"""Makes a new training task from a failed one; None when nothing new could be drawn."""


class TaskSource(Protocol):
    """What the learner needs of ``webrl_gym.tasks.suite.TaskSuite``."""

    def sample(self, rng: np.random.Generator) -> Task:
        """A task of the suite, drawn uniformly."""

    def evolve(self, parent: Task, rng: random.Random) -> Task | None:
        """A new training task from a failed one; None when nothing new could be drawn."""

    def rephrase(self, task: Task, rng: random.Random) -> Task:
        """The same task in other words; the task itself where there are none."""


class InstructionProposer(Protocol):
    """Anything that makes new instructions from failed ones; it need not filter."""

    def propose(self, failed: Sequence[Task], count: int, rng: random.Random) -> list[Task]:
        """At most ``count`` new tasks; each names its parent."""


class GrammarProposer:
    """Evolves failed tasks with the grammar of the training templates (in-breadth evolution without an LLM)."""

    def __init__(self, evolve: Evolve) -> None:
        """Evolves by ``evolve``, a suite's method of that name."""
        self._evolve = evolve

    def propose(self, failed: Sequence[Task], count: int, rng: random.Random) -> list[Task]:
        """New tasks of the parents' or sibling templates; fewer than ``count`` where the grammar gave nothing new.

        Args:
            failed: Tasks that the policy failed; parents are drawn from them uniformly.
            count: Most tasks to propose.
            rng: Decides everything.
        """
        if not failed:
            return []
        evolved = (self._evolve(rng.choice(failed), rng) for _ in range(count))
        return [task for task in evolved if task is not None]


@dataclass(frozen=True, slots=True)
class CurriculumReport:
    """Where the proposals of one phase went; ``proposed`` is the sum of all the others but ``retried``.

    Attributes:
        proposed: Proposals made.
        protected: Dropped: a validation or test task, or one with its template and parameters.
        repeated: Dropped: attempted or kept before, or proposed twice in this phase.
        unreachable: Dropped: the start page could not be opened.
        too_hard: Dropped: critic value below the window.
        too_easy: Dropped: critic value above the window.
        kept: Instructions of the next phase.
        retried: Failed tasks of the suite that are attempted once more beside them; nobody proposed these.
    """

    proposed: int = 0
    protected: int = 0
    repeated: int = 0
    unreachable: int = 0
    too_hard: int = 0
    too_easy: int = 0
    kept: int = 0
    retried: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


class Curriculum:
    """Draws the instructions of the next phase; remembers every task attempted or kept, and which were failed.

    Attributes:
        failed: Tasks that were failed in the last attempts noted, in order: what evolves next.
    """

    def __init__(
        self,
        proposer: InstructionProposer,
        *,
        value_low: float = 0.05,
        value_high: float = 0.75,
        protected: Iterable[Task] = (),
        max_rounds: int = 10,
    ) -> None:
        """Filters what ``proposer`` makes.

        Args:
            proposer: Makes new instructions from failed ones.
            value_low: Lowest critic value of a start state, inclusive, in [0, 1].
            value_high: Highest, inclusive, in [0, 1].
            protected: Further tasks that must never be trained on, whatever their suite says.
            max_rounds: Most times that the proposer is asked for one phase.

        Raises:
            ValueError: If a number is out of its range.
        """
        if not 0.0 <= value_low <= value_high <= 1.0:
            raise ValueError(f"Expected 0 <= value_low <= value_high <= 1, got {value_low} and {value_high}.")
        if max_rounds < 1:
            raise ValueError(f"Expected max_rounds >= 1, got {max_rounds}.")
        self.proposer = proposer
        self.value_low = value_low
        self.value_high = value_high
        self.max_rounds = max_rounds
        self._protected = {task.key for task in protected}
        self.failed: list[Task] = []
        self._undone: dict[str, Task] = {}
        self._seen: set[tuple[str, ...]] = set()

    def note(self, attempts: Iterable[LabelledTrajectory]) -> None:
        """Takes what was attempted last: no such task is kept again, and the failed ones are what evolves next.

        Args:
            attempts: Labelled attempts of one phase.
        """
        self.failed = []
        for item in attempts:
            task = item.trajectory.task
            self._seen.add(task.key)
            if item.label.success:
                self._undone.pop(task.task_id, None)
                continue
            self.failed.append(task)
            if task.parent is None:
                self._undone[task.task_id] = task

    def next_tasks(
        self, count: int, start_values: StartValues, rng: random.Random
    ) -> tuple[list[Task], CurriculumReport]:
        """Proposes and filters until ``count`` instructions are kept or the rounds are over.

        Args:
            count: Instructions wanted.
            start_values: Critic value of start states; asked only for tasks that passed the other filters.
            rng: Decides everything.

        Returns:
            At most ``count`` tasks, and where all proposals went.
        """
        kept: list[Task] = []
        tried: set[tuple[str, ...]] = set()
        counts: Counter[str] = Counter()
        for _ in range(self.max_rounds):
            if len(kept) >= count:
                break
            proposals = self.proposer.propose(self.failed, count - len(kept), rng)[: count - len(kept)]
            counts["proposed"] += len(proposals)
            fresh = [task for task in proposals if self._is_new(task, tried, counts)]
            for task, value in zip(fresh, start_values(fresh) if fresh else (), strict=True):
                verdict = self._place(value)
                counts[verdict] += 1
                if verdict == "kept":
                    kept.append(task)
                    self._seen.add(task.key)
        return kept, CurriculumReport(**counts)

    def retries(self, count: int, start_values: StartValues, rng: random.Random) -> list[Task]:
        """Tasks of the suite that are worth another attempt: drawn evenly from those inside the value window.

        Args:
            count: Tasks wanted.
            start_values: Critic value of start states.
            rng: Decides which.

        Returns:
            At most ``count`` tasks without a parent that were failed when last attempted.
        """
        order = rng.sample(list(self._undone.values()), len(self._undone))
        kept: list[Task] = []
        while order and len(kept) < count:
            asked, order = order[: count - len(kept)], order[count - len(kept) :]
            values = start_values(asked)
            kept += [task for task, value in zip(asked, values, strict=True) if self._place(value) == "kept"]
        return kept

    def _is_new(self, task: Task, tried: set[tuple[str, ...]], counts: Counter[str]) -> bool:
        """Counts what is dropped; a task tried and dropped in this phase may come back in a later one."""
        if task.suite in PROTECTED_SUITES or "unseen_template" in task.tags or task.key in self._protected:
            counts["protected"] += 1
            return False
        if task.key in self._seen or task.key in tried:
            counts["repeated"] += 1
            return False
        tried.add(task.key)
        return True

    def _place(self, value: float | None) -> str:
        if value is None:
            return "unreachable"
        if value < self.value_low:
            return "too_hard"
        return "too_easy" if value > self.value_high else "kept"

    def as_record(self) -> dict[str, Any]:
        """What is remembered, JSON-ready and in a fixed order."""
        return {
            "failed": [task.as_dict() for task in self.failed],
            "undone": [task.as_dict() for task in self._undone.values()],
            "seen": [list(key) for key in sorted(self._seen)],
        }

    def replace_by(self, record: Mapping[str, Any]) -> None:
        """Forgets everything and takes what ``as_record`` wrote.

        Args:
            record: What was remembered.
        """
        self.failed = [task_from_dict(task) for task in record["failed"]]
        self._undone = {task["task_id"]: task_from_dict(task) for task in record["undone"]}
        self._seen = {tuple(key) for key in record["seen"]}
