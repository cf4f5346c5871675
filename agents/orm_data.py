"""What an outcome reward model (ORM) learns from: labelled attempts, and failures made of their successes.

After arXiv 2411.02337, section 3.8: attempts at training tasks under rewritten instructions and with changed variables.
Rewritten are instructions as their template's other wordings have them, and names throughout an attempt
(``agents.augmentation``). A changed variable makes a failure: the attempt was right for another value. Near misses
(``agents.near_misses``) change what was done instead of what was asked.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from agents.augmentation import instructed, renamed_passes
from agents.errors import TrainingStopped
from agents.near_misses import near_misses
from agents.types import LabelledTrajectory
from webrl_gym.tasks.record import Task
from webrl_gym.types import OutcomeVerdict, VerdictStatus

_FAILED = OutcomeVerdict(VerdictStatus.SCORED, 0.0, "rules", detail="the attempt was made for another instruction")
_ONE_VARIABLE = 0.5
"""Share of changed instructions in which a single variable is another task's; in the others all of them are."""


class Rephraser(Protocol):
    """What this module needs of a task suite."""

    @property
    def tasks(self) -> Sequence[Task]:
        """Tasks whose values may take the place of an attempt's own."""

    def rephrase(self, task: Task, rng: random.Random) -> Task:
        """The same task in other words; the task itself where there are none."""


@dataclass(frozen=True, slots=True)
class OrmRecipe:
    """What is made of labelled attempts, anew for each pass.

    Attributes:
        rephrased_share: Share of the attempts shown under another instruction of the same task, in [0, 1].
        renamed_share: Share of everything that is shown under other names, in [0, 1].
        changed_variables_per_success: Failures made of successes by changing variables of the instruction, in parts of
            the successes, >= 0.
        near_misses_per_success: Failures made of successes by changing one thing that was done, likewise.
    """

    rephrased_share: float = 0.0
    renamed_share: float = 0.0
    changed_variables_per_success: float = 1.0
    near_misses_per_success: float = 1.0

    def __post_init__(self) -> None:
        """Refuses what cannot be.

        Raises:
            ValueError: If a number is out of its range.
        """
        if not (0.0 <= self.rephrased_share <= 1.0 and 0.0 <= self.renamed_share <= 1.0):
            raise ValueError(f"Expected shares in [0, 1], got {self.rephrased_share} and {self.renamed_share}.")
        if min(self.changed_variables_per_success, self.near_misses_per_success) < 0.0:
            raise ValueError(
                "Expected failures per success >= 0, got "
                f"{self.changed_variables_per_success} and {self.near_misses_per_success}."
            )


def orm_passes(
    labelled: Sequence[LabelledTrajectory], suite: Rephraser, recipe: OrmRecipe, passes: int, rng: random.Random
) -> list[list[LabelledTrajectory]]:
    """What the ORM is shown in each of several passes, both outcomes equally often.

    Args:
        labelled: Labelled attempts.
        suite: Gives other wordings and other values.
        recipe: What is made of them.
        passes: How many passes.
        rng: Decides everything.

    Returns:
        The examples of each pass; the rarer outcome is repeated until both are as frequent.

    Raises:
        TrainingStopped: If one of the outcomes does not occur.
    """
    successes = [item for item in labelled if item.label.success]
    failures = [item for item in labelled if not item.label.success]
    if not successes or not failures:
        raise TrainingStopped(f"the ORM needs successes and failures, got {len(successes)} and {len(failures)}")

    def told(items: Sequence[LabelledTrajectory]) -> list[LabelledTrajectory]:
        return [_rephrased(item, suite, rng) if rng.random() < recipe.rephrased_share else item for item in items]

    def one_pass() -> list[LabelledTrajectory]:
        missed = near_misses(told(successes), round(recipe.near_misses_per_success * len(successes)), rng)
        changed = changed_variables(
            told(successes), suite, round(recipe.changed_variables_per_success * len(successes)), rng
        )
        failed = [*told(failures), *changed, *missed]
        size = max(len(successes), len(failed))
        done, not_done = ([items[place % len(items)] for place in range(size)] for items in (successes, failed))
        return renamed_passes([*told(done), *not_done], 1, recipe.renamed_share, rng)[0]

    return [one_pass() for _ in range(passes)]


def changed_variables(
    successes: Sequence[LabelledTrajectory], suite: Rephraser, count: int, rng: random.Random
) -> list[LabelledTrajectory]:
    """Failures made of successes: the attempt stays, the instruction asks for something else.

    A judge that has seen successes of demonstrations and failures of a policy alone learns who acted; the same attempt
    under another instruction teaches it to compare the two.

    Args:
        successes: Labelled attempts that succeeded; drawn from evenly.
        suite: Where other values come from: tasks of the same template with another evaluation.
        count: How many are tried; an attempt whose template has no other task gives none.
        rng: Decides everything.

    Returns:
        At most ``count`` labelled failures.
    """
    by_template: dict[str | None, list[Task]] = defaultdict(list)
    for task in suite.tasks:
        by_template[task.template].append(task)
    made = []
    order = rng.sample(list(successes), len(successes))
    for place in range(count if order else 0):
        item = order[place % len(order)]
        task = item.trajectory.task
        others = [other for other in by_template[task.template] if other.evaluation != task.evaluation]
        if others:
            other = suite.rephrase(rng.choice(others), rng)
            trajectory = instructed(item, _changed(task, other, rng)).trajectory
            made.append(LabelledTrajectory(replace(trajectory, rule_verdict=_FAILED), _FAILED))
    return made


def _changed(task: Task, other: Task, rng: random.Random) -> str:
    """The task's instruction with one value of another task of its template, or that task's instruction."""
    differing = [
        name
        for name, value in task.parameters.items()
        if value and value in task.instruction and other.parameters.get(name, value) != value
    ]
    if len(differing) < 2 or rng.random() >= _ONE_VARIABLE:
        return other.instruction
    name = rng.choice(differing)
    pattern = rf"(?<!\w){re.escape(task.parameters[name])}(?!\w)"
    changed = re.sub(pattern, lambda _: other.parameters[name], task.instruction)
    return changed if changed != task.instruction else other.instruction


def _rephrased(item: LabelledTrajectory, suite: Rephraser, rng: random.Random) -> LabelledTrajectory:
    task = item.trajectory.task
    other = suite.rephrase(task, rng)
    return item if other == task else instructed(item, other.instruction)
