"""Each error type on attempts that were made to have it, and the order in which the types are tried."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agents.analyses.error_types import EXPLANATIONS, ErrorType, count_errors, error_type, error_types, page_of
from agents.types import Completion, Prompt, Step, Trajectory
from tests.agents.toy_env import demonstration, toy_task
from webrl_gym.actions import Action, ActionKind, click, format_action, leave, search
from webrl_gym.types import Observation

HOME = "http://shopping.test/"
TASK = toy_task("Blue", 0)
LEAVE = format_action(leave("3"))

Move = tuple[str, str] | tuple[str, str, str]
"""The page that is acted on (address, or address and text), the action, and why it failed."""


def tap(element: int) -> str:
    return format_action(click(str(element)))


def seen(page: str, error: str = "") -> Observation:
    address, _, text = page.partition("|")
    return Observation(instruction="", url=HOME + address, html=text or address, last_action_error=error)


def attempt(*moves: Move, end: str) -> Trajectory:
    """Pages and actions, and the page at the end; a text after a bar tells two states of one page apart."""
    errors = [move[2] if len(move) > 2 else "" for move in moves]
    steps = [
        Step(seen(move[0]), Prompt((), ""), Completion(move[1]), info={"action_error": error or None})
        for move, error in zip(moves, errors, strict=True)
    ]
    return Trajectory(TASK, tuple(steps), seen(end, errors[-1] if errors else ""), 0, truncated=False)


SOLUTION = attempt(("", tap(1)), ("list", tap(2)), ("list?p=2", tap(3)), ("item", LEAVE), end="item")


def kind_of(trajectory: Trajectory, solutions: Sequence[Trajectory] = (SOLUTION,)) -> ErrorType:
    return error_type(trajectory, solutions)


@pytest.mark.parametrize(
    "trajectory",
    [
        attempt(("", LEAVE), end=""),
        attempt(("", "no idea"), ("", "none"), ("", "at all"), end=""),
        attempt(("", tap(99), "there is no element 99"), ("", LEAVE), end=""),
        attempt(("", tap(5)), ("", tap(5)), ("", tap(5)), ("", LEAVE), end=""),
        attempt(("", tap(4)), ("contact", LEAVE), end="contact"),
    ],
    ids=["left at once", "never an action", "nothing carried out", "nothing changed", "one step to nowhere"],
)
def test_no_reasonable_attempt(trajectory: Trajectory) -> None:
    assert kind_of(trajectory) is ErrorType.NO_ATTEMPT


@pytest.mark.parametrize(
    "trajectory",
    [
        attempt(("", tap(1)), *[("list", tap(7))] * 3, ("list", LEAVE), end="list"),
        attempt(*[("", tap(1)), ("list", format_action(Action(ActionKind.GO_BACKWARD)))] * 3, end=""),
        attempt(("", tap(1)), ("list|1 in cart", tap(7)), ("list|2 in cart", tap(7)), ("list|3", tap(7)), end="list"),
        attempt(("", tap(1)), *[("list", f"# Note: try {n}\n{tap(7)}") for n in range(3)], end="list"),
    ],
    ids=["an action without effect", "back and forth", "in a row on one page", "comments aside"],
)
def test_stuck_midway(trajectory: Trajectory) -> None:
    assert kind_of(trajectory) is ErrorType.STUCK


def test_scrolling_through_a_long_page_is_no_loop_but_scrolling_at_its_end_is() -> None:
    down = format_action(Action(ActionKind.SCROLL_DOWN))
    moves = [("list|" + str(window), down) for window in range(9)]
    assert kind_of(attempt(("", tap(1)), *moves, end="list|9")) is ErrorType.OTHER
    stuck = attempt(("", tap(1)), *moves, *[("list|9", down)] * 3, end="list|9")
    assert kind_of(stuck) is ErrorType.STUCK


@pytest.mark.parametrize(
    "trajectory",
    [
        attempt(("", tap(1)), ("list", tap(9)), ("contact", tap(3)), end="about"),
        attempt(("", tap(1)), ("list", tap(99), "there is no element 99"), ("list", tap(2)), end="list?p=2"),
        attempt(("", tap(1)), ("list", tap(99), "there is no element 99"), ("list", LEAVE), end="list"),
        attempt(("", tap(1)), ("list", "hm"), ("list", tap(2), "it is covered"), ("list", LEAVE), end="item"),
    ],
    ids=["lost when the steps ran out", "an error, then no end", "gave up after an error", "the right page by chance"],
)
def test_no_recovery(trajectory: Trajectory) -> None:
    assert kind_of(trajectory) is ErrorType.NO_RECOVERY


def test_stopped_at_a_wrong_page_and_a_right_one() -> None:
    wrong = attempt(("", tap(1)), ("list", tap(2)), ("list?p=2", LEAVE), end="list?p=2")
    assert kind_of(wrong) is ErrorType.WRONG_PAGE
    right = attempt(("", tap(1)), ("list", tap(2)), ("item/?sort=", LEAVE), end="item/?sort=#reviews")
    assert kind_of(right) is ErrorType.OTHER
    lost = attempt(("", tap(4)), ("contact", tap(5)), ("about", LEAVE), end="about")
    assert kind_of(lost) is ErrorType.WRONG_PAGE  # it did something, though elsewhere
    other_way = attempt(("", tap(6)), ("search?q=3", LEAVE), end="search?q=3")
    assert kind_of(wrong, [SOLUTION, other_way]) is ErrorType.WRONG_PAGE
    assert kind_of(other_way, [SOLUTION, other_way]) is ErrorType.OTHER


def test_an_error_that_was_made_good_is_not_why_it_failed() -> None:
    mended = attempt(("", tap(99), "there is no element"), ("", tap(1)), ("list", tap(2)), ("item", LEAVE), end="item")
    assert kind_of(mended) is ErrorType.OTHER


def test_steps_that_ran_out_on_the_way() -> None:
    assert kind_of(attempt(("", tap(1)), ("list", tap(2)), end="list?p=2")) is ErrorType.OTHER


def test_without_a_solution_only_what_the_attempt_itself_shows_is_decided() -> None:
    left = attempt(("", tap(1)), ("contact", LEAVE), end="contact")
    assert kind_of(left, []) is ErrorType.NO_SOLUTION
    assert kind_of(attempt(("", LEAVE), end=""), []) is ErrorType.NO_ATTEMPT
    assert kind_of(attempt(("", tap(1)), ("contact", tap(2)), end="about"), []) is ErrorType.NO_SOLUTION
    looped = attempt(("", tap(1)), *[("list", tap(7))] * 3, end="list")
    assert kind_of(looped, []) is ErrorType.STUCK


def test_one_step_is_enough_where_a_solution_takes_no_more_before_it_leaves() -> None:
    short = attempt(("", format_action(search("4", "lamp"))), ("?q=lamp", LEAVE), end="?q=lamp")
    other = attempt(("", format_action(search("4", "lam"))), ("?q=lam", LEAVE), end="?q=lam")
    assert kind_of(other, [short]) is ErrorType.WRONG_PAGE
    assert kind_of(other, [SOLUTION]) is ErrorType.NO_ATTEMPT


def test_a_solution_on_the_start_page_asks_for_no_other_page() -> None:
    short = attempt(("", format_action(search("4", "lamp"))), ("|found", LEAVE), end="|found")
    failed = attempt(("", format_action(search("4", "lam"))), ("|nothing", LEAVE), end="|nothing")
    assert kind_of(failed, [short]) is ErrorType.OTHER


def test_an_attempt_without_a_step_is_none() -> None:
    assert kind_of(attempt(end="")) is ErrorType.NO_ATTEMPT


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("http://a.test/", "http://a.test"),
        ("http://a.test/x/#top", "http://a.test/x"),
        ("http://a.test/x?b=2&a=1&c=", "http://a.test/x?a=1&b=2"),
        ("http://a.test/f/art/12/two-words", "http://a.test/f/art/12"),
        ("http://a.test/f/12/edit", "http://a.test/f/12/edit"),
        ("", "://"),
    ],
)
def test_addresses_are_compared_in_one_form(url: str, page: str) -> None:
    assert page_of(url) == page


def test_the_solutions_are_found_among_the_attempts_and_everything_is_counted() -> None:
    solved = demonstration(TASK).trajectory
    other = demonstration(toy_task("Red", 0)).trajectory
    wrong = demonstration(TASK, [tap(1), LEAVE]).trajectory
    unsolved = demonstration(toy_task("Red", 0), [tap(2), LEAVE]).trajectory
    types = error_types([(solved, True), (wrong, False), (unsolved, False)])
    assert types == [None, ErrorType.WRONG_PAGE, ErrorType.NO_SOLUTION]
    assert error_types([(unsolved, False), (other, True)]) == [ErrorType.WRONG_PAGE, None]
    counts = count_errors([*types, None])
    assert (counts.successes, counts.failures, counts.attempts) == (2, 2, 4)
    assert set(counts.errors) == set(ErrorType) == set(EXPLANATIONS)
    assert counts.errors[ErrorType.WRONG_PAGE] == counts.errors[ErrorType.NO_SOLUTION] == 1
