from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lxml.html
import pytest

from webrl_gym.engines.locators import evaluate_locator
from webrl_gym.errors import SiteError
from webrl_gym.evaluation import evaluate_rules
from webrl_gym.tasks import checks
from webrl_gym.tasks.record import Task
from webrl_gym.types import OutcomeVerdict, Site, VerdictStatus

PAGES = {
    "http://map.test/last": '<p id="x">the end</p>',
    "http://map.test/one": '<p id="x">Tom &amp; Ann</p><input id="v" value="7">',
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


def judge(evaluation: dict[str, Any], answer: str = "", last_url: str = "http://map.test/last") -> OutcomeVerdict:
    task = Task("t", (Site.MAP,), "do it", ("__MAP__",), evaluation)
    return evaluate_rules(task, answer, last_url, TwoPages(), lambda url: url.replace("__MAP__", "http://map.test"))


X = 'document.querySelector("#x").outerText'


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
        (checks.pages_show(checks.page_check("__MAP__/one", "", "Tom & Ann")), True),
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
        {"eval_types": ["string_match"], "reference_answers": {"fuzzy_match": ["x"]}},
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
