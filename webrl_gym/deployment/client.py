"""Asks one site by plain HTTP, as a browser without scripts would: cookies, forms, redirects; within a time budget."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Mapping
from functools import cached_property
from urllib.parse import urljoin

import httpx
import lxml.etree
import lxml.html
from lxml.html import HtmlElement

from webrl_gym.errors import SiteError
from webrl_gym.http_client import AnswerTooLarge, answer_within, http_client
from webrl_gym.types import Site
from webrl_gym.web_address import host_of, origin_of, shown
from webrl_gym.wellformed import well_formed

DEFAULT_BUDGET = 20.0
"""Seconds that one answer may take, redirects included."""
_MOST_REDIRECTS = 10
_EMPTY_PAGE = "<html></html>"


class Answer:
    """A page that a site answered with.

    Attributes:
        url: Its address, after redirects.
        status: HTTP status.
        text: Its source.
    """

    def __init__(self, url: str, status: int, text: str) -> None:
        """Keeps what came."""
        self.url = url
        self.status = status
        self.text = text

    @cached_property
    def document(self) -> HtmlElement:
        """The page as a tree, links as they are written; an empty one where nothing but space or a comment came."""
        try:
            return lxml.html.document_fromstring(self.text.encode(), parser=_PARSER)
        except lxml.etree.ParserError:
            return lxml.html.document_fromstring(_EMPTY_PAGE, parser=_PARSER)

    @property
    def title(self) -> str:
        """Its title in one line."""
        return " ".join((self.document.findtext(".//title") or "").split())[:80]


_PARSER = lxml.html.HTMLParser(encoding="utf-8")


class SiteClient:
    """One site's visitor, with cookies of its own.

    Attributes:
        site: The site.
        root: Its root.
    """

    def __init__(
        self, site: Site, root: str, *, seconds: float = DEFAULT_BUDGET, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Connects to nothing yet.

        Args:
            site: Names the site in errors.
            root: Its root, without a slash at the end.
            seconds: Budget of each answer.
            transport: What carries requests; the network when None.
        """
        self.site = site
        self.root = root
        self._seconds = seconds
        self._client = http_client(
            transport=transport,
            # No proxy and no .netrc: the browser goes to the sites directly, too.
            trust_env=False,
            verify=verified_by(root),
            headers={"User-Agent": "webrl-gym"},
            # A session outlives many episodes; nothing stays open between its few requests.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def get(self, path: str = "") -> Answer:
        """The page at a path below the root.

        Raises:
            SiteError: If it does not come within the budget, is a server's failure, or lies on another host.
        """
        return self._ask("GET", self.root + path, None)

    def submit(self, url: str, values: Mapping[str, str]) -> Answer:
        """The page that a posted form leads to; raises as ``get`` does."""
        return self._ask("POST", url, values)

    def set_cookie(self, name: str, value: str) -> None:
        """Keeps a cookie as if the site's scripts had set it."""
        self._client.cookies.set(name, value, domain=self._host, path="/")

    @property
    def cookies(self) -> list[tuple[str, str, str]]:
        """(address that it belongs to, name, value) of every cookie."""
        return [
            (origin_of(self.root) + cookie.path, cookie.name, cookie.value or "") for cookie in self._client.cookies.jar
        ]

    def close(self) -> None:
        """Drops the connections."""
        self._client.close()

    @property
    def _host(self) -> str:
        host = host_of(self.root)
        # The jar's own name for hosts without a dot.
        return host if "." in host else f"{host}.local"

    def _ask(self, method: str, url: str, values: Mapping[str, str] | None) -> Answer:
        deadline = time.monotonic() + self._seconds
        for _ in range(_MOST_REDIRECTS):
            response = self._answer(method, url, values, deadline)
            if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                raise SiteError(f"{self.site} answered {shown(url)} with status {response.status_code}")
            if not response.has_redirect_location:
                return Answer(url, response.status_code, _text_of(response))
            place = response.headers["Location"]
            try:
                url = urljoin(url, place)
            except ValueError:
                raise SiteError(f"{self.site} leads from {shown(url)} to no address: {place[:200]!r}") from None
            if origin_of(url) != origin_of(self.root):
                raise SiteError(
                    f"{self.site} at {self.root} leads away to {shown(url)}: it takes itself for another host; its "
                    "own base address must be set to the one that is used here"
                )
            if response.status_code not in (httpx.codes.TEMPORARY_REDIRECT, httpx.codes.PERMANENT_REDIRECT):
                method, values = "GET", None
        raise SiteError(f"{self.site} at {self.root} leads in circles: more than {_MOST_REDIRECTS} redirects")

    def _answer(self, method: str, url: str, values: Mapping[str, str] | None, deadline: float) -> httpx.Response:
        """One answer; what goes wrong is the site's failure."""
        patience = max(0.05, deadline - time.monotonic())
        try:
            return answer_within(patience, self._client, method, url, data=values)
        except httpx.TimeoutException:
            raise self._silent(url) from None
        except AnswerTooLarge as error:
            raise SiteError(f"{self.site} at {shown(url)}: {error}") from None
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise SiteError(
                    f"{self.site} at {self.root} has a certificate that nothing here trusts: name its authority's file "
                    f"in SSL_CERT_FILE, and have the browser trust it, too ({error})"
                ) from None
            raise SiteError(f"{self.site} cannot be reached: nobody answers at {self.root} ({error})") from None
        except UnicodeError:
            raise SiteError(
                f"{self.site} at {self.root} sets cookies that are not ASCII; they cannot be sent"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SiteError(f"{self.site} at {shown(url)} broke off: {type(error).__name__}: {error}") from None

    def _silent(self, url: str) -> SiteError:
        return SiteError(f"{self.site} did not answer {shown(url)} within {self._seconds:g} seconds")


def _text_of(response: httpx.Response) -> str:
    """A page's source, whatever encoding it says that it has."""
    try:
        text = response.text
    except (LookupError, ValueError, AssertionError):
        # A name that is no encoding of texts (httpx asserts that), or a body that is not in it.
        text = response.content.decode("utf-8", "replace")
    return well_formed(text)


def verified_by(root: str) -> ssl.SSLContext | bool:
    """What httpx holds a site's certificate against: all certificates take a while to load, and plain HTTP has none.

    Raises:
        SiteError: If the variable ``SSL_CERT_FILE`` names none that can be read.
    """
    if not root.startswith("https:"):
        return False
    authorities = os.environ.get("SSL_CERT_FILE")
    if not authorities:
        return True
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:
        raise SiteError(f"SSL_CERT_FILE={authorities} holds no certificates that can be read: {error}") from None
