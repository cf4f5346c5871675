from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.webrl_gym.engines.conftest import ROOT
from tests.webrl_gym.engines.hands import act, click, element, nodes, visit
from webrl_gym.actions import Action, ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import ActionTargetError

pytestmark = pytest.mark.browser


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
