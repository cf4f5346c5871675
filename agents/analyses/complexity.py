"""Success by instruction complexity: does an agent that follows one requirement follow three?

**Definition.** The complexity of an instruction is the number of its requirements, at least 1. Requirements are

1. *values*: what the template filled in, one for each of the task's ``parameters`` whose value stands in the
   instruction, capital letters aside. Of a task without parameters: every different text in quotation marks, date,
   number, and run of capitalised words. The word that begins a sentence belongs to no run, and words without a small
   letter (``SKU``, ``N/A``) and names of the sites are none;
2. *rankings*: every superlative or order in the rest, such as ``cheapest``, ``top-3`` or ``most recent``. Ranking words
   and numbers that stand side by side are one.

Source: Qi et al. 2024, arXiv:2411.02337v1, figure 6, which counts by hand: two requirements in "What are the top-3
best-selling products in Jan 2023".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from agents.analyses.breakdown import Breakdown, Bucket, break_down
from agents.results import EpisodeResult
from webrl_gym.tasks.record import Task

BUCKETS = (Bucket(1, 1), Bucket(2, 2), Bucket(3, 3), Bucket(4))

_SITE_NAMES = re.compile(r"\b(?:GitLab|Gitlab|Reddit|Postmill|Wikipedia|OpenStreetMap|Magento|One Stop Market)\b")
_ORDERS = "top|best|worst|most|least|fewest|first|last|newest|latest|oldest|earliest|ascending|descending|bestseller"
_ORDERS += "|highest|lowest|largest|biggest|smallest|longest|shortest|cheapest|nearest|closest|farthest|furthest"
_RANKED = "recent|recently|popular|expensive|selling|rated|active|reviewed|frequent|common"
_RANKING = re.compile(rf"\b(?:{_ORDERS})\b(?:[\s-]+(?:{_ORDERS}|{_RANKED}|\d+)\b)*", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]+\"|“[^”]+”|(?<!\w)'[^']+'(?!\w)")
_MONTH = "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
_MONTH += "|Nov(?:ember)?|Dec(?:ember)?"
_DATE = re.compile(
    r"\b\d{1,4}[/-]\d{1,2}[/-]\d{1,4}\b"
    rf"|\b(?:\d{{1,2}}(?:st|nd|rd|th)? )?(?:{_MONTH})\b\.?(?: \d{{1,2}}(?:st|nd|rd|th)?\b)?(?:,? \d{{4}}\b)?"
)
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+)\s*[A-Z]\w*")
_NAME = re.compile(r"\b(?=\S*[a-z])[A-Z][\w'&-]*(?: (?:(?:of|&) )?(?:[A-Z\d][\w'&-]*))*")
_NUMBER = re.compile(r"(?<!\w)[$#€£]?\d(?:[\d.,:]*\d)?")


def requirements(task: Task) -> tuple[str, ...]:
    """What an instruction requires, in the words of the instruction; empty where it names nothing.

    Args:
        task: Its parameters decide, its words where it has none.
    """
    rest = task.instruction
    if task.parameters:
        # The longest first: a value may stand inside another one.
        spoken = [re.compile(re.escape(value), re.IGNORECASE) for value in _longest_first(task.parameters.values())]
        values, rest = _take_each(spoken, rest)
        rankings, _ = _take_all(_RANKING, rest)
        return (*values, *rankings)
    found: list[str] = []
    for pattern in (_QUOTED, _DATE, _RANKING):
        taken, rest = _take_all(pattern, rest)
        found += taken
    _, rest = _take_all(_SITE_NAMES, rest)
    _, rest = _take_all(_SENTENCE_START, rest)
    for pattern in (_NAME, _NUMBER):
        taken, rest = _take_all(pattern, rest)
        found += taken
    return tuple(dict.fromkeys(found))  # what is named twice is required once


def success_by_complexity(results: Mapping[str, Sequence[EpisodeResult]], tasks: Iterable[Task]) -> Breakdown:
    """Success in buckets of instruction complexity.

    Args:
        results: Episodes by agent, all of one panel.
        tasks: Records of the panel's tasks; tasks without one are left out.
    """
    return break_down(results, {task.task_id: max(1, len(requirements(task))) for task in tasks}, BUCKETS)


def _longest_first(values: Iterable[str]) -> list[str]:
    return sorted((value for value in values if value), key=len, reverse=True)


def _take_each(patterns: Iterable[re.Pattern[str]], text: str) -> tuple[list[str], str]:
    """The first match of each pattern, and the text without it."""
    taken = []
    for pattern in patterns:
        match = pattern.search(text)
        if match:
            taken.append(match[0])
            text = f"{text[: match.start()]} | {text[match.end() :]}"
    return taken, text


def _take_all(pattern: re.Pattern[str], text: str) -> tuple[list[str], str]:
    """Every match of a pattern, and the text without them; a bar keeps what was apart from growing together."""
    return pattern.findall(text), pattern.sub(" | ", text)
