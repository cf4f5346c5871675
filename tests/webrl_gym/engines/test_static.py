"""The static engine on the embedded sites and on pages made for the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from webrl_gym.actions import parse_action
from webrl_gym.engines.static import StaticEngine
from webrl_gym.errors import ActionError, ActionTargetError, SiteError
from webrl_gym.sites.web import signed_in_cookie
from webrl_gym.sites.worlds import World
from webrl_gym.types import EMBEDDED_URLS, PageNode, Site

SHOP = EMBEDDED_URLS[Site.SHOPPING]
FORUM = EMBEDDED_URLS[Site.REDDIT]

Answer = tuple[str, list[tuple[str, str]], str]


class Pages:
    """A WSGI application of pages by path; keeps what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[dict[str, str]] = []

    def put(self, path: str, html: str, *headers: tuple[str, str], status: str = "200 OK") -> None:
        self.answers[path] = (status, list(headers), html)

    def __call__(self, environ: dict, start_response: Callable) -> list[bytes]:
        body = environ["wsgi.input"].read().decode()
        self.asked.append(
            {
                "method": environ["REQUEST_METHOD"],
                "url": f"{environ['HTTP_HOST']}{environ['PATH_INFO']}?{environ['QUERY_STRING']}".rstrip("?"),
                "cookies": environ["HTTP_COOKIE"],
                "referrer": environ["HTTP_REFERER"],
                "body": body,
            }
        )
        status, headers, html = self.answers.get(environ["PATH_INFO"], ("404 Not Found", [], "<h1>404</h1>"))
        start_response(status, headers)
        return [html.encode()]


@pytest.fixture
def engine(world: World) -> StaticEngine:
    """On the real sites, signed in."""
    made = StaticEngine(world)
    made.start([f"{SHOP}/"], cookies())
    return made


@pytest.fixture
def pages(engine: StaticEngine, monkeypatch: pytest.MonkeyPatch) -> Pages:
    """Pages of this test instead of the sites, under the sites' names."""
    made = Pages()
    monkeypatch.setattr(engine._browser, "dispatcher", made)
    monkeypatch.setattr(engine, "_dispatcher", made)
    return made


def cookies() -> list[tuple[str, str, str]]:
    return [(EMBEDDED_URLS[site], *pair) for site in Site if (pair := signed_in_cookie(site)) is not None]


def nodes(root: PageNode) -> Iterator[PageNode]:
    yield root
    for child in root.children:
        if isinstance(child, PageNode):
            yield from nodes(child)


def text(node: PageNode) -> str:
    return " ".join("".join(child if isinstance(child, str) else text(child) for child in node.children).split())


def find(engine: StaticEngine, tag: str, words: str = "", **attributes: str) -> PageNode:
    return next(
        node
        for node in nodes(engine.snapshot().body)
        if node.tag == tag and words in text(node) and attributes.items() <= node.attrs.items()
    )


def do(engine: StaticEngine, action: str, node: PageNode | None = None) -> None:
    engine.execute(parse_action(action), None if node is None else node.ref)


def click(engine: StaticEngine, node: PageNode) -> None:
    do(engine, 'do(action="Click", element="0")', node)


def start(engine: StaticEngine, pages: Pages, html: str, path: str = "/") -> None:
    pages.put(path, html)
    engine.start([f"{SHOP}{path}"], [])


# --- the real sites


def test_a_link_leads_to_its_page_and_history_back_and_forth(engine: StaticEngine) -> None:
    home = engine.snapshot()
    click(engine, find(engine, "a", "My Account"))
    account = engine.snapshot()
    assert (home.url, account.url != home.url) == (f"{SHOP}/", True)
    do(engine, "go_backward()")
    assert engine.snapshot().url == home.url
    with pytest.raises(ActionTargetError, match="no earlier page"):
        do(engine, "go_backward()")
    do(engine, "go_forward()")
    assert engine.snapshot().url == account.url
    with pytest.raises(ActionTargetError, match="no later page"):
        do(engine, "go_forward()")
    do(engine, "go_backward()")
    click(engine, find(engine, "a", "My Account"))
    with pytest.raises(ActionTargetError, match="no later page"):
        do(engine, "go_forward()")


def test_a_search_form_is_sent(engine: StaticEngine) -> None:
    field = find(engine, "input", name="q")
    do(engine, 'do(action="Search", argument="a b&c", element="0")', field)
    assert engine.snapshot().url == f"{SHOP}/catalogsearch/result/?q=a+b%26c"
    do(engine, 'do(action="Type", argument="soap", element="0")', find(engine, "input", name="q"))
    assert find(engine, "input", name="q").attrs["value"] == "soap"
    do(engine, 'do(action="Press Enter")')
    assert engine.snapshot().url.endswith("?q=soap")


def test_the_sessions_are_signed_in_and_each_episode_begins_anew(engine: StaticEngine, world: World) -> None:
    engine.start([f"{SHOP}/customer/account/"], cookies())
    assert engine.snapshot().url == f"{SHOP}/customer/account/"
    engine.start([f"{SHOP}/customer/account/"], [])
    assert "login" in engine.snapshot().url
    assert engine.blocked_navigations == 0


def test_tabs_are_opened_in_order_and_switched(engine: StaticEngine) -> None:
    engine.start([f"{SHOP}/", f"{FORUM}/"], cookies())
    first = engine.snapshot()
    assert (len(first.tabs), first.current_tab, first.url) == (2, 0, f"{SHOP}/")
    do(engine, 'do(action="Switch Tab", argument="1")')
    second = engine.snapshot()
    assert (second.current_tab, second.url, second.tabs) == (1, f"{FORUM}/", first.tabs)
    for wrong in ("2", "-1", "one", "\u00b2", ""):
        with pytest.raises(ActionError):
            do(engine, f'do(action="Switch Tab", argument="{wrong}")')
    assert engine.snapshot() == second


def test_there_is_no_picture(engine: StaticEngine) -> None:
    assert engine.screenshot() is None


def test_an_evaluation_page_leaves_the_agents_tab_alone(engine: StaticEngine) -> None:
    do(engine, 'do(action="Type", argument="half typed", element="0")', find(engine, "input", name="q"))
    before = engine.snapshot()
    with engine.evaluation_page(at_end=False) as page:
        assert page.url == "about:blank"
        page.goto(f"{SHOP}/customer/account/")
        assert page.url == f"{SHOP}/customer/account/"
        assert "<html" in page.content()
        with pytest.raises(SiteError, match="outside the sites"):
            page.goto("http://example.com/")
    with engine.evaluation_page(at_end=True) as page:
        assert page.url == before.url
        assert page.locate("document.querySelector('input[name=q]').value") == "half typed"
        page.goto(f"{SHOP}/customer/account/")
    assert engine.snapshot() == before
    with pytest.raises(ActionTargetError, match="no earlier page"):
        do(engine, "go_backward()")


def test_an_engine_that_was_not_started_or_is_closed_says_so(world: World) -> None:
    engine = StaticEngine(world)
    with pytest.raises(SiteError, match="not started"):
        engine.snapshot()
    engine.start([f"{SHOP}/"], [])
    engine.close()
    engine.close()
    with pytest.raises(SiteError, match="not started"):
        engine.snapshot()


# --- pages made for the test


def test_cookies_belong_to_a_site_and_go_when_they_expire(engine: StaticEngine, pages: Pages) -> None:
    links = f'<a href="/set">set</a><a href="/old">old</a><a href="{FORUM}/">forum</a><a href="{SHOP}/">home</a>'
    gone = ("Set-Cookie", "c=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
    pages.put("/set", links, ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; HttpOnly"))
    pages.put("/old", links, ("Set-Cookie", "a=; Max-Age=0"), gone)
    start(engine, pages, links)
    seen = []
    for words in ("set", "old", "home", "forum", "home"):
        click(engine, find(engine, "a", words))
        seen.append(pages.asked[-1]["cookies"])
    assert seen == ["", "a=1; b=2", "b=2", "", "b=2"]


@pytest.mark.parametrize(
    ("status", "method", "body"), [("302 Found", "GET", ""), ("303 See Other", "GET", ""), ("307 X", "POST", "n=1")]
)
def test_redirects_are_followed_as_a_browser_does(
    engine: StaticEngine, pages: Pages, status: str, method: str, body: str
) -> None:
    pages.put("/form", "", ("Location", "../there?x=1"), status=status)
    pages.put("/there", "<title>There</title>")
    start(engine, pages, '<form method="post" action="/form"><input name="n" value="1"><button>Go</button></form>')
    click(engine, find(engine, "button"))
    assert (engine.snapshot().url, engine.snapshot().title) == (f"{SHOP}/there?x=1", "There")
    assert [(asked["method"], asked["body"]) for asked in pages.asked[-2:]] == [("POST", "n=1"), (method, body)]
    assert pages.asked[-1]["referrer"] == f"{SHOP}/"


def test_a_redirect_without_end_and_a_broken_page_are_the_sites_fault(engine: StaticEngine, pages: Pages) -> None:
    pages.put("/round", "", ("Location", "/round"), status="302 Found")
    pages.put("/broken", "", status="500 Internal Server Error")
    start(engine, pages, '<a href="/round">round</a><a href="/broken">broken</a><a href="/none">none</a>')
    with pytest.raises(SiteError, match="redirects more than"):
        click(engine, find(engine, "a", "round"))
    with pytest.raises(SiteError, match="status 500"):
        click(engine, find(engine, "a", "broken"))
    click(engine, find(engine, "a", "none"))
    assert text(engine.snapshot().body) == "404"


AWAY = [
    "http://example.com/",
    "https://shopping.test/",
    "http://shopping.test:8080/",
    "http://shopping.test@example.com/",
    "http://169.254.169.254/latest",
    "//example.com/",
    "file:///etc/passwd",
    "data:text/html,x",
    "mailto:a@b.c",
]


@pytest.mark.parametrize(
    ("address", "how"),
    [(address, how) for address in AWAY for how in ("link", "redirect", "form")]
    + [("http://[bad", "link"), ("http://[bad", "redirect")],
)
def test_addresses_outside_the_sites_are_refused_and_counted(
    engine: StaticEngine, pages: Pages, address: str, how: str
) -> None:
    pages.put("/redirect", "", ("Location", address), status="302 Found")
    parts = {
        "link": f'<a href="{address}">away</a>',
        "redirect": '<a href="/redirect">away</a>',
        "form": f'<form method="post" action="{address}"><button>away</button></form>',
    }
    start(engine, pages, parts[how])
    before = engine.snapshot()
    with pytest.raises(ActionError, match=r"outside the sites|not an address"):
        click(engine, find(engine, "button" if how == "form" else "a"))
    assert engine.blocked_navigations == 1
    assert engine.snapshot() == before
    hosts = {asked["url"].partition("/")[0] for asked in pages.asked}
    assert hosts == {"shopping.test"}


def test_addresses_are_written_as_browsers_write_them(engine: StaticEngine, pages: Pages) -> None:
    links = {
        "http://SHOPPING.test:80/a b?q=é '": f"{SHOP}/a%20b?q=%C3%A9%20%27",
        "http://shopping.test": f"{SHOP}/",
        "/here#part": f"{SHOP}/here#part",
        "?p=2": f"{SHOP}/?p=2",
        "http://shopping.test/a/../b/./c/..": f"{SHOP}/b/",
        "http://shopping.test/../a/..": f"{SHOP}/",
    }
    start(engine, pages, "".join(f'<a href="{href}">{number}</a>' for number, href in enumerate(links)))
    for number, url in enumerate(links.values()):
        click(engine, find(engine, "a", str(number)))
        assert engine.snapshot().url == url
        engine.start([f"{SHOP}/"], [])


def test_a_link_within_the_page_keeps_what_was_typed(engine: StaticEngine, pages: Pages) -> None:
    start(engine, pages, '<input name="n"><a href="#end">end</a><a href="javascript:void(0)">script</a>')
    do(engine, 'do(action="Type", argument="x", element="0")', find(engine, "input"))
    asked = len(pages.asked)
    click(engine, find(engine, "a", "end"))
    click(engine, find(engine, "a", "script"))
    assert engine.snapshot().url == f"{SHOP}/#end"
    assert find(engine, "input").attrs["value"] == "x"
    assert len(pages.asked) == asked


def test_new_tabs_have_a_history_of_their_own_and_a_limit(engine: StaticEngine, pages: Pages) -> None:
    pages.put("/new", "<title>New</title>")
    start(engine, pages, '<title>Old</title><a href="/new" target="_blank">new</a>')
    click(engine, find(engine, "a"))
    assert (engine.snapshot().tabs, engine.snapshot().current_tab) == (("Old", "New"), 1)
    with pytest.raises(ActionTargetError, match="no earlier page"):
        do(engine, "go_backward()")
    for _ in range(18):
        do(engine, 'do(action="Switch Tab", argument="0")')
        click(engine, find(engine, "a"))
    do(engine, 'do(action="Switch Tab", argument="0")')
    with pytest.raises(ActionTargetError, match="20 tabs open"):
        click(engine, find(engine, "a"))


FORM = """<form action="/sent">
<input name="t" value="old"><input name="n" type="number"><input type="checkbox" name="c" value="yes">
<input type="radio" name="r" value="1" checked><input type="radio" name="r" value="2">
<select name="s"><option value="1">One</option><option value="2" disabled>Two</option><option value="3">Three</option>
</select><textarea name="a">text</textarea><input name="ro" value="fixed" readonly>
<button name="b" value="go">Go</button><button name="b" value="no" disabled>No</button></form>"""


def test_every_control_changes_as_in_a_browser_and_is_sent(engine: StaticEngine, pages: Pages) -> None:
    start(engine, pages, FORM)
    do(engine, 'do(action="Type", argument="new", element="0")', find(engine, "input", name="t"))
    do(engine, 'do(action="Type", argument="7", element="0")', find(engine, "input", name="n"))
    click(engine, find(engine, "input", name="c"))
    click(engine, find(engine, "input", name="r", value="2"))
    do(engine, 'do(action="Select Dropdown Option", argument="three", element="0")', find(engine, "select"))
    do(engine, 'do(action="Type", argument="more", element="0")', find(engine, "textarea"))
    do(engine, 'do(action="Press Enter", element="0")', find(engine, "textarea"))
    assert "checked" not in find(engine, "input", name="r", value="1").attrs
    assert "selected" in find(engine, "option", "Three").attrs
    click(engine, find(engine, "button", "Go"))
    sent = "t=new&n=7&c=yes&r=2&s=3&a=more%0D%0A&ro=fixed&b=go"
    assert engine.snapshot().url in (f"{SHOP}/sent?{sent}", f"{SHOP}/sent?{sent.replace('%0D%0A', '')}")


@pytest.mark.parametrize(
    ("action", "tag", "attributes", "said"),
    [
        ('do(action="Click", element="0")', "button", {"value": "no"}, "disabled"),
        ('do(action="Type", argument="x", element="0")', "input", {"name": "ro"}, "read-only"),
        ('do(action="Type", argument="x", element="0")', "input", {"name": "n"}, "takes a number"),
        ('do(action="Type", argument="x", element="0")', "button", {"value": "go"}, "takes no text"),
        ('do(action="Select Dropdown Option", argument="Four", element="0")', "select", {}, "no option"),
        ('do(action="Select Dropdown Option", argument="Two", element="0")', "select", {}, "disabled"),
        ('do(action="Select Dropdown Option", argument="One", element="0")', "textarea", {}, "not a select box"),
    ],
)
def test_what_a_control_does_not_take_is_said(
    engine: StaticEngine, pages: Pages, action: str, tag: str, attributes: dict[str, str], said: str
) -> None:
    start(engine, pages, FORM)
    before = engine.snapshot()
    with pytest.raises(ActionTargetError, match=said):
        do(engine, action, find(engine, tag, **attributes))
    assert engine.snapshot() == before


@pytest.mark.parametrize("control", ["checkbox", "radio", "text", "search"])
def test_enter_in_a_field_sends_the_form_and_does_not_toggle(engine: StaticEngine, pages: Pages, control: str) -> None:
    start(engine, pages, f'<form action="/sent"><input type="{control}" name="n" value="1"><button>Go</button></form>')
    do(engine, 'do(action="Press Enter", element="0")', find(engine, "input"))
    assert engine.snapshot().url.partition("?")[0] == f"{SHOP}/sent"
    assert ("n=1" in engine.snapshot().url) is (control in ("text", "search"))


def test_enter_presses_links_and_buttons_and_nothing_else(engine: StaticEngine, pages: Pages) -> None:
    pages.put("/there", "")
    start(engine, pages, '<a href="/there">go</a><p>text</p>')
    do(engine, 'do(action="Press Enter")')
    with pytest.raises(ActionTargetError, match="takes no keys"):
        do(engine, 'do(action="Press Enter", element="0")', find(engine, "p"))
    assert engine.snapshot().url == f"{SHOP}/"
    do(engine, 'do(action="Press Enter", element="0")', find(engine, "a"))
    assert engine.snapshot().url == f"{SHOP}/there"


def test_details_open_and_close(engine: StaticEngine, pages: Pages) -> None:
    start(engine, pages, "<details><summary>More</summary><p>inside</p></details>")
    for is_open in (True, False):
        click(engine, find(engine, "summary"))
        assert ("open" in find(engine, "details").attrs) is is_open


@pytest.mark.parametrize("action", ['do(action="Hover", element="0")', 'do(action="Right Click", element="0")'])
def test_what_needs_scripts_changes_nothing(engine: StaticEngine, pages: Pages, action: str) -> None:
    start(engine, pages, FORM)
    before = engine.snapshot()
    do(engine, action, find(engine, "button", "Go"))
    do(engine, 'do(action="Wait")')
    assert engine.snapshot() == before


@pytest.mark.parametrize("html", ["", "  ", "plain text", "<p>open", "<!-- note --><p>x</p>"])
def test_poor_pages_are_pages(engine: StaticEngine, pages: Pages, html: str) -> None:
    start(engine, pages, html)
    assert text(engine.snapshot().body) in ("", "plain text", "open", "x")


def test_files_cannot_be_chosen(engine: StaticEngine, pages: Pages) -> None:
    start(engine, pages, '<form><input type="file" name="f"></form>')
    with pytest.raises(ActionTargetError, match="Files cannot be chosen"):
        click(engine, find(engine, "input"))
