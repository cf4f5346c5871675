"""Asking a server that speaks OpenAI's chat completions: with patience where it is busy, with none where it says no.

Whoever asks learns one of two things beside the answer: this request got none (``CompletionFailed``; a shorter one may,
where it is ``PromptTooLarge``), or no request will get one until key, model name or address are put right
(``ServerRefused``).
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from webrl_gym.errors import CompletionFailed, PromptTooLarge, ServerRefused
from webrl_gym.http_client import answer_within, http_client
from webrl_gym.web_address import shown

_log = logging.getLogger(__name__)
_UNREACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
"""What happens where nobody is, or where nobody lets one in."""
_FIRST_WAIT_S = 2.0
_LONGEST_WAIT_S = 60.0
_SLOW_ANSWERS = 2
"""Answers that are too slow after which nobody asks again: what is slow is the model, and its time was lost."""
_WORDS_SHOWN = 200
# A server answers 400 to a prompt that is too long or that its filter stops; the next prompt may be welcome.
_TOO_LONG = re.compile(r"context|too long|too many tokens|longer than|exceeds the maximum", re.IGNORECASE)
_FIELD = re.compile(r"max_tokens|temperature|seed")
_FIELD_STATUSES = (httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY)
_FILTERED = re.compile(r"content.?(filter|management)", re.IGNORECASE)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_CERTIFICATES = ("ssl_cert_file", "ssl_cert_dir")
# A template may open the thoughts in the prompt, so that the answer holds nothing but their end.
_THOUGHTS = re.compile(r"\A(?:(?!<think>).)*?</think>|<think>.*?(?:</think>|\Z)", re.DOTALL)


def without_thoughts(text: str) -> str:
    """A reasoning model's answer without its thoughts; empty where it was cut while it still thought.

    Args:
        text: A completion.
    """
    return _THOUGHTS.sub("", text).strip()


def used_tokens(choice: Mapping[str, Any], kind: str) -> int:
    """Tokens that an answer took; 0 where the server does not tell.

    Args:
        choice: What ``ChatServer.ask`` gave.
        kind: ``prompt_tokens`` or ``completion_tokens``.
    """
    usage = choice.get("usage")
    count = usage.get(kind) if isinstance(usage, Mapping) else None
    return count if isinstance(count, int) and count > 0 else 0


@dataclass(frozen=True, slots=True)
class ChatServer:
    """A server and how long it is asked.

    The key is read from its environment variable at each request and never stored, printed or logged.

    Attributes:
        base_url: Address up to and including ``/v1``; a user before its host and a query are sent and never shown.
        api_key_variable: Environment variable that holds the key; no key is sent when it is not set.
        timeout_s: Longest wait for one whole answer, in seconds.
        attempts: Tries for each request, >= 1; the waits between them double from 2 seconds up to a minute, and are
            what ``Retry-After`` says, up to a minute, where that is longer.
        sleep: Waits that many seconds.
    """

    base_url: str
    api_key_variable: str = "OPENAI_API_KEY"
    timeout_s: float = 60.0
    attempts: int = 5
    sleep: Callable[[float], None] = time.sleep

    @property
    def url(self) -> str:
        """The address that is asked."""
        base, mark, query = self.base_url.partition("?")
        return base.rstrip("/") + "/chat/completions" + mark + query

    @property
    def shown_url(self) -> str:
        """The same for messages: without user name, password and query."""
        return shown(self.url)

    def client(self) -> httpx.Client:
        """A client for many requests; whoever asks for it closes it.

        Proxies and certificates are those of the environment's variables; a server of this machine needs none.

        Raises:
            ServerRefused: If these variables cannot be used; the message names them and shows no address in them.
        """
        try:
            return http_client(timeout=self.timeout_s, trust_env=not _is_here(self.url))
        except OSError as error:
            problem = f"the certificates cannot be read ({error.strerror}); check {_named(_CERTIFICATES)}"
        except ImportError:
            problem = f'a SOCKS proxy needs pip install "httpx[socks]"; check {_named(_PROXIES)}'
        except (ValueError, httpx.InvalidURL):
            problem = f"no proxy can be made of what the variables hold; check {_named(_PROXIES)}"
        raise ServerRefused(f"{self.shown_url} cannot be asked: {problem}")

    def ask(self, client: httpx.Client, body: Mapping[str, Any]) -> dict[str, Any]:
        """The first choice of a chat completion, and under ``usage`` what it took, where that is told.

        Args:
            client: Is asked through.
            body: The request.

        Raises:
            ServerRefused: If it refuses every request (key, model name or address are wrong), or nobody answers there.
            PromptTooLarge: If this prompt is longer than it takes.
            CompletionFailed: If it stays busy, refuses this prompt, or answers with something else.
        """
        problem = ""
        was_reached = False
        through = _proxy(self.url)
        at = self.shown_url + (f" through the proxy of {through}" if through else "")
        wait, tries, slow = _FIRST_WAIT_S, 0, 0
        for attempt in range(self.attempts):
            if slow >= _SLOW_ANSWERS:
                break
            if attempt:
                _log.warning(
                    "%s: %s; try %d of %d in %.0f s", self.shown_url, problem, attempt + 1, self.attempts, wait
                )
                self.sleep(wait)
            wait = min(_FIRST_WAIT_S * 2**attempt, _LONGEST_WAIT_S)
            tries += 1
            try:
                answer = answer_within(self.timeout_s, client, "POST", self.url, json=body, headers=self._headers())
            except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError):
                # The errors' own texts may show what stands before the host.
                raise ServerRefused(
                    f"{self.shown_url} is no address that can be asked: check base_url (http://localhost:8000/v1)"
                ) from None
            except httpx.ReadTimeout:
                problem = f"ReadTimeout: no answer within {self.timeout_s:g} s (timeout_s)"
                was_reached = True
                slow += 1
                continue
            except httpx.HTTPError as error:
                problem = f"{type(error).__name__}: {error}"
                was_reached |= not isinstance(error, _UNREACHED)
                continue
            was_reached = True
            if answer.status_code == httpx.codes.OK:
                return self._choice(answer)
            problem = f"status {answer.status_code}"
            if not _is_busy(answer.status_code):
                raise self._refusal(at, answer, str(body.get("model")))
            wait = max(wait, min(_retry_after(answer.headers.get("Retry-After", "")), _LONGEST_WAIT_S))
        if not was_reached:
            check = f"{through}, base_url" if through else "base_url"
            raise ServerRefused(f"nobody answers at {at}: check {check} and that the server runs; {problem}")
        raise CompletionFailed(f"{at} gave no completion in {tries} tries; last: {problem}")

    def _key(self) -> str:
        return os.environ.get(self.api_key_variable, "").strip()

    def _headers(self) -> dict[str, str]:
        key = self._key()
        if not (key.isascii() and key.isprintable()):
            raise ServerRefused(f"the variable {self.api_key_variable} holds no key that can be sent")
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _choice(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            completion = answer.json()
            choice = dict(completion["choices"][0])
        except (ValueError, LookupError, TypeError) as error:
            raise CompletionFailed(
                f"{self.shown_url} answered with something else than a chat completion: {type(error).__name__}"
            ) from error
        usage = completion.get("usage")
        return {**choice, "usage": usage} if usage else choice

    def _refusal(self, at: str, answer: httpx.Response, model: str) -> CompletionFailed | ServerRefused:
        status = answer.status_code
        words = self._words(answer)
        said = f"{at} refused the request with status {status}"
        key = f"the key in the variable {self.api_key_variable}" + ("" if self._key() else " (it is not set)")
        name = f"the model name {model!r}"
        checks = {400: name, 401: key, 403: f"{key} and whether it may use {model!r}", 404: f"base_url and {name}"}
        if status == 400 and _FILTERED.search(words):
            return CompletionFailed(f"{said}: {words}")
        if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE or (status == 400 and _TOO_LONG.search(words)):
            return PromptTooLarge(f"{said}: {words or 'it is too large'}")
        if status in _FIELD_STATUSES and (field := _FIELD.search(words)):
            return ServerRefused(f"{said}: leave out {field[0]}, or send what it takes; it says: {words}")
        # Servers repeat parts of a wrong key, so their words about keys are not shown.
        quoted = f"; it says: {words}" if words and status not in (401, 403) else ""
        return ServerRefused(f"{said}: check {checks.get(status, 'base_url')}{quoted}")

    def _words(self, answer: httpx.Response) -> str:
        """What a server says about its refusal; empty where that is a page for people."""
        try:
            said = answer.json()
        except ValueError:
            return ""
        while isinstance(said, dict) and (inner := said.get("error") or said.get("message") or said.get("detail")):
            said = inner
        text = said if isinstance(said, str) else json.dumps(said)
        key = self._key()
        return " ".join((text.replace(key, "***") if key else text).split())[:_WORDS_SHOWN]


def _is_here(url: str) -> bool:
    """Whether an address is one of this machine, by plain HTTP."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "http" or host == "localhost":
            return parts.scheme == "http"
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _proxy(url: str) -> str:
    """Name of the variable with the proxy through which an address is asked; empty where there is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    given = getproxies()
    kind = next((kind for kind in (parts.scheme, "all") if given.get(kind)), None)
    if kind is None or _is_here(url) or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return ""
    return _named((f"{kind}_proxy",))


def _named(variables: tuple[str, ...]) -> str:
    """Those of the variables that are set, as they are spelled."""
    found = [name for name, value in os.environ.items() if name.lower() in variables and value]
    return ", ".join(sorted(found)) or "the system"


def _is_busy(status: int) -> bool:
    return status in (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS) or status >= 500


def _retry_after(value: str) -> float:
    """Seconds that a ``Retry-After`` header asks for, in either of its forms; 0 for anything else."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            # A date without a zone is one in UTC.
            date = parsedate_to_datetime(value)
            seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        except ValueError:
            return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
