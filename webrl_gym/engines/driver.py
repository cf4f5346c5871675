"""The browser driver: the process that owns Playwright and Chromium (``python -m webrl_gym.engines.driver``).

Environments of one Python process share one driver. It reads requests from its standard input (a socket), serves
each session's requests in turn and different sessions at the same time, and ends with its browser when that socket
closes, however the parent went away.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from typing import Any

from playwright.async_api import Playwright, async_playwright

from webrl_gym.engines.browser_errors import translate
from webrl_gym.engines.browser_session import BrowserSession
from webrl_gym.engines.browser_supply import BrowserSupply
from webrl_gym.engines.driver_messages import (
    HEADED,
    LENGTHS,
    LOAD_LIMIT,
    decode_head,
    encode,
    encode_error,
    request_limit,
)
from webrl_gym.errors import BrowserError

_NODE_ROOM = "--max-semi-space-size=1 --max-old-space-size=256"
_METHODS = frozenset(
    "start snapshot execute screenshot close evaluation_open evaluation_close evaluation_goto evaluation_url "
    "evaluation_content evaluation_locate visit evaluate evaluate_url sent".split()
)
"""What an engine may ask of its session."""


class Driver:
    """Sessions by name over one browser; see ``BrowserSupply``."""

    def __init__(self, playwright: Playwright, executable: str | None, headed: bool) -> None:
        """Serves sessions with the browser at ``executable``, which None searches for; ``headed`` shows its windows."""
        self._supply = BrowserSupply(playwright, executable, headed=headed)
        self._sessions: dict[str, BrowserSession] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def answer(self, head: dict[str, Any]) -> tuple[Any, bytes]:
        """Carries out one request; returns the result and the body."""
        name, method, arguments = head["session"], head["method"], head["arguments"]
        session = self._sessions.get(name)
        limit = request_limit(LOAD_LIMIT if session is None else session.load_limit)
        async with self._turns.setdefault(name, asyncio.Lock()), asyncio.timeout(limit):
            if method == "open":
                # The browser starts now, so that a missing one is reported where the environment is made.
                await self._supply.ready()
                self._sessions[name] = BrowserSession(self._supply.ready, self._supply.give_up, **arguments["settings"])
                return None, b""
            session = self._sessions.get(name)
            if session is None or method not in _METHODS:
                raise BrowserError(f"The driver knows no session {name!r} with a method {method!r}.")
            answer = await getattr(session, method)(**arguments)
            if method == "close":
                del self._sessions[name], self._turns[name]
            if method in ("start", "close"):
                await self._supply.sweep()
            return answer if isinstance(answer, tuple) else (answer, b"")

    async def close(self) -> None:
        """Ends the browser."""
        await self._supply.close()


async def serve(channel: socket.socket, executable: str | None, headed: bool) -> None:
    """Answers requests from ``channel`` until its other end closes."""
    reader, writer = await asyncio.open_connection(sock=channel)
    running: set[asyncio.Task[None]] = set()
    async with async_playwright() as playwright:
        driver = Driver(playwright, executable, headed)

        async def handle(head: dict[str, Any]) -> None:
            reply: dict[str, Any] = {"id": head["id"]}
            body = b""
            try:
                reply["result"], body = await driver.answer(head)
            except Exception as error:  # every failure is an answer; the driver serves the other sessions on
                reply["error"] = encode_error(translate(error))
            writer.write(encode(reply, body))

        try:
            while True:
                size, _ = LENGTHS.unpack(await reader.readexactly(LENGTHS.size))
                task = asyncio.create_task(handle(decode_head(await reader.readexactly(size))))
                running.add(task)
                task.add_done_callback(running.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            # The parent has closed its end or has died.
            for task in running:
                task.cancel()
        finally:
            await driver.close()


def main() -> None:
    """Runs the driver on the socket that is its standard input."""
    channel = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    # Nobody else in this process may read from the socket.
    sys.stdin.close()
    # Playwright's own process frees what it no longer needs only when its room gets small.
    os.environ["NODE_OPTIONS"] = f"{os.environ.get('NODE_OPTIONS', '')} {_NODE_ROOM}".strip()
    arguments = sys.argv[1:]
    headed = arguments[:1] == [HEADED]
    asyncio.run(serve(channel, next(iter(arguments[headed:]), None), headed))


if __name__ == "__main__":
    main()
