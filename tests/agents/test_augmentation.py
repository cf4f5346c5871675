"""Copies of trajectories under other names."""

from __future__ import annotations

import random
import re

import pytest

from agents.augmentation import drop_words, instructed, rename, renamed_passes, reworded
from agents.types import Completion, LabelledTrajectory, Prompt, Step, Trajectory
from tests.agents.toy_env import toy_task
from webrl_gym.types import Observation, OutcomeVerdict, VerdictStatus

SEEDS = range(40)


def attempt(instruction: str, page: str, *actions: str, final: str = "") -> LabelledTrajectory:
    """An attempt whose steps all read the same page."""

    def seen(html: str) -> Observation:
        return Observation(instruction=instruction, url="http://shop.test/", html=html, last_action_error="")

    steps = tuple(Step(seen(page), Prompt((1, 2), "p"), Completion(text, (3,), (-0.1,)), 0.0, {}) for text in actions)
    task = toy_task("Red", 0, "practice-train", instruction=instruction)
    verdict = OutcomeVerdict(VerdictStatus.SCORED, 1.0, "rules")
    return LabelledTrajectory(Trajectory(task, steps, seen(final or page), 0, truncated=False), verdict)


PAGE = (
    '<input id="1" label="Search"> <button id="2"> Search </button>\n<a id="3"> Copper Planner </a> by Jonas Grant\n'
    "Planner $4.20 iPhone"
)
ITEM = attempt(
    "Who sells the Copper Planner, order 000000188?",
    PAGE,
    'do(action="Search", argument="Copper Planner", element="1")',
    'do(action="Search", argument="000000188", element="1")',
    'do(action="Click", element="3")',
    'exit(message="Jonas Grant")',
    final="<h1> Copper Planner </h1>",
)


def arguments(item: LabelledTrajectory) -> list[str]:
    return [
        found
        for step in item.trajectory.steps
        for found in re.findall(r'(?:argument|message)="([^"]*)"', step.completion.text)
    ]


def test_what_was_sampled_stays_where_it_is_not_written_otherwise() -> None:
    item = attempt(
        "Who sells it?",
        PAGE,
        'do(action="Search", argument="Copper Planner", element="1")',
        "Click the",
        'do(action="Click", element="3")',
    )
    copies = [rename(item, random.Random(0)), drop_words(item, random.Random(0), 0.5), instructed(item, "Whose is it?")]
    for copy, first in zip(copies, [(), (3,), (3,)], strict=True):
        completions = [step.completion for step in copy.trajectory.steps]
        assert [completion.token_ids for completion in completions] == [first, (3,), (3,)]
        assert not any(completion.log_probs for completion in completions)  # they were those of another prompt
        assert not any(step.prompt.token_ids for step in copy.trajectory.steps)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_written_has_other_names_wherever_it_stands(seed: int) -> None:
    copy = rename(ITEM, random.Random(seed))
    name, number, person = arguments(copy)
    assert "Planner" not in name.split()
    assert person != "Jonas Grant"
    assert len(number) == 9
    assert number.isdecimal()
    for step in copy.trajectory.steps:
        assert step.observation["instruction"] == f"Who sells the {name}, order {number}?"
        assert f'<a id="3"> {name} </a> by {person}\n' in step.observation["html"]
    assert copy.trajectory.task.instruction == copy.trajectory.steps[0].observation["instruction"]
    assert copy.trajectory.final_observation["html"] == f"<h1> {name} </h1>"


def test_controls_numbers_of_others_and_outcome_stay() -> None:
    copy = rename(ITEM, random.Random(0))
    html = copy.trajectory.steps[0].observation["html"]
    assert html.startswith('<input id="1" label="Search"> <button id="2"> Search </button>\n<a id="3">')
    assert html.endswith(" $4.20 iPhone")
    assert copy.label == ITEM.label
    assert copy.trajectory.steps[2].completion.text == 'do(action="Click", element="3")'
    assert copy.trajectory.steps[0].observation["url"] == "http://shop.test/"


def test_the_same_generator_gives_the_same_copy() -> None:
    assert rename(ITEM, random.Random(3)) == rename(ITEM, random.Random(3))
    assert rename(ITEM, random.Random(3)) != rename(ITEM, random.Random(4))


def test_names_differ_in_length_so_that_their_end_must_be_read() -> None:
    lengths = {len(arguments(rename(ITEM, random.Random(seed)))[0].split()) for seed in SEEDS}
    assert {1, 2, 3} <= lengths


def test_quoted_names_are_exchanged_though_nobody_types_them() -> None:
    item = attempt('Open "Rusty Gate"', '<a id="0"> Rusty Gate </a>', 'do(action="Click", element="0")')
    copy = rename(item, random.Random(1))
    (name,) = re.findall('"(.*)"', copy.trajectory.task.instruction)
    assert name != "Rusty Gate"
    assert copy.trajectory.steps[0].observation["html"] == f'<a id="0"> {name} </a>'


def test_names_of_controls_and_options_are_not_exchanged() -> None:
    page = '<select id="0" label="Status" value="Open"> Open | Closed </select> <button id="1"> Save </button>'
    item = attempt(
        "Set the status to Closed and say Closed",
        page,
        'do(action="Select Dropdown Option", argument="Closed", element="0")',
        'exit(message="Closed")',
    )
    assert all(rename(item, random.Random(seed)).trajectory.steps[0].observation["html"] == page for seed in SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_words_from_nowhere_are_the_agents_own(seed: int) -> None:
    item = attempt(
        "Find the cafe nearest to Pine Hall",
        "<p> Map </p>",
        'do(action="Search", argument="cafe near Pine Hall", element="0")',
    )
    (query,) = arguments(rename(item, random.Random(seed)))
    assert re.fullmatch(r"(\w+) near \w+ \w+", query)
    assert not query.endswith("Pine Hall")


@pytest.mark.parametrize("seed", SEEDS)
def test_markup_ids_notes_and_longer_words_are_no_names(seed: int) -> None:
    page = (
        "[3 lines above: Scroll Up to see them]\n"
        '<a id="153"> Red </a> Redwood 1530 <input id="7" type="date" value="Red">'
        '<select id="8" label="Status" value="New"> New | Old </select> <h1> date Status </h1>'
    )
    item = attempt(
        "What is Red? Up to 153",
        page,
        'do(action="Type", argument="Red", element="7")',
        'do(action="Type", argument="153", element="7")',
        'do(action="Type", argument="lines date Status a", element="7")',
        'exit(message="h1")',
    )
    copy = rename(item, random.Random(seed))
    name, number = arguments(copy)[:2]
    html = copy.trajectory.steps[0].observation["html"]
    day = html.split("<h1> ")[1].split()[0]
    assert html == page.replace(" Red ", f" {name} ").replace('"Red"', f'"{name}"').replace("> date", f"> {day}")
    assert (number != "153", day != "date") == (True, True)
    assert arguments(copy)[2:] == [f"lines {day} Status a", "h1"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_quoted_formula_keeps_its_form(seed: int) -> None:
    item = attempt(
        'Write the comment "Call N", N being the phone number',
        "<p> 617-220 </p>",
        'do(action="Type", argument="Call 617-220", element="1")',
    )
    copy = rename(item, random.Random(seed))
    (verb,) = re.findall(r'"(\w+) N", N being', copy.trajectory.task.instruction)
    assert arguments(copy) == [f"{verb} 617-220"]


def test_a_name_in_two_casings_is_renamed_word_by_word() -> None:
    item = attempt('Fill the "contact us" form', "<h1> Contact Us </h1>", 'do(action="Click", element="1")')
    for seed in SEEDS:
        copy = rename(item, random.Random(seed))
        (name,) = re.findall('"(.*)"', copy.trajectory.task.instruction)
        assert copy.trajectory.steps[0].observation["html"].lower() == f"<h1> {name} </h1>"


def test_comments_are_renamed_with_their_action() -> None:
    item = attempt('Open "Rusty Gate"', "<a> Rusty Gate </a>", '# Element: Rusty Gate\ndo(action="Click", element="0")')
    copy = rename(item, random.Random(0))
    assert "Rusty" not in copy.trajectory.steps[0].completion.text


def test_what_is_no_action_is_kept() -> None:
    item = attempt("Do it", "<p> page </p>", "hello there", 'exit(message="page")')
    copy = rename(item, random.Random(0))
    assert copy.trajectory.steps[0].completion.text == "hello there"
    assert arguments(copy) != ["page"]


def test_every_pass_has_names_of_its_own() -> None:
    passes = renamed_passes([ITEM, ITEM], 3, 1.0, random.Random(0))
    assert [len(items) for items in passes] == [2, 2, 2]
    assert len({item.trajectory.task.instruction for items in passes for item in items}) == 6
    assert renamed_passes([ITEM], 2, 0.0, random.Random(0)) == [[ITEM], [ITEM]]
    with pytest.raises(ValueError, match=r"in \[0, 1\], got 1.5"):
        renamed_passes([ITEM], 2, 1.5, random.Random(0))


WORDY = attempt(
    'Please tell me who sells the Copper Planner of "In Stock", order 188, in Blue',
    PAGE,
    'do(action="Search", argument="Copper Planner", element="1")',
    'do(action="Select Dropdown Option", argument="Blue", element="2")',
    'exit(message="Jonas Grant")',
)


@pytest.mark.parametrize("seed", SEEDS)
def test_left_out_are_only_words_that_nobody_wrote_chose_or_quoted(seed: int) -> None:
    copy = drop_words(WORDY, random.Random(seed), 0.5)
    shorter = copy.trajectory.task.instruction
    assert all(needed in shorter for needed in ("Copper Planner", '"In Stock",', "188,", "Blue"))
    assert iter_contains(WORDY.trajectory.task.instruction.split(), shorter.split())
    assert {step.observation["instruction"] for step in copy.trajectory.steps} == {shorter}
    assert copy.trajectory.final_observation["instruction"] == shorter
    assert [step.completion.text for step in copy.trajectory.steps] == [
        step.completion.text for step in WORDY.trajectory.steps
    ]
    assert {step.prompt.token_ids for step in copy.trajectory.steps} == {()}
    assert copy.label == WORDY.label


def iter_contains(whole: list[str], part: list[str]) -> bool:
    rest = iter(whole)
    return all(word in rest for word in part)


def test_the_share_of_words_left_out() -> None:
    instruction = WORDY.trajectory.task.instruction
    assert drop_words(WORDY, random.Random(0), 0.0).trajectory.task.instruction == instruction
    everything = drop_words(WORDY, random.Random(0), 1.0).trajectory.task.instruction
    assert everything == 'Copper Planner "In Stock", 188, Blue'
    plain = attempt("Log out now", "<p> page </p>", 'do(action="Click", element="0")')
    assert drop_words(plain, random.Random(0), 1.0).trajectory.task.instruction == "Log out now"


def test_half_of_the_reworded_copies_lack_words() -> None:
    lengths = [
        len(reworded(WORDY, random.Random(seed), 1.0).trajectory.task.instruction.split()) for seed in range(400)
    ]
    assert 150 < sum(length <= 8 for length in lengths) < 250
    assert reworded(WORDY, random.Random(5), 0.0) == rename(WORDY, random.Random(5))
    with pytest.raises(ValueError, match=r"in \[0, 1\], got -0.1"):
        reworded(WORDY, random.Random(0), -0.1)
