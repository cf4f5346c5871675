"""The environment's end of the browser driver: starts the process, sends requests, hands out answers.

Plain sockets and one reading thread, so it works in scripts, threads, notebooks and under asyncio alike. The driver is
a program of its own, started and never forked; a forked child of this process starts its own.
"""

from __future__ import annotations

import atexit
import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from webrl_gym.engines.driver_messages import (
    HEADED,
    LENGTHS,
    LOAD_LIMIT,
    Message,
    decode_error,
    decode_head,
    encode,
    request_limit,
)
from webrl_gym.errors import BrowserError

_ROOM = 30.0
"""Seconds that a driver which answers in time may take beyond its own limit."""
_END_LIMIT = 15.0


class DriverClient:
    """One driver process. Requests may come from several threads.

    Attributes:
        users: Engines that use it; the last one ends it (see ``acquire_driver``).
    """

    def __init__(self, executable: str | None, headed: bool = False) -> None:
        """Starts the process.

        Args:
            executable: The browser it shall use; None lets it search.
            headed: Whether the browser shows its windows.

        Raises:
            BrowserError: If the process cannot be started.
        """
        ours, theirs = socket.socketpair()
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the driver writes to it)
        arguments = [*([HEADED] if headed else []), *([executable] if executable else [])]
        # Modules come from where this one does, never from the current folder.
        command = [sys.executable, "-P", "-m", "webrl_gym.engines.driver", *arguments]
        paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        try:
            # A session of its own: Ctrl-C in the terminal is for this process, which then closes the driver.
            self._process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            self._log.close()
            raise BrowserError(f"The browser driver cannot be started: {error}") from error
        finally:
            theirs.close()
        self._socket = ours
        self.users = 0
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Message]] = {}
        self._ended = False
        self._reader = threading.Thread(target=self._read, name="browser-driver", daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """False once the process has ended or closed its end."""
        return not self._ended

    @property
    def pid(self) -> int:
        """The driver's process id."""
        return int(self._process.pid)

    def call(self, session: str, method: str, *, load_limit: float = LOAD_LIMIT, **arguments: Any) -> tuple[Any, bytes]:
        """Sends one request and waits for its answer.

        Args:
            session: Whose request it is.
            method: What is asked for.
            load_limit: Seconds that the session waits for a site's answer.
            arguments: For the method.

        Returns:
            The result and the body.

        Raises:
            WebRLGymError: What the driver says went wrong.
            BrowserError: If the driver has ended or does not answer.
        """
        number = next(self._numbers)
        future: Future[Message] = Future()
        message = encode({"id": number, "session": session, "method": method, "arguments": arguments})
        with self._lock:
            if self._ended:
                raise self._gone()
            self._waiting[number] = future
            try:
                self._socket.sendall(message)
            except OSError as error:
                # The reading thread may learn it later than this one.
                self._ended = True
                del self._waiting[number]
                raise self._gone() from error
        patience = request_limit(load_limit) + _ROOM
        try:
            head, body = future.result(timeout=patience)
        except FutureTimeout:
            # Whoever asks next gets another one.
            self._ended = True
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            raise BrowserError(f"The browser driver did not answer {method!r} within {patience:.0f} s.") from None
        finally:
            with self._lock:
                self._waiting.pop(number, None)
        if "error" in head:
            raise decode_error(head["error"])
        return head["result"], body

    def close(self) -> None:
        """Ends the driver and its browser, and waits for that; may be called twice."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            # The driver closed it first.
            self._ended = True
        try:
            self._process.wait(timeout=_END_LIMIT)
        except subprocess.TimeoutExpired:
            # The browser ends with the driver: it listens on a pipe that closes.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._reader is not threading.current_thread():
            self._reader.join(timeout=_END_LIMIT)
        self._socket.close()
        self._log.close()

    def abandon(self) -> None:
        """Lets go of the connection without ending it: what a forked child does with its parent's driver."""
        self._ended = True
        self._socket.close()
        self._log.close()

    def _read(self) -> None:
        try:
            while True:
                head_size, body_size = LENGTHS.unpack(self._receive(LENGTHS.size))
                head = decode_head(self._receive(head_size))
                body = self._receive(body_size)
                with self._lock:
                    future = self._waiting.get(head["id"])
                if future is not None:
                    future.set_result((head, body))
        except OSError:
            with self._lock:
                self._ended = True
                waiting = list(self._waiting.values())
            for future in waiting:
                if not future.done():
                    future.set_exception(self._gone())

    def _receive(self, size: int) -> bytes:
        chunks = bytearray()
        while len(chunks) < size:
            chunk = self._socket.recv(min(size - len(chunks), 1 << 20))
            if not chunk:
                raise ConnectionResetError("the driver closed the connection")
            chunks += chunk
        return bytes(chunks)

    def _gone(self) -> BrowserError:
        try:
            self._log.seek(0)
            last = self._log.read()[-1_000:].decode(errors="replace").strip()
        except ValueError:
            last = ""
        return BrowserError(f"The browser driver has ended.{' It said: ' + last if last else ''}")


_drivers: dict[tuple[str | None, bool], DriverClient] = {}
_drivers_lock = threading.Lock()


def acquire_driver(executable: str | None, headed: bool = False) -> DriverClient:
    """The driver that all environments of this process share, started if there is none.

    Args:
        executable: The browser it shall use; None lets it search. One driver for each.
        headed: Whether the browser shows its windows; one driver for those that do, one for those that do not.
    """
    with _drivers_lock:
        key = (executable, headed)
        driver = _drivers.get(key)
        if driver is None or not driver.alive:
            driver = _drivers[key] = DriverClient(executable, headed)
        driver.users += 1
        return driver


def release_driver(driver: DriverClient) -> None:
    """Gives back what ``acquire_driver`` gave; the last user's release ends the process."""
    with _drivers_lock:
        driver.users -= 1
        if driver.users > 0:
            return
        for key in [key for key, known in _drivers.items() if known is driver]:
            del _drivers[key]
    driver.close()


_left_behind: SimpleQueue[Callable[[], None]] = SimpleQueue()
_tidier: threading.Thread | None = None


def tidy_later(work: Callable[[], None]) -> None:
    """Has a thread of its own do what a forgotten engine did not.

    The garbage collector calls this in whatever thread it happens to run, which may hold the lock above or be the one
    that reads answers; so nothing here waits for anything.
    """
    global _tidier
    _left_behind.put(work)
    if _tidier is None or not _tidier.is_alive():
        _tidier = threading.Thread(target=_tidy, name="browser-tidier", daemon=True)
        _tidier.start()


def _tidy() -> None:
    while True:
        _left_behind.get()()


@atexit.register
def _close_all() -> None:
    with _drivers_lock:
        drivers = list(_drivers.values())
        _drivers.clear()
    for driver in drivers:
        driver.close()


def _forget_parents_drivers() -> None:
    """A forked child must neither use nor keep open what belongs to its parent."""
    global _drivers_lock, _tidier
    _tidier = None
    # The parent may have held the lock while it forked.
    _drivers_lock = threading.Lock()
    for driver in _drivers.values():
        driver.abandon()
    _drivers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents_drivers)
