"""Failures made of successes by changing one thing."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from agents.near_misses import near_misses
from agents.types import Completion, LabelledTrajectory, Prompt, Step, Trajectory
from tests.agents.toy_env import toy_task
from webrl_gym.types import Observation, OutcomeVerdict, VerdictStatus

TITLE = "Imports load twice"
TYPING = f'do(action="Type", argument="{TITLE}", element="2")'
CLICK = 'do(action="Click", element="3")'
EXIT = 'exit(message="")'
ANSWER = 'exit(message="$4.20")'
PRICES = '<h1> Planner </h1>\n<p> $4.20 </p> <p> $9.99 </p>\n<a id="1"> Reviews </a>'


def attempt(*pages_and_actions: tuple[str, str], final: str) -> LabelledTrajectory:
    """A success; each step is a page and the action taken there."""

    def seen(html: str) -> Observation:
        return Observation(instruction="Do it", url="http://shop.test/", html=html, last_action_error="")

    steps = tuple(
        Step(seen(page), Prompt((1,), "p"), Completion(text, (2,), (-0.1,))) for page, text in pages_and_actions
    )
    verdict = OutcomeVerdict(VerdictStatus.SCORED, 1.0, "rules")
    trajectory = Trajectory(toy_task("Red", 0), steps, seen(final), 0, truncated=False, rule_verdict=verdict)
    return LabelledTrajectory(trajectory, verdict)


FORM = attempt(
    ('<input id="2" label="Title">', TYPING),
    (f'<input id="2" label="Title" value="{TITLE}"> <button id="3"> Create </button>', CLICK),
    (f"<h1> {TITLE} </h1>", EXIT),
    final=f"<h1> {TITLE} </h1>",
)
READING = attempt(("<a> Planner </a>", CLICK), (PRICES, ANSWER), final=PRICES)


def texts(item: LabelledTrajectory) -> list[str]:
    return [step.completion.text for step in item.trajectory.steps]


def many(item: LabelledTrajectory, count: int = 200) -> list[LabelledTrajectory]:
    return near_misses([item], count, random.Random(0))


def test_all_are_failures_of_the_same_task() -> None:
    for item in [*many(FORM), *many(READING)]:
        assert not item.label.success
        assert item.trajectory.rule_verdict == item.label
        assert item.trajectory.task == FORM.trajectory.task


@pytest.mark.parametrize("item", [FORM, READING])
def test_each_differs_from_the_success(item: LabelledTrajectory) -> None:
    for missed in many(item):
        assert texts(missed) != texts(item)
        assert len(texts(missed)) <= len(texts(item))
        assert texts(missed)[-1].startswith("exit(")


def test_what_was_typed_is_cut_on_the_later_pages_too() -> None:
    cut = [item for item in many(FORM) if len(texts(item)) == 3 and 'element="2"' in texts(item)[0]]
    assert len(cut) > 30
    arguments = set()
    for item in cut:
        first, second, last = item.trajectory.steps
        argument = first.completion.text.removeprefix('do(action="Type", argument="').split('"')[0]
        arguments.add(argument)
        assert f'value="{argument}"' in second.observation["html"]
        assert last.observation["html"] == item.trajectory.final_observation["html"] == f"<h1> {argument} </h1>"
        assert first.prompt.token_ids == first.completion.token_ids == ()
    assert {"Imports", "load twice", "Imports twice"} < arguments
    assert TITLE not in arguments


def test_what_was_typed_may_have_words_of_the_instruction_too_many() -> None:
    task = replace(FORM.trajectory.task, instruction=f'Open an issue "{TITLE}" in tool.')
    form = replace(FORM, trajectory=replace(FORM.trajectory, task=task))
    typed = {texts(item)[0].split('"')[3] for item in many(form) if len(texts(item)) > 1}
    assert {f"{TITLE} in tool.", f"an issue {TITLE}"} < typed


def test_what_was_typed_may_stand_in_another_field() -> None:
    pages = [
        '<input id="2" label="Title"> <textarea id="5" label="Text"> </textarea> <button id="3"> Create </button>',
        *(step.observation["html"] for step in FORM.trajectory.steps[1:]),
    ]
    form = attempt(*zip(pages, texts(FORM), strict=True), final=FORM.trajectory.final_observation["html"])
    misplaced = [item for item in many(form) if 'element="5"' in texts(item)[0]]
    assert len(misplaced) > 20
    for item in misplaced:
        assert texts(item)[0] == TYPING.replace('"2"', '"5"')
        assert TITLE not in item.trajectory.final_observation["html"]


def test_an_unfinished_attempt_ends_where_a_step_is_missing() -> None:
    ends = Counter(len(texts(item)) for item in many(FORM) if len(texts(item)) < 3)
    assert set(ends) == {1, 2}
    assert ends[2] > ends[1]
    for item in many(FORM):
        if len(texts(item)) == 2:
            assert texts(item) == [TYPING, EXIT]
            assert item.trajectory.final_observation == FORM.trajectory.steps[1].observation


def test_a_wrong_answer_is_empty_or_of_the_page_or_a_part() -> None:
    answers = Counter(texts(item)[1] for item in many(READING) if len(texts(item)) == 2)
    assert answers[ANSWER] == 0
    assert answers['exit(message="")'] > 20
    assert answers['exit(message="$9.99")'] > 20
    assert len(answers) > 4
    assert answers['exit(message="$9.99")'] > answers['exit(message="Reviews")'] > 0


def test_a_number_is_mistyped_in_a_digit() -> None:
    price = attempt(('<input id="2">', 'do(action="Type", argument="86.50", element="2")'), ("", EXIT), final="86.50")
    typed = {texts(item)[0].split('"')[3] for item in many(price) if len(texts(item)) == 2}
    assert "86.50" not in typed
    assert any(len(text) == 5 for text in typed)
    assert all(text and len(text) <= 5 for text in typed)


def test_a_typed_number_leaves_the_numbers_of_elements_alone() -> None:
    page = '<input id="30" label="Quantity" value="30"> <button id="3"> Update </button>'
    order = attempt(
        ('<input id="30" label="Quantity">', 'do(action="Type", argument="30", element="30")'),
        (page, CLICK),
        (page, EXIT),
        final=page,
    )
    mistyped = [item for item in many(order) if len(texts(item)) == 3]
    assert mistyped
    for item in mistyped:
        html = item.trajectory.final_observation["html"]
        assert 'id="30"' in html
        assert 'value="30"' not in html


def test_the_seed_decides() -> None:
    assert many(FORM) == many(FORM)
    assert many(FORM) != near_misses([FORM], 200, random.Random(1))


def test_what_cannot_be_spoiled_gives_none() -> None:
    at_once = attempt(("", EXIT), final="")
    unreadable = replace(at_once, trajectory=replace(at_once.trajectory, steps=(
        replace(at_once.trajectory.steps[0], completion=Completion("hm")),
    )))  # fmt: skip
    assert many(at_once) == many(unreadable) == []
    assert near_misses([], 5, random.Random(0)) == []
