"""Progress on a terminal: a bar with the remaining time for every long part; silent where nobody watches."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_LOG_EVERY_S = 20.0


class ConsoleProgress:
    """Draws a bar on a terminal; elsewhere writes a line now and then, so that a log shows that work goes on."""

    def __init__(self, prefix: str = "") -> None:
        """Puts ``prefix`` before the name of each stage."""
        self._prefix = prefix
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._stage = ""
        self._total = self._done = 0
        self._began = self._last_line = 0.0

    def begin(self, stage: str, total: int) -> None:
        """Starts a stage of ``total`` units."""
        self._stage, self._total, self._done = f"{self._prefix}{stage}", total, 0
        self._began = self._last_line = time.monotonic()
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self._console,
                transient=False,
            )
            self._bar.start()
            self._bar.add_task(self._stage, total=total)

    def advance(self, count: int = 1) -> None:
        """Counts units as done."""
        self._done += count
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0], count)
        elif time.monotonic() - self._last_line > _LOG_EVERY_S:
            self._last_line = time.monotonic()
            self._line()

    def end(self) -> None:
        """Ends the stage."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        else:
            self._line()

    def _line(self) -> None:
        elapsed = time.monotonic() - self._began
        # Before the first is done nothing is known of the others.
        left = f", about {elapsed / self._done * (self._total - self._done):.0f} s left" if self._done else ""
        sys.stderr.write(f"{self._stage}: {self._done}/{self._total}, {elapsed:.0f} s{left}\n")
        sys.stderr.flush()
