"""What a suite makes of its tasks for training: new ones from failed ones, and the same in other words."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from webrl_gym.suites import load_suite
from webrl_gym.tasks.checks import no_rules
from webrl_gym.tasks.practice import template_by_name
from webrl_gym.tasks.suite import PRACTICE_SUITES, TaskSuite
from webrl_gym.tasks.template import Split
from webrl_gym.types import Site


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


def test_a_template_of_somebody_elses_has_no_other_words_and_evolves_into_nothing(train: TaskSuite) -> None:
    task = replace(train.tasks[0], template="mine.own")
    assert train.rephrase(task, random.Random(0)) is task
    assert train.evolve(task, random.Random(0)) is None
    assert not train.derives(task)


@pytest.mark.parametrize("name", ["map", "gitlab"])
def test_what_evolves_needs_no_other_sites_than_its_suite(train: TaskSuite, name: str) -> None:
    rng, alone = random.Random(4), train.only([Site(name)])
    assert any(Site(name) in task.sites[:1] and len(task.sites) > 1 for task in train)  # what would be drawn otherwise
    evolved = [task for parent in alone.tasks if (task := alone.evolve(parent, rng)) is not None]
    assert {task.sites for task in evolved} == {(Site(name),)}
    elsewhere = next(task for task in train if Site(name) not in task.sites)
    assert alone.evolve(elsewhere, rng) is None


def test_evolved_tasks_follow_from_their_templates_and_changed_ones_do_not(train: TaskSuite) -> None:
    rng = random.Random(0)
    evolved = [task for parent in train.tasks[::40] if (task := train.evolve(parent, rng)) is not None]
    assert len(evolved) > 15
    assert all(train.derives(task) for task in [*evolved, *train.tasks[::60]])
    task = next(task for task in train.tasks if task.template == "shopping.order_total")
    changed = [
        replace(task, template=None),
        replace(task, template="shopping.unknown"),
        replace(task, instruction="How much?"),
        replace(task, evaluation=no_rules()),
        replace(task, parameters={}),
        replace(task, parameters={"order": "nothing"}, instruction=task.instruction),
        next(task for task in load_suite("practice-test") if "unseen_template" in task.tags),
    ]
    assert not any(train.derives(task) for task in changed)


def test_names_are_looked_up_in_the_world_of_a_task(train: TaskSuite) -> None:
    task = next(task for task in train.tasks if task.template == "reddit.post_author")
    title = task.parameters["post"]
    told = replace(task, instruction=f'Is "{title.upper()}" newer than "Never written" and "100%"?')
    assert train.unknown_names(told) == ("Never written", "100%")
    assert train.unknown_names(replace(task, instruction="Open the first post.")) == ()
    crossing = replace(told, sites=(Site.MAP, Site.REDDIT), instruction=f'Open "{title}"')
    assert train.unknown_names(crossing) == ()
    assert train.unknown_names(replace(crossing, sites=(Site.MAP,))) == (title,)


def test_what_has_no_words_for_training_stays_as_it_is(train: TaskSuite) -> None:
    rng = random.Random(0)
    without = replace(train.tasks[0], template=None)
    unseen = [task for task in load_suite("practice-test") if "unseen_template" in task.tags]
    assert unseen
    assert all(train.rephrase(task, rng) == task for task in [without, *unseen])
