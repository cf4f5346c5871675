"""Where numbers go while training: JSON lines, TensorBoard, and a progress display. Telemetry never stops training.

A writer that fails says so once in the log and is silent from then on.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from agents.atomic_file import replacing

_log = logging.getLogger(__name__)

MetricValues = Mapping[str, float | int | None]
"""Metrics by name, ``group/name``; None where a number is undefined."""


class MetricWriter(Protocol):
    """Takes metrics; never raises."""

    def write(self, step: int, values: MetricValues) -> None:
        """Records ``values`` at environment step ``step``."""

    def restore(self, written: Sequence[tuple[int, MetricValues]]) -> None:
        """Makes what is recorded just this, step by step: a run goes on that may have been killed while it wrote."""

    def close(self) -> None:
        """Flushes and lets go of files; nothing is written afterwards."""


class Progress(Protocol):
    """Shows how far a stage is; entry points draw a bar with the remaining time from it. Must not raise."""

    def begin(self, stage: str, total: int) -> None:
        """A stage of ``total`` units begins (tasks of a rollout, tokens of an update)."""

    def advance(self, count: int = 1) -> None:
        """``count`` more units are done."""

    def end(self) -> None:
        """The stage is over."""


class SilentProgress:
    """Shows nothing."""

    def begin(self, stage: str, total: int) -> None:
        """Shows nothing."""

    def advance(self, count: int = 1) -> None:
        """Shows nothing."""

    def end(self) -> None:
        """Shows nothing."""


class JsonlWriter:
    """One JSON object a line: ``{"step": …, "name": value, …}``; a resumed run continues its file."""

    def __init__(self, path: Path) -> None:
        """Writes to ``path``; its folder is made when the first line comes."""
        self.path = path
        self._broken = False

    def restore(self, written: Sequence[tuple[int, MetricValues]]) -> None:
        """Writes the file anew, unless it holds just these lines: none is missing, cut or there twice then.

        Args:
            written: Environment steps and metrics of each line.
        """
        lines = "".join(_line(step, values) for step, values in written)
        try:
            if lines != (self.path.read_text(encoding="utf-8") if self.path.exists() else ""):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with replacing(self.path) as temporary:
                    temporary.write_text(lines, encoding="utf-8")
        except Exception as error:  # telemetry must not stop training, whatever went wrong
            self._break(error)

    def write(self, step: int, values: MetricValues) -> None:
        """Appends one line; numbers that JSON cannot carry (NaN, infinity) become null.

        Args:
            step: Environment steps so far.
            values: Metrics by name.
        """
        if self._broken:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(_line(step, values))
        except Exception as error:  # telemetry must not stop training, whatever went wrong
            self._break(error)

    def _break(self, error: Exception) -> None:
        self._broken = True
        _log.warning("No more metrics go to %s: %s: %s", self.path.name, type(error).__name__, error)

    def close(self) -> None:
        """Nothing is kept open between lines."""


class TensorBoardWriter:
    """TensorBoard event files in a folder."""

    def __init__(self, folder: Path) -> None:
        """Writes to ``folder``; opened when the first numbers come."""
        self.folder = folder
        self._writer: Any = None
        self._broken = False

    def restore(self, written: Sequence[tuple[int, MetricValues]]) -> None:
        """Writes the last step once more and has readers forget what the earlier files say of it and beyond.

        All steps before it are there: each was flushed before the next one began. Phases that take no step in the
        environment all stand at one step, and all of them are written.

        Args:
            written: Environment steps and metrics, step by step.
        """
        if not written or self._broken:
            return
        last, _ = written[-1]
        self._open(purge_step=last)
        for step, values in written:
            if step == last:
                self.write(step, values)

    def _open(self, purge_step: int | None = None) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter  # slow to import, and only needed here

            self._writer = SummaryWriter(str(self.folder), purge_step=purge_step)
        except Exception as error:  # telemetry must not stop training, whatever went wrong
            self._break(error)

    def _break(self, error: Exception) -> None:
        self._broken = True
        _log.warning("No more metrics go to TensorBoard: %s: %s", type(error).__name__, error)

    def write(self, step: int, values: MetricValues) -> None:
        """Adds one scalar for each defined value.

        Args:
            step: Environment steps so far.
            values: Metrics by name.
        """
        if self._writer is None and not self._broken:
            self._open()
        if self._broken:
            return
        try:
            for name, value in values.items():
                if value is not None:
                    self._writer.add_scalar(name, float(value), step)
            self._writer.flush()
        except Exception as error:  # telemetry must not stop training, whatever went wrong
            self._break(error)

    def close(self) -> None:
        """Closes the event file."""
        if self._writer is not None and not self._broken:
            self._writer.close()
        self._writer = None
        self._broken = True


class MetricGroup:
    """Several writers as one; a writer of someone else's that raises all the same is left out from then on."""

    def __init__(self, writers: Sequence[MetricWriter] = ()) -> None:
        """Passes everything on to ``writers``."""
        self.writers = list(writers)

    def write(self, step: int, values: MetricValues) -> None:
        """Gives ``values`` to every writer.

        Args:
            step: Environment steps so far.
            values: Metrics by name.
        """
        self._tell(lambda writer: writer.write(step, values))

    def restore(self, written: Sequence[tuple[int, MetricValues]]) -> None:
        """Tells every writer what has been recorded so far.

        Args:
            written: Environment steps and metrics, step by step.
        """
        self._tell(lambda writer: writer.restore(written))

    def close(self) -> None:
        """Closes every writer."""
        self._tell(lambda writer: writer.close())

    def _tell(self, call: Callable[[MetricWriter], None]) -> None:
        for writer in list(self.writers):
            try:
                call(writer)
            except Exception as error:  # telemetry must not stop training, whatever went wrong
                self.writers.remove(writer)
                _log.warning("%s raised %s and gets no more metrics: %s", writer, type(error).__name__, error)


def _line(step: int, values: MetricValues) -> str:
    record = {"step": step, **{name: _finite(value) for name, value in values.items()}}
    return json.dumps(record, default=float) + "\n"


def _finite(value: float | int | None) -> float | int | None:
    return value if value is None or math.isfinite(value) else None
