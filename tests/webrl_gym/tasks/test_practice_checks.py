"""Checks of practice tasks on end states that nearly are the wanted one: each was rewarded, or refused, once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.webrl_gym.tasks.episodes import draw, play
from webrl_gym.actions import ActionKind, leave
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.evaluation import match_url
from webrl_gym.tasks.page_view import Moves, Oracle, PageView
from webrl_gym.tasks.practice import all_templates, practice_oracle
from webrl_gym.tasks.practice.shopping_admin_moves import open_order
from webrl_gym.tasks.record import Task

TEMPLATES = {template.name: template for template in all_templates()}


def drawn(name: str, keep: Callable[[Task], bool] = lambda _: True) -> Task:
    tasks = (draw(TEMPLATES[name], 1, seed) for seed in range(60))
    return next(task for task in tasks if task is not None and keep(task))


def detour(task: Task, page: PageView, *, at: str, way: Callable[[PageView], Oracle]) -> Oracle:
    """The oracle's way, and something else before it does what ``at`` names (or leaves)."""
    oracle = practice_oracle(task, page)
    action = next(oracle)
    while action.kind is not ActionKind.EXIT:
        if at and page.has(at) and action == page.click(at):
            page = yield from _led(way(page), page)
        page = yield action
        action = oracle.send(page)
    if not at:
        yield from _led(way(page), page)
    yield leave()


def _led(way: Oracle, page: PageView) -> Moves:
    for action in way:
        page = yield action
    return page


def turn_round(page: PageView) -> Oracle:
    yield page.click("Set Descending Direction")


def ship_elsewhere(page: PageView) -> Oracle:
    other = next(control for control in page.controls if control.text.count("|") > 0).text.split(" | ")[-1]
    yield page.select("Ship to", other)


def test_an_ascending_list_is_not_the_descending_one(env: WebArenaLiteEnv) -> None:
    task = drawn("shopping.sorted_section", lambda one: one.parameters["direction"] == "ascending")
    assert play(env, task).reward == 1.0
    assert play(env, task, solve=partial(detour, at="", way=turn_round)).reward == 0.0


def test_an_order_has_to_go_to_the_default_address(env: WebArenaLiteEnv) -> None:
    task = drawn("shopping.buy_product")
    assert play(env, task, solve=partial(detour, at="Place Order", way=ship_elsewhere)).reward == 0.0


def test_an_address_in_a_comment_is_no_address(env: WebArenaLiteEnv) -> None:
    task = drawn("shopping_admin.order_address")

    def comment(task: Task, page: PageView) -> Oracle:
        shown = ", ".join(task.parameters[name] for name in ("street", "city", "region", "postcode"))
        page = yield from open_order(page, task.parameters)
        page = yield page.type("Comment", shown)
        yield page.click("Submit Comment")
        yield leave()

    assert play(env, task, solve=comment).reward == 0.0


def test_a_number_in_a_comment_is_no_parcel(env: WebArenaLiteEnv) -> None:
    task = drawn("shopping_admin.tracking_number")

    def comment(task: Task, page: PageView) -> Oracle:
        page = yield from open_order(page, task.parameters)
        said = f"Tracking number {task.parameters['number']} for {task.parameters['carrier']} assigned"
        page = yield page.type("Comment", f"{said} Tracking: {task.parameters['carrier']} {task.parameters['number']}")
        yield page.click("Submit Comment")
        yield leave()

    assert play(env, task, solve=comment).reward == 0.0


def test_a_count_that_ends_alike_is_another_one(env: WebArenaLiteEnv) -> None:
    task = drawn("cross.issue_about_thread")
    (check,) = task.evaluation["program_html"]
    assert list(check["required_contents"]) == ["exact_match"]
    assert play(env, task).reward == 1.0


def test_a_label_is_reached_by_the_form_and_by_its_link() -> None:
    task = drawn("gitlab.open_label", lambda one: " " in one.parameters["label"])
    by_form, by_link = task.evaluation["reference_url"].split(" |OR| ")
    assert "+" in by_form
    for reached in (by_form, by_link):
        assert (
            match_url(task.evaluation["reference_url"], f"{reached}first_page_size=20", url_note="GOLD in PRED") == 1.0
        )
