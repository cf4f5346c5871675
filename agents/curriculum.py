"""The self-evolving curriculum: new instructions from failed ones, kept where the critic sees a fair chance.

propose -> never a validation or test task -> no task twice, no near-duplicate -> the start page can be opened -> critic
value of the start state in [0.05, 0.75] -> feasible. Every proposal ends in exactly one count of the report.
Source: Qi et al. 2024, arXiv:2411.02337v1, section 2.2 and appendix A. The paper evolves with GPT-4o; the default here
draws from the grammar of the training templates and needs no language model (``agents.proposers``).
"""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from agents.atomic_file import replacing
from agents.duplicates import KnownTasks, normalised
from agents.feasibility import Feasibility, FeasibilityFilter
from agents.proposers import InstructionProposer
from agents.types import LabelledTrajectory
from webrl_gym.tasks.record import Task, task_from_dict

_log = logging.getLogger(__name__)

REPORT_SUITES = ("practice-test", "practice-test-large", "webarena-lite")
"""Suites for final reports only: nothing is trained, stopped or chosen by them."""
PROTECTED_SUITES = frozenset({"practice-valid", *REPORT_SUITES})
"""Suites that nothing is ever trained on."""

StartValues = Callable[[Sequence[Task]], Sequence[float | None]]
"""Critic value of each task's start state, in (0, 1); None where the start page could not be opened."""


class TaskSource(Protocol):
    """What the learner needs of ``webrl_gym.tasks.suite.TaskSuite``."""

    def sample(self, rng: np.random.Generator) -> Task:
        """A task of the suite, drawn uniformly."""

    def evolve(self, parent: Task, rng: random.Random) -> Task | None:
        """A new training task from a failed one; None when nothing new could be drawn."""

    def rephrase(self, task: Task, rng: random.Random) -> Task:
        """The same task in other words; the task itself where there are none."""


@dataclass(frozen=True, slots=True)
class CurriculumReport:
    """Where the proposals of one phase went; ``proposed`` is the sum of all the other counts but ``retried``.

    Attributes:
        proposed: Proposals made; an answer without any counts as one.
        prose: Dropped by the proposer: talk, a heading, something left to be filled in.
        empty: Dropped by the proposer: no text.
        too_long: Dropped by the proposer: more words than an instruction may have.
        wrong_site: Dropped by the proposer: about another site than was asked for.
        cut: Dropped by the proposer: the last entry of an answer that was cut at its longest.
        unanswered: Dropped by the proposer: the language model gave no answer.
        surplus: Dropped: more than were asked for.
        protected: Dropped: a validation or test task, one with its template and parameters, or a near-duplicate.
        repeated: Dropped: attempted or kept before, or proposed twice in this phase.
        near_duplicate: Dropped: nearly the words of such a task.
        unreachable: Dropped: the start page could not be opened.
        too_hard: Dropped: critic value below the window.
        too_easy: Dropped: critic value above the window.
        infeasible: Dropped: it cannot be done.
        undecided: Dropped: nobody could tell whether it can be done.
        kept: Instructions of the next phase.
        retried: Failed tasks of the suite that are attempted once more beside them; nobody proposed these.
    """

    proposed: int = 0
    prose: int = 0
    empty: int = 0
    too_long: int = 0
    wrong_site: int = 0
    cut: int = 0
    unanswered: int = 0
    surplus: int = 0
    protected: int = 0
    repeated: int = 0
    near_duplicate: int = 0
    unreachable: int = 0
    too_hard: int = 0
    too_easy: int = 0
    infeasible: int = 0
    undecided: int = 0
    kept: int = 0
    retried: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ProposalEnd:
    """Where one proposed task ended.

    Attributes:
        task: The proposal.
        end: A count of the report.
        reason: What it resembles, its critic value, or why it cannot be done; may be empty.
    """

    task: Task
    end: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CurriculumDraw:
    """The instructions of a phase.

    Attributes:
        tasks: What was kept.
        report: The counts.
        ends: Where each proposed task ended, in order.
        ended: Why fewer were kept than were wanted; empty when there are enough.
    """

    tasks: list[Task]
    report: CurriculumReport
    ends: list[ProposalEnd]
    ended: str

    def write(self, path: Path) -> None:
        """Writes counts and proposals as JSON, for people.

        Args:
            path: The file; its folder is made when it is not there.

        Raises:
            OSError: If it cannot be written.
        """
        proposals = [
            {
                "instruction": item.task.instruction,
                "sites": [site.value for site in item.task.sites],
                "parent": item.task.parent,
                "end": item.end,
                "reason": item.reason,
            }
            for item in self.ends
        ]
        record = {"counts": self.report.as_dict(), "ended": self.ended, "proposals": proposals}
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


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
        feasibility: FeasibilityFilter | None = None,
        max_rounds: int = 10,
        patience: int = 3,
    ) -> None:
        """Filters what ``proposer`` makes.

        Args:
            proposer: Makes new instructions from failed ones.
            value_low: Lowest critic value of a start state, inclusive, in [0, 1].
            value_high: Highest, inclusive, in [0, 1].
            protected: Further tasks that must never be trained on, whatever their suite says.
            feasibility: Says whether tasks can be done; None takes all for feasible.
            max_rounds: Most times that the proposer is asked for one phase.
            patience: Times in a row that nothing new comes from it after which it is not asked again in this phase.

        Raises:
            ValueError: If a number is out of its range.
        """
        if not 0.0 <= value_low <= value_high <= 1.0:
            raise ValueError(f"Expected 0 <= value_low <= value_high <= 1, got {value_low} and {value_high}.")
        if max_rounds < 1 or patience < 1:
            raise ValueError(f"Expected max_rounds and patience >= 1, got {max_rounds} and {patience}.")
        self.proposer = proposer
        self.value_low = value_low
        self.value_high = value_high
        self.feasibility = feasibility
        self.max_rounds = max_rounds
        self.patience = patience
        self._protected = KnownTasks(protected)
        self.failed: list[Task] = []
        self._undone: dict[str, Task] = {}
        self._seen = KnownTasks()

    def note(self, attempts: Iterable[LabelledTrajectory]) -> None:
        """Takes what was attempted last: no such task is kept again, and the failed ones are what evolves next.

        Args:
            attempts: Labelled attempts of one phase.
        """
        self.failed = []
        for item in attempts:
            task = item.trajectory.task
            self._seen.add(task)
            if item.label.success:
                self._undone.pop(task.task_id, None)
                continue
            self.failed.append(task)
            if task.parent is None:
                self._undone[task.task_id] = task

    def draw(
        self, count: int, start_values: StartValues, rng: random.Random, retried_share: float = 0.0
    ) -> CurriculumDraw:
        """The instructions of a phase: failed tasks of the suite once more, and what the failures evolve into.

        Args:
            count: Instructions wanted.
            start_values: Critic value of start states.
            rng: Decides everything.
            retried_share: Most of ``count`` that may be tasks of the suite, in [0, 1].

        Raises:
            ServerRefused: If the proposer's server refuses every request.
        """
        most = round(retried_share * count)
        retried = self.retries(most, start_values, rng) if most else []
        evolved = self.next_tasks(count - len(retried), start_values, rng)
        report = replace(evolved.report, retried=len(retried))
        return replace(evolved, tasks=[*retried, *evolved.tasks], report=report)

    def next_tasks(self, count: int, start_values: StartValues, rng: random.Random) -> CurriculumDraw:
        """Proposes and filters until ``count`` instructions are kept, or nothing new comes, or the rounds are over.

        Args:
            count: Instructions wanted.
            start_values: Critic value of start states; asked only for tasks that passed the filters before it.
            rng: Decides everything.

        Returns:
            At most ``count`` tasks, and where all proposals went.

        Raises:
            ServerRefused: If the proposer's server refuses every request.
        """
        kept: list[Task] = []
        tried = KnownTasks()
        counts: Counter[str] = Counter()
        ends: list[ProposalEnd] = []
        barren, ended = 0, f"asked {self.max_rounds} times"
        for _ in range(self.max_rounds):
            if len(kept) >= count:
                break
            proposals = self.proposer.propose(self.failed, count - len(kept), rng)
            counts["proposed"] += len(proposals.tasks) + sum(proposals.dropped.values())
            counts.update(proposals.dropped)
            taken = self._place(proposals.tasks, count - len(kept), tried, start_values)
            counts.update(item.end for item in taken)
            ends += taken
            kept += [item.task for item in taken if item.end == "kept"]
            barren = 0 if any(item.end not in _BARREN for item in taken) else barren + 1
            if proposals.ended or barren == self.patience:
                ended = proposals.ended or _why_barren(taken, barren)
                break
        if len(kept) >= count:
            ended = ""
        else:
            _log.warning("The curriculum kept %d of %d instructions: %s.", len(kept), count, ended)
        for task in kept:
            self._seen.add(task)
        return CurriculumDraw(kept, CurriculumReport(**counts), ends, ended)

    def _place(
        self, tasks: Sequence[Task], wanted: int, tried: KnownTasks, start_values: StartValues
    ) -> list[ProposalEnd]:
        """Where each task ends; one tried and dropped in this phase may come back in a later one."""
        places = [self._refused(task, tried) for task in tasks[:wanted]]
        places += [ProposalEnd(task, "surplus") for task in tasks[wanted:]]
        fresh = [place for place, item in enumerate(places) if not item.end]
        values = start_values([tasks[place] for place in fresh]) if fresh else ()
        for place, value in zip(fresh, values, strict=True):
            places[place] = ProposalEnd(
                tasks[place], self._in_window(value), "" if value is None else f"V = {value:.3f}"
            )
        fair = [place for place in fresh if places[place].end == "kept"]
        if self.feasibility is not None and fair:
            findings = self.feasibility.judge([tasks[place] for place in fair])
            for place, finding in zip(fair, findings, strict=True):
                if finding.feasibility is not Feasibility.FEASIBLE:
                    places[place] = ProposalEnd(tasks[place], finding.feasibility.value, finding.reason)
        return places

    def _refused(self, task: Task, tried: KnownTasks) -> ProposalEnd:
        """Why a task may not be tried; without an end if it may, and then it counts as tried."""
        is_protected = task.suite in PROTECTED_SUITES or "unseen_template" in task.tags or task in self._protected
        if is_protected:
            return ProposalEnd(task, "protected")
        if (like := self._protected.resembled(task)) is not None:
            return ProposalEnd(task, "protected", f"like {like!r}")
        if task in self._seen or task in tried:
            return ProposalEnd(task, "repeated")
        for known in (self._seen, tried):
            if (like := known.resembled(task)) is not None:
                is_copy = normalised(like) == normalised(task.instruction)
                return ProposalEnd(task, "repeated" if is_copy else "near_duplicate", f"like {like!r}")
        tried.add(task)
        return ProposalEnd(task, "")

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
            kept += [task for task, value in zip(asked, values, strict=True) if self._in_window(value) == "kept"]
        return kept

    def _in_window(self, value: float | None) -> str:
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
            "seen": self._seen.as_records(),
        }

    def replace_by(self, record: Mapping[str, Any]) -> None:
        """Forgets everything and takes what ``as_record`` wrote.

        Args:
            record: What was remembered.
        """
        self.failed = [task_from_dict(task) for task in record["failed"]]
        self._undone = {task["task_id"]: task_from_dict(task) for task in record["undone"]}
        self._seen = KnownTasks.from_records(record["seen"])


_BARREN = frozenset(("surplus", "protected", "repeated", "near_duplicate", "undecided"))
"""Ends of proposals that lead nowhere however often they come."""


def _why_barren(taken: Sequence[ProposalEnd], times: int) -> str:
    undecided = [item.reason for item in taken if item.end == "undecided"]
    return f"nothing new came {times} times in a row{'; ' if undecided else ''}{''.join(undecided[-1:])}"
