"""Python's collector of cycles, which bursts of new objects set off."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Holds back the collection of cycles while thousands of nodes and texts of a page are made.

    They form a tree and go by themselves, so there is nothing to find among them; without this a quarter of the time
    that reading a large page takes is spent looking.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
