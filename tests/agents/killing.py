"""Work in a process of its own that is killed at one of its file operations, as by ``kill -9``."""

from __future__ import annotations

import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

_OPERATIONS = frozenset(("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"))
"""What Python announces (``sys.addaudithook``) before it opens, renames, removes or makes a file or folder."""
_FAILED = 1


def operations_until_killed(work: Callable[[], object], folder: Path, kill_at: int | None = None) -> int | None:
    """Forks, and does ``work`` there; the process kills itself right before one of its operations below ``folder``.

    Args:
        work: What to do; its result is lost.
        folder: Operations on other files do not count.
        kill_at: The operation, from 1; None kills nothing.

    Returns:
        How many operations a process did that was not killed; None for one that was.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking where other threads wait, as those of xdist do
        child = os.fork()
    if child == 0:
        os.close(reader)
        _work_and_exit(work, str(folder), kill_at, writer)
    os.close(writer)
    with os.fdopen(reader) as stream:
        said = stream.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == -signal.SIGKILL:
        return None
    if status:
        raise AssertionError(f"The work failed: {said}")
    return int(said)


def _work_and_exit(work: Callable[[], object], folder: str, kill_at: int | None, writer: int) -> None:
    count = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event not in _OPERATIONS or not isinstance(arguments[0], str | os.PathLike):
            return
        path = os.fspath(arguments[0])
        if str(path).startswith(folder) or not os.path.isabs(path):  # noqa: PTH117  # relative ones are of a rmtree
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    status = _FAILED
    try:
        sys.addaudithook(watch)
        work()
        os.write(writer, str(count).encode())
        status = 0
    except BaseException:
        os.write(writer, traceback.format_exc().encode())
    finally:
        os._exit(status)
