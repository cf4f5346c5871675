import json
import random

import pytest

from agents.curriculum import Curriculum, GrammarProposer
from tests.agents.toy_env import COLOURS, ToySuite, demonstration, toy_task

LOST = ["exit()"]


def fair(tasks):
    return [0.5] * len(tasks)


class ListProposer:
    """Proposes a list from its start to its end."""

    def __init__(self, tasks):
        self.tasks = list(tasks)
        self.asked = []

    def propose(self, _failed, count, _rng):
        self.asked.append(count)
        taken, self.tasks = self.tasks[:count], self.tasks[count:]
        return taken


def total(report):
    counts = report.as_dict()
    return counts.pop("proposed"), sum(counts.values()) - counts["retried"]


def test_every_proposal_ends_in_one_count():
    values = {0: None, 1: 0.01, 2: 0.05, 3: 0.75, 4: 0.9, 5: 0.5}
    proposals = [toy_task("Red", order) for order in values]
    proposals += [
        toy_task("Red", 5),
        toy_task("Blue", 0, suite="practice-test"),
        toy_task("Blue", 1, suite="practice-valid"),
        toy_task("Blue", 2, suite="webarena-lite"),
        toy_task("Blue", 3, tags=("unseen_template",)),
        toy_task("Blue", 4, world=3),
    ]
    curriculum = Curriculum(ListProposer(proposals), protected=[toy_task("Blue", 4, world=10)])
    tasks, report = curriculum.next_tasks(
        99, lambda tasks: [values[int(task.parameters["order"])] for task in tasks], random.Random(0)
    )
    assert [task.parameters["order"] for task in tasks] == ["2", "3", "5"]
    assert report.as_dict() == {
        "proposed": 12, "protected": 5, "repeated": 1, "unreachable": 1, "too_hard": 1, "too_easy": 1, "kept": 3,
        "retried": 0,
    }  # fmt: skip
    assert total(report) == (12, 12)


def test_attempted_and_kept_tasks_do_not_come_back_but_dropped_ones_may():
    curriculum = Curriculum(ListProposer([toy_task("Red", 0), toy_task("Red", 1), toy_task("Red", 2)] * 2))
    curriculum.note([demonstration(toy_task("Red", 0))])
    first, _ = curriculum.next_tasks(
        3, lambda tasks: [0.9 if task.parameters["order"] == "1" else 0.5 for task in tasks], random.Random(0)
    )
    assert [task.parameters["order"] for task in first] == ["2"]
    curriculum = Curriculum(ListProposer([toy_task("Red", 1)]))
    curriculum.replace_by({"failed": [], "undone": [], "seen": []})
    assert len(curriculum.next_tasks(1, fair, random.Random(0))[0]) == 1


def test_values_are_asked_only_for_tasks_that_may_be_kept():
    asked = []

    def values(tasks):
        asked.extend(tasks)
        return fair(tasks)

    proposer = ListProposer([toy_task("Red", 0, suite="practice-test"), toy_task("Red", 1), toy_task("Red", 1)])
    Curriculum(proposer).next_tasks(3, values, random.Random(0))
    assert asked == [toy_task("Red", 1)]


def test_the_proposer_is_asked_for_what_is_missing_until_it_is_kept():
    proposer = ListProposer([toy_task("Red", 0), toy_task("Red", 0), toy_task("Red", 1), toy_task("Red", 2)])
    tasks, report = Curriculum(proposer).next_tasks(2, fair, random.Random(0))
    assert len(tasks) == 2
    assert proposer.asked == [2, 1]
    assert report.repeated == 1


def test_a_proposer_that_repeats_itself_is_given_up():
    class Stuck:
        def propose(self, _failed, count, _rng):
            return [toy_task("Red", 0)] * count

    tasks, report = Curriculum(Stuck(), max_rounds=4).next_tasks(3, fair, random.Random(0))
    assert len(tasks) == 1
    assert report.proposed == 3 + 2 + 2 + 2
    assert total(report)[0] == total(report)[1]


def test_more_proposals_than_asked_for_are_not_taken():
    class Eager:
        def propose(self, _failed, _count, _rng):
            return [toy_task(colour, order) for colour in COLOURS for order in range(6)]

    tasks, report = Curriculum(Eager()).next_tasks(4, fair, random.Random(0))
    assert len(tasks) == report.proposed == 4


def test_retries_are_failed_tasks_inside_the_window():
    values = [None, 0.01, 0.3, 0.5, 0.6, 0.9]
    failed = [toy_task("Red", order) for order in range(len(values))]
    asked = []

    def value_of(tasks):
        asked.extend(tasks)
        return [values[int(task.parameters["order"])] for task in tasks]

    curriculum = Curriculum(ListProposer([]), value_low=0.2, value_high=0.8)
    evolved = toy_task("Blue", 3, parent="toy-train/Red/0")
    curriculum.note([demonstration(task, LOST) for task in [*failed, evolved]])
    drawn = [curriculum.retries(2, value_of, random.Random(seed)) for seed in range(20)]
    assert all(len(tasks) == 2 for tasks in drawn)
    assert {task.parameters["order"] for tasks in drawn for task in tasks} == {"2", "3", "4"}
    asked.clear()
    every = curriculum.retries(99, value_of, random.Random(0))
    assert sorted(task.parameters["order"] for task in every) == ["2", "3", "4"]
    assert len(asked) == len(failed)
    curriculum.note([demonstration(failed[2]), demonstration(failed[3], LOST)])  # done now, and failed again
    assert {task.parameters["order"] for task in curriculum.retries(99, value_of, random.Random(0))} == {"3", "4"}


def test_the_grammar_proposer_evolves_failed_tasks_and_is_deterministic():
    failed = [toy_task("Red", 0), toy_task("Blue", 1)]
    proposer = GrammarProposer(ToySuite().evolve)
    first = proposer.propose(failed, 20, random.Random(7))
    assert first == proposer.propose(failed, 20, random.Random(7))
    assert first != proposer.propose(failed, 20, random.Random(8))
    assert 10 <= len(first) <= 20
    assert {task.parent for task in first} == {task.task_id for task in failed}
    assert proposer.propose([], 20, random.Random(7)) == []


def test_curricula_with_one_seed_are_equal():
    def draw():
        curriculum = Curriculum(GrammarProposer(ToySuite().evolve))
        curriculum.note([demonstration(toy_task("Red", 0), LOST)])
        return curriculum.next_tasks(10, fair, random.Random(5)), curriculum.as_record()

    tasks, _ = draw()[0]
    assert tasks
    assert draw() == draw()


def test_records_give_the_memory_back():
    curriculum = Curriculum(ListProposer([toy_task("Red", 0)]))
    curriculum.note([demonstration(toy_task("Red", 0)), demonstration(toy_task("Blue", 2), LOST)])
    other = Curriculum(ListProposer([toy_task("Red", 0)]))
    other.replace_by(json.loads(json.dumps(curriculum.as_record())))
    assert other.as_record() == curriculum.as_record()
    assert other.failed == [toy_task("Blue", 2)]
    assert other.retries(9, fair, random.Random(0)) == [toy_task("Blue", 2)]
    assert other.next_tasks(1, fair, random.Random(0))[1].repeated == 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"value_low": 0.8}, "value_low"), ({"value_high": 1.5}, "value_high"), ({"max_rounds": 0}, "max_rounds")],
)
def test_settings_out_of_range_are_refused(changes, named):
    with pytest.raises(ValueError, match=named):
        Curriculum(ListProposer([]), **changes)
