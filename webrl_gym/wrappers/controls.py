"""The controls in an observation's text, and the natural thing to do with each.

Works on text alone, so on any environment with this package's observations. What is typed or chosen comes from the
instruction: its quoted texts, names and numbers.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from webrl_gym.actions import Action, click, search, select_option, type_text

KINDS = ("link", "button", "field", "select", "toggle", "summary", "other")
"""What a control can be; a field is whatever takes text."""

# Texts of the profile webrl may hold quotes, so what is not a list of attributes ends with the next bracket.
_OPENING = re.compile(r'<([a-z][\w-]*)((?:\s+[\w-]+(?:="[^"]*")?)*|\s[^<>]*)\s*>')
_OPTION = re.compile(r"<option[^>]*>([^<]*)")
_ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')
_NAMING = ("label", "data-text", "aria-label", "placeholder", "title")
_KIND_BY_TAG = {"a": "link", "button": "button", "textarea": "field", "select": "select", "summary": "summary"}
_TOGGLES = frozenset(("checkbox", "radio"))
_BUTTONS = frozenset(("submit", "button", "reset", "image"))
_DIGIT_TYPES = frozenset("number range date time month week datetime-local tel".split())
_WORD = re.compile(r"\w+")
_STOP_WORDS = frozenset("a an and at by for from in is it me my of on or so that the this to with i".split())
_MOST_VALUES = 8
_VALUE = re.compile(
    r"""["“](?P<quoted>[^"“”]+)["”]
    |(?P<slug>\b[a-z0-9]+(?:[-_][a-z0-9]+)+\b)
    |(?P<number>\d(?:[\d.,/:-]*\d)?)
    |(?P<name>\b[A-Z][\w'-]+(?:\s(?:(?:for|of|with|and|&|\d+)\s)?[A-Z][\w'-]+)*)""",
    re.VERBOSE,
)
_SENTENCE_START = re.compile(r"(?:^|[.?!:]\s+)[A-Z][\w'-]*")


@dataclass(frozen=True)
class Control:
    """A usable control as the observation's text shows it.

    Attributes:
        identity: Its element id.
        kind: One of ``KINDS``.
        type: The ``type`` of an input; empty for others.
        name: What a person would call it: its label, else its text.
        value: What it holds.
        options: A select's options.
        is_on: Whether it is checked or expanded.
        line: Number of its line in the text.
    """

    identity: str
    kind: str
    type: str
    name: str
    value: str
    options: tuple[str, ...]
    is_on: bool
    line: int

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of its name."""
        return words(self.name)


def words(text: str) -> frozenset[str]:
    """The words of a text in lower case, without those that say nothing."""
    return frozenset(word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS)


def dice(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice's coefficient of two sets, from 0 (nothing in common) to 1 (equal)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def read_controls(text: str) -> list[Control]:
    """Every usable control of an observation's ``html``, in document order."""
    return [
        _control(match, line, number)
        for number, line in enumerate(text.split("\n"))
        for match in _OPENING.finditer(line)
        if ' id="' in match[2]
    ]


def instruction_values(instruction: str) -> tuple[str, ...]:
    """What an instruction gives to type or choose.

    Returns:
        At most eight different texts: what is quoted, then names and numbers in its order; the whole instruction when
        it holds none.
    """
    # A sentence's first word is a verb or a question word, capital or not.
    text = _SENTENCE_START.sub(lambda match: " " * len(match[0]), instruction)
    found = sorted(_VALUE.finditer(text), key=lambda match: match.lastgroup != "quoted")
    return tuple(dict.fromkeys(match[match.lastgroup or 0] for match in found))[:_MOST_VALUES] or (instruction,)


def natural_action(control: Control, page: Sequence[Control], instruction: str) -> Action:
    """What one does with a control: click it, fill it or choose from it.

    Args:
        control: One of ``page``.
        page: All controls; a field gets the first value that no other field holds yet, and the next one if it holds
            that already.
        instruction: Where values come from.
    """
    if control.kind == "select" and control.options:
        return select_option(control.identity, _best_option(control, words(instruction)))
    if control.kind == "field":
        text = _next_value(control, page, instruction_values(instruction))
        is_search = control.type == "search" or "search" in control.name.lower()
        return search(control.identity, text) if is_search else type_text(control.identity, text)
    return click(control.identity)


def _control(match: re.Match[str], line: str, number: int) -> Control:
    attributes = {key: html.unescape(value) for key, value in _ATTRIBUTE.findall(match[2])}
    kind, kind_of_input = _KIND_BY_TAG.get(match[1], "other"), ""
    inside = line[match.end() :].partition(f"</{match[1]}>")[0]
    inner = html.unescape(inside.partition("<")[0].strip())
    options = _OPTION.findall(inside) or inner.split(" | ") if kind == "select" else []
    if match[1] == "input":
        kind_of_input = attributes.get("type", "text").lower()
        kind = "toggle" if kind_of_input in _TOGGLES else "button" if kind_of_input in _BUTTONS else "field"
    name = next((attributes[key] for key in _NAMING if attributes.get(key)), "")
    return Control(
        identity=attributes["id"],
        kind=kind,
        type=kind_of_input,
        name=name or ("" if kind in ("select", "field") else inner),
        value=attributes.get("value") or attributes.get("data-value") or (inner if match[1] == "textarea" else ""),
        options=tuple(html.unescape(option).strip() for option in options if option.strip()),
        is_on="checked" in attributes or attributes.get("expanded") == "true",
        line=number,
    )


def _next_value(control: Control, page: Sequence[Control], values: tuple[str, ...]) -> str:
    if control.type in _DIGIT_TYPES:
        values = tuple(value for value in values if any(map(str.isdigit, value))) or values
    if control.value in values:
        return values[(values.index(control.value) + 1) % len(values)]
    held = {other.value for other in page if other.kind == "field"}
    return next((value for value in values if value not in held), values[0])


def _best_option(control: Control, wanted: frozenset[str]) -> str:
    """The option most like the instruction; where none is like it, the one after the present one."""
    best = max(control.options, key=lambda option: dice(words(option), wanted))
    if best != control.value and words(best) & wanted:
        return best
    present = control.options.index(control.value) if control.value in control.options else -1
    return control.options[(present + 1) % len(control.options)]
