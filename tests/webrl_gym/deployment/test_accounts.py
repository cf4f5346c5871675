from __future__ import annotations

from pathlib import Path

import pytest

from webrl_gym.deployment.accounts import Account, find_accounts
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.types import Site

GITLAB = {"WEBRL_GYM_GITLAB_USER": "somebody", "WEBRL_GYM_GITLAB_PASSWORD": "s3cret"}


def test_published_accounts_are_the_default() -> None:
    assert find_accounts(environ={}) == {site: Account(*account) for site, account in ACCOUNTS.items()}


def test_an_argument_goes_before_a_file_and_a_file_before_a_variable(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    file.write_text('{"gitlab": {"user": "filed", "password": "f"}, "reddit": {"user": "r", "password": "p"}}')
    assert find_accounts(environ=GITLAB)[Site.GITLAB] == Account("somebody", "s3cret")
    assert find_accounts(file=file, environ=GITLAB)[Site.GITLAB] == Account("filed", "f")
    found = find_accounts({"gitlab": Account("given", "g")}, file, GITLAB)
    assert (found[Site.GITLAB], found[Site.REDDIT]) == (Account("given", "g"), Account("r", "p"))


def test_no_text_about_an_account_shows_it() -> None:
    accounts = find_accounts(environ=GITLAB)
    for text in (repr(accounts), str(accounts[Site.GITLAB]), f"{accounts[Site.GITLAB]}"):
        assert "s3cret" not in text
        assert "somebody" not in text
        assert "Password.123" not in text


@pytest.mark.parametrize("content", ["s3cret", '{"gitlab": "s3cret"}', '{"gitlab": {"user": "s3cret"}}', '["s3cret"]'])
def test_a_file_that_cannot_be_read_is_not_quoted(content: str, tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"accounts\.json must be JSON like") as caught:
        find_accounts(file=file, environ={})
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_makes_no_account_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="WEBRL_GYM_GITLAB_USER and WEBRL_GYM_GITLAB_PASSWORD belong together"):
        find_accounts(environ={"WEBRL_GYM_GITLAB_PASSWORD": "s3cret"})
    with pytest.raises(ValueError, match="'map' has no accounts; choose from shopping"):
        find_accounts({"map": Account("a", "b")}, environ={})
    with pytest.raises(ValueError, match=r"none\.json cannot be read: No such file"):
        find_accounts(file=tmp_path / "none.json", environ={})
    with pytest.raises(ValueError, match=r"account of gitlab must be an Account") as caught:
        find_accounts({"gitlab": ("somebody", "s3cret")}, environ={})  # type: ignore[dict-item]  # the point
    assert "s3cret" not in str(caught.value)
