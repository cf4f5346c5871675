"""What the oracle scripts look up on MiniWoB++ pages, whose fields have no names and whose words recur in the query."""

from __future__ import annotations

import re
from collections.abc import Callable

from webrl_gym.tasks.page_view import Control, Oracle, OracleLost, PageView

Script = Callable[[PageView], Oracle]
"""Plays one task: a generator of actions that gets the next page for each."""


def asked(page: PageView, pattern: str) -> tuple[str, ...]:
    """The groups of ``pattern`` in the instruction; ``OracleLost`` if it does not match."""
    match = re.search(pattern, page.observation["instruction"])
    if match is None:
        raise OracleLost(f"the instruction {page.observation['instruction']!r} does not match {pattern!r}")
    return tuple(match.groups())


def quoted(page: PageView) -> list[str]:
    """What the instruction has in double quotes."""
    return [text.strip() for text in re.findall(r'"([^"]*)"', page.observation["instruction"])]


def ordinal(page: PageView) -> int:
    """The first "3rd" or "5th" of the instruction, as a number."""
    return int(asked(page, r"(\d+)(?:st|nd|rd|th)\b")[0])


def tagged(page: PageView, *tags: str) -> list[Control]:
    """All controls with one of these tags, in document order."""
    return [control for control in page.controls if control.tag in tags]


def named(page: PageView, name: str) -> list[Control]:
    """All controls of this name, in document order."""
    return [control for control in page.controls if control.name == name]


def line_with(page: PageView, text: str) -> int:
    """The first line after the query that holds ``text``; ``OracleLost`` if there is none."""
    for number, line in enumerate(page.plain_lines[1:], start=1):
        if text in line:
            return number
    raise OracleLost(f"no line {text!r} below the query on {page.url}:\n{page.text}")


def after(page: PageView, line: int, name: str | None = None) -> Control:
    """The first control at or below a line, of this name if given; ``OracleLost`` if there is none."""
    for control in page.controls:
        if control.line >= line and name in (None, control.name):
            return control
    raise OracleLost(f"no control {name!r} from line {line} on {page.url}:\n{page.text}")
