import json
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.curriculum import Curriculum
from agents.feasibility import FEASIBLE, Feasibility, Finding
from agents.proposers import PROPOSER_DROPS, GrammarProposer, Proposals, written_task
from tests.agents.toy_env import COLOURS, ToySuite, demonstration, toy_task

LOST = ["exit()"]


def fair(tasks):
    return [0.5] * len(tasks)


def written(instruction, **changes):
    """A task that a language model wrote."""
    return replace(written_task(instruction, [toy_task("Red", 0)]), **changes)


class ListProposer:
    """Proposes a list from its start to its end."""

    def __init__(self, tasks):
        self.tasks = list(tasks)
        self.asked = []

    def propose(self, _failed, count, _rng):
        self.asked.append(count)
        taken, self.tasks = self.tasks[:count], self.tasks[count:]
        return Proposals(taken)


class Repeating:
    """Gives the same answer again and again."""

    def __init__(self, **answer):
        self.answer = Proposals(**answer)
        self.asked = 0

    def propose(self, _failed, _count, _rng):
        self.asked += 1
        return self.answer


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
    draw = curriculum.next_tasks(
        99, lambda tasks: [values[int(task.parameters["order"])] for task in tasks], random.Random(0)
    )
    assert [task.parameters["order"] for task in draw.tasks] == ["2", "3", "5"]
    told = {name: count for name, count in draw.report.as_dict().items() if count}
    assert told == {
        "proposed": 12, "protected": 5, "repeated": 1, "unreachable": 1, "too_hard": 1, "too_easy": 1, "kept": 3,
    }  # fmt: skip
    assert total(draw.report) == (12, 12)
    assert [item.task for item in draw.ends] == proposals
    assert draw.ends[1].reason == "V = 0.010"


TASKS = st.one_of(
    st.builds(toy_task, st.sampled_from(COLOURS), st.integers(0, 3), st.sampled_from(["evolved", "practice-test"])),
    st.builds(
        written, st.sampled_from([f"Open the {place} of {name}" for place in ("page", "list") for name in COLOURS])
    ),
)
ANSWERS = st.builds(
    Proposals,
    st.lists(TASKS, max_size=6),
    st.dictionaries(st.sampled_from(sorted(PROPOSER_DROPS)), st.integers(1, 3), max_size=2),
    st.sampled_from(["", "", "", "enough of it"]),
)
FINDINGS = [FEASIBLE, Finding(Feasibility.INFEASIBLE, "no"), Finding(Feasibility.UNDECIDED, "who knows")]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ANSWERS, max_size=6), st.integers(0, 8), st.integers(0, 2**16))
def test_counts_add_up_whatever_is_proposed(answers, count, seed):
    chance = random.Random(seed)
    waiting = list(answers)

    class Proposer:
        def propose(self, _failed, _count, _rng):
            return waiting.pop(0) if waiting else Proposals()

    class Judge:
        def judge(self, tasks):
            return [chance.choice(FINDINGS) for _ in tasks]

    curriculum = Curriculum(Proposer(), protected=[written("Open the page of Blue")], feasibility=Judge())
    draw = curriculum.next_tasks(
        count, lambda tasks: [chance.choice([None, 0.0, 0.5, 1.0]) for _ in tasks], random.Random(0)
    )
    proposed, ended = total(draw.report)
    assert proposed == ended
    assert draw.report.kept == len(draw.tasks) <= count
    assert len({task.key for task in draw.tasks}) == len(draw.tasks)
    assert (draw.ended == "") is (len(draw.tasks) == count)
    counted = {end: sum(item.end == end for item in draw.ends) for end in {item.end for item in draw.ends}}
    dropped = {name: number for name, number in draw.report.as_dict().items() if name in PROPOSER_DROPS and number}
    told = {name: number for name, number in draw.report.as_dict().items() if number and name != "proposed"}
    assert counted | dropped == told


def test_attempted_and_kept_tasks_do_not_come_back_but_dropped_ones_may():
    proposals = [toy_task("Red", 0), toy_task("Red", 1), toy_task("Red", 2)] * 2
    curriculum = Curriculum(ListProposer(proposals))
    curriculum.note([demonstration(toy_task("Red", 0))])
    first = curriculum.next_tasks(
        3, lambda tasks: [0.9 if task.parameters["order"] == "1" else 0.5 for task in tasks], random.Random(0)
    )
    assert [task.parameters["order"] for task in first.tasks] == ["2"]
    curriculum.proposer = ListProposer(proposals)
    assert [task.parameters["order"] for task in curriculum.next_tasks(3, fair, random.Random(0)).tasks] == ["1"]


def test_values_are_asked_only_for_tasks_that_may_be_kept_and_a_judge_only_about_fair_ones():
    asked, judged = [], []

    def values(tasks):
        asked.extend(tasks)
        return [0.9 if task.parameters.get("order") == "2" else 0.5 for task in tasks]

    class Judge:
        def judge(self, tasks):
            judged.extend(tasks)
            return [FEASIBLE] * len(tasks)

    tasks = [toy_task("Red", 0, suite="practice-test"), toy_task("Red", 1), toy_task("Red", 1), toy_task("Red", 2)]
    Curriculum(ListProposer(tasks), feasibility=Judge()).next_tasks(4, values, random.Random(0))
    assert asked == [toy_task("Red", 1), toy_task("Red", 2)]
    assert judged == [toy_task("Red", 1)]


def test_the_proposer_is_asked_for_what_is_missing_until_it_is_kept():
    proposer = ListProposer([toy_task("Red", 0), toy_task("Red", 0), toy_task("Red", 1), toy_task("Red", 2)])
    draw = Curriculum(proposer).next_tasks(2, fair, random.Random(0))
    assert len(draw.tasks) == 2
    assert proposer.asked == [2, 1]
    assert draw.report.repeated == 1
    assert draw.ended == ""


@pytest.mark.parametrize(
    ("answer", "asked", "why"),
    [
        ({"tasks": [toy_task("Red", 0)]}, 1 + 3, "nothing new came 3 times in a row"),
        ({"dropped": {"prose": 4}}, 3, "nothing new came 3 times in a row"),
        ({"tasks": [toy_task("Red", 0)], "ended": "it said no more"}, 1, "it said no more"),
    ],
    ids=["repeats itself", "prose", "has no more"],
)
def test_a_proposer_that_leads_nowhere_is_given_up_with_a_reason(answer, asked, why, caplog):
    proposer = Repeating(**answer)
    draw = Curriculum(proposer).next_tasks(3, fair, random.Random(0))
    assert (proposer.asked, draw.ended) == (asked, why)
    assert total(draw.report)[0] == total(draw.report)[1]
    assert f"of 3 instructions: {why}." in caplog.text


def test_a_proposer_is_asked_so_many_times_and_no_more():
    serial = iter(range(99))

    class Hard:
        def propose(self, _failed, _count, _rng):
            return Proposals([toy_task("Red", 0, parameters={"serial": str(next(serial))})])

    draw = Curriculum(Hard(), max_rounds=4).next_tasks(3, lambda tasks: [0.0] * len(tasks), random.Random(0))
    assert (draw.report.too_hard, draw.report.proposed, draw.ended) == (4, 4, "asked 4 times")


def test_more_proposals_than_asked_for_are_surplus():
    class Eager:
        def propose(self, _failed, _count, _rng):
            return Proposals([toy_task(colour, order) for colour in COLOURS for order in range(6)])

    draw = Curriculum(Eager()).next_tasks(4, fair, random.Random(0))
    assert len(draw.tasks) == 4
    assert (draw.report.proposed, draw.report.surplus) == (18, 14)


def test_near_duplicates_of_what_is_known_kept_tried_or_protected_are_dropped():
    proposals = [
        written("Please tell me the price of the Copper Planner"),  # attempted
        written("Show the stock of Copper Planner"),
        written("Show me the stock of the Copper Planner now"),  # kept a moment ago
        written("Show the stock of Copper Ladle"),
        written("SHOW the stock of Copper Ladle!"),
        written('Open the page of "Grand Kettle"'),  # a test task
        written('Open the reviews page of "Grand Kettle" 2022'),
    ]
    protected = toy_task("Red", 0, "practice-test", instruction='Open the "Grand Kettle" page', world=10)
    curriculum = Curriculum(ListProposer(proposals), protected=[protected])
    attempted = toy_task("Red", 1, instruction="What is the price of Copper Planner?", parameters={"product": "x"})
    curriculum.note([demonstration(toy_task("Blue", 0))])
    curriculum._seen.add(attempted)
    draw = curriculum.next_tasks(7, fair, random.Random(0))
    assert [item.end for item in draw.ends] == [
        "near_duplicate", "kept", "near_duplicate", "kept", "repeated", "protected", "kept",
    ]  # fmt: skip
    assert draw.ends[0].reason == "like 'What is the price of Copper Planner?'"
    assert draw.ends[5].reason == "like 'Open the \"Grand Kettle\" page'"


def test_tasks_of_templates_are_told_apart_by_their_parameters_alone():
    tasks = [toy_task("Red", order) for order in range(4)]
    assert len({task.instruction for task in tasks}) == 1
    assert Curriculum(ListProposer(tasks)).next_tasks(4, fair, random.Random(0)).tasks == tasks
    curriculum = Curriculum(ListProposer([*tasks, written("Open Red")]))
    assert curriculum.next_tasks(5, fair, random.Random(0)).report.repeated == 1


def test_a_judge_that_cannot_tell_ends_the_phase_with_its_reason():
    serial = iter(range(99))

    class Endless:
        def propose(self, _failed, _count, _rng):
            return Proposals([written(f"Open order {next(serial)} again") for _ in range(2)])

    class Away:
        def judge(self, tasks):
            return [Finding(Feasibility.UNDECIDED, "the judge cannot be reached: no route")] * len(tasks)

    draw = Curriculum(Endless(), feasibility=Away()).next_tasks(2, fair, random.Random(0))
    assert draw.report.undecided == draw.report.proposed == 6
    assert draw.ended == "nothing new came 3 times in a row; the judge cannot be reached: no route"


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


def test_a_draw_has_retries_and_what_evolved():
    curriculum = Curriculum(ListProposer([toy_task("Blue", order) for order in range(6)]))
    curriculum.note([demonstration(toy_task("Red", order), LOST) for order in range(6)])
    draw = curriculum.draw(6, fair, random.Random(0), retried_share=0.5)
    assert [task.parameters["colour"] for task in draw.tasks] == ["Red"] * 3 + ["Blue"] * 3
    assert (draw.report.retried, draw.report.kept, draw.report.proposed) == (3, 3, 3)


def test_curricula_with_one_seed_are_equal():
    def draw():
        curriculum = Curriculum(GrammarProposer(ToySuite().evolve))
        curriculum.note([demonstration(toy_task("Red", 0), LOST)])
        return curriculum.next_tasks(10, fair, random.Random(5)), curriculum.as_record()

    assert draw()[0].tasks
    assert draw() == draw()


def test_records_give_the_memory_back():
    proposals = [toy_task("Red", 0), written("Open the blue page once more"), written("Open the blue page once again")]
    curriculum = Curriculum(ListProposer(proposals[:2]))
    curriculum.note([demonstration(toy_task("Red", 0)), demonstration(toy_task("Blue", 2), LOST)])
    assert curriculum.next_tasks(2, fair, random.Random(0)).report.kept == 1
    other = Curriculum(ListProposer(proposals))
    other.replace_by(json.loads(json.dumps(curriculum.as_record())))
    assert other.as_record() == curriculum.as_record()
    assert other.failed == [toy_task("Blue", 2)]
    assert other.retries(9, fair, random.Random(0)) == [toy_task("Blue", 2)]
    report = other.next_tasks(3, fair, random.Random(0)).report
    assert (report.repeated, report.near_duplicate) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"value_low": 0.8}, "value_low"),
        ({"value_high": 1.5}, "value_high"),
        ({"max_rounds": 0}, "max_rounds"),
        ({"patience": 0}, "patience"),
    ],
)
def test_settings_out_of_range_are_refused(changes, named):
    with pytest.raises(ValueError, match=named):
        Curriculum(ListProposer([]), **changes)
