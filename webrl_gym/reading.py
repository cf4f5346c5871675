"""What the agent sees of the current tab: one reader for each observation profile.

A reader takes a snapshot, turns it into text, and knows what the text's element ids stand for and what Scroll does.
"""

from __future__ import annotations

from typing import Any, Protocol

from webrl_gym.actions import Action, ActionKind
from webrl_gym.engines.protocol import Engine
from webrl_gym.errors import ActionTargetError
from webrl_gym.observation import SimplifiedPage, StableIds, simplify
from webrl_gym.observation_webrl import LayoutPage, simplify_webrl
from webrl_gym.types import PageSnapshot


class PageReader(Protocol):
    """Reads pages in one profile; lives as long as its environment."""

    url: str
    """Address of the page that was read last."""
    html: str
    """The page as the agent reads it."""

    def restart(self) -> None:
        """Forgets the last episode."""

    def read(self, engine: Engine) -> None:
        """Reads the current tab; sets ``url`` and ``html``."""

    def target(self, element: str) -> Any:
        """What the engine knows an element by; raises ``ActionTargetError`` if the page that was read has none."""

    def scroll(self, kind: ActionKind, engine: Engine) -> None:
        """Scrolls; raises ``ActionTargetError`` at the end of the page."""


class FullReader:
    """Profile ``full``: the whole page, through a window of the budget's size that Scroll moves."""

    def __init__(self, budget: int, *, stable_ids: bool = False) -> None:
        """Prepares a reader.

        Args:
            budget: Most characters of ``html``.
            stable_ids: Elements keep their ids as long as their document is shown.
        """
        self.url = ""
        self.html = ""
        self._budget = budget
        self._ids = StableIds() if stable_ids else None
        self._page = SimplifiedPage((), {})
        self._starts = [0]
        self._next_start = 0

    def restart(self) -> None:
        """Forgets the last episode."""
        self.url = ""
        self._starts = [0]

    def read(self, engine: Engine) -> None:
        """Reads the current tab; a new address is read from its top."""
        snapshot: PageSnapshot = engine.snapshot()
        self._page = simplify(snapshot, self._ids.of(snapshot) if self._ids else None)
        if snapshot.url != self.url:
            self._starts = [0]
        self.url = snapshot.url
        start = self._starts[-1]
        if start >= self._page.starts[-1]:
            start = self._page.starts[max(0, len(self._page.lines) - 1)]
        self.html, self._next_start = self._page.window(start, self._budget)

    def target(self, element: str) -> Any:
        """What the engine knows an element by."""
        node = self._page.elements.get(element)
        if node is None:
            raise ActionTargetError(f'There is no element "{element[:20]}" on the page as it is now.')
        return node.ref

    def scroll(self, kind: ActionKind, engine: Engine) -> None:  # noqa: ARG002 (the page itself stays where it is)
        """Moves the window by what it shows."""
        if kind is ActionKind.SCROLL_UP:
            if len(self._starts) == 1:
                raise ActionTargetError("This is the top of the page.")
            self._starts.pop()
        elif self._next_start >= self._page.starts[-1]:
            raise ActionTargetError("This is the end of the page.")
        else:
            self._starts.append(self._next_start)


class WebRLReader:
    """Profile ``webrl``: what the browser's window shows, as the released policies read it; Scroll moves the page."""

    def __init__(self, budget: int) -> None:
        """Prepares a reader.

        Args:
            budget: Most characters of ``html``; what a window shows beyond that is cut off.
        """
        self.url = ""
        self.html = ""
        self._budget = budget
        self._page = LayoutPage("", {})

    def restart(self) -> None:
        """Forgets the last episode."""
        self.url = ""

    def read(self, engine: Engine) -> None:
        """Reads the window of the current tab."""
        snapshot = engine.snapshot()
        self._page = simplify_webrl(snapshot)
        self.url = snapshot.url
        self.html = self._page.text[: self._budget]

    def target(self, element: str) -> Any:
        """What the engine knows an element by."""
        node = self._page.elements.get(element)
        if node is None:
            raise ActionTargetError(f'There is no element "{element[:20]}" on the page as it is now.')
        return node.ref

    def scroll(self, kind: ActionKind, engine: Engine) -> None:
        """Moves the page by two thirds of the window."""
        engine.execute(Action(kind), None)


def make_reader(profile: str, budget: int, *, stable_ids: bool) -> PageReader:
    """The reader of an observation profile.

    Args:
        profile: ``full`` or ``webrl``.
        budget: Most characters of what is read.
        stable_ids: See ``FullReader``.

    Raises:
        ValueError: If there is no such profile.
    """
    if profile == "full":
        return FullReader(budget, stable_ids=stable_ids)
    if profile == "webrl":
        return WebRLReader(budget)
    raise ValueError(f"profile must be full or webrl, got {profile!r}")
