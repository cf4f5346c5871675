"""The static engine: pages of the embedded sites without a browser process.

A request is a direct WSGI call into the site's app, the document is an lxml tree, forms and links are followed as a
browser without JavaScript follows them. For training at classic-gym speed; embedded sites only.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

import lxml.html
from lxml.html import HtmlElement

from webrl_gym.actions import Action, ActionKind, tab_number
from webrl_gym.engines import forms
from webrl_gym.engines.locators import evaluate_locator
from webrl_gym.engines.lxml_tree import page_node
from webrl_gym.engines.static_tab import Document, Source, Tab, parse_page
from webrl_gym.errors import ActionError, ActionTargetError, SiteError
from webrl_gym.sites.dispatch import SiteDispatcher
from webrl_gym.sites.worlds import World
from webrl_gym.types import EMBEDDED_URLS, PageSnapshot

_HOSTS = frozenset(urlsplit(url).netloc for url in EMBEDDED_URLS.values())
_MOST_REDIRECTS = 10
_MOST_TABS = 20
_PRESSED_BY_ENTER = frozenset(("submit", "image", "button", "reset", "file"))
"""Types of inputs that Enter clicks; in all others it submits their form."""


class BlockedNavigation(ActionError):
    """Raised when an address lies outside the sites of this environment."""


class _Browser:
    """Cookies and requests: what tabs and evaluation pages share."""

    def __init__(self, dispatcher: SiteDispatcher) -> None:
        self.dispatcher = dispatcher
        self.cookies: dict[str, dict[str, str]] = {}
        self.blocked = 0
        self._cache: dict[str, bytes] = {}

    def load(self, url: str, body: bytes | None = None, referrer: str = "", *, must_exist: bool = False) -> Document:
        """Requests a page and follows redirects; ``must_exist`` as in ``Engine.start``."""
        for _ in range(_MOST_REDIRECTS):
            url = _as_browsers_write(url)
            parts = urlsplit(url)
            if parts.scheme != "http" or parts.netloc not in _HOSTS:
                self.blocked += 1
                raise BlockedNavigation(f"{url[:200]} lies outside the sites of this task; the page stays as it was.")
            status, headers, content = self._request(url, body, referrer)
            location = headers.get("location")
            if 300 <= status < 400 and location:
                url, body = self.address(url, location), (body if status in (307, 308) else None)
                continue
            if status >= (400 if must_exist else 500):
                raise SiteError(f"{url} answered with status {status}")
            source = Source(content, body is not None, status)
            if source.kept and not source.posted:
                self._cache[url.partition("#")[0]] = content
            return Document.of(url, source)
        raise SiteError(f"{url} redirects more than {_MOST_REDIRECTS} times")

    def cached(self, url: str) -> bytes | None:
        """What came last from an address by GET; nothing says how long it is good for, so only the history asks."""
        return self._cache.get(url.partition("#")[0])

    def address(self, base: str, reference: str) -> str:
        """The absolute address of a link; what somebody typed on a site may be none at all, which is refused."""
        try:
            return _as_browsers_write(urljoin(base, reference))
        except ValueError as error:
            self.blocked += 1
            raise BlockedNavigation(f"{reference[:200]} is not an address; the page stays as it was.") from error

    def _request(self, url: str, body: bytes | None, referrer: str) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        jar = self.cookies.setdefault(parts.netloc, {})
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET" if body is None else "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(parts.path or "/", "latin-1"),
            "QUERY_STRING": parts.query,
            "SERVER_NAME": parts.hostname or "",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": parts.netloc,
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in jar.items()),
            "HTTP_REFERER": referrer,
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body or b""),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if body is not None:
            environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
            environ["CONTENT_LENGTH"] = str(len(body))
        answer: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _error: Any = None
        ) -> Callable[[bytes], object]:
            answer[:] = [status, headers]
            return lambda _data: None

        chunks = self.dispatcher(environ, start_response)
        try:
            content = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        headers = {}
        for name, value in answer[1]:
            if name.lower() == "set-cookie":
                _store_cookie(jar, value)
            else:
                headers[name.lower()] = value
        return int(answer[0].split(" ", 1)[0]), headers, content


class StaticEngine:
    """One agent's browser without a browser; see ``engines.protocol.Engine``."""

    def __init__(self, world: World) -> None:
        """Serves pages of ``world``, whose life cycle stays with the caller."""
        self._dispatcher = SiteDispatcher(world)
        self._browser = _Browser(self._dispatcher)
        self._tabs: list[Tab] = []
        self._current = 0

    @property
    def blocked_navigations(self) -> int:
        """Addresses refused since the episode began."""
        return self._browser.blocked

    @property
    def settled(self) -> tuple[float, float]:
        """0: a page without scripts is quiet at once."""
        return 0.0, 0.0

    def start(self, urls: Sequence[str], cookies: Sequence[tuple[str, str, str]], *, must_exist: bool = False) -> None:
        """Begins an episode; see ``Engine.start``."""
        self._browser = _Browser(self._dispatcher)
        for root, name, value in cookies:
            self._browser.cookies.setdefault(urlsplit(root).netloc, {})[name] = value
        self._tabs = []
        for url in urls:
            tab = Tab()
            self._tabs.append(tab)
            try:
                answer = self._browser.load(url, must_exist=must_exist)
            except BlockedNavigation as error:  # no action of an agent's
                raise SiteError(f"{url[:200]} lies outside the allowed sites") from error
            tab.show(answer)
        self._current = 0

    def snapshot(self) -> PageSnapshot:
        """Reads the current tab."""
        document = self._document
        if document.tree is None:
            body = document.root.find("body")
            document.tree = page_node(body if body is not None else document.root)
        titles = tuple(tab.document.title if tab.document else "" for tab in self._tabs)
        return PageSnapshot(document.url, document.title, document.tree, titles, self._current, document.root)

    def execute(self, action: Action, target: Any) -> None:
        """Carries out an action; see ``Engine.execute``."""
        if isinstance(target, HtmlElement) and forms.is_disabled(target):
            raise ActionTargetError("The element is disabled.")
        self._document.tree = None
        argument = action.argument or ""
        match action.kind:
            case ActionKind.CLICK:
                self._click(target)
            case ActionKind.TYPE:
                self._type(target, argument)
            case ActionKind.SEARCH:
                self._type(target, argument)
                self._press_enter(target)
            case ActionKind.PRESS_ENTER:
                self._press_enter(target if target is not None else self._document.focus)
            case ActionKind.SELECT_DROPDOWN_OPTION:
                forms.choose_option(target, argument)
                self._document.touched = True
            case ActionKind.SWITCH_TAB:
                self._current = tab_number(argument, len(self._tabs))
            case ActionKind.GO_BACKWARD:
                self._go(-1)
            case ActionKind.GO_FORWARD:
                self._go(+1)
            case _:
                """Hover, Right Click and Wait change nothing on a page without scripts."""

    @contextmanager
    def evaluation_page(self, *, at_end: bool) -> Iterator[StaticEvaluationPage]:
        """A page for the evaluators; see ``Engine.evaluation_page``."""
        page = StaticEvaluationPage(self._browser)
        if at_end:
            page.document = self._document
        yield page

    def screenshot(self) -> bytes | None:
        """None: there is no picture."""
        return None

    def close(self) -> None:
        """Forgets all tabs."""
        self._tabs = []

    @property
    def _document(self) -> Document:
        document = self._tabs[self._current].document if self._tabs else None
        if document is None:
            raise SiteError("The engine was not started")
        return document

    def _navigate(self, url: str, body: bytes | None = None, *, new_tab: bool = False) -> None:
        document = self._document
        address, _, fragment = url.partition("#")
        if body is None and fragment and address == document.url.partition("#")[0]:
            self._tabs[self._current].move_within(url)
            return
        loaded = self._browser.load(url, body, document.url)
        if not new_tab:
            self._tabs[self._current].show(loaded)
            return
        if len(self._tabs) >= _MOST_TABS:
            raise ActionTargetError(f"There are {_MOST_TABS} tabs open already; no more can be opened.")
        tab = Tab()
        self._tabs.append(tab)
        tab.show(loaded)
        self._current = len(self._tabs) - 1

    def _click(self, element: HtmlElement) -> None:
        self._document.focus = element
        tag = element.tag
        if tag == "a" and element.get("href") is not None:
            self._follow(element)
        elif tag == "summary":
            details = element.getparent()
            if details is not None and details.attrib.pop("open", None) is None:
                details.set("open", "open")
        elif tag == "input" and forms.input_type(element) in ("checkbox", "radio"):
            forms.toggle(element)
            self._document.touched = True
        elif tag == "input" and forms.input_type(element) == "file":
            raise ActionTargetError("Files cannot be chosen here.")
        elif forms.is_submit_button(element):
            form = forms.own_form(element)
            if form is not None:
                self._submit(form, element)

    def _follow(self, link: HtmlElement) -> None:
        href = link.get("href", "").strip()
        if href.lower().startswith("javascript:"):
            return
        url = self._browser.address(self._document.url, href)
        self._navigate(url, new_tab=link.get("target") == "_blank")

    def _type(self, element: HtmlElement, text: str) -> None:
        forms.set_text(element, text)
        self._document.touched = True
        self._document.focus = element

    def _press_enter(self, element: HtmlElement | None) -> None:
        if element is None:
            return
        if not forms.takes_focus(element):
            raise ActionTargetError("The element takes no keys; click it.")
        if element.tag == "textarea":
            element.text = (element.text or "") + "\n"
            self._document.touched = True
        elif element.tag == "input" and forms.input_type(element) not in _PRESSED_BY_ENTER:
            found = forms.implicit_submitter(element)
            if found is not None:
                self._submit(*found)
        elif element.tag != "select":
            self._click(element)

    def _submit(self, form: HtmlElement, button: HtmlElement | None) -> None:
        request = forms.submission(form, button, self._document.url)
        self._navigate(request.url, request.body, new_tab=form.get("target") == "_blank")

    def _go(self, offset: int) -> None:
        reload = partial(self._browser.load, referrer=self._document.url)
        self._tabs[self._current].go(offset, reload, self._browser.cached)


class StaticEvaluationPage:
    """A page for the evaluators; shares the agent's cookies, not its tabs."""

    def __init__(self, browser: _Browser) -> None:
        """Starts empty."""
        self._browser = browser
        self.document = Document.of("about:blank", Source(b""))

    @property
    def url(self) -> str:
        """Address of this page."""
        return self.document.url

    def goto(self, url: str) -> None:
        """Opens ``url``."""
        try:
            self.document = self._browser.load(url)
        except BlockedNavigation as error:
            raise SiteError(str(error)) from error

    def content(self) -> str:
        """The whole page as HTML, without what was typed and chosen on it, which browsers do not print either."""
        document = self.document
        root = parse_page(document.source.content) if document.touched else document.root
        return str(lxml.html.tostring(root, encoding="unicode"))

    def locate(self, expression: str) -> str:
        """Value of a WebArena locator."""
        return evaluate_locator(self.document.root, expression)


def _as_browsers_write(url: str) -> str:
    """An address with its root path and its special characters as a browser would show them."""
    parts = urlsplit(url)
    path = quote(_without_dots(parts.path or "/"), safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&()*+,;=~-._?[]{}|\\^`")
    return urlunsplit((parts.scheme, parts.netloc.lower().removesuffix(":80"), path, query, parts.fragment))


def _without_dots(path: str) -> str:
    """The path that ``/admin/../shoes.html`` stands for, as RFC 3986 resolves it."""
    if "/." not in path:
        return path
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    is_folder = path.endswith(("/.", "/..")) and kept
    return "/" + "/".join([*kept, ""] if is_folder else kept)


def _store_cookie(jar: dict[str, str], header: str) -> None:
    try:
        cookie = SimpleCookie(header)
    except CookieError:
        return
    for name, morsel in cookie.items():
        if morsel["max-age"] == "0" or morsel["expires"].startswith("Thu, 01 Jan 1970"):
            jar.pop(name, None)
        else:
            jar[name] = morsel.value
