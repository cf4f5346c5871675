from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import quote

import pytest
from werkzeug.serving import make_server

from tests.webrl_gym.engines.conftest import ROOT, pages_app
from tests.webrl_gym.engines.hands import act, click, element, said, text_of, visit
from webrl_gym.actions import ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import ActionError, EvaluationError, NothingLocated, SiteError

pytestmark = pytest.mark.browser


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
