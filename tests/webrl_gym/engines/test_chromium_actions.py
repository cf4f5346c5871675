from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.webrl_gym.engines.conftest import ROOT
from tests.webrl_gym.engines.hands import act, click, element, said, text_of, visit
from webrl_gym.actions import Action, ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import ActionTargetError
from webrl_gym.observation import visible_text

pytestmark = pytest.mark.browser


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
