"""Splits a text into words as the Penn Treebank does, the way VAB's evaluator reads answers and pages.

VAB uses NLTK's word tokenizer on text in lower case. These are its rules (the Treebank's, with NLTK's additions for
other quotation marks) for such text, and of its sentence splitting what changes tokens: a full stop belongs to the
word before it unless a sentence ends there.
"""

from __future__ import annotations

import re
from itertools import pairwise

_Rule = tuple[re.Pattern[str], str]


def _rules(*pairs: tuple[str, str]) -> tuple[_Rule, ...]:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in pairs)


_OPENING_QUOTES = _rules(
    (r"([«“‘„]|`+)", r" \1 "),
    (r'^"', "``"),
    (r"(``)", r" \1 "),
    (r"""([ (\[{<])(?:"|'')""", r"\1 `` "),
    (r"(?<!\w)'(?!(?:re|ve|ll|[mtsdn])\b)(?=\w)", "' "),
)
_PUNCTUATION = _rules(
    (r"""([^.])(\.)([\])}>"' »”’]*+)\s*$""", r"\1 \2 \3 "),
    (r"([:,])([^\d])", r" \1 \2"),
    (r"([:,])$", r" \1 "),
    (r"(\.{2,})", r" \1 "),
    (r"([;@#$%&?!*‒–—―])", r" \1 "),
    (r"([^'])' ", r"\1 ' "),
    (r"([\]\[(){}<>])", r" \1 "),
    (r"--", " -- "),
)
_CLOSING_QUOTES = _rules(
    (r"([»”’])", r" \1 "),
    (r"''", " '' "),
    (r'"', " '' "),
    (r"\s+", " "),
    (r"([^' ])('[smd]|') ", r"\1 \2 "),
    (r"([^' ])('ll|'re|'ve|n't) ", r"\1 \2 "),
)
_CONTRACTIONS = _rules(
    (r"\b(can)(not)\b", r" \1 \2 "),
    (r"\b(d)('ye)\b", r" \1 \2 "),
    (r"\b(gim|lem)(me)\b", r" \1 \2 "),
    (r"\b(gon)(na)\b", r" \1 \2 "),
    (r"\b(got)(ta)\b", r" \1 \2 "),
    (r"\b(more)('n)\b", r" \1 \2 "),
    (r"\b(wan)(na)(?=\s)", r" \1 \2 "),
    (r" ('t)(is|was)\b", r" \1 \2 "),
)

_SENTENCE_END = re.compile(r"""(?<![.?!])([.?!]++)["')\]}>»”’]*+\s++""")
_LAST_WORD = re.compile(r"""[^\s)";}\]*:@'({\[!?]*\Z""")
_LONGEST_WORD = 60
_NUMBER_OR_INITIAL = re.compile(r"-?[.,]?\d[\d,.-]*|[^\W\d_]")
_ABBREVIATIONS = frozenset("mr mrs ms dr prof st ave u.s u.k e.g i.e etc vs inc ltd co corp jr sr".split())


def word_tokens(text: str) -> list[str]:
    """The words and marks of a text in lower case, in order."""
    return [token for sentence in _sentences(text) for token in _sentence_tokens(sentence)]


def _sentences(text: str) -> list[str]:
    """The text cut after each sentence, as the splitter that VAB uses sees a text in lower case."""
    cuts = [0, *(found.end() for found in _SENTENCE_END.finditer(text) if _ends_sentence(text, found)), len(text)]
    return [text[start:end] for start, end in pairwise(cuts)]


def _ends_sentence(text: str, mark: re.Match[str]) -> bool:
    if mark[1] != ".":
        return not mark[1].startswith("..")
    before = _LAST_WORD.search(text[max(0, mark.start() - _LONGEST_WORD) : mark.start()])
    word = before[0] if before else ""
    if word in _ABBREVIATIONS:
        return False
    goes_on = text[mark.end() : mark.end() + 1].islower()
    return not (goes_on and _NUMBER_OR_INITIAL.fullmatch(word))


def _sentence_tokens(sentence: str) -> list[str]:
    text = sentence.strip()
    for pattern, replacement in (*_OPENING_QUOTES, *_PUNCTUATION):
        text = pattern.sub(replacement, text)
    text = f" {text} "
    for pattern, replacement in (*_CLOSING_QUOTES, *_CONTRACTIONS):
        text = pattern.sub(replacement, text)
    return text.split()
