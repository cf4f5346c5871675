from __future__ import annotations

import struct
from urllib.parse import quote

import pytest

from tests.webrl_gym.engines.conftest import ROOT
from tests.webrl_gym.engines.hands import act, element, nodes, text_of, visit
from webrl_gym.actions import ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.engines.static import StaticEngine
from webrl_gym.observation import simplify
from webrl_gym.sites.web import signed_in_cookie
from webrl_gym.sites.worlds import World
from webrl_gym.types import EMBEDDED_URLS, Site

pytestmark = pytest.mark.browser


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
