"""Near-duplicates of instructions: the same names and numbers, asked for in nearly the same words.

Two instructions resemble each other when they are about the same site, hold the same *names* (what is quoted, has a
digit, a capital, or a hyphen, dot or slash inside) and their other words overlap by half or more (Jaccard, words that
hold sentences together aside). Names must be equal because they are what tells the tasks of one template apart. So do
two with all the same words, whatever marks stand around their names.

Counted on practice-train at ``THRESHOLD``: 11 % of the other wordings that templates have for the same task are found,
0.2 % of the tasks of one template with other parameters are taken for the same, and 0.1 % of those that ask something
else about the same names. So near copies go, and free rewordings stay. A plain overlap of all words that finds as many
rewordings makes nine and three times as many mistakes.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.proposal_reading import straight_quotes
from webrl_gym.tasks.record import Task

THRESHOLD = 0.5
"""Least overlap of the words that are no names, in (0, 1]."""
_QUOTED = re.compile(r'"([^"]*)"')
_CHUNK = re.compile(r"[^\s,;:!?()]+")
_APOSTROPHE = re.compile(r"['\u2019]")
_WORD = re.compile(r"\w+")
_INNER = re.compile(r"\w[-/.@_]\w|/")
_SENTENCE_ENDS = frozenset("?!:")
_JOINING = frozenset(
    (
        "a an the of in to for on at by with from and or is are was be do does did has have had i me my you your it "
        "its that this please tell give show what which who how much many there can could would all any whatever their "
        "gitlab reddit wikipedia openstreetmap onestopmarket"
    ).split()
)
"""Words that decide nothing: those that hold sentences together, and the sites' names."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What two instructions are compared by.

    Attributes:
        names: Words that must be the same in both.
        words: Words that must overlap.
    """

    names: frozenset[str]
    words: frozenset[str]


def normalised(instruction: str) -> str:
    """An instruction's words in lower case, apart by single spaces, without punctuation."""
    return " ".join(_words(instruction))


def fingerprint(instruction: str) -> Fingerprint:
    """Names and other words of an instruction."""
    instruction = straight_quotes(instruction)
    names = {word for quoted in _QUOTED.findall(instruction) for word in _words(quoted)}
    rest: list[str] = []
    body = _QUOTED.sub(" ", instruction)
    is_first = True
    for match in _CHUNK.finditer(body):
        chunk = match.group().rstrip(".")
        is_name = _INNER.search(chunk) or any(map(str.isdigit, chunk)) or (chunk[:1].isupper() and not is_first)
        (names.update if is_name else rest.extend)(_words(chunk))
        is_first = match.group().endswith(".") or body[match.end() : match.end() + 1] in _SENTENCE_ENDS
    names -= _JOINING
    return Fingerprint(frozenset(names), frozenset(rest) - _JOINING - names)


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard index of two sets, in [0, 1]; 1 for two empty ones."""
    return len(one & other) / len(one | other) if one or other else 1.0


def _words(text: str) -> list[str]:
    plain = (
        unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    )
    return _WORD.findall(plain)


class InstructionIndex:
    """Instructions by site, and which of them a new one resembles."""

    def __init__(self, threshold: float = THRESHOLD) -> None:
        """Starts empty.

        Args:
            threshold: Least overlap of the words that are no names, in (0, 1].

        Raises:
            ValueError: If it is outside that range.
        """
        if not 0.0 < threshold <= 1.0:
            raise ValueError(f"Expected threshold in (0, 1], got {threshold}.")
        self.threshold = threshold
        self._bits: dict[str, int] = {}
        self._held: defaultdict[tuple[str, frozenset[str]], dict[int, str]] = defaultdict(dict)
        self._same_words: dict[tuple[str, str], str] = {}

    def add(self, site: str, instruction: str) -> None:
        """Takes an instruction up.

        Args:
            site: Where it is to be done.
            instruction: Its text.
        """
        seen = fingerprint(instruction)
        for word in seen.words:
            self._bits.setdefault(word, 1 << len(self._bits))
        held = self._held[site, seen.names]
        mask = self._mask(seen.words)
        held[mask] = min(instruction, held.get(mask, instruction))
        key = (site, normalised(instruction))
        self._same_words[key] = min(instruction, self._same_words.get(key, instruction))

    def find(self, site: str, instruction: str) -> str | None:
        """The instruction of the site that this one resembles most; None if it resembles none.

        Args:
            site: Where it is to be done.
            instruction: Its text.
        """
        seen = fingerprint(instruction)
        own, size = self._mask(seen.words), len(seen.words)
        best: tuple[float, str] | None = None
        for mask, text in self._held.get((site, seen.names), {}).items():
            shared = (mask & own).bit_count()
            union = size + mask.bit_count() - shared
            if shared >= self.threshold * union:
                likeness = shared / union if union else 1.0
                best = (-likeness, text) if best is None else min(best, (-likeness, text))
        return self._same_words.get((site, normalised(instruction))) if best is None else best[1]

    def _mask(self, words: frozenset[str]) -> int:
        """Words as bits, one each: sets of bits are compared ten times as fast as sets of words."""
        return sum(self._bits.get(word, 0) for word in words)


class KnownTasks:
    """Tasks that must not come again.

    Tasks made from templates are told apart by (template, parameters), exactly. Where one of two tasks has no template,
    their instructions decide.
    """

    def __init__(self, tasks: Iterable[Task] = ()) -> None:
        """Knows ``tasks``."""
        self._records: dict[tuple[str, ...], tuple[tuple[str, ...], str, bool]] = {}
        self._made = InstructionIndex()
        self._written = InstructionIndex()
        for task in tasks:
            self.add(task)

    def add(self, task: Task) -> None:
        """Remembers a task; one that is known stays as it is."""
        self._add(task.key, _sites(task), task.instruction, task.template is not None)

    def _add(self, key: tuple[str, ...], sites: tuple[str, ...], instruction: str, is_made: bool) -> None:
        if key in self._records:
            return
        self._records[key] = (sites, instruction, is_made)
        for site in sites:
            (self._made if is_made else self._written).add(site, instruction)

    def __contains__(self, task: Task) -> bool:
        return task.key in self._records

    def resembled(self, task: Task) -> str | None:
        """The known instruction that a task's resembles, about any of its sites; None if there is none."""
        indices = (self._written,) if task.template is not None else (self._written, self._made)
        likes = (index.find(site, task.instruction) for index in indices for site in _sites(task))
        return next((like for like in likes if like is not None), None)

    def as_records(self) -> list[dict[str, Any]]:
        """What is known, JSON-ready and in a fixed order."""
        return [
            {"key": list(key), "sites": list(sites), "instruction": instruction, "is_made": is_made}
            for key, (sites, instruction, is_made) in sorted(self._records.items())
        ]

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]]) -> KnownTasks:
        """Reads what ``as_records`` wrote.

        Args:
            records: What was known.
        """
        known = cls()
        for record in records:
            known._add(tuple(record["key"]), tuple(record["sites"]), record["instruction"], record["is_made"])
        return known


def _sites(task: Task) -> tuple[str, ...]:
    """All of them: a task of two sites is the same whichever comes first, and where it is asked for on one alone."""
    return tuple(site.value for site in task.sites) or ("",)
