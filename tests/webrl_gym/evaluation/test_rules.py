from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lxml.html
import pytest

from webrl_gym.engines.locators import evaluate_locator
from webrl_gym.errors import EvaluationError, SiteError
from webrl_gym.evaluation import evaluate_rules
from webrl_gym.evaluation.official_calls import called_text, called_url
from webrl_gym.tasks import checks
from webrl_gym.tasks.record import Task
from webrl_gym.types import OutcomeVerdict, Site, VerdictStatus

PAGES = {
    "http://map.test/last": '<p id="x">the end</p>',
    "http://map.test/one": '<p id="x">Tom &amp; Ann</p><input id="v" value="7"> See http://map.test/last#x',
    "http://reddit.test/f/books/7/": "<p id='x'>a virtual meetup on July 8th</p>",
    "http://shop.test/order/12/": "<p id='x'>ordered B01CTR3DLE</p>",
    "http://gitlab.test/members": """<table>
        <tr><td data-label="Account"><span class="gl-avatar-labeled-sublabel">@vinta</span></td>
            <td class="col-max-role"><span>Guest</span></td></tr>
        <tr><td data-label="Account"><span class="gl-avatar-labeled-sublabel">@koush</span></td>
            <td class="col-max-role"><span>Maintainer</span></td></tr></table>""",
}


class TwoPages:
    """Serves two pages from memory through the evaluators' own protocol."""

    def __init__(self) -> None:
        self.url = "http://map.test/last"

    @contextmanager
    def evaluation_page(self, *, at_end: bool) -> Iterator[TwoPages]:
        page = TwoPages()
        yield page

    def goto(self, url: str) -> None:
        if url not in PAGES:
            raise SiteError(f"{url} is not there")
        self.url = url

    def content(self) -> str:
        return PAGES[self.url]

    def locate(self, expression: str) -> str:
        return evaluate_locator(lxml.html.document_fromstring(PAGES[self.url]), expression)


X = 'document.querySelector("#x").outerText'


class OneOrder:
    """A shop whose newest order is always the same."""

    def latest_order_url(self) -> str:
        return "http://shop.test/order/12/"


def judge(
    evaluation: dict[str, Any], answer: str = "", last_url: str = "http://map.test/last", **settings: Any
) -> OutcomeVerdict:
    task = Task("t", (Site.MAP,), "do it", ("__MAP__",), evaluation)

    def resolve(text: str) -> str:
        return text.replace("__MAP__", "http://map.test")

    return evaluate_rules(task, answer, last_url, TwoPages(), resolve, shop=OneOrder(), **settings)


def test_a_task_without_rules_is_undecided() -> None:
    verdict = judge(checks.no_rules(), "yes")
    assert (verdict.status, verdict.success, verdict.source) == (VerdictStatus.UNDECIDED, False, "rules")
    assert verdict.detail == "the task has no rules"


def fuzzy(*texts: str) -> dict[str, Any]:
    return {"eval_types": ["string_match"], "reference_answers": {"fuzzy_match": list(texts)}}


def page_says(url: str, kind: str, *texts: str) -> dict[str, Any]:
    contents = {kind: list(texts)}
    return checks.pages_show({"url": url, "locator": X, "required_contents": contents})


@pytest.mark.parametrize(
    ("evaluation", "success"),
    [
        (checks.answer_is("yes"), True),
        (checks.answer_includes("yes", "no"), False),
        (checks.ends_at("__MAP__/last"), True),
        (checks.ends_at("__MAP__/other"), False),
        (checks.pages_show(checks.page_check("__MAP__/one", X, "tom & ann", exactly=True)), True),
        (checks.pages_show(checks.page_check("last", X, "end")), True),
        (checks.pages_show(checks.page_check("last", X, "beginning |OR| end")), True),
        (checks.pages_show(checks.page_check("__MAP__/one", 'document.querySelector("#v").value', "8")), False),
        (checks.pages_show(checks.page_check("__MAP__/one", 'document.querySelector("#none").value', "8")), False),
        (checks.pages_show(checks.page_check("__MAP__/one", "", "Tom &amp; Ann")), True),
        (checks.pages_show(checks.page_check("__MAP__/one", "", "__MAP__/last")), True),
        (checks.answer_includes("__MAP__/5"), False),
        (fuzzy("Yes"), True),
        (fuzzy("No"), False),
        (checks.pages_show(checks.page_check("last", X, "end"), ends="__MAP__/elsewhere"), False),
    ],
)
def test_every_rule_decides(evaluation: dict[str, Any], success: bool) -> None:
    verdict = judge(evaluation, "yes")
    assert verdict.status is VerdictStatus.SCORED
    assert verdict.success is success
    assert verdict.detail


@pytest.mark.parametrize(
    "evaluation",
    [
        {"eval_types": ["string_match"], "reference_answers": {"must_include": "yjlou"}},
        {"eval_types": ["string_match"]},
        page_says("func:eval('1')", "must_include", "x"),
        page_says("func:reddit_get_post_url(__last_url__)", "must_include", "x"),
        page_says("func:", "must_include", "x"),
        page_says("last", "telepathy", "x"),
        checks.pages_show(checks.page_check("last", "func:reddit_get_post_url('x')", "x")),
        checks.pages_show(checks.page_check("last", "document.title", "x")),
        {"eval_types": ["program_html"], "program_html": [{"url": "last", "locator": X, "required_contents": {}}]},
        {"eval_types": ["telepathy"]},
    ],
)
def test_an_evaluator_that_fails_leaves_the_episode_unscored(evaluation: dict[str, Any]) -> None:
    verdict = judge(evaluation)
    assert verdict.status is VerdictStatus.UNSCORED
    assert not verdict.success


def test_a_site_that_fails_is_nobodys_score() -> None:
    with pytest.raises(SiteError, match="is not there"):
        judge(checks.pages_show(checks.page_check("__MAP__/missing", X, "x")))


def test_a_fuzzy_match_says_who_decided_it() -> None:
    by_rules = judge(fuzzy("11 min"), "It takes 11 minutes")
    assert (by_rules.status, by_rules.score, by_rules.fuzzy_by) == (VerdictStatus.SCORED, 1.0, "rules")
    assert judge(fuzzy("11 min"), "It takes 12 minutes").fuzzy_by == "rules"
    assert judge(checks.answer_is("yes"), "yes").fuzzy_by == ""


def test_what_nobody_can_decide_is_undecided_unless_another_check_fails() -> None:
    evaluation = {**fuzzy("It is heavy"), "reference_url": "__MAP__/last", "url_note": "GOLD in PRED"}
    evaluation["eval_types"] = ["string_match", "url_match"]
    undecided = judge(evaluation, "It weighs too much")
    assert undecided.status is VerdictStatus.UNDECIDED
    assert not undecided.success
    assert "'It weighs too much'" in undecided.detail
    failed = judge(evaluation, "It weighs too much", last_url="http://map.test/one")
    assert (failed.status, failed.score) == (VerdictStatus.SCORED, 0.0)


def test_fuzzy_contents_of_a_page_are_decided_too() -> None:
    url = "func:reddit_get_post_url('__last_url__')"
    last = "http://reddit.test/f/books/7/a-title?page=2"
    assert judge(page_says(url, "fuzzy_match", "virtual meetup", "July 8th"), last_url=last).success
    assert judge(page_says(url, "fuzzy_match", "virtual meetup", "July 9th"), last_url=last).score == 0.0


@pytest.mark.parametrize(
    ("url", "cut"),
    [
        ("http://reddit.test/f/books/7/a-title/-/comment/8", "http://reddit.test/f/books/7/"),
        ("http://reddit.test/f/books", "http://reddit.test/f/books"),
        ("http://reddit.test/user/x/y/z", "http://reddit.test/user/x/y/z"),
        ("http://reddit.test/f/x')+eval('1/2/3", "http://reddit.test/f/x')+eval('1/2/"),
    ],
)
def test_an_address_within_a_post_is_cut_down_to_it(url: str, cut: str) -> None:
    assert called_url("func:reddit_get_post_url('__last_url__')", url, None) == cut


def test_the_newest_order_is_asked_for() -> None:
    evaluation = page_says("func:shopping_get_latest_order_url()", "must_include", "B01CTR3DLE")
    assert judge(evaluation).success
    with pytest.raises(EvaluationError, match="no shop"):
        called_url("func:shopping_get_latest_order_url()", "", None)


@pytest.mark.parametrize(("account", "role"), [("vinta", "Guest"), ("koush", "Maintainer"), ("nobody", "")])
def test_a_members_role_stands_in_the_members_row(account: str, role: str) -> None:
    page = TwoPages()
    page.goto("http://gitlab.test/members")
    assert called_text(f"func:gitlab_get_project_memeber_role(__page__, '{account}')", page) == role


def test_semantics_reach_every_evaluator() -> None:
    spaced = checks.answer_is("yes")
    assert judge(spaced, " yes ").score == 0.0
    assert judge(spaced, " yes ", semantics="browsergym").success
    assert judge(checks.pages_show(checks.page_check("last", X, "en"))).score == 0.0
    assert judge(checks.pages_show(checks.page_check("last", X, "en")), semantics="browsergym").success
