"""From a page tree to the simplified HTML that an agent reads (profile ``full``).

Pure: no browser, no database, no model. Both engines hand over the same tree for the same page, so both give the same
text. What stays of a page: its text, headings and tables, and every usable control with an ``id``, a name and its
state. What goes: layout, scripts, hidden parts, wrappers. One block of the page is one line::

    <h1> My Orders </h1>
    <tr> <th> Order # </th> <th> Date </th> <th> Status </th> </tr>
    <tr> <td> 000000170 </td> <td> 5/17/23 </td> <td> Canceled </td> <td> <a id="9"> View Order </a> </td> </tr>
    <select id="10" label="Sort By" value="Position"> Position | Product Name | Price </select>

A page longer than the budget is read through a window of whole lines that Scroll moves; the first and the last line
then say what lies above and below.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

from webrl_gym.page_writer import NOTE_ROOM, Line, PageWriter
from webrl_gym.types import PageNode, PageSnapshot

DEFAULT_BUDGET = 16_000
"""Longest observation text, in characters."""


@dataclass(frozen=True)
class SimplifiedPage:
    """A page as text, with what its element ids stand for.

    Attributes:
        lines: The page's blocks in document order, without the window applied.
        elements: Element id to node, for every usable control of the whole page.
    """

    lines: tuple[Line, ...]
    elements: dict[str, PageNode]

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Number of nodes above each line, and of all nodes at the end."""
        return tuple(accumulate((len(line.pieces) for line in self.lines), initial=0))

    def window(self, start: int, budget: int) -> tuple[str, int]:
        """The text that fits, beginning at node ``start`` in document order.

        Whole lines as far as they go. A first line that is too long by itself loses plain text before controls; where
        not even its controls fit, the next window goes on with it.

        Args:
            start: Number of the first node; values past the last node give an empty window.
            budget: Most characters of the result, at least 200.

        Returns:
            The text, and the number of the first node below it.
        """
        first = bisect_right(self.starts, start) - 1
        head = self._note_above(first, start)
        room = budget - len(head) - NOTE_ROOM
        shown: list[str] = []
        end = start
        for line in self.lines[first:]:
            rest = line.rest(end - self.starts[first]) if not shown else line
            text = str(rest)
            if len(text) >= room:
                if not shown:
                    text, pieces = rest.clip(room)
                    shown.append(text)
                    end += pieces
                break
            shown.append(text)
            room -= len(text) + 1
            end += len(rest.pieces)
        return "\n".join(part for part in (head, *shown, self._note_below(end)) if part), end

    def _note_above(self, line: int, start: int) -> str:
        if start == 0:
            return ""
        if line < len(self.lines) and self.starts[line] < start:
            return f"[{line} lines and the beginning of this one above: Scroll Up to see them]"
        return f"[{min(line, len(self.lines))} lines above: Scroll Up to see them]"

    def _note_below(self, end: int) -> str:
        if end >= self.starts[-1]:
            return ""
        line = bisect_right(self.starts, end) - 1
        below = len(self.lines) - line
        if self.starts[line] < end:
            return f"[the rest of this line and {below - 1} lines below: Scroll Down to see them]"
        return f"[{below} lines below: Scroll Down to see them]"


def simplify(snapshot: PageSnapshot, identify: Callable[[PageNode], str] | None = None) -> SimplifiedPage:
    """Simplifies a page.

    Args:
        snapshot: The page, and the tabs that are open.
        identify: Gives a control its id, a different one to each; None counts the usable controls in document order,
            from 0.
    """
    writer = PageWriter(snapshot.body, identify)
    if len(snapshot.tabs) > 1:
        names = (
            f"{'*' if index == snapshot.current_tab else ''}{index}: {title}"
            for index, title in enumerate(snapshot.tabs)
        )
        writer.text(f"[tabs {' | '.join(names)}]")
        writer.end_line()
    writer.node(snapshot.body)
    writer.end_line()
    return SimplifiedPage(tuple(writer.lines), writer.elements)


class StableIds:
    """Ids that an element keeps from step to step, as long as its document is shown.

    The first page counts in document order; an element that appears later gets the next free number.
    """

    def __init__(self) -> None:
        """Starts without a document."""
        self._document: Any = None
        self._known: dict[Any, str] = {}

    def of(self, snapshot: PageSnapshot) -> Callable[[PageNode], str]:
        """What ``simplify`` takes to identify the elements of ``snapshot``."""
        if snapshot.document != self._document:
            self._document = snapshot.document
            self._known = {}
        return lambda node: self._known.setdefault(node.ref, str(len(self._known)))
