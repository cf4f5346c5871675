from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from urllib.parse import quote

import pytest
from werkzeug.serving import make_server

from tests.webrl_gym.engines.conftest import ROOT, pages_app
from webrl_gym.actions import Action, ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.engines.static import StaticEngine
from webrl_gym.errors import ActionError, ActionTargetError, EvaluationError, NothingLocated, SiteError
from webrl_gym.observation import simplify, visible_text
from webrl_gym.sites.web import signed_in_cookie
from webrl_gym.sites.worlds import World
from webrl_gym.types import EMBEDDED_URLS, PageNode, PageSnapshot, Site

pytestmark = pytest.mark.browser


def nodes(node: PageNode) -> list[PageNode]:
    found = [node]
    for child in node.children:
        if isinstance(child, PageNode):
            found += nodes(child)
    return found


def element(page: PageSnapshot, name: str) -> PageNode:
    """The first control with this text, label or ``name`` attribute."""
    for node in simplify(page).elements.values():
        if name in (visible_text(node), node.attrs.get("name"), node.attrs.get("aria-label")):
            return node
    raise LookupError(f"no {name!r} on the page:\n{text_of(page)}")


def text_of(page: PageSnapshot) -> str:
    return simplify(page).window(0, 16_000)[0]


def visit(engine: ChromiumEngine, page: str) -> PageSnapshot:
    engine.start([f"{ROOT}/page/{page}.html"], [])
    return engine.snapshot()


def act(engine: ChromiumEngine, kind: ActionKind, name: str = "", argument: str | None = None) -> PageSnapshot:
    target = element(engine.snapshot(), name).ref if name else None
    engine.execute(Action(kind, argument=argument), target)
    return engine.snapshot()


def click(engine: ChromiumEngine, name: str) -> PageSnapshot:
    return act(engine, ActionKind.CLICK, name)


def said(page: PageSnapshot) -> str:
    return next(visible_text(node) for node in nodes(page.body) if node.attrs.get("id") == "said")


# The tree.


def test_a_snapshot_holds_address_title_and_tree(pages: ChromiumEngine) -> None:
    page = visit(pages, "controls")
    assert (page.url, page.title) == (f"{ROOT}/page/controls.html", "Controls of a page")
    assert (page.tabs, page.current_tab) == (("Controls of a page",), 0)
    assert page.body.tag == "body"
    assert "nobody reads this" not in str(page.body)


def test_attributes_and_form_state_are_live(pages: ChromiumEngine) -> None:
    page = visit(pages, "controls")
    assert element(page, "city").attrs["value"] == "Oslo"
    note = element(page, "note")
    assert (note.attrs["value"], note.children) == ("first line\nsecond line", [])
    act(pages, ActionKind.TYPE, "city", "Bergen")
    act(pages, ActionKind.CLICK, "gift")
    page = act(pages, ActionKind.SELECT_DROPDOWN_OPTION, "colour", "Sea Green")
    assert element(page, "city").attrs["value"] == "Bergen"
    assert "checked" in element(page, "gift").attrs
    chosen = [node for node in nodes(page.body) if node.tag == "option" and "selected" in node.attrs]
    assert [node.attrs["value"] for node in chosen] == ["g"]


@pytest.mark.parametrize("site", list(Site), ids=str)
def test_front_pages_read_the_same_on_both_engines(world: World, site: Site, embedded: ChromiumEngine) -> None:
    cookie = signed_in_cookie(site)
    cookies = [(EMBEDDED_URLS[site], *cookie)] if cookie else []
    static = StaticEngine(world)
    static.start([EMBEDDED_URLS[site] + "/"], cookies)
    embedded.start([EMBEDDED_URLS[site] + "/"], cookies)
    there, here = static.snapshot(), embedded.snapshot()
    assert (text_of(here), here.title, here.url) == (text_of(there), there.title, there.url)
    assert len(simplify(here).elements) > 2


def test_deep_pages_are_flattened_and_keep_their_text(pages: ChromiumEngine) -> None:
    source = "<!DOCTYPE html><title>Deep</title>" + "<div>" * 600 + "<a href='/'>bottom</a>" + "</div>" * 600
    pages.start([f"{ROOT}/made?html={quote(source)}"], [])
    assert element(pages.snapshot(), "bottom").tag == "a"


def test_broken_characters_are_replaced(pages: ChromiumEngine) -> None:
    source = "<!DOCTYPE html><title>t</title><p id=p></p><script>p.textContent = 'a\\ud800b'</script>"
    pages.start([f"{ROOT}/made?html={quote(source)}"], [])
    assert "a\ufffdb" in text_of(pages.snapshot())


def test_a_screenshot_is_a_png_of_the_viewport(pages: ChromiumEngine) -> None:
    visit(pages, "second")
    png = pages.screenshot()
    assert png is not None
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (1280, 720)


# Actions.


def test_following_links_and_the_history(pages: ChromiumEngine) -> None:
    visit(pages, "controls")
    assert click(pages, "Second page").title == "Second"
    assert act(pages, ActionKind.GO_BACKWARD).title == "Controls of a page"
    assert act(pages, ActionKind.GO_FORWARD).title == "Second"
    assert click(pages, "End").url.endswith("second.html#end")


@pytest.mark.parametrize(("kind", "word"), [(ActionKind.GO_BACKWARD, "earlier"), (ActionKind.GO_FORWARD, "later")])
def test_an_episode_begins_without_history(pages: ChromiumEngine, kind: ActionKind, word: str) -> None:
    visit(pages, "controls")
    visit(pages, "second")
    with pytest.raises(ActionTargetError, match=f"no {word} page"):
        pages.execute(Action(kind), None)


def test_a_form_sends_what_was_entered(pages: ChromiumEngine) -> None:
    visit(pages, "controls")
    act(pages, ActionKind.TYPE, "city", 'Ål "&" <b>')
    act(pages, ActionKind.TYPE, "note", "")
    act(pages, ActionKind.TYPE, "count", "12")
    act(pages, ActionKind.TYPE, "day", "2023-06-15")
    act(pages, ActionKind.CLICK, "gift")
    act(pages, ActionKind.SELECT_DROPDOWN_OPTION, "colour", "g")
    text = text_of(click(pages, "Send")).split("\n")
    assert text == [
        "city='Ål \"&\" &lt;b>'",
        "note=''",
        "count='12'",
        "day='2023-06-15'",
        "gift='yes'",
        "size='s'",
        "colour='g'",
        "fixed='as it is'",
        "paper=''",
        "secret='1'",
    ]


def test_search_types_and_sends(pages: ChromiumEngine) -> None:
    visit(pages, "controls")
    page = act(pages, ActionKind.SEARCH, "city", "Voss")
    assert page.title == "Echo"
    assert "city='Voss'" in text_of(page)


def test_enter_goes_to_the_field_typed_in_last(pages: ChromiumEngine) -> None:
    visit(pages, "controls")
    act(pages, ActionKind.TYPE, "city", "Moss")
    assert "city='Moss'" in text_of(act(pages, ActionKind.PRESS_ENTER))


def test_enter_on_a_link_follows_it(pages: ChromiumEngine) -> None:
    visit(pages, "controls")
    assert act(pages, ActionKind.PRESS_ENTER, "Second page").title == "Second"


def test_details_open_and_close(pages: ChromiumEngine) -> None:
    assert "folded away" not in text_of(visit(pages, "controls"))
    assert "folded away" in text_of(click(pages, "More"))
    assert "folded away" not in text_of(click(pages, "More"))


def test_events_are_those_of_a_hand(pages: ChromiumEngine) -> None:
    visit(pages, "scripted")
    assert said(click(pages, "Say")) == "clicked by hand: true"
    assert said(act(pages, ActionKind.TYPE, "Typed", "abc")) == "input abc"
    assert said(act(pages, ActionKind.RIGHT_CLICK, "Right")) == "menu"
    assert said(click(pages, "Far")) == "far"


def test_hovering_opens_what_the_mouse_opens(pages: ChromiumEngine) -> None:
    visit(pages, "scripted")
    act(pages, ActionKind.HOVER, "Menu")
    with pages.evaluation_page(at_end=True) as page:
        assert page.locate("getComputedStyle(document.querySelector('.items')).display") == "block"


def test_editable_text_is_replaced(pages: ChromiumEngine) -> None:
    visit(pages, "scripted")
    assert visible_text(element(act(pages, ActionKind.TYPE, "Essay", "brand new"), "Essay")) == "brand new"


@pytest.mark.parametrize(("button", "outcome"), [("Say later", "later"), ("Fetch", "fetched")])
def test_the_snapshot_waits_for_what_an_action_set_off(pages: ChromiumEngine, button: str, outcome: str) -> None:
    visit(pages, "scripted")
    assert said(click(pages, button)) == outcome


def test_waiting_sees_a_page_that_changes_by_itself(pages: ChromiumEngine) -> None:
    source = "<!DOCTYPE html><p id=said>soon</p><script>setTimeout(() => { said.textContent = 'now' }, 400)</script>"
    pages.start([f"{ROOT}/made?html={quote(source)}"], [])
    assert said(pages.snapshot()) == "soon"
    assert said(act(pages, ActionKind.WAIT)) == "now"


def test_a_page_that_never_rests_is_read_all_the_same(pages: ChromiumEngine) -> None:
    source = "<!DOCTYPE html><p id=said>0</p><script>setInterval(() => { said.textContent++ }, 5)</script>"
    pages.start([f"{ROOT}/made?html={quote(source)}"], [])
    assert int(said(pages.snapshot())) > 0


# Actions that cannot be done.


@pytest.mark.parametrize(
    ("kind", "name", "argument", "message"),
    [
        (ActionKind.TYPE, "Second page", "x", "<a>, which takes no text"),
        (ActionKind.TYPE, "gift", "x", "<input>, which takes no text"),
        (ActionKind.TYPE, "fixed", "x", "read-only"),
        (ActionKind.TYPE, "count", "many", 'takes a number, not "many"'),
        (ActionKind.TYPE, "day", "tomorrow", 'takes a date, not "tomorrow"'),
        (ActionKind.SELECT_DROPDOWN_OPTION, "colour", "Pink", 'no option "Pink"; the options are Red | Sea Green'),
        (ActionKind.SELECT_DROPDOWN_OPTION, "colour", "Blue", "disabled"),
        (ActionKind.SELECT_DROPDOWN_OPTION, "city", "Red", "<input>, not a select box"),
        (ActionKind.CLICK, "paper", None, "Files cannot be chosen"),
        (ActionKind.SWITCH_TAB, "", "7", 'no tab "7"'),
        (ActionKind.SWITCH_TAB, "", "²", 'no tab "²"'),
    ],
)
def test_wrong_targets_are_explained(
    pages: ChromiumEngine, kind: ActionKind, name: str, argument: str | None, message: str
) -> None:
    visit(pages, "controls")
    with pytest.raises(ActionTargetError, match=message.replace("|", r"\|")):
        act(pages, kind, name, argument)
    assert element(pages.snapshot(), "count").attrs["value"] == "2"


def test_disabled_covered_unseen_and_gone_targets(pages: ChromiumEngine) -> None:
    page = visit(pages, "controls")
    disabled = next(node for node in nodes(page.body) if node.attrs.get("name") == "off")
    with pytest.raises(ActionTargetError, match="disabled"):
        pages.execute(Action(ActionKind.CLICK), disabled.ref)
    page = visit(pages, "scripted")
    with pytest.raises(ActionTargetError, match='covered by <div> "A cover"'):
        pages.execute(Action(ActionKind.CLICK), element(page, "Under").ref)
    with pytest.raises(ActionTargetError, match="not visible"):
        pages.execute(Action(ActionKind.CLICK), element(page, "Unseen").ref)
    vanishing = element(page, "Vanish").ref
    pages.execute(Action(ActionKind.CLICK), vanishing)
    with pytest.raises(ActionTargetError, match="no longer on the page"):
        pages.execute(Action(ActionKind.CLICK), vanishing)


def test_elements_of_an_earlier_page_are_stale(pages: ChromiumEngine) -> None:
    page = visit(pages, "controls")
    link = element(page, "Second page").ref
    pages.execute(Action(ActionKind.CLICK), link)
    with pytest.raises(ActionTargetError, match="page has changed"):
        pages.execute(Action(ActionKind.CLICK), link)


def test_a_form_that_is_not_filled_in_says_so(pages: ChromiumEngine) -> None:
    source = "<!DOCTYPE html><form><input name=who aria-label=Who required><button>Go</button></form>"
    pages.start([f"{ROOT}/made?html={quote(source)}"], [])
    with pytest.raises(ActionTargetError, match='The form was not sent: the field "Who" must be filled in'):
        click(pages, "Go")


# Windows, dialogs, downloads.


@pytest.mark.parametrize("link", ["allowed window", "allowed noopener"])
def test_new_windows_are_followed_and_tabs_switched(pages: ChromiumEngine, link: str) -> None:
    visit(pages, "ways_out")
    page = click(pages, link)
    assert (page.title, page.tabs, page.current_tab) == ("Second", ("Ways out", "Second"), 1)
    assert act(pages, ActionKind.SWITCH_TAB, argument="0").title == "Ways out"
    assert click(pages, link).tabs == ("Ways out", "Second", "Second")


def test_a_closed_tab_leaves_the_others(pages: ChromiumEngine) -> None:
    pages.start([f"{ROOT}/page/second.html", f"{ROOT}/page/scripted.html"], [])
    page = act(pages, ActionKind.SWITCH_TAB, argument="1")
    assert page.tabs == ("Second", "Scripted")
    assert click(pages, "Close").tabs == ("Second",)


def test_dialogs_are_answered_and_reported(pages: ChromiumEngine) -> None:
    visit(pages, "scripted")
    page = click(pages, "Ask")
    assert said(page) == "sure"
    assert text_of(page).startswith('The page said "Sure?" in a dialog (confirm); it was accepted.')
    assert "Sure?" not in text_of(click(pages, "Say"))


def test_downloads_are_reported_and_not_kept(pages: ChromiumEngine) -> None:
    visit(pages, "ways_out")
    page = click(pages, "download")
    assert page.title == "Ways out"
    assert 'The file "bill.txt" was offered' in text_of(page)


# The lock.


@pytest.mark.parametrize("link", ["plain", "secure", "redirected", "window", "secure window", "data", "file", "form"])
def test_every_way_out_is_closed(pages: ChromiumEngine, link: str) -> None:
    visit(pages, "ways_out")
    with pytest.raises(ActionError, match="lies outside the sites of this task"):
        click(pages, link)
    page = pages.snapshot()
    assert (page.title, page.tabs) == ("Ways out", ("Ways out",))
    assert pages.blocked_navigations == 1


def test_scripts_reach_no_other_host(pages: ChromiumEngine, outsider: Callable[[], tuple[int, int]]) -> None:
    port, _ = outsider()
    reach = f"fetch('http://127.0.0.1:{port}/', {{mode: 'no-cors'}}).finally(() => {{ said.textContent = 'tried' }})"
    source = f"<!DOCTYPE html><p id=said></p><img src='http://localhost:{port}/'><script>{reach}</script>"
    pages.start([f"{ROOT}/made?html={quote(source)}"], [])
    assert said(pages.snapshot()) == "tried"
    assert outsider()[1] == 0


def test_a_deployment_without_our_server_is_locked_too() -> None:
    server = make_server("127.0.0.1", 0, pages_app(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.port}"
    engine = ChromiumEngine(None, origins=[root])
    try:
        for link in ("plain", "secure", "redirected"):
            engine.start([f"{root}/page/ways_out.html"], [])
            with pytest.raises(ActionError, match="lies outside"):
                click(engine, link)
        engine.start([f"{root}/page/controls.html"], [])
        assert click(engine, "Second page").url == f"{root}/page/second.html"
    finally:
        engine.close()
        server.shutdown()
        server.server_close()


# Episodes.


def test_an_episode_leaves_nothing_to_the_next(pages: ChromiumEngine) -> None:
    pages.start([f"{ROOT}/page/scripted.html", f"{ROOT}/page/second.html"], [(ROOT, "signed", "in")])
    assert said(click(pages, "Count")) == "0/0/signed=in"
    assert said(click(pages, "Keep")) == "kept"
    assert said(click(pages, "Count")) in ("1/1/signed=in; kept=1", "1/1/kept=1; signed=in")
    page = visit(pages, "scripted")
    assert page.tabs == ("Scripted",)
    assert said(click(pages, "Count")) == "0/0/"


def test_cookies_reach_the_site(pages: ChromiumEngine) -> None:
    pages.start([f"{ROOT}/cookies"], [(ROOT, "who", "emma.lopez")])
    assert "('who', 'emma.lopez')" in text_of(pages.snapshot())


def test_a_site_that_fails_is_a_site_error(pages: ChromiumEngine) -> None:
    with pytest.raises(SiteError, match="status 500"):
        pages.start([f"{ROOT}/broken"], [])
    with pytest.raises(SiteError, match="outside the sites"):
        pages.start(["https://elsewhere.test/"], [])
    assert visit(pages, "second").title == "Second"


# Evaluation.


def test_the_end_is_judged_on_the_agents_page_as_it_is(pages: ChromiumEngine) -> None:
    visit(pages, "controls")
    act(pages, ActionKind.TYPE, "city", "Narvik")
    with pages.evaluation_page(at_end=True) as page:
        assert page.url == f"{ROOT}/page/controls.html"
        assert page.locate('document.querySelector("#city").value') == "Narvik"
        assert "<h1>Fields</h1>" in page.content()
        page.goto(f"{ROOT}/page/second.html")
        assert page.url == f"{ROOT}/page/second.html"
    seen = pages.snapshot()
    assert (seen.title, seen.tabs) == ("Controls of a page", ("Controls of a page",))
    assert element(seen, "city").attrs["value"] == "Narvik"


def test_a_fresh_page_shares_the_cookies(pages: ChromiumEngine) -> None:
    pages.start([f"{ROOT}/page/second.html"], [(ROOT, "who", "emma")])
    with pages.evaluation_page(at_end=False) as page:
        assert page.url == "about:blank"
        page.goto(f"{ROOT}/cookies")
        assert "emma" in page.content()
        with pytest.raises(SiteError, match="status 500"):
            page.goto(f"{ROOT}/broken")


@pytest.mark.parametrize(
    ("locator", "value"),
    [
        ('document.querySelector("#greeting").outerText;', "Hello there"),
        ('[...document.querySelectorAll("a")].map(x => x.outerText).join(", ")', "First page, End"),
        ('document.querySelectorAll("a").length', "2"),
    ],
)
def test_locators(pages: ChromiumEngine, locator: str, value: str) -> None:
    visit(pages, "second")
    with pages.evaluation_page(at_end=True) as page:
        assert page.locate(locator) == value


@pytest.mark.parametrize("locator", ['document.querySelector("#none").outerText', "document.querySelector('#none')"])
def test_locators_that_find_nothing(pages: ChromiumEngine, locator: str) -> None:
    visit(pages, "second")
    with pages.evaluation_page(at_end=True) as page, pytest.raises(NothingLocated):
        page.locate(locator)


def test_broken_locators(pages: ChromiumEngine) -> None:
    visit(pages, "second")
    with pages.evaluation_page(at_end=True) as page, pytest.raises(EvaluationError, match="is broken"):
        page.locate("document.querySelector(")
