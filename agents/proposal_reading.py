"""From what a language model wrote to instructions: JSON, a numbered or marked list, or one a line.

Strict about what an instruction is, lenient about how a list is written. Whatever is none is counted by name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from webrl_gym.types import Site
from webrl_gym.wellformed import well_formed

MOST_WORDS = 40
"""Longest instruction, in words; the templates' longest have about as many."""
_FEWEST_WORDS = 3
_LETTERS_PER_WORD = 20
"""Letters that an instruction may have for each word that it may have; the templates' have at most nine."""
_FIELDS = ("instruction", "task", "intent", "text")
_WORD = re.compile(r"\w+")
_CODE = re.compile(r"^\s*```\w*\s*$", re.MULTILINE)
_MARKED = re.compile(
    r"(?P<indent>\s*)(?:[-*\u2022+]|(?P<number>\(?\d{1,3}(?:[.):]|\s+[-\u2013](?=\s))|(?:task|instruction)\s+\d{1,3}\s*[.:)-]))\s+(?=\S)",
    re.IGNORECASE,
)
_BOLD_NUMBER = re.compile(r"^(\s*)\*\*(\(?\d{1,3}(?:[.):]|\s+[-\u2013]\s).*?)\*\*")
_SITE = re.compile(rf"(?:\[({'|'.join(Site)})\]\s*:?|({'|'.join(Site)})\s*:)\s*(?=\S)", re.IGNORECASE)
_WRAPPED = (("**", "**"), ("`", "`"), ("\u201c", "\u201d"), ('"', '"'), ("'", "'"))
_BLANK = re.compile(r"\[[^\]]{2,}\]|\{[^}]*\}|<[^\s\d>][^>]*>|_{3,}|\.\.\.|\u2026")
"""What is left to be filled in; quotations may have any of these, unless they are nothing else."""
_QUOTED = re.compile(r'"(?!\[[^"]*\]")[^"]*"')
_DECODER = json.JSONDecoder()
_MARKS = (
    ("\u201c", "\u201d"),
    ("\u201e", "[\u201c\u201d]"),
    ("\u00ab", "\u00bb"),
    ("`", "`"),
    (r"\*\*", r"\*\*"),
    (r"(?<!\w)['\u2018](?!\s)", r"(?<!\s)['\u2019](?!\w)"),  # none of these is an apostrophe
)
_MARKED_NAME = re.compile("|".join(['"[^"]*"', *(f'{left}([^"]+?){right}' for left, right in _MARKS)]))
_TALK = re.compile(
    r"^(?:sure|certainly|of course|okay|ok|here|these|those|this|note|sorry|i'm|i am sorry|i hope|i can|i cannot|"
    r"i can't|i have|i've|i'd|let me|as an|based on|however|please note|remember|"
    r"the (?:following|above|new|task|site)|each|user:|assistant:|reason|explanation)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(?:please |can you |could you |now )?(?:what|what's|which|who|whose|when|where|how|is|are|does|do|did|has|have|"
    r"in which|from which|tell|give|show|list|find|get|open|go|take|navigate|display|look|search|check|count|compare|"
    r"identify|determine|calculate|report|read|name|view|see|browse|filter|sort|add|create|make|post|write|reply|"
    r"comment|submit|send|set|change|update|edit|rename|delete|remove|cancel|close|reopen|assign|invite|star|unstar|fork|clone|"
    r"subscribe|unsubscribe|hide|upvote|downvote|vote|follow|buy|order|reorder|put|mark|approve|reject|disable|enable|"
    r"draft|fill|rate|review|save|start|move|increase|decrease|reduce|leave|publish|use|locate|retrieve|fetch|"
    r"i want|i need|i would like|my)\b",
    re.IGNORECASE,
)
"""How an instruction begins that stands in no list."""


@dataclass(slots=True)
class Reading:
    """What an answer held.

    Attributes:
        instructions: In order, each once as it stands, white space as single spaces.
        dropped: Everything else, by name: ``prose``, ``empty``, ``too_long``, ``wrong_site``, ``cut``.
    """

    instructions: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def read_instructions(
    answer: str, sites: frozenset[str], most_words: int = MOST_WORDS, *, is_cut: bool = False
) -> Reading:
    """Takes an answer apart.

    Args:
        answer: What a model wrote when it was asked for instructions.
        sites: Names of the sites that it was asked about; an entry that names another site first is of the wrong one.
        most_words: Longest instruction.
        is_cut: Whether the answer was cut at its longest; then its last entry, half of one, is not taken.
    """
    reading = Reading()
    if is_cut:
        reading.dropped["cut"] = 1
    for entry, is_listed in _entries(answer, is_cut):
        instruction, site = _unwrapped(entry)
        if site and site not in sites:
            reading.dropped["wrong_site"] += 1
            continue
        problem = _problem(instruction, is_listed, most_words)
        if problem:
            reading.dropped[problem] += 1
        else:
            reading.instructions.append(instruction)
    if not reading.instructions and not reading.dropped:
        reading.dropped["empty"] += 1
    return reading


def straight_quotes(text: str) -> str:
    """An instruction with names in double quotes where they stand in other quotation marks, backticks or bold."""
    return _MARKED_NAME.sub(lambda match: f'"{match[match.lastindex].strip()}"' if match.lastindex else match[0], text)


def _problem(text: str, is_listed: bool, most_words: int) -> str:
    words = _WORD.findall(text)
    if not text:
        return "empty"
    if _TALK.match(text) or _BLANK.search(_QUOTED.sub(" ", text)) or text.endswith(":") or len(words) < _FEWEST_WORDS:
        return "prose"
    if not is_listed and not (_ASKS.match(text) or text.endswith("?")):
        return "prose"
    is_long = len(text.split()) > most_words or len(text) > most_words * _LETTERS_PER_WORD
    return "too_long" if is_long else ""


def _entries(answer: str, is_cut: bool) -> list[tuple[str, bool]]:
    """Entries of an answer, and whether each stands in a list; what stands around or under a list's entries is none."""
    text = _CODE.sub("", answer).strip()
    values = _json_list(text, is_cut)
    if values is not None:
        return [(value, True) for value in values]
    lines = [line for line in text.expandtabs().splitlines() if line.strip()]
    if is_cut:
        lines = lines[:-1]
    values = [value for line in lines if (value := _json_entry(line))]
    if values:
        return [(value, True) for value in values]
    lines = [_BOLD_NUMBER.sub(r"\1\2", line) for line in lines]
    marks = [mark for line in lines if (mark := _MARKED.match(line))]
    if not marks:
        return [(line, False) for line in lines]
    first = min(marks, key=lambda mark: len(mark["indent"]))
    kept = [
        mark for mark in marks if mark["indent"] == first["indent"] and bool(mark["number"]) == bool(first["number"])
    ]
    return [(mark.string[mark.end() :], True) for mark in kept]


def _json_list(text: str, is_cut: bool) -> list[str] | None:
    """Entries of the first JSON list, of one that is cut those that are whole; None where there is none."""
    start = text.find("[")
    if start < 0:
        return None
    values: list[Any] = []
    try:
        place = _past_commas(text, start + 1)
        while not text.startswith("]", place):
            value, place = _DECODER.raw_decode(text, place)
            values.append(value)
            place = _past_commas(text, place)
    except (ValueError, RecursionError):
        if not (is_cut and values):
            return None
    return [_entry_text(value) for value in values]


def _json_entry(line: str) -> str:
    """The entry that a line is as a JSON object; empty if it is none."""
    try:
        value = json.loads(line.strip().rstrip(",")) if line.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        return ""
    return _entry_text(value)


def _past_commas(text: str, place: int) -> int:
    while text[place : place + 1] in (",", " ", "\t", "\r", "\n"):
        place += 1
    return place


def _entry_text(value: Any) -> str:
    if isinstance(value, dict):
        text = next((value[name] for name in _FIELDS if isinstance(value.get(name), str)), "")
        site = value.get("site")
        return f"{site}: {text}" if isinstance(site, str) else str(text)
    return value if isinstance(value, str) else ""


def _unwrapped(entry: str) -> tuple[str, str]:
    """An entry without the marks around it, names in double quotes, and the site that it names first."""
    text = " ".join(well_formed(entry).split())
    while mark := _MARKED.match(text):  # "1. 1. Open ..."
        text = text[mark.end() :]
    found = _SITE.match(text)
    site = (found[1] or found[2]).lower() if found else ""
    text = text[found.end() :] if found else text
    for left, right in _WRAPPED:
        inner = text[len(left) : len(text) - len(right)]
        if len(text) > len(left) + len(right) and text.startswith(left) and text.endswith(right) and left not in inner:
            text = inner.strip()
    return straight_quotes(text), site
