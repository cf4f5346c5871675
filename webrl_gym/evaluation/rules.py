"""Judges the end of an episode by the rules of its task. Scores once, on pages the agent never sees."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from webrl_gym.engines.protocol import EvaluationPage
from webrl_gym.errors import EvaluationError, NothingLocated
from webrl_gym.evaluation.answers import clean_answer, match_answer
from webrl_gym.evaluation.urls import match_url
from webrl_gym.tasks.record import Task
from webrl_gym.types import OutcomeVerdict, VerdictStatus


class PageOpener(Protocol):
    """The part of an engine that evaluators need."""

    def evaluation_page(self, *, at_end: bool) -> AbstractContextManager[EvaluationPage]:
        """See ``Engine.evaluation_page``."""


Resolve = Callable[[str], str]
"""Replaces site placeholders in an address."""


def evaluate_rules(task: Task, answer: str, last_url: str, engine: PageOpener, resolve: Resolve) -> OutcomeVerdict:
    """Runs every evaluation type of a task; all must hold.

    Args:
        task: What was to be done.
        answer: What the agent said when it left; empty if it did not.
        last_url: Address of its last page.
        engine: Opens pages for ``program_html``.
        resolve: Replaces site placeholders such as ``__SHOPPING__``.

    Returns:
        A verdict of source ``rules``: scored, or unscored when an evaluator failed.

    Raises:
        InfrastructureError: If sites or browser fail meanwhile: nobody's episode is judged by that.
    """
    evaluators: dict[str, Callable[[], str]] = {
        "string_match": lambda: _string_match(task.evaluation, answer),
        "url_match": lambda: _url_match(task.evaluation, last_url, resolve),
        "program_html": lambda: _program_html(task.evaluation, engine, resolve),
    }
    try:
        for name in task.evaluation["eval_types"]:
            failed = evaluators[name]()
            if failed:
                return OutcomeVerdict(VerdictStatus.SCORED, 0.0, "rules", detail=f"{name}: {failed}")
    except (EvaluationError, KeyError, TypeError) as error:
        return OutcomeVerdict(VerdictStatus.UNSCORED, 0.0, "rules", detail=f"{type(error).__name__}: {error}")
    return OutcomeVerdict(VerdictStatus.SCORED, 1.0, "rules", detail="all checks hold")


def _string_match(evaluation: Mapping[str, Any], answer: str) -> str:
    score = match_answer(evaluation["reference_answers"], answer)
    return "" if score else f"the answer {answer[:80]!r} is not the reference answer"


def _url_match(evaluation: Mapping[str, Any], last_url: str, resolve: Resolve) -> str:
    reference = resolve(evaluation["reference_url"])
    score = match_url(reference, last_url, url_note=evaluation.get("url_note", "EXACT"))
    return "" if score else f"the last page is {last_url}, not {reference}"


def _program_html(evaluation: Mapping[str, Any], engine: PageOpener, resolve: Resolve) -> str:
    for check in evaluation["program_html"]:
        at_end = check["url"] == "last"
        with engine.evaluation_page(at_end=at_end) as page:
            if not at_end:
                page.goto(resolve(check["url"]))
            found = _located(page, check["locator"])
            failed = _content_failure(check["required_contents"], found)
            if failed:
                return f"{failed} at {check['locator'] or 'the page'} of {page.url}"
    return ""


def _located(page: EvaluationPage, locator: str) -> str:
    """What a locator finds; a locator that matches nothing finds an empty text, as in WebArena."""
    if not locator.strip():
        return html.unescape(page.content())
    try:
        return html.unescape(page.locate(locator))
    except NothingLocated:
        return ""


def _content_failure(required: Mapping[str, Any], found: str) -> str:
    if "exact_match" in required:
        wanted = str(required["exact_match"])
        return "" if clean_answer(wanted) == clean_answer(found) else f"{found[:80]!r} is not {wanted[:80]!r}"
    if "must_include" in required:
        missing = [text for text in required["must_include"] if not includes_content(str(text), found)]
        return f"{missing[0][:80]!r} is missing" if missing else ""
    raise EvaluationError(f"required contents of the kinds {sorted(required)} are not known")


def includes_content(reference: str, content: str) -> bool:
    """True if ``content`` holds one of the ``|OR|`` alternatives, as a part; case does not count."""
    return any(clean_answer(part) in clean_answer(content) for part in reference.split(" |OR| "))
