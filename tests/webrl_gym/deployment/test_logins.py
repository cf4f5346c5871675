"""Signing in by code: at pages like the real ones, and at the embedded sites' own."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

import httpx
import pytest

from tests.webrl_gym.deployment.conftest import Lookalikes
from tests.webrl_gym.deployment.lookalikes import broken
from webrl_gym.deployment import logins
from webrl_gym.deployment.accounts import Account, find_accounts
from webrl_gym.deployment.addresses import Deployment, find_deployment
from webrl_gym.deployment.client import SiteClient
from webrl_gym.deployment.logins import (
    SIGN_INS,
    Sessions,
    colliding,
    is_signed_in,
    own_sessions,
    shared_sessions,
    sign_in,
)
from webrl_gym.errors import SignInFailed, SiteError
from webrl_gym.sites.dispatch import SiteDispatcher
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.sites.worlds import World
from webrl_gym.types import EMBEDDED_URLS, Site

WRONG = Account("somebody-unknown", "s3cret")  # here, so that no traceback quotes its line
with_accounts = pytest.mark.parametrize("site", list(SIGN_INS))


@pytest.fixture
def sessions(urls: dict[str, str]) -> Iterator[Sessions]:
    made = own_sessions(find_deployment(urls, environ={}), find_accounts(environ={}))
    yield made
    made.forget(list(Site))


@with_accounts
def test_a_session_is_made_proved_and_kept(site: Site, sessions: Sessions, lookalikes: Lookalikes) -> None:
    cookies = sessions.cookies(site)
    assert [name for _, name, _ in cookies] == [lookalikes[site].cookie]
    assert {value for *_, value in cookies} == lookalikes[site].sessions
    assert sessions.cookies(site) == cookies
    assert lookalikes[site].sign_ins == 1


@with_accounts
def test_a_session_that_is_over_is_renewed(
    site: Site, sessions: Sessions, lookalikes: Lookalikes, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sessions.cookies(site)
    monkeypatch.setattr(logins, "TRUSTED_FOR", -1.0)
    assert sessions.cookies(site) == before
    lookalikes[site].sessions.clear()
    assert sessions.cookies(site) != before
    assert lookalikes[site].sign_ins == 2


def test_a_session_that_is_forgotten_is_made_anew(sessions: Sessions, lookalikes: Lookalikes) -> None:
    before = sessions.cookies(Site.GITLAB)
    sessions.forget([Site.GITLAB])
    assert sessions.cookies(Site.GITLAB) != before
    assert lookalikes[Site.GITLAB].sign_ins == 2


@with_accounts
def test_a_wrong_password_is_said_and_not_shown(
    site: Site, lookalikes: Lookalikes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = SiteClient(site, lookalikes[site].root)
    with pytest.raises(SignInFailed, match=f"{site} at .* did not take the account: check WEBRL_GYM_") as caught:
        sign_in(client, WRONG)
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "s3cret" not in shown
    assert "somebody-unknown" not in shown
    assert not is_signed_in(client)


def test_a_page_without_the_form_is_another_site(lookalikes: Lookalikes) -> None:
    client = SiteClient(Site.GITLAB, lookalikes[Site.WIKIPEDIA].root)
    with pytest.raises(
        SiteError, match=r"gitlab has no sign-in form at .*/users/sign_in; the page there is 'wikipedia"
    ):
        sign_in(client, Account("a", "b"))


def test_a_form_that_leads_away_gets_no_password(lookalikes: Lookalikes) -> None:
    form = "<form action='http://metis.test/x' method='post'><input name='_username'><input name='_password'></form>"
    lookalikes[Site.REDDIT].ill = lambda: form
    with pytest.raises(SiteError, match=r"the sign-in form of reddit at .* leads away to http://metis.test"):
        sign_in(SiteClient(Site.REDDIT, lookalikes[Site.REDDIT].root), Account("a", "b"))


def test_a_form_below_another_root_of_the_same_host_gets_no_password(lookalikes: Lookalikes) -> None:
    form = "<form action='/login' method='post'><input name='_username'><input name='_password'></form>"
    lookalikes[Site.REDDIT].ill = lambda: form
    client = SiteClient(Site.REDDIT, f"{lookalikes[Site.REDDIT].root}/reddit")
    with pytest.raises(SiteError, match=r"the sign-in form of reddit at .*/reddit leads away to .*/login"):
        sign_in(client, Account("a", "b"))


def test_a_session_is_proved_again_after_a_reset_by_anybody(sessions: Sessions, lookalikes: Lookalikes) -> None:
    gitlab = lookalikes[Site.GITLAB]
    first = sessions.cookies(Site.GITLAB, "")
    assert sessions.cookies(Site.GITLAB, "a reset") == first
    assert gitlab.sign_ins == 1
    gitlab.sessions.clear()
    assert sessions.cookies(Site.GITLAB, "a reset") == first
    assert sessions.cookies(Site.GITLAB, "another reset") != first
    assert gitlab.sign_ins == 2


def test_a_broken_site_and_one_that_counts_are_not_blamed_on_the_account(
    sessions: Sessions, lookalikes: Lookalikes
) -> None:
    lookalikes[Site.GITLAB].ill = broken
    with pytest.raises(SiteError, match=r"gitlab answered .* status 500") as caught:
        sessions.cookies(Site.GITLAB)
    assert not isinstance(caught.value, SignInFailed)
    reddit = lookalikes[Site.REDDIT]
    reddit.ill = lambda: ("Too many", 429) if "/login_check" in reddit.seen else None  # type: ignore[assignment]  # Flask takes pairs
    with pytest.raises(SiteError, match="lets nobody sign in for now") as caught:
        sessions.cookies(Site.REDDIT)
    assert not isinstance(caught.value, SignInFailed)


@pytest.fixture(scope="module")
def embedded() -> Iterator[httpx.WSGITransport]:
    world = World(0)
    yield httpx.WSGITransport(app=SiteDispatcher(world))
    world.close()


@with_accounts
def test_the_embedded_sites_take_the_same_steps(site: Site, embedded: httpx.WSGITransport) -> None:
    root = EMBEDDED_URLS[site] + ("/admin" if site is Site.SHOPPING_ADMIN else "")
    sessions = own_sessions(Deployment({site: root}), find_accounts(environ={}), transport=embedded)
    assert is_signed_in(sessions.client(site))
    stranger = SiteClient(site, root, transport=embedded)
    with pytest.raises(SignInFailed):
        sign_in(stranger, Account(ACCOUNTS[site][0], "wrong"))


def test_cookies_of_one_host_and_name_collide(sessions: Sessions) -> None:
    cookies = {site: sessions.cookies(site) for site in SIGN_INS}
    assert colliding(cookies) == [(Site.SHOPPING, Site.REDDIT, "PHPSESSID")]
    del cookies[Site.REDDIT]
    assert colliding(cookies) == []
    apart = {
        Site.SHOPPING: [("http://a.test:1/", "PHPSESSID", "x")],
        Site.REDDIT: [("http://b.test:1/", "PHPSESSID", "y")],
    }
    assert colliding(apart) == []


def test_hosts_that_are_numbers_of_ipv6_collide_as_others_do() -> None:
    one = [("http://[::1]:7770/", "PHPSESSID", "a")]
    other = [("http://[::1]:9999/", "PHPSESSID", "b")]
    assert colliding({Site.SHOPPING: one, Site.REDDIT: other}) == [(Site.SHOPPING, Site.REDDIT, "PHPSESSID")]
    other = [("http://[::2]:7770/", "PHPSESSID", "b")]
    assert colliding({Site.SHOPPING: one, Site.REDDIT: other}) == []


def test_environments_of_a_process_share_the_session_of_one_account(
    urls: dict[str, str], lookalikes: Lookalikes
) -> None:
    deployment, accounts = find_deployment(urls, environ={}), find_accounts(environ={})
    fewer = find_deployment({"gitlab": urls["gitlab"].upper().replace("HTTP", "http")}, environ={})
    assert deployment.keys[Site.GITLAB] == fewer.keys[Site.GITLAB]
    one = shared_sessions(deployment, accounts, 5.0).client(Site.GITLAB)
    assert shared_sessions(fewer, find_accounts(environ={}), 5.0).client(Site.GITLAB) is one
    assert lookalikes[Site.GITLAB].sign_ins == 1
    with pytest.raises(SignInFailed):
        shared_sessions(deployment, {**accounts, Site.GITLAB: Account("a", "b")}, 5.0).client(Site.GITLAB)
    shared_sessions(deployment, accounts, 5.0).forget([Site.GITLAB])
    assert shared_sessions(fewer, accounts, 5.0).client(Site.GITLAB) is not one
    logins._shared.clear()
