"""Reads texts as words for the fuzzy rules: spelling evened out, clauses kept apart, filler left aside. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)+(?![^\W_])|[^\W_]+(?:'[^\W_]+)*|(?<!\b\w)[.;!?](?=\s|$)|[,()\n—–]")
_SENTENCE_MARKS = frozenset(".;!?\n")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"', "\u00a0": " "})
_DOUBLED = re.compile(r"(?<=[aeiou]l)l(?=ed$|ing$)")
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SMALL = {word: number for number, word in enumerate(_NUMBERS)}
_LARGE = {word: 10 * number for number, word in enumerate(_TENS, start=2)}
NUMBER_IN_WORDS = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(_NUMBERS[1:10])}))?|{'|'.join(_NUMBERS[::-1])})"
"""Pattern of a number below 100 in words."""
_SPELLINGS = {
    **{word: str(number) for word, number in (_SMALL | _LARGE).items()},
    **{"st": "street", "ave": "avenue", "av": "avenue", "rd": "road", "blvd": "boulevard", "dr": "drive"},
    **{"ln": "lane", "hwy": "highway", "usa": "united states", "us": "united states", "completed": "complete"},
}
_FILLER = frozenset(
    "a an the is are was were be been being am it its this that these those there here to of for in at on by with "
    "as from has have had having do does did will would i me my we our you your they their he his she her him just "
    "only also very still so then please currently s".split()
)
NEGATIONS = frozenset(
    "no not never none nobody nothing neither nor without cannot can't don't doesn't didn't isn't aren't wasn't "
    "weren't won't wouldn't couldn't shouldn't hasn't haven't hadn't nowhere doubt unable impossible hardly unlikely"
    .replace("'", "").split()
)  # fmt: skip
_CALLED_WRONG = frozenset("wrong incorrect false".split())
_LACK = re.compile(
    r"0|zero|(?:fail|lack|miss|absen|reject|refus|declin|deni|deny|prevent|block|forbid|exclud|error|nonexist)\w*"
    r"|empty|invalid|unavailable|unsuccessful(?:ly)?|unknown|unsupported|unfortunately|unreviewed|unrated|first|yet"
)
"""Words that say without a negation that something is not there: "0 reviews", "be the first to review it"."""
WAYS_OF_TRAVEL = (
    frozenset("walk walks walking foot pedestrian".split()),
    frozenset("drive drives driving car".split()),
    frozenset("bike bikes biking bicycle cycle cycling".split()),
    frozenset("bus train tram subway transit plane flight ferry taxi".split()),
)
"""Words for each way of travel."""
MOST_PLACES = 20
"""Most places of an answer that are looked at for one reference; whoever says it more often is left to a judge."""
_TURNS = frozenset("but however although though yet".split())


def fold(text: str) -> str:
    """The text in lower case, one form for each letter, quotation mark and space; of the same length or not."""
    plain = unicodedata.normalize("NFKD", text.translate(_QUOTES))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text.

    Attributes:
        text: Evened out.
        start: Where it begins in the folded text.
        end: Where it ends.
        clause: Number of its clause; a sentence has one or more.
        sentence: Number of its sentence.
    """

    text: str
    start: int
    end: int
    clause: int
    sentence: int


def read_words(folded: str) -> list[Word]:
    """All words of a folded text in order."""
    words: list[Word] = []
    clause = sentence = 0
    for found in _TOKEN.finditer(folded):
        token = found[0]
        if not token[0].isalnum():
            clause += 1
            sentence += token in _SENTENCE_MARKS
            continue
        if token in _TURNS:
            clause += 1
        words.extend(
            Word(text, found.start(), found.end(), clause, sentence) for text in _even(token.replace("'", "")).split()
        )
    return words


def _even(word: str) -> str:
    bare = word.replace(",", "") if word[0].isdigit() else word
    return _SPELLINGS.get(bare, _DOUBLED.sub("", bare))


def content(words: Sequence[Word]) -> list[Word]:
    """The words without filler; all of them where nothing else is there."""
    return [word for word in words if word.text not in _FILLER] or list(words)


def same(wanted: str, found: str) -> bool:
    """True for equal words, and for the singular and plural in -s of one."""
    if wanted == found:
        return True
    short, long = sorted((wanted, found), key=len)
    return len(short) > 2 and short.isalpha() and long == short + "s"


def phrases(wanted: Sequence[str], words: Sequence[Word], *, cut_off: bool = False) -> Iterator[tuple[Word, Word]]:
    """First and last word of every place where ``wanted`` stands in a row, within a sentence.

    Args:
        wanted: Content words.
        words: Content words of a text.
        cut_off: True if the last wanted word may be the beginning of one (a name that was cut off).
    """
    count = len(wanted)
    for first in range(len(words) - count + 1):
        run = words[first : first + count]
        if run[0].sentence != run[-1].sentence:
            continue
        equal = all(same(one, word.text) for one, word in zip(wanted[:-1], run[:-1], strict=True))
        last = same(wanted[-1], run[-1].text) or (
            cut_off and count > 2 and len(wanted[-1]) > 3 and run[-1].text.startswith(wanted[-1])
        )
        if equal and last:
            yield run[0], run[-1]


def may_deny(words: Sequence[Word]) -> bool:
    """True if an answer denies something, or may do so in words that are no negations."""
    return any(word.text in NEGATIONS or _LACK.fullmatch(word.text) for word in words)


def is_denied(words: Sequence[Word], start: int, end: int) -> bool:
    """True if the clause of a passage negates something outside it or calls it wrong, or a "but" follows.

    Args:
        words: All words of the text.
        start: Where the passage begins.
        end: Where it ends.
    """
    inside = [word for word in words if start <= word.start < end]
    clauses = {word.clause for word in inside}
    sentences = {word.sentence for word in inside}
    denials = NEGATIONS | _CALLED_WRONG
    return any(
        (word.clause in clauses and word.text in denials and not start <= word.start < end)
        or (word.sentence in sentences and word.text in _TURNS and word.start >= end)
        for word in words
    )


def sentence_around(words: Sequence[Word], start: int, end: int) -> tuple[int, int]:
    """Where the sentence (or sentences) that a passage stands in begins and ends."""
    numbers = {word.sentence for word in words if start <= word.start < end}
    inside = [word for word in words if word.sentence in numbers]
    return (inside[0].start, inside[-1].end) if inside else (start, end)


def number_in_words(text: str) -> int:
    """The number that a text matching ``NUMBER_IN_WORDS`` says."""
    return sum((_SMALL | _LARGE)[word] for word in re.split(r"[\s-]", text))


def is_asked_back(folded: str, end: int) -> bool:
    """True if the sentence that a passage stands in ends with a question mark."""
    found = re.compile(r"[.!;\n](?=\s|$)|\?").search(folded, end)
    return found is not None and found[0] == "?"


def is_one_of_several(folded: str, start: int, end: int) -> bool:
    """True if a passage is offered as an alternative: next to ``or`` or a slash."""
    before, after = folded[:start].rstrip()[-4:], folded[end:].lstrip(" ,")[:4]
    return before.endswith(("/", " or")) or re.match(r"/|or\b", after) is not None
