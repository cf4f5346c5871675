"""Walks a site as its published account: finds one page a route, and every form on these pages."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_plus, urljoin, urlsplit

import lxml.html
from flask.testing import FlaskClient
from lxml.html import HtmlElement
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.web import STORE_KEY, signed_in_cookie, site_app
from webrl_gym.sites.worlds import World
from webrl_gym.types import Site

Fields = tuple[tuple[str, str], ...]

_PARSER = lxml.html.HTMLParser(encoding="utf-8")
_LEAVES = re.compile(r"log_?out|sign_out")
_TYPED = ("text", "search", "email", "url", "tel", "number", "date", "password")
_PLAUSIBLE = {
    "email": "someone@example.com",
    "url": "http://example.com/",
    "date": "2023-06-20",
    "qty": "2",
    "price": "12.50",
    "number": "3",
    "amount": "5",
    "telephone": "4125550100",
    "postcode": "15213",
}
"""Values by what the name or the type of a field holds."""


@dataclass(frozen=True)
class Form:
    """A form as a page offers it.

    Attributes:
        page: Path of the page.
        action: Path that it is sent to, with a query.
        method: ``get`` or ``post``.
        fields: Names and values that it sends, with something plausible in the empty ones; its first button is there.
        typed: Names of the fields into which a person types.
    """

    page: str
    action: str
    method: str
    fields: Fields
    typed: tuple[str, ...]

    def filled(self, text: str, *names: str) -> Fields:
        """The fields with ``text`` in those of these names; in all of them if none is named."""
        return tuple((name, text if name in (names or self.names) else value) for name, value in self.fields)

    def without(self, left_out: str) -> Fields:
        """The fields without those of one name."""
        return tuple(field for field in self.fields if field[0] != left_out)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields, each once."""
        return tuple(dict.fromkeys(name for name, _ in self.fields))


class Walker:
    """One site with a signed-in client.

    Attributes:
        site: Which site.
        store: Its data.
    """

    def __init__(self, site: Site, world: World) -> None:
        self.site = site
        self.store: SiteStore = world.store(site)
        self._app = site_app(site)
        self._routes = self._app.url_map.bind("localhost")
        self._starts = ["/"]
        self.sign_in()
        if site is Site.SHOPPING_ADMIN:
            self._starts += ["/admin/"]
        if site is Site.SHOPPING:
            product = self.store.one("SELECT id, url_key FROM product WHERE in_stock ORDER BY id")
            assert product is not None
            self._client.post("/checkout/cart/add/", data={"product": product["id"], "qty": 1})
            self._starts += [f"/{product['url_key']}.html", "/checkout/"]

    def sign_in(self) -> None:
        """Goes on as a browser that has just signed in."""
        self._client: FlaskClient = self._app.test_client()
        self._client.environ_base[STORE_KEY] = self.store
        cookie = signed_in_cookie(self.site)
        if cookie is not None:
            self._client.set_cookie(*cookie, domain="localhost")

    def open(self, path: str) -> TestResponse:
        """The answer to a GET request, redirects not followed."""
        return self._client.get(path)

    def send(self, form: Form, fields: Fields, referrer: str = "") -> TestResponse:
        """The answer to a form with other values in its fields, sent from its page if not from a ``referrer``."""
        body = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in fields)
        if form.method == "get":
            return self.open(f"{form.action.partition('?')[0]}?{body}")
        kind = "application/x-www-form-urlencoded"
        headers = {"Referer": referrer or f"http://localhost{form.page}"}
        return self._client.post(form.action, data=body, content_type=kind, headers=headers)

    def pages(self, each: int) -> Iterator[tuple[str, HtmlElement]]:
        """Pages that links lead to from the site's root, breadth first: path and document.

        Args:
            each: Most pages of one route, since a shop has thousands of product pages; one with each kind of query.
        """
        waiting, seen, opened = deque(self._starts), set(self._starts), Counter[str]()
        while waiting:
            path = waiting.popleft()
            route, query = self.route(path), _query_names(path)
            if opened[route + query] >= (1 if query else each) or _LEAVES.search(route):
                continue
            opened[route + query] += 1
            answer = self.open(path)
            document = parse(answer)
            if document is None:
                targets = [answer.headers["Location"]] if "Location" in answer.headers else []
            else:
                yield path, document
                targets = [str(link.get("href")) for link in document.iterfind(".//a[@href]")]
            for target in targets:
                local = self._local(path, target)
                if local is not None and local not in seen:
                    seen.add(local)
                    waiting.append(local)

    def forms(self, each: int) -> list[Form]:
        """Forms of the pages, one of each kind: to the same route, with the same fields."""
        found: dict[tuple[str, str, tuple[str, ...]], Form] = {}
        for path, document in self.pages(each):
            for element in document.iterfind(".//form"):
                action = self._local(path, element.get("action") or path)
                if action is None or _LEAVES.search(action):
                    continue
                form = _form(path, action, element)
                kind = form.method, self.route(action), tuple(re.sub(r"\d+", "#", name) for name in form.names)
                found.setdefault(kind, form)
        return list(found.values())

    def route(self, path: str) -> str:
        """Name of the route that answers at an address."""
        for method in ("GET", "POST"):
            try:
                endpoint: str = self._routes.match(urlsplit(path).path, method)[0]
            except HTTPException:
                continue
            return endpoint
        return path

    def _local(self, base: str, target: str) -> str | None:
        """Path and query of a link, or None if it leaves the site."""
        parts = urlsplit(urljoin(f"http://localhost{base}", target))
        if parts.scheme != "http" or parts.netloc != "localhost":
            return None
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def parse(answer: TestResponse) -> HtmlElement | None:
    """The document of an HTML page; None for anything else."""
    if answer.mimetype != "text/html" or answer.is_json or 300 <= answer.status_code < 400:
        return None
    return lxml.html.document_fromstring(answer.data or b"<html></html>", parser=_PARSER)


def _query_names(path: str) -> str:
    """Names in the query of an address."""
    return "&".join(sorted({part.partition("=")[0] for part in urlsplit(path).query.split("&")}))


def _form(path: str, action: str, element: HtmlElement) -> Form:
    fields: list[tuple[str, str]] = []
    typed: list[str] = []
    pressed = False
    for control in element.iterfind(".//*[@name]"):
        name, value = str(control.get("name")), str(control.get("value") or "")
        kind = (control.get("type") or ("submit" if control.tag == "button" else "text")).lower()
        if control.tag == "select":
            option = control.find(".//option[last()]")
            value = "" if option is None else str(option.get("value", option.text or ""))
        elif control.tag == "textarea" or kind in _TYPED:
            typed.append(name)
            value = value or (control.text or "").strip() or _plausible(name, kind)
        elif kind == "submit":
            if pressed:
                continue
            pressed = True
        fields.append((name, value))
    return Form(path, action, (element.get("method") or "get").lower(), tuple(fields), tuple(dict.fromkeys(typed)))


def _plausible(name: str, kind: str) -> str:
    """What somebody could have typed into an empty field."""
    for hint, value in _PLAUSIBLE.items():
        if hint in f"{name} {kind}":
            return value
    return "something"


def _quoted(text: str) -> str:
    # Half surrogates arrive as the three bytes that a careless client sends.
    return quote_plus(text.encode("utf-8", "surrogatepass"))
