"""Comparing texts as the two harnesses do: cleaned, then equal, a part, or a word. Pure."""

from __future__ import annotations

from webrl_gym.evaluation.word_tokens import word_tokens
from webrl_gym.types import Semantics


def clean(text: str, semantics: Semantics) -> str:
    """The text in lower case without one pair of quotes around it; BrowserGym drops outer white space first."""
    if semantics is Semantics.BROWSERGYM:
        text = text.strip()
    for quote in ("'", '"'):
        if text.startswith(quote) and text.endswith(quote):
            text = text[1:-1]
            break
    return text.lower()


def equals(reference: str, text: str, semantics: Semantics) -> bool:
    """True if both are the same once cleaned."""
    return clean(reference, semantics) == clean(text, semantics)


def includes(reference: str, text: str, semantics: Semantics, *, alone: bool = False) -> bool:
    """True if ``text`` holds ``reference``.

    Args:
        reference: One text, without alternatives.
        text: What may hold it.
        semantics: VAB wants a reference of one word to be a word of the text (or a part of one between slashes);
            BrowserGym only one of a single character, and only where it stands alone.
        alone: True if it is the only reference for an answer.
    """
    wanted, found = clean(reference, semantics), clean(text, semantics)
    if wanted not in found:
        # A word of the text is a part of it, apart from straight double quotes, which no reference consists of.
        return False
    as_word = semantics is Semantics.VAB or (alone and len(wanted) == 1)
    if not as_word or len(word_tokens(wanted)) != 1:
        return True
    words = word_tokens(found)
    if semantics is Semantics.VAB:
        words += [part for word in words if "/" in word for part in word.split("/")]
    return wanted in words
