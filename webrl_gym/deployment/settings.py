"""What an environment is told about a deployment, read from plain configuration and from variables."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webrl_gym.deployment.accounts import Account, find_accounts
from webrl_gym.deployment.addresses import Deployment, find_deployment
from webrl_gym.deployment.client import DEFAULT_BUDGET as ANSWER_BUDGET
from webrl_gym.deployment.resets import (
    DEFAULT_BUDGET,
    CallableReset,
    CommandReset,
    HttpReset,
    NoReset,
    ResetStrategy,
)
from webrl_gym.types import Site

RESET_VARIABLE = "WA_FULL_RESET"
"""Variable with the address of the reset server, as WebArena's clients name it."""
DEFAULT_PATIENCE = 1800.0
"""Seconds that an episode waits for others on the deployment."""
STRATEGIES = ("none", "http", "command")


@dataclass(frozen=True, slots=True)
class DeploymentSettings:
    """A deployment, and how environments deal with it.

    Attributes:
        deployment: Where the sites are.
        accounts: Who is signed in.
        reset: Makes the sites as new.
        answer_seconds: Budget of one answer of a site or of the reset server.
        reset_seconds: Budget of a reset and of the health check after it.
        lease_seconds: Patience with other episodes.
    """

    deployment: Deployment
    accounts: Mapping[Site, Account]
    reset: ResetStrategy
    answer_seconds: float = ANSWER_BUDGET
    reset_seconds: float = DEFAULT_BUDGET
    lease_seconds: float = DEFAULT_PATIENCE


def read_settings(
    given: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> DeploymentSettings:
    """The settings of a deployment.

    Args:
        given: Any of ``urls`` and ``extra_origins`` (``find_deployment``), ``accounts`` and ``accounts_file``
            (``find_accounts``), ``reset`` (``none``, ``http``, ``command``, a function of the sites to put back, or a
            ``ResetStrategy``; by default ``http`` where a reset server is named and ``none`` elsewhere),
            ``reset_urls`` (the reset server's address, or one by site; by default the variable ``WA_FULL_RESET``),
            ``reset_command``, and the budgets ``reset_seconds``, ``answer_seconds`` and ``lease_seconds``.
        environ: Variables; those of this process when None.

    Raises:
        ValueError: If something in there cannot be used.
    """
    options = {name: value for name, value in (given or {}).items() if value is not None}
    unknown = sorted(set(options) - _KEYS)
    if unknown:
        raise ValueError(f"a deployment has no setting {unknown[0]!r}; choose from {', '.join(sorted(_KEYS))}")
    variables = os.environ if environ is None else environ
    budgets = {name: _seconds(name, options[name]) for name in sorted(_BUDGETS & set(options))}
    return DeploymentSettings(
        find_deployment(options.get("urls"), options.get("extra_origins", ()), variables),
        find_accounts(options.get("accounts"), options.get("accounts_file"), variables),
        _strategy(options, variables, budgets),
        **budgets,
    )


_BUDGETS = frozenset(("reset_seconds", "answer_seconds", "lease_seconds"))
_KEYS = _BUDGETS | set("urls extra_origins accounts accounts_file reset reset_urls reset_command".split())


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"{name} must be a finite number of seconds above 0, got {value!r}")
    return float(value)


def _strategy(options: Mapping[str, Any], variables: Mapping[str, str], budgets: Mapping[str, float]) -> ResetStrategy:
    seconds = budgets.get("reset_seconds", DEFAULT_BUDGET)
    urls = _reset_urls(options.get("reset_urls")) or variables.get(RESET_VARIABLE, "")
    command = options.get("reset_command", "")
    chosen = options.get("reset") or ("command" if command else "http" if urls else "none")
    if isinstance(chosen, ResetStrategy):
        return chosen
    if callable(chosen):
        return CallableReset(chosen)
    match chosen:
        case "none":
            return NoReset()
        case "http" if urls:
            return HttpReset(urls, seconds=seconds, answer_limit=budgets.get("answer_seconds", ANSWER_BUDGET))
        case "command" if command and isinstance(command, str):
            return CommandReset(command, seconds=seconds)
        case "http":
            raise ValueError(f"reset=http needs reset_urls or the variable {RESET_VARIABLE}")
        case "command":
            raise ValueError(f"reset=command needs reset_command, a text for the shell; got {command!r}")
    raise ValueError(f"reset must be {', '.join(STRATEGIES)}, a function or a ResetStrategy, got {chosen!r}")


def _reset_urls(given: Any) -> str | dict[Site, str]:
    if not given or isinstance(given, str):
        return given or ""
    try:
        return {Site(name): str(url) for name, url in given.items() if url}
    except (ValueError, AttributeError):
        # An address may hold a password.
        got = f"one for {', '.join(map(str, given))}" if isinstance(given, Mapping) else type(given).__name__
        raise ValueError(f"reset_urls must be an address, or one by site, got {got}") from None
