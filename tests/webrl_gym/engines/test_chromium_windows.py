from __future__ import annotations

import pytest

from tests.webrl_gym.engines.conftest import ROOT
from tests.webrl_gym.engines.hands import act, click, said, text_of, visit
from webrl_gym.actions import ActionKind
from webrl_gym.engines.chromium import ChromiumEngine

pytestmark = pytest.mark.browser


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
