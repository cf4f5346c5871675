"""Frames of other origins: the scripts of a page may not look into them, so each is read and acted on by its own.

Frames of the page's own origin need nothing of this: ``snapshot.js`` reads them along with the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webrl_gym.engines.browser_tab import PageMoved, Tab


@dataclass(frozen=True, slots=True)
class ForeignFrame:
    """One frame whose parent may not look into it, as it was read.

    Attributes:
        part: Number of its document among the parts of pages; 0 is the page itself.
        frame: Its id in the browser.
        context: Number of its script context; another one later means another document.
        outer: Number of the part that holds it.
        ref: The element that holds it, by the refs of that part.
        tree: What it shows, as JSON text.
    """

    part: int
    frame: str
    context: int
    outer: int
    ref: int
    tree: str


class FrameNumbers:
    """Numbers the documents of foreign frames, so that each keeps its number as long as it is shown."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], int] = {}

    def of(self, frame: str, context: int) -> int:
        """The document's number, from 1."""
        return self._known.setdefault((frame, context), len(self._known) + 1)


async def read_foreign_frames(tab: Tab, numbers: FrameNumbers) -> dict[int, ForeignFrame]:
    """Reads every foreign frame of a page, outer ones first. One that goes away meanwhile is left out."""
    activity = tab.activity
    found: dict[int, ForeignFrame] = {}
    part_of = {activity.frame: 0}
    for frame, parent in list(activity.parents.items()):
        if parent not in part_of:
            continue
        outer = part_of[parent]
        try:
            is_foreign, ref = await tab.owner_of(frame, found[outer].frame if outer else activity.frame)
            if not is_foreign:
                part_of[frame] = outer
            elif (context := activity.contexts.get(frame)) is not None:
                part = numbers.of(frame, context)
                tree = await tab.ask_text("frameTree()", frame)
                found[part] = ForeignFrame(part, frame, context, outer, ref, tree)
                part_of[frame] = part
        except PageMoved:
            continue
    return found


@dataclass(frozen=True, slots=True)
class Target:
    """An element of a page: which of its parts knows it, and by which ref."""

    part: int
    ref: int

    @classmethod
    def named(cls, name: int | Sequence[int]) -> Target:
        """What ``PageNode.ref`` names: an element of the page itself by its ref, one of a frame by part and ref."""
        return cls(0, name) if isinstance(name, int) else cls(*name)


class Asker:
    """Asks the part of a page that an element is in."""

    def __init__(self, tab: Tab, frames: dict[int, ForeignFrame], target: Target | None) -> None:
        """Asks on behalf of ``target``; None is the page itself."""
        self._tab = tab
        self._frames = frames
        self._part = target.part if target else 0

    async def ask(self, call: str) -> dict[str, Any]:
        """Value of a call of the page scripts.

        Raises:
            PageMoved: If the document that held the element went away.
        """
        return await self._ask(self._part, call)

    async def on_page(self, place: dict[str, float]) -> dict[str, float]:
        """The same point in the coordinates of the whole page's viewport."""
        part = self._part
        while part:
            frame = self._frames[part]
            part = frame.outer
            place = await self._ask(part, f"frameOffset({frame.ref}, {place['x']}, {place['y']})")
        return place

    async def _ask(self, part: int, call: str) -> dict[str, Any]:
        frame = None
        if part:
            known = self._frames.get(part)
            if known is None:
                raise PageMoved
            frame = known.frame
            if self._tab.activity.contexts.get(frame) != known.context:
                raise PageMoved
        answer: dict[str, Any] = await self._tab.ask(call, frame)
        return answer
