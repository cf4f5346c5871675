"""How a deployment becomes as new: one protocol, four ways."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from typing import Protocol, runtime_checkable

import httpx

from webrl_gym.errors import ResetFailed
from webrl_gym.http_client import answer_within, http_client
from webrl_gym.types import Site
from webrl_gym.web_address import shown

READY = "Ready for duty!"
"""What the reset server says on ``/status`` when no reset is under way."""
DEFAULT_BUDGET = 900.0
"""Seconds that a reset may take."""
SITES_VARIABLE = "WEBRL_GYM_RESET_SITES"
"""Variable in which a reset command finds the names of the sites to put back, separated by spaces."""
_ANSWER_LIMIT = 30.0
_POLL_EVERY = 2.0
_ALREADY_RUNNING = 418
_FAILURES = 2
"""Errors in a row after which a reset has failed: the published server says so from then on, and no more happens."""
_WORDS_SHOWN = 200


@runtime_checkable
class ResetStrategy(Protocol):
    """Makes sites as new."""

    def covers(self, site: Site) -> bool:
        """Whether a site can be put back at all; the others are left as they are found."""

    def reset(self, sites: Collection[Site]) -> frozenset[Site]:
        """Puts sites back and waits until that is done.

        Args:
            sites: Those that must be as new afterwards; it covers each of them.

        Returns:
            Those that are: all of ``sites`` and whatever was put back with them.

        Raises:
            ResetFailed: If it fails or takes longer than its budget.
        """

    def problem(self) -> str:
        """Why it would not work, found out without a reset; empty when nothing speaks against it."""


class NoReset:
    """Leaves everything as it is."""

    def covers(self, site: Site) -> bool:
        """Not one."""
        del site
        return False

    def reset(self, sites: Collection[Site]) -> frozenset[Site]:
        """Puts nothing back."""
        del sites
        return frozenset()

    def problem(self) -> str:
        """None: it promises nothing."""
        return ""


class HttpReset:
    """Asks WebArena's reset server: GET ``/reset``, then ``/status`` until it is ready."""

    def __init__(
        self,
        urls: str | Mapping[Site, str],
        *,
        seconds: float = DEFAULT_BUDGET,
        poll_every: float = _POLL_EVERY,
        answer_limit: float = _ANSWER_LIMIT,
    ) -> None:
        """Asks nobody yet.

        Args:
            urls: Address of the server that puts all sites back, or of one for each site.
            seconds: Budget of a whole reset.
            poll_every: Seconds between two questions.
            answer_limit: Seconds that one answer may take.
        """
        self._one = urls if isinstance(urls, str) else None
        self._each = {} if isinstance(urls, str) else dict(urls)
        self._seconds = seconds
        self._poll_every = poll_every
        self._answer_limit = answer_limit

    def covers(self, site: Site) -> bool:
        """Those with a server."""
        return self._one is not None or site in self._each

    def reset(self, sites: Collection[Site]) -> frozenset[Site]:
        """Starts every server that is needed, then waits for each."""
        deadline = time.monotonic() + self._seconds
        servers = self._servers(sites)
        with http_client(trust_env=False) as client:
            for url in servers:
                answer = self._ask(client, url, "/reset", deadline)
                # One that somebody else has started ends in the same state.
                if not answer.is_success and answer.status_code != _ALREADY_RUNNING:
                    raise ResetFailed(
                        f"the reset server at {shown(url)} answered /reset with status {answer.status_code}"
                    )
            for url in servers:
                self._await_ready(client, url, deadline)
        return frozenset(Site) if self._one is not None else frozenset(sites)

    def problem(self) -> str:
        """What the servers' ``/status`` speaks against them."""
        deadline = time.monotonic() + self._answer_limit
        try:
            with http_client(trust_env=False) as client:
                for url in self._servers(self._each):
                    said = self._ask(client, url, "/status", deadline).text.strip()
                    if said != READY:
                        return f"the reset server at {shown(url)} says {said[:_WORDS_SHOWN]!r}, not {READY!r}"
        except ResetFailed as error:
            return str(error)
        return ""

    def _servers(self, sites: Collection[Site]) -> list[str]:
        if self._one is not None:
            return [self._one.rstrip("/")]
        return list(dict.fromkeys(self._each[site].rstrip("/") for site in sites))

    def _await_ready(self, client: httpx.Client, url: str, deadline: float) -> None:
        failures = 0
        while True:
            answer = self._ask(client, url, "/status", deadline)
            said = answer.text.strip()
            if answer.is_success and said == READY:
                return
            failures = failures + 1 if answer.is_server_error else 0
            if failures == _FAILURES:
                raise ResetFailed(
                    f"the reset at {shown(url)} failed: /status answers with status {answer.status_code} and says "
                    f"{said[:_WORDS_SHOWN]!r}"
                )
            if time.monotonic() + self._poll_every > deadline:
                raise ResetFailed(
                    f"the reset server at {shown(url)} was not ready within {self._seconds:g} seconds; it says "
                    f"{said[:_WORDS_SHOWN]!r}"
                )
            time.sleep(self._poll_every)

    def _ask(self, client: httpx.Client, url: str, path: str, deadline: float) -> httpx.Response:
        left = max(0.05, min(self._answer_limit, deadline - time.monotonic()))
        try:
            return answer_within(left, client, "GET", url + path)
        except httpx.TimeoutException:
            raise ResetFailed(f"the reset server at {shown(url)} did not answer within {left:.2g} seconds") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError):
            # The errors' own texts may show what stands before the host.
            raise ResetFailed(
                f"the reset server at {shown(url)} cannot be asked: that is no address (http://host:7565)"
            ) from None
        except httpx.HTTPError as error:
            raise ResetFailed(f"the reset server at {shown(url)} cannot be asked: {error}") from None


class CommandReset:
    """Runs a shell command of the user's."""

    def __init__(self, command: str, *, seconds: float = DEFAULT_BUDGET) -> None:
        """Runs nothing yet.

        Args:
            command: For the shell; finds the sites' names in ``WEBRL_GYM_RESET_SITES``.
            seconds: Budget after which it is ended, with everything it has started.
        """
        self._command = command
        self._seconds = seconds

    def covers(self, site: Site) -> bool:
        """All of them."""
        del site
        return True

    def reset(self, sites: Collection[Site]) -> frozenset[Site]:
        """Runs the command; status 0 means that the sites are as new."""
        environment = {**os.environ, SITES_VARIABLE: " ".join(sorted(sites))}
        # A file and no pipe: what the command leaves running would keep that open.
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                self._command,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment,
                start_new_session=True,
            )
            try:
                status = process.wait(timeout=self._seconds)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                raise ResetFailed(f"the reset command did not end within {self._seconds:g} seconds") from None
            said.seek(0)
            words = said.read().decode(errors="replace").strip().splitlines() or ["nothing"]
        if status:
            raise ResetFailed(f"the reset command ended with status {status}: {words[-1][:_WORDS_SHOWN]}")
        return frozenset(sites)

    def problem(self) -> str:
        """None that could be found out without running it."""
        return ""


class CallableReset:
    """Calls a function of the user's."""

    def __init__(self, function: Callable[[frozenset[Site]], object]) -> None:
        """Calls nothing yet.

        Args:
            function: Puts the sites that it is given back; keeps its own time budget.
        """
        self._function = function

    def covers(self, site: Site) -> bool:
        """All of them."""
        del site
        return True

    def reset(self, sites: Collection[Site]) -> frozenset[Site]:
        """Calls the function; whatever it raises is a failed reset."""
        try:
            self._function(frozenset(sites))
        except Exception as error:
            raise ResetFailed(f"the reset function failed: {type(error).__name__}: {error}") from error
        return frozenset(sites)

    def problem(self) -> str:
        """None that could be found out without calling it."""
        return ""
