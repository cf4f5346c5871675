"""Units of work side by side, each in a process that has its share of the cores.

A small model on two cores learns half as much again by two runs of one thread each than by one of two.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Unit:
    """Something to be done once.

    Attributes:
        name: Unlike any other.
        work: Does it; can be sent to another process, as can its result.
        after: Name of the unit that must be done before; it counts as done where there is no such unit.
    """

    name: str
    work: Callable[[], Any]
    after: str | None = None


def work_through(units: Iterable[Unit], workers: int, ends: float, done: Callable[[Unit, Any], None]) -> list[Unit]:
    """Does units in their order, so many at a time.

    Args:
        units: What to do.
        workers: Processes.
        ends: When no further unit is begun, by ``time.monotonic``.
        done: Is called with each finished unit and its result.

    Returns:
        The units that were not begun.

    Raises:
        Exception: What the first of the units that failed raised, once all that do not need them are done and told of.
    """
    left = list(units)
    failure: BaseException | None = None
    threads = max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin_worker, (threads,)) as pool:
        running: dict[Future[Any], Unit] = {}
        try:
            while left or running:
                open_names = {unit.name for unit in (*left, *running.values())}
                for unit in [unit for unit in left if unit.after not in open_names][: workers - len(running)]:
                    if time.monotonic() < ends:
                        left.remove(unit)
                        running[pool.submit(unit.work)] = unit
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    unit, error = running.pop(future), future.exception()
                    if error is None:
                        done(unit, future.result())
                    else:
                        print(f"{unit.name} failed, {type(error).__name__}: {error}", file=sys.stderr, flush=True)
                        failure = failure or error
                        left = [other for other in left if other.after != unit.name]
        except KeyboardInterrupt:
            for process in multiprocessing.active_children():
                process.terminate()
            raise
    if failure:
        raise failure
    return left


def _begin_worker(threads: int) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it at once; units go on where they were stopped
    torch.set_num_threads(threads)


def _end_with_parent() -> None:
    """A killed parent cannot end its processes; they would work on beside those of the next run."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
