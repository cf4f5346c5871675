"""Matching an agent's answer with reference answers (WebArena's ``string_match``). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webrl_gym.errors import MalformedReference
from webrl_gym.evaluation.fuzzy import MAX_ANSWER_LENGTH, FuzzyDecider, Question
from webrl_gym.evaluation.texts import clean, equals, includes
from webrl_gym.types import Semantics


@dataclass(frozen=True, slots=True)
class Grade:
    """What a comparison came to.

    Attributes:
        score: 1.0 or 0.0.
        fuzzy_by: Who decided a fuzzy match; empty when there was none to decide.
        detail: What was missing, or what the judge said.
    """

    score: float
    fuzzy_by: str = ""
    detail: str = ""


def match_answer(
    reference_answers: Mapping[str, Any], answer: str, *, semantics: str = Semantics.VAB, question: str = ""
) -> float:
    """Scores an answer against a task's reference answers, by rules only.

    Args:
        reference_answers: ``exact_match``: a text; ``must_include``: a list of texts; ``fuzzy_match``: a list of texts,
            or the text ``N/A``.
        answer: What the agent said; its first ``MAX_ANSWER_LENGTH`` characters count.
        semantics: ``vab`` or ``browsergym``.
        question: The task's instruction, which the fuzzy rules read beside the answer.

    Returns:
        1.0 if every reference is met, else 0.0.

    Raises:
        MalformedReference: If references have another form, as where the harness raises, or are of an unknown kind.
        FuzzyUndecided: If no rule can decide a fuzzy match.
        ValueError: If there are no such semantics.
    """
    decider = FuzzyDecider(Semantics(semantics))
    return grade_answer(reference_answers, answer, decider, Question(question)).score


def grade_answer(reference_answers: Mapping[str, Any], answer: str, decider: FuzzyDecider, question: Question) -> Grade:
    """Compares an answer with all references of a task; raises as ``match_answer`` does."""
    semantics = decider.semantics
    said = clean(answer[:MAX_ANSWER_LENGTH], semantics)
    # Every kind is looked at, so that a malformed one is found whatever the others say.
    missed = [item for item in reference_answers.items() if not _matches(*item, said, semantics)]
    if missed:
        kind, reference = missed[0]
        return Grade(0.0, detail=f"string_match: {answer[:80]!r} does not meet {kind} {str(reference)[:80]!r}")
    if "fuzzy_match" not in reference_answers:
        return Grade(1.0)
    decision = decider.decide(reference_answers["fuzzy_match"], answer, question)
    return Grade(decision.score, decision.by, decision.detail)


def _matches(kind: str, reference: Any, said: str, semantics: Semantics) -> bool:
    match kind, reference:
        case "exact_match", str():
            return equals(reference, said, semantics)
        case "must_include", list():
            alone = len(reference) == 1
            return all(_includes_any(str(part), said, semantics, alone) for part in reference)
        case "fuzzy_match", list() | "N/A":
            return True
    raise MalformedReference(f"{kind} cannot be {reference!r}: expected a text for exact_match, else a list of texts")


def _includes_any(reference: str, said: str, semantics: Semantics, alone: bool) -> bool:
    """Answers may have alternatives for VAB only."""
    parts = reference.split(" |OR| ") if semantics is Semantics.VAB else [reference]
    return any(includes(part, said, semantics, alone=alone) for part in parts)
