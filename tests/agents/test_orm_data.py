"""What a judge learns from: both outcomes equally often, other wordings, other values."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from agents.errors import TrainingStopped
from agents.labelling import evidence_of
from agents.orm_data import OrmRecipe, changed_variables, orm_passes
from agents.types import LabelledTrajectory
from tests.agents.toy_env import ToySuite, demonstration, toy_task
from tests.agents.toy_runs import TASKS, demonstrations
from webrl_gym.suites import load_suite
from webrl_gym.tasks.record import Task

FAILED = ['do(action="Click", element="1")', "exit()"]
PLAIN = OrmRecipe(changed_variables_per_success=0.0, near_misses_per_success=0.0)


class Suite(ToySuite):
    """Tasks of two variables, both of which stand in the instruction."""

    def __init__(self) -> None:
        super().__init__(orders=2)
        self.tasks = tuple(
            replace(task, instruction=f"Open {task.parameters['colour']} in order {task.parameters['order']}")
            for task in self.tasks
        )

    def rephrase(self, task: Task, rng: random.Random) -> Task:
        """There are no other words."""
        return task


def attempts() -> list[LabelledTrajectory]:
    return [*demonstrations(), *(demonstration(task, FAILED) for task in TASKS)]


def test_both_outcomes_are_shown_equally_often() -> None:
    items = attempts()
    not_done = [item for item in items if not item.label.success]
    done = [item for item in items if item.label.success]
    assert len(done) != len(not_done)
    for shown in orm_passes(items, ToySuite(orders=1), PLAIN, 2, random.Random(0)):
        assert Counter(item.label.success for item in shown) == {True: len(done), False: len(done)}
        assert all(item in items for item in shown)


def test_each_pass_makes_its_own_failures() -> None:
    recipe = OrmRecipe(changed_variables_per_success=2.0, near_misses_per_success=0.0)
    one, other = orm_passes(attempts(), Suite(), recipe, 2, random.Random(0))
    assert Counter(item.label.success for item in one)[False] > len(TASKS) + 3
    assert [evidence_of(item.trajectory) for item in one] != [evidence_of(item.trajectory) for item in other]
    assert orm_passes(attempts(), Suite(), recipe, 2, random.Random(0)) == [one, other]


def test_a_share_is_told_in_other_words() -> None:
    recipe = OrmRecipe(rephrased_share=0.5, changed_variables_per_success=0.0, near_misses_per_success=0.0)
    passes = orm_passes(attempts(), ToySuite(orders=1), recipe, 20, random.Random(0))
    words = Counter(item.trajectory.task.instruction.split()[0] for shown in passes for item in shown)
    assert 0.4 < words["Open"] / words.total() < 0.6
    assert set(words) == {"Open", "I", "Where"}
    for item in passes[0]:
        assert item.trajectory.task.parameters["colour"] in item.trajectory.task.instruction


@pytest.mark.parametrize("outcome", [True, False])
def test_both_outcomes_are_needed(outcome: bool) -> None:
    one_sided = [item for item in attempts() if item.label.success is outcome]
    with pytest.raises(TrainingStopped, match="needs successes and failures, got"):
        orm_passes(one_sided, ToySuite(orders=1), PLAIN, 1, random.Random(0))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"rephrased_share": 1.5}, "shares"),
        ({"renamed_share": -0.1}, "shares"),
        ({"near_misses_per_success": -1.0}, "failures per success"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(changes: dict[str, float], named: str) -> None:
    with pytest.raises(ValueError, match=f"Expected {named}"):
        OrmRecipe(**changes)


def test_a_success_is_a_failure_under_another_instruction() -> None:
    suite = Suite()
    done = [demonstration(task) for task in suite.tasks]
    made = changed_variables(done, suite, 60, random.Random(0))
    assert len(made) == 60
    instructions = {task.instruction: task for task in suite.tasks}
    changed: Counter[int] = Counter()
    for item in made:
        assert not item.label.success
        assert item.trajectory.rule_verdict == item.label
        task, told = item.trajectory.task, item.trajectory.task.instruction
        assert {step.observation["instruction"] for step in item.trajectory.steps} == {told}
        assert all(step.completion.token_ids == () for step in item.trajectory.steps)
        other = instructions.get(told)
        if other is not None:
            assert other.parameters != task.parameters
            changed[sum(other.parameters[name] != value for name, value in task.parameters.items())] += 1
    assert changed[1] > changed[2] > 0


def test_a_template_without_other_tasks_gives_no_changed_instruction() -> None:
    alone = ToySuite(orders=1)
    alone.tasks = alone.tasks[:1]
    assert changed_variables([demonstration(alone.tasks[0])], alone, 5, random.Random(0)) == []
    assert changed_variables([], alone, 5, random.Random(0)) == []


def test_a_value_is_exchanged_as_a_whole_word_wherever_the_instruction_says_it() -> None:
    suite = Suite()
    task = toy_task("Red", 1, instruction="Open Red, not Redder, in order 1: Red")
    one = {
        item.trajectory.task.instruction
        for item in changed_variables([demonstration(task)], suite, 60, random.Random(1))
    }
    assert "Open Blue, not Redder, in order 1: Blue" in one
    assert "Open Red, not Redder, in order 0: Red" in one


def test_real_templates_have_their_values_in_their_instructions() -> None:
    """What changing a variable rests on."""
    tasks = load_suite("practice-train").tasks
    assert all(value in task.instruction for task in tasks for value in task.parameters.values())
