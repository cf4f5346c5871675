"""Matching an agent's answer with reference answers (WebArena's ``string_match``). Pure.

Semantics of VAB-WebArena-Lite: quotes around a text and letter case do not count; a reference of one word must be a
word of the answer, a longer one a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from webrl_gym.errors import EvaluationError

_WORD = re.compile(r"[^\s\w]|\w+(?:[.,:/'@-]\w+)*")
MAX_ANSWER_LENGTH = 20_000
"""Longest part of an answer that is read, in characters."""


def clean_answer(text: str) -> str:
    """The text without surrounding white space and quotes, in lower case."""
    stripped = text.strip()
    for quote in ("'", '"'):
        if len(stripped) >= 2 and stripped.startswith(quote) and stripped.endswith(quote):
            stripped = stripped[1:-1]
    return stripped.strip().lower()


def includes(reference: str, answer: str) -> bool:
    """True if ``answer`` holds ``reference``, one of its ``|OR|`` alternatives, or its one word as a word."""
    return any(_includes_one(clean_answer(part), clean_answer(answer)) for part in reference.split("|OR|"))


def _includes_one(reference: str, answer: str) -> bool:
    if len(_WORD.findall(reference)) != 1:
        return reference in answer
    words = set(_WORD.findall(answer))
    words.update(part for word in list(words) if "/" in word for part in word.split("/"))
    return reference in words


def match_answer(reference_answers: Mapping[str, Any], answer: str) -> float:
    """Scores an answer against a task's reference answers.

    Args:
        reference_answers: ``exact_match``: a text; ``must_include``: a list of texts; ``fuzzy_match``: needs a judge.
        answer: What the agent said.

    Returns:
        1.0 if every reference is met, else 0.0.

    Raises:
        EvaluationError: If the references need a judge or are of an unknown kind.
    """
    text = answer[:MAX_ANSWER_LENGTH]
    score = 1.0
    for kind, reference in reference_answers.items():
        if kind == "exact_match":
            score *= float(clean_answer(str(reference)) == clean_answer(text))
        elif kind == "must_include":
            references = [reference] if isinstance(reference, str) else list(reference)
            score *= float(all(includes(str(part), text) for part in references))
        else:
            raise EvaluationError(f"reference answers of the kind {kind!r} need a judge")
    return score
