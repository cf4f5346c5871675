"""The accounts that are signed in to; nothing here shows a name or a password."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.types import Site


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A name and its password.

    Attributes:
        user: Name or e-mail address.
        password: Never part of any text about the account.
    """

    user: str
    password: str

    def __repr__(self) -> str:
        return "Account(***)"


def find_accounts(
    given: Mapping[str, Account] | None = None,
    file: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[Site, Account]:
    """The account of every site that has accounts.

    Looked for in ``given``, then in ``file``, then in the variables ``WEBRL_GYM_<SITE>_USER`` and
    ``WEBRL_GYM_<SITE>_PASSWORD``; the others are WebArena's published ones.

    Args:
        given: Account by the site's name.
        file: JSON: ``{"gitlab": {"user": "...", "password": "..."}}``.
        environ: Variables; those of this process when None.

    Raises:
        ValueError: If a site has no accounts, a file cannot be read, or a password lacks its name or the reverse. The
            message shows neither.
    """
    variables = os.environ if environ is None else environ
    named = {**_read(file), **(given or {})}
    unknown = sorted(set(named) - set(ACCOUNTS))
    if unknown:
        raise ValueError(f"{unknown[0]!r} has no accounts; choose from {', '.join(ACCOUNTS)}")
    wrong = sorted(site for site, account in named.items() if not isinstance(account, Account))
    if wrong:
        raise ValueError(f"the account of {wrong[0]} must be an Account(user, password)")
    return {site: named.get(site) or _from_variables(site, variables) or Account(*ACCOUNTS[site]) for site in ACCOUNTS}


def variables_of(site: Site) -> tuple[str, str]:
    """Names of the variables for the name and the password of a site's account."""
    return f"WEBRL_GYM_{site.name}_USER", f"WEBRL_GYM_{site.name}_PASSWORD"


def _from_variables(site: Site, variables: Mapping[str, str]) -> Account | None:
    names = variables_of(site)
    user, password = (variables.get(name, "") for name in names)
    if bool(user) != bool(password):
        raise ValueError(f"{names[0]} and {names[1]} belong together; one of them is not set")
    return Account(user, password) if user else None


def _read(file: str | Path | None) -> dict[str, Account]:
    if file is None:
        return {}
    try:
        records = json.loads(Path(file).read_text(encoding="utf-8"))
        return {site: Account(str(record["user"]), str(record["password"])) for site, record in records.items()}
    except OSError as error:
        raise ValueError(f"the accounts file {file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        # The error would quote what it did not understand.
        shape = '{"gitlab": {"user": "...", "password": "..."}}'
        raise ValueError(f"the accounts file {file} must be JSON like {shape}") from None
