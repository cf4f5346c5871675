"""Decides whether an answer means what a reference says: by rules first, then by a judge if there is one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from webrl_gym.errors import FuzzyUndecided, MalformedReference
from webrl_gym.evaluation.fuzzy_context import Context
from webrl_gym.evaluation.fuzzy_extras import names_more, without_numbering
from webrl_gym.evaluation.fuzzy_pairs import as_pairs, rule_on_pairs
from webrl_gym.evaluation.fuzzy_ruling import Ruling, all_hold
from webrl_gym.evaluation.fuzzy_texts import (
    denies,
    gives_up,
    has_polarity,
    is_not_applicable,
    ordered_items,
    rule_on_not_applicable,
    rule_on_order,
    rule_on_polarity,
    rule_on_words,
)
from webrl_gym.evaluation.fuzzy_values import as_quantity, is_identifier, rule_on_quantity
from webrl_gym.evaluation.fuzzy_words import fold, read_words
from webrl_gym.types import Semantics

_PREAMBLE = re.compile(r"\W*(?:the\s+)?(?:final\s+)?answer\s*(?:is\b:?|:)\s*", re.IGNORECASE)
MAX_ANSWER_LENGTH = 20_000
"""Longest part of an answer that is read, in characters."""


@dataclass(frozen=True, slots=True)
class Question:
    """What an answer is an answer to.

    Attributes:
        text: The task's instruction.
        note: Why the task cannot be done, where it cannot (``string_note``).
    """

    text: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of a fuzzy match.

    Attributes:
        score: 1.0 or 0.0.
        by: ``rules`` or ``llm``.
        detail: Why, in a line.
    """

    score: float
    by: str
    detail: str


class FuzzyJudge(Protocol):
    """Whoever decides what rules cannot."""

    def judge(self, question: Question, reference: str, answer: str) -> tuple[float, str]:
        """Score (1.0 or 0.0) and the raw verdict; raises ``FuzzyUndecided`` if it cannot tell."""


def is_judge(given: object) -> bool:
    """Whether this is an object that can be asked as a judge; a class has the method too, but nobody to ask."""
    return not isinstance(given, type) and callable(getattr(given, "judge", None))


@dataclass(frozen=True, slots=True)
class FuzzyDecider:
    """Decides fuzzy matches.

    Attributes:
        semantics: VAB asks a judge once for all references; BrowserGym asks for each.
        judge: Decides what rules cannot; None leaves it undecided.
    """

    semantics: Semantics
    judge: FuzzyJudge | None = None

    def decide(self, references: Any, answer: str, question: Question) -> Decision:
        """Decides whether ``answer`` means all ``references``.

        Args:
            references: A list of texts, or the text ``N/A``.
            answer: What the agent said, or what stands on a page.
            question: What it was asked.

        Raises:
            MalformedReference: If the references are something else.
            FuzzyUndecided: If neither rules nor judge can tell.
        """
        if references != "N/A" and not (
            isinstance(references, list) and references and all(isinstance(part, str) for part in references)
        ):
            raise MalformedReference(f"fuzzy_match cannot be {references!r}: expected a list of texts, or N/A")
        parts = ["N/A"] if references == "N/A" else references
        answer = answer[:MAX_ANSWER_LENGTH]
        ruling = rule_on(parts, answer, question.text)
        if ruling is not Ruling.UNSURE:
            score = 1.0 if ruling is Ruling.ACCEPT else 0.0
            return Decision(score, "rules", f"our rules {ruling.value} {answer[:80]!r} for {', '.join(parts)[:120]!r}")
        if self.judge is None:
            raise FuzzyUndecided(f"no rule can tell whether {answer[:80]!r} means {', '.join(parts)[:120]!r}")
        return self._ask(self.judge, parts, answer, question)

    def _ask(self, judge: FuzzyJudge, parts: list[str], answer: str, question: Question) -> Decision:
        asked = [", ".join(parts)] if self.semantics is Semantics.VAB else parts
        for reference in asked:
            score, raw = judge.judge(question, reference, answer)
            if not score:
                return Decision(0.0, "llm", f"the judge says {raw[:120]!r}")
        return Decision(1.0, "llm", "the judge says that it means the same")


def rule_on(references: Sequence[str], answer: str, question: str = "") -> Ruling:
    """What the rules say of an answer that must mean every reference.

    Args:
        references: At least one.
        answer: What the agent said.
        question: What it was asked.
    """
    preamble = _PREAMBLE.match(answer)
    listed = answer[preamble.end() :] if preamble else answer
    answer = without_numbering(listed)
    if not read_words(fold(answer)) or (is_not_applicable(answer) and not any(map(denies, references))):
        return Ruling.REJECT
    if all(gives_up(answer, reference) for reference in references):
        return Ruling.REJECT
    if as_pairs(references):
        return rule_on_pairs(references, answer, lambda value, part: _rule_on_one(value, part, Context()))
    ruling = all_hold(
        _rule_on_one(reference, answer, Context(question, [other for other in references if other != reference]))
        for reference in references
    )
    beside = ruling is Ruling.ACCEPT and names_more(
        references, listed, question, lambda reference, item: _rule_on_one(reference, item, Context())
    )
    return Ruling.UNSURE if beside else ruling


def _rule_on_one(reference: str, answer: str, context: Context) -> Ruling:
    if is_not_applicable(reference):
        return rule_on_not_applicable(answer)
    if has_polarity(reference):
        return rule_on_polarity(reference, answer, context)
    if items := ordered_items(reference):
        return rule_on_order(items, answer)
    wanted = as_quantity(reference)
    if wanted is None:
        return rule_on_words(reference, answer, context)
    return rule_on_quantity(wanted, answer, context, sole=not (context.others and is_identifier(reference, wanted)))
