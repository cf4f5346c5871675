"""What an engine must do. The environment knows engines only through these two protocols."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from webrl_gym.actions import Action
from webrl_gym.types import PageSnapshot

NOT_KEPT = (
    "That page came from a form that was sent and was not kept: it cannot be shown again. The page stays as it was."
)
"""What going back to such a page is answered with; a browser asks whether to send the form again."""


class EvaluationPage(Protocol):
    """A page for the evaluators, which the agent never sees."""

    @property
    def url(self) -> str:
        """Address of this page."""

    def goto(self, url: str) -> None:
        """Opens ``url``; raises ``SiteError`` or ``BrowserError`` when it cannot."""

    def content(self) -> str:
        """The whole page as HTML."""

    def locate(self, expression: str) -> str:
        """Value of a WebArena locator (a JavaScript expression).

        Raises:
            NothingLocated: If it matches nothing (null or undefined).
            EvaluationError: If it is broken.
        """


class Engine(Protocol):
    """One agent's browser: tabs, history, cookies and forms.

    Life cycle: ``start`` begins an episode, then ``snapshot`` and ``execute`` in turn, ``close`` at the end. At a start
    everything of the last episode is gone but answers that a site lets browsers keep for a while. Not thread-safe.
    """

    @property
    def blocked_navigations(self) -> int:
        """Addresses refused since the episode began."""

    @property
    def settled(self) -> tuple[float, float]:
        """Seconds that the action before the latest snapshot, and that snapshot, waited for a quiet page."""

    def start(self, urls: Sequence[str], cookies: Sequence[tuple[str, str, str]], *, must_exist: bool = False) -> None:
        """Begins an episode with one tab for each of ``urls``, the first one current.

        Args:
            urls: Absolute addresses.
            cookies: (address that it belongs to, name, value) of each cookie of the signed-in sessions.
            must_exist: Whether a status of 400 to 499 is a failure of the site, too; one of 500 or more always is.

        Raises:
            SiteError: If a site fails; the message names address and status.
        """

    def snapshot(self) -> PageSnapshot:
        """Reads the current tab; waits first until it is quiet."""

    def execute(self, action: Action, target: Any) -> None:
        """Carries out an action other than exit.

        Scroll is the engine's in profile ``webrl``, which reads what the browser's window shows; in profile ``full`` it
        moves a window over the text.

        Args:
            action: What to do.
            target: ``PageNode.ref`` of the element it names, from the latest snapshot; None without element.

        Raises:
            ActionError: When the action makes no sense there; the text is for the agent.
            InfrastructureError: When site or browser fail.
        """

    def evaluation_page(self, *, at_end: bool) -> AbstractContextManager[EvaluationPage]:
        """A page that shares the agent's cookies.

        Args:
            at_end: True gives a view of the agent's current tab (WebArena's ``last``), False a fresh page.
        """

    def screenshot(self) -> bytes | None:
        """The current tab as PNG, or None when the engine has no picture."""

    def close(self) -> None:
        """Frees everything; may be called twice."""
