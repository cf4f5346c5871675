from __future__ import annotations

import pytest

from tests.webrl_gym.engines.conftest import ROOT, made
from tests.webrl_gym.engines.hands import act, click, element, said, text_of, visit
from webrl_gym.actions import ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import EvaluationError, NothingLocated, SiteError

pytestmark = pytest.mark.browser


# Episodes.


def test_an_episode_leaves_nothing_to_the_next(pages: ChromiumEngine) -> None:
    pages.start([f"{ROOT}/page/scripted.html", f"{ROOT}/page/second.html"], [(ROOT, "signed", "in")])
    assert said(click(pages, "Count")) == "0/0/signed=in"
    assert said(click(pages, "Keep")) == "kept"
    assert said(click(pages, "Count")) in ("1/1/signed=in; kept=1", "1/1/kept=1; signed=in")
    page = visit(pages, "scripted")
    assert page.tabs == ("Scripted",)
    assert said(click(pages, "Count")) == "0/0/"


def test_neither_the_mouse_nor_a_windows_name_outlives_an_episode(pages: ChromiumEngine) -> None:
    visit(pages, "scripted")
    act(pages, ActionKind.HOVER, "Menu")
    page = visit(pages, "scripted")
    assert "opened menu" not in text_of(page)
    button = "<p id=said></p><button onclick=\"window.name = 'kept'\">Keep</button>"
    named = made(f"{button}<script>said.textContent = `[${{window.name}}]`</script>")
    pages.start([named], [])
    click(pages, "Keep")
    pages.start([named], [])
    assert said(pages.snapshot()) == "[]"


def test_cookies_reach_the_site(pages: ChromiumEngine) -> None:
    pages.start([f"{ROOT}/cookies"], [(ROOT, "who", "emma.lopez")])
    assert "('who', 'emma.lopez')" in text_of(pages.snapshot())


def test_a_site_that_fails_is_a_site_error(pages: ChromiumEngine) -> None:
    with pytest.raises(SiteError, match="status 500"):
        pages.start([f"{ROOT}/broken"], [])
    with pytest.raises(SiteError, match="status 429"):
        pages.start([f"{ROOT}/busy"], [])
    with pytest.raises(SiteError, match="outside the allowed sites"):
        pages.start(["https://elsewhere.test/"], [])
    assert visit(pages, "second").title == "Second"


def test_a_start_page_may_have_to_be_there(pages: ChromiumEngine) -> None:
    with pytest.raises(SiteError, match=f"^{ROOT}/page/none.html answered with status 404$"):
        pages.start([f"{ROOT}/page/second.html", f"{ROOT}/page/none.html"], [], must_exist=True)
    pages.start([f"{ROOT}/page/none.html"], [])
    assert "404" in pages.snapshot().title
    pages.start([f"{ROOT}/page/second.html"], [], must_exist=True)
    assert pages.snapshot().title == "Second"


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
