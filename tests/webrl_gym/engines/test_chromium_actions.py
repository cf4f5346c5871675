from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.webrl_gym.engines.conftest import ROOT
from tests.webrl_gym.engines.hands import act, click, element, nodes, said, text_of, visit
from webrl_gym.actions import Action, ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import ActionTargetError
from webrl_gym.page_writer import visible_text

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
    fading = element(page, "Fade").ref
    pages.execute(Action(ActionKind.CLICK), fading)
    with pytest.raises(ActionTargetError, match="not visible"):
        pages.execute(Action(ActionKind.CLICK), fading)
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
