"""Signs in through the sites' own pages, proves it, and keeps the sessions for all environments of a process."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx
from lxml.html import FormElement

from webrl_gym.deployment.accounts import Account, variables_of
from webrl_gym.deployment.addresses import Deployment
from webrl_gym.deployment.client import DEFAULT_BUDGET, Answer, SiteClient
from webrl_gym.errors import SignInFailed, SiteError
from webrl_gym.types import Site
from webrl_gym.web_address import host_of, origin_of
from webrl_gym.web_address import shown as shown_address

TRUSTED_FOR = 300.0
"""Seconds for which a session that was proved is taken for good."""
_FORM_KEY = "form_key"


@dataclass(frozen=True, slots=True)
class SignIn:
    """How one signs in to a site.

    Attributes:
        page: Path of the page with the form, below the site's root.
        user_field: Name of the form's field for the account.
        password_field: Name of its field for the password.
        proof: Path of a page that shows who is signed in.
        out: Path by which one signs out, below the site's root.
        marks: Texts beside that path, one of which is in the proof's source for those who are signed in.
    """

    page: str
    user_field: str
    password_field: str
    proof: str
    out: str
    marks: tuple[str, ...] = ()


SIGN_INS = {
    Site.SHOPPING: SignIn(
        "/customer/account/login/",
        "login[username]",
        "login[password]",
        "/customer/account/",
        "/customer/account/logout",
    ),
    Site.SHOPPING_ADMIN: SignIn("/", "login[username]", "login[password]", "/", "/admin/auth/logout"),
    Site.GITLAB: SignIn("/users/sign_in", "user[login]", "user[password]", "/", "/users/sign_out"),
    Site.REDDIT: SignIn("/login", "_username", "_password", "/", "/log_out", ("user-logged-in",)),
}
"""By site; the others have no accounts."""


def sign_in(client: SiteClient, account: Account) -> None:
    """Signs in; afterwards the client's cookies are the session.

    Raises:
        SignInFailed: If the site does not take the account.
        SiteError: If there is no sign-in form, or the site fails.
    """
    steps = SIGN_INS[client.site]
    page = client.get(steps.page)
    form = _form(page, steps)
    if form is None:
        shown = page.title or "without a title"
        raise SiteError(f"{client.site} has no sign-in form at {client.root}{steps.page}; the page there is {shown!r}")
    try:
        target = urljoin(page.url, form.get("action") or page.url)
    except ValueError:
        raise SiteError(f"the sign-in form of {client.site} at {client.root} leads to {form.get('action')!r}") from None
    below = f"{urlsplit(target).path}/".startswith(f"{urlsplit(client.root).path}/")
    if origin_of(target) != origin_of(client.root) or not below:
        raise SiteError(f"the sign-in form of {client.site} at {client.root} leads away to {shown_address(target)}")
    values = _values(form)
    if _FORM_KEY in values:
        # The page may come from a cache; the cookie, which a browser's script sets, makes its key the session's.
        client.set_cookie(_FORM_KEY, values[_FORM_KEY])
    answer = client.submit(target, {**values, steps.user_field: account.user, steps.password_field: account.password})
    if answer.status == httpx.codes.TOO_MANY_REQUESTS:
        raise SiteError(f"{client.site} at {client.root} lets nobody sign in for now: it counted too many sign-ins")
    if not is_signed_in(client):
        user, password = variables_of(client.site)
        raise SignInFailed(f"{client.site} at {client.root} did not take the account: check {user} and {password}")


def is_signed_in(client: SiteClient) -> bool:
    """True if the client's cookies are a session; raises ``SiteError`` when the site fails."""
    steps = SIGN_INS[client.site]
    page = client.get(steps.proof)
    return (
        page.status < 400
        and _form(page, steps) is None
        and any(mark in page.text for mark in (steps.out, *steps.marks))
    )


def has_sign_in_form(page: Answer, site: Site) -> bool:
    """True if a page asks to sign in to a site."""
    return site in SIGN_INS and _form(page, SIGN_INS[site]) is not None


def _form(page: Answer, steps: SignIn) -> FormElement | None:
    fields = {steps.user_field, steps.password_field}
    return next((form for form in page.document.forms if fields <= set(form.fields)), None)


def _values(form: FormElement) -> dict[str, str]:
    """What the form sends, hidden keys included, asking the site to remember the browser."""
    values = {name: value for name, value in form.form_values() if value is not None}
    remember = [box for box in form.cssselect("input[type=checkbox]") if "remember" in box.get("name", "")]
    return {**values, **{box.get("name", ""): box.get("value", "on") for box in remember}}


class SiteSession:
    """The signed-in session of one account on one site. Safe to use from several threads."""

    def __init__(
        self, site: Site, root: str, account: Account, *, seconds: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Signs in nowhere yet.

        Args:
            site: The site.
            root: Its root.
            account: Who signs in.
            seconds: Budget of each answer of the site.
            transport: What carries requests; the network when None.
        """
        self._site = site
        self._root = root
        self._account = account
        self._seconds = seconds
        self._transport = transport
        self._client: SiteClient | None = None
        self._proved = 0.0
        self._renewal = ""
        self._lock = threading.Lock()

    def client(self, renewal: str = "") -> SiteClient:
        """A signed-in visitor; signs in, or in again, when needed.

        Args:
            renewal: Names the site's last reset (``Lease.renewal``), with which its sessions may have ended.

        Raises:
            SignInFailed: If the site does not take the account.
            SiteError: If the site fails.
        """
        with self._lock:
            is_trusted = renewal == self._renewal and time.monotonic() - self._proved <= TRUSTED_FOR
            if self._client is not None and not is_trusted:
                if is_signed_in(self._client):
                    self._proved = time.monotonic()
                else:
                    self._drop()
            if self._client is None:
                self._client = self._open()
                self._proved = time.monotonic()
            self._renewal = renewal
            return self._client

    def forget(self) -> None:
        """Drops a session that is known to be over."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _open(self) -> SiteClient:
        client = SiteClient(self._site, self._root, seconds=self._seconds, transport=self._transport)
        try:
            sign_in(client, self._account)
        except BaseException:
            client.close()
            raise
        return client


class Sessions:
    """The signed-in sessions on a deployment, one for each site with accounts."""

    def __init__(self, sessions: Mapping[Site, SiteSession]) -> None:
        """Keeps ``sessions``, which others may use, too."""
        self._sessions = sessions

    def cookies(self, site: Site, renewal: str = "") -> list[tuple[str, str, str]]:
        """(address that it belongs to, name, value) of the session's cookies; as ``SiteSession.client``."""
        return [cookie for cookie in self.client(site, renewal).cookies if cookie[1] != _FORM_KEY]

    def client(self, site: Site, renewal: str = "") -> SiteClient:
        """A signed-in visitor of a site; as ``SiteSession.client``."""
        return self._sessions[site].client(renewal)

    def forget(self, sites: Collection[Site]) -> None:
        """Drops sessions that are known to be over."""
        for site in sites:
            if site in self._sessions:
                self._sessions[site].forget()


def own_sessions(
    deployment: Deployment,
    accounts: Mapping[Site, Account],
    *,
    seconds: float = DEFAULT_BUDGET,
    transport: httpx.BaseTransport | None = None,
) -> Sessions:
    """New sessions on a deployment, which nobody else has.

    Args:
        deployment: Where the sites are.
        accounts: Who signs in.
        seconds: Budget of each answer of a site.
        transport: What carries requests; the network when None.
    """
    return Sessions(
        {
            site: SiteSession(site, root, accounts[site], seconds=seconds, transport=transport)
            for site, root in deployment.urls.items()
            if site in SIGN_INS
        }
    )


_shared: dict[tuple[str, Account, float], SiteSession] = {}
_shared_lock = threading.Lock()


def shared_sessions(deployment: Deployment, accounts: Mapping[Site, Account], seconds: float) -> Sessions:
    """The sessions that all environments of this process have on a deployment: one sign-in serves them all.

    Deployments that have a site in common share its session, too.
    """
    found = {}
    with _shared_lock:
        for site, root in deployment.urls.items():
            if site in SIGN_INS:
                key = (deployment.keys[site], accounts[site], seconds)
                session = SiteSession(site, root, accounts[site], seconds=seconds)
                found[site] = _shared.setdefault(key, session)
    return Sessions(found)


def colliding(cookies: Mapping[Site, Collection[tuple[str, str, str]]]) -> list[tuple[Site, Site, str]]:
    """Pairs of sites whose sessions cannot live in one browser: same host, path and name, since ports do not count."""
    found: list[tuple[Site, Site, str]] = []
    sites = list(cookies)
    for index, one in enumerate(sites):
        places = {(_host_and_path(address), name): value for address, name, value in cookies[one]}
        for other in sites[index + 1 :]:
            shared = [n for a, n, value in cookies[other] if places.get((_host_and_path(a), n), value) != value]
            found.extend((one, other, name) for name in shared[:1])
    return found


def _host_and_path(address: str) -> tuple[str, str]:
    """What decides where a cookie goes: host without port, and path."""
    return host_of(address), urlsplit(address).path
