"""Ends an episode in which the agent is stuck, as VAB's harness does."""

from __future__ import annotations

REPEATS = 5
"""Equal actions in a row, or texts in a row that are no actions, after which VAB stops an agent."""


class EarlyStops:
    """Counts what an agent repeats.

    After VAB's rule for agents that write actions as text, as WebRL's do: the text of an action counts, wherever it was
    written, and five texts in a row that are no actions count even if they differ.
    """

    def __init__(self) -> None:
        """Begins with no action."""
        self.restart()

    def restart(self) -> None:
        """Forgets everything: a new episode."""
        self._last = ""
        self._equal = 0
        self._unparsable = 0

    def after(self, action: str, parsed: bool) -> str:
        """Why the episode ends after this action; empty if it goes on.

        Args:
            action: The text that the agent wrote.
            parsed: Whether it was an action of the language.
        """
        text = action.strip()
        self._equal = self._equal + 1 if text == self._last else 1
        self._last = text
        self._unparsable = 0 if parsed else self._unparsable + 1
        if self._unparsable >= REPEATS:
            return f"{REPEATS} texts in a row were no actions"
        return f"the same action {REPEATS} times in a row" if self._equal >= REPEATS else ""
