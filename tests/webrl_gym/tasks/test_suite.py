"""What a suite makes of its tasks for training: new ones from failed ones, and the same in other words."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from webrl_gym.suites import load_suite
from webrl_gym.tasks.suite import PRACTICE_SUITES, TaskSuite, template_by_name
from webrl_gym.tasks.template import Split


@pytest.fixture(scope="module")
def train() -> TaskSuite:
    return load_suite("practice-train")


def test_failed_tasks_evolve_into_training_tasks_of_their_site(train: TaskSuite) -> None:
    rng = random.Random(0)
    parents = [task for task in load_suite("practice-valid") if task.template][:40]
    evolved = [(parent, train.evolve(parent, rng)) for parent in parents]
    made = [(parent, task) for parent, task in evolved if task is not None]
    assert len(made) > 30
    for parent, task in made:
        assert task.suite == "evolved"
        assert task.parent == parent.task_id
        assert task.sites[0] == parent.sites[0]
        assert task.world in PRACTICE_SUITES["practice-train"].worlds
        assert template_by_name(str(task.template)).split is Split.EVERYWHERE
    assert len({task.task_id for _, task in made}) == len(made)
    assert train.evolve(replace(parents[0], template=None), rng) is None


def test_a_task_is_rephrased_as_its_template_has_it(train: TaskSuite) -> None:
    rng = random.Random(0)
    for task in train.tasks[:60]:
        wordings = {wording.format(**task.parameters) for wording in template_by_name(str(task.template)).wordings}
        told = {train.rephrase(task, rng).instruction for _ in range(30)}
        assert told == wordings - {task.instruction}
        assert replace(train.rephrase(task, rng), instruction=task.instruction) == task


def test_what_has_no_words_for_training_stays_as_it_is(train: TaskSuite) -> None:
    rng = random.Random(0)
    without = replace(train.tasks[0], template=None)
    unseen = [task for task in load_suite("practice-test") if "unseen_template" in task.tags]
    assert unseen
    assert all(train.rephrase(task, rng) == task for task in [without, *unseen])
