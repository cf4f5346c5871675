"""How a scripted oracle reads a page: the observation text, and nothing else.

An oracle is a generator. It gets the first page, yields actions and receives the next page for each::

    def solve(page: PageView, parameters: Parameters) -> Oracle:
        page = yield page.click("My Account")
        page = yield page.click("My Orders")
        yield leave(page.row(parameters["order"])["Status"])

Every lookup that fails raises ``OracleLost`` with what was sought and the page it was sought on.
"""

from __future__ import annotations

import html
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import cached_property

from webrl_gym import actions
from webrl_gym.actions import Action, ActionKind
from webrl_gym.types import Observation

_CONTROL = re.compile(r'<(\w+) id="(\d+)"([^>]*)>(?: ([^<]*?) ?</\1>)?')
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_TAG = re.compile(r"</?\w+[^>]*>")
_CELL = re.compile(r"<(t[dh])> (.*?) ?</\1>")


class OracleLost(LookupError):
    """Raised when a page does not hold what an oracle looks for; a fault of the oracle or of the site."""


@dataclass(frozen=True, slots=True)
class Control:
    """A usable control as the page text shows it."""

    tag: str
    id: str
    text: str
    label: str
    value: str
    line: int

    @property
    def name(self) -> str:
        """What a person would call it: its label, else its text."""
        return self.label or self.text


class PageView:
    """A page as an oracle sees it."""

    def __init__(self, observation: Observation) -> None:
        """Wraps one observation."""
        self.observation = observation
        self.text = observation["html"]
        self.url = observation["url"]

    @cached_property
    def lines(self) -> list[str]:
        """The page's lines with their tags."""
        return self.text.split("\n")

    @cached_property
    def plain_lines(self) -> list[str]:
        """The page's lines as plain text, without tags."""
        return [plain(line) for line in self.lines]

    @cached_property
    def controls(self) -> list[Control]:
        """Every usable control in document order."""
        found = []
        for number, line in enumerate(self.lines):
            for match in _CONTROL.finditer(line):
                attributes = dict(_ATTRIBUTE.findall(match[3]))
                found.append(
                    Control(
                        match[1],
                        match[2],
                        html.unescape(match[4] or ""),
                        html.unescape(attributes.get("label", "")),
                        html.unescape(attributes.get("value", "")),
                        number,
                    )
                )
        return found

    def has(self, text: str) -> bool:
        """True if some line holds ``text``, tags aside."""
        return any(text in line for line in self.plain_lines)

    def find(self, name: str, *, tag: str | None = None, near: str | None = None, nth: int = 0) -> Control:
        """The control called ``name``.

        Args:
            name: Its label or text, exactly.
            tag: ``a``, ``button``, ``input``, ``select``, ``textarea`` or ``summary``; None for any.
            near: Only on or after the first line that holds this text.
            nth: Which of several, from 0.

        Raises:
            OracleLost: If there is none.
        """
        start = self.line_of(near) if near is not None else 0
        found = [c for c in self.controls if c.name == name and c.line >= start and tag in (None, c.tag)]
        if len(found) <= nth:
            raise OracleLost(f"no {tag or 'control'} {name!r} (near {near!r}, nth {nth}) on {self.url}:\n{self.text}")
        return found[nth]

    def line_of(self, text: str) -> int:
        """Number of the first line that holds ``text``, tags aside."""
        for number, line in enumerate(self.plain_lines):
            if text in line:
                return number
        raise OracleLost(f"no line with {text!r} on {self.url}:\n{self.text}")

    def after(self, text: str) -> str:
        """The rest of the first line that begins with ``text``, or the next line when nothing follows it."""
        for number, line in enumerate(self.plain_lines):
            if line.startswith(text):
                rest = line[len(text) :].strip(" :")
                return rest or self.plain_lines[number + 1]
        raise OracleLost(f"no line that begins with {text!r} on {self.url}:\n{self.text}")

    def rows(self) -> list[dict[str, str]]:
        """Rows of the page's tables: column heading to cell text; cells without heading are numbered from "0"."""
        found: list[dict[str, str]] = []
        headings: list[str] = []
        for line in self.lines:
            cells = _CELL.findall(line)
            if not line.startswith("<tr>"):
                continue
            texts = [plain(inner) for _, inner in cells]
            if cells and all(kind == "th" for kind, _ in cells):
                headings = texts
            else:
                names = [headings[i] if i < len(headings) and headings[i] else str(i) for i in range(len(texts))]
                found.append(dict(zip(names, texts, strict=True)))
        return found

    def row(self, text: str) -> dict[str, str]:
        """The first table row with a cell equal to ``text``, else the first with a cell that holds it."""
        rows = self.rows()
        for row in rows:
            if text in row.values():
                return row
        for row in rows:
            if any(text in cell for cell in row.values()):
                return row
        raise OracleLost(f"no row with {text!r} on {self.url}:\n{self.text}")

    def click(self, name: str, *, tag: str | None = None, near: str | None = None, nth: int = 0) -> Action:
        """Clicks the control called ``name``; arguments as for ``find``."""
        return actions.click(self.find(name, tag=tag, near=near, nth=nth).id)

    def type(self, name: str, text: str, *, near: str | None = None) -> Action:
        """Replaces the text of the field called ``name``."""
        return actions.type_text(self.find(name, near=near).id, text)

    def search(self, name: str, text: str) -> Action:
        """Types into the field called ``name`` and presses Enter."""
        return actions.search(self.find(name).id, text)

    def select(self, name: str, option: str, *, near: str | None = None) -> Action:
        """Chooses an option of the select box called ``name``."""
        return actions.select_option(self.find(name, tag="select", near=near).id, option)

    def back(self) -> Action:
        """Goes back one page."""
        return Action(ActionKind.GO_BACKWARD)


def plain(line: str) -> str:
    """A line of simplified HTML without its tags."""
    return html.unescape(" ".join(_TAG.sub(" ", line).split()))


Parameters = Mapping[str, str]
Moves = Generator[Action, PageView, PageView]
"""A part of an oracle: yields actions, returns the page where it ends."""
Oracle = Generator[Action, PageView, None]
