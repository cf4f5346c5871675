"""Judges the end of an episode by the rules of its task. Scores once, on pages the agent never sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from webrl_gym.engines.protocol import EvaluationPage
from webrl_gym.errors import EvaluationError, FuzzyUndecided, MalformedReference, NothingLocated
from webrl_gym.evaluation.answers import Grade, grade_answer
from webrl_gym.evaluation.fuzzy import FuzzyDecider, FuzzyJudge, Question
from webrl_gym.evaluation.official_calls import Shop, called_text, called_url, is_call
from webrl_gym.evaluation.texts import equals, includes
from webrl_gym.evaluation.urls import match_url
from webrl_gym.tasks.record import Task
from webrl_gym.types import OutcomeVerdict, Semantics, VerdictStatus


class PageOpener(Protocol):
    """The part of an engine that evaluators need."""

    def evaluation_page(self, *, at_end: bool) -> AbstractContextManager[EvaluationPage]:
        """See ``Engine.evaluation_page``."""


_LONGEST_PAGE = 2_000_000
"""Longest part of a page's source that is searched, in characters: agents write on pages, too."""
Resolve = Callable[[str], str]
"""Replaces site placeholders such as ``__SHOPPING__`` in addresses and references."""


def evaluate_rules(
    task: Task,
    answer: str,
    last_url: str,
    engine: PageOpener,
    resolve: Resolve,
    *,
    semantics: str = Semantics.VAB,
    shop: Shop | None = None,
    judge: FuzzyJudge | None = None,
) -> OutcomeVerdict:
    """Runs every evaluation type of a task; all must hold.

    Args:
        task: What was to be done.
        answer: What the agent said when it left; empty if it did not.
        last_url: Address of its last page.
        engine: Opens pages for ``program_html``.
        resolve: Replaces site placeholders.
        semantics: ``vab`` or ``browsergym``.
        shop: Is asked for its newest order by records that need it.
        judge: Decides fuzzy matches that no rule can.

    Returns:
        A verdict of source ``rules``: scored; unscored when an evaluator failed; undecided when the task has no rules,
        and when everything else holds but nobody could tell whether an answer means the reference.

    Raises:
        InfrastructureError: If sites or browser fail meanwhile: nobody's episode is judged by that.
        ServerRefused: If the judge's server refuses every request.
    """
    if not task.has_rules:
        return OutcomeVerdict(VerdictStatus.UNDECIDED, 0.0, "rules", detail="the task has no rules")
    decider = FuzzyDecider(Semantics(semantics), judge)
    evaluation = _resolved(task.evaluation, resolve)
    run = _Evaluation(evaluation, answer, last_url, engine, shop, decider, _question(task))
    undecided, deciders, detail = "", set[str](), "all checks hold"
    try:
        for check in run.checks():
            try:
                grade = check()
            except FuzzyUndecided as error:
                # Another check may still fail, which decides.
                undecided = undecided or str(error)
                continue
            if not grade.score:
                return OutcomeVerdict(VerdictStatus.SCORED, 0.0, "rules", detail=grade.detail, fuzzy_by=grade.fuzzy_by)
            if grade.fuzzy_by:
                deciders.add(grade.fuzzy_by)
                detail = grade.detail
    except (EvaluationError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        return OutcomeVerdict(VerdictStatus.UNSCORED, 0.0, "rules", detail=f"{type(error).__name__}: {error}")
    if undecided:
        return OutcomeVerdict(VerdictStatus.UNDECIDED, 0.0, "rules", detail=undecided)
    fuzzy_by = "llm" if "llm" in deciders else "".join(deciders)
    return OutcomeVerdict(VerdictStatus.SCORED, 1.0, "rules", detail=detail, fuzzy_by=fuzzy_by)


def _question(task: Task) -> Question:
    return Question(task.instruction, str(task.evaluation.get("string_note") or ""))


def _resolved(value: Any, resolve: Resolve) -> Any:
    """A record with the placeholders of all its texts replaced: references name sites, too."""
    if isinstance(value, str):
        return resolve(value)
    if isinstance(value, Mapping):
        return {name: _resolved(inner, resolve) for name, inner in value.items()}
    return [_resolved(inner, resolve) for inner in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """One episode's end and the record that it is compared with, placeholders replaced."""

    record: Mapping[str, Any]
    answer: str
    last_url: str
    engine: PageOpener
    shop: Shop | None
    decider: FuzzyDecider
    question: Question

    def checks(self) -> list[Callable[[], Grade]]:
        """What must hold, in the record's order."""
        checks: list[Callable[[], Grade]] = []
        for name in self.record["eval_types"]:
            match name:
                case "string_match":
                    checks.append(self._string_match)
                case "url_match":
                    checks.append(self._url_match)
                case "program_html":
                    checks.extend(partial(self._page_holds, part) for part in self.record["program_html"])
                case _:
                    raise MalformedReference(f"there is no evaluation type {name!r}")
        return checks

    def _string_match(self) -> Grade:
        return grade_answer(self.record["reference_answers"], self.answer, self.decider, self.question)

    def _url_match(self) -> Grade:
        reference, note = self.record["reference_url"], self.record.get("url_note")
        score = match_url(reference, self.last_url, url_note=note, semantics=self.decider.semantics)
        return Grade(score, detail="" if score else f"url_match: the last page is {self.last_url}, not {reference}")

    def _page_holds(self, check: Mapping[str, Any]) -> Grade:
        url = check["url"]
        if is_call(url):
            url = called_url(url, self.last_url, self.shop)
        with self.engine.evaluation_page(at_end=url == "last") as page:
            if url != "last":
                page.goto(url)
            found = _found(page, check["locator"])
            grade = self._contents(check["required_contents"], found)
            if grade.score:
                return grade
            where = f"{check['locator'] or 'the page'} of {page.url}"
            return Grade(0.0, grade.fuzzy_by, f"program_html: {grade.detail} at {where}")

    def _contents(self, required: Mapping[str, Any], found: str) -> Grade:
        semantics = self.decider.semantics
        match required:
            case {"exact_match": str(wanted)}:
                held = equals(wanted, found, semantics)
                return Grade(float(held), detail="" if held else f"{found[:80]!r} is not {wanted[:80]!r}")
            case {"must_include": list(texts)}:
                missing = [text for text in texts if not _includes_any(text, found, semantics)]
                return Grade(float(not missing), detail=f"{missing[0][:80]!r} is missing" if missing else "")
            case {"fuzzy_match": list(texts)}:
                decision = self.decider.decide(texts, found, self.question)
                return Grade(decision.score, decision.by, decision.detail)
        raise MalformedReference(f"required contents cannot be {dict(required)!r}")


def _includes_any(reference: str, found: str, semantics: Semantics) -> bool:
    return any(includes(part, found, semantics) for part in reference.split(" |OR| "))


def _found(page: EvaluationPage, locator: str) -> str:
    """What a locator finds; a locator that matches nothing finds an empty text, as in WebArena."""
    if not locator.strip():
        return page.content()[:_LONGEST_PAGE]
    if is_call(locator):
        return called_text(locator, page)
    try:
        return page.locate(locator)
    except NothingLocated:
        return ""
