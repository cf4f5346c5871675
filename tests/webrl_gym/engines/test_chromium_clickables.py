"""What can be clicked by nothing but a script: the shape of the mouse tells."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.webrl_gym.engines.conftest import ROOT
from webrl_gym.actions import click
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.observation import simplify

pytestmark = pytest.mark.browser
STYLE = "<!DOCTYPE html><style>.hand { cursor: pointer } div { min-height: 1px }</style>"


def text_of(pages: ChromiumEngine, body: str) -> list[str]:
    pages.start([f"{ROOT}/made?html={quote(STYLE + body)}"], [])
    return [str(line) for line in simplify(pages.snapshot()).lines]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<span class=hand>Open</span> text", ['<button id="0"> Open </button> text']),
        ("<div class=hand><b>Ada</b> <i>Hello</i></div>", ['<button id="0"> Ada Hello </button>']),
        ("<div class=hand></div><p>below</p>", ['<button id="0"> </button>', "below"]),
        ("<div class=hand style='width:0'></div><p>below</p>", ["below"]),
        ("<ul class=hand><li>one<li>two</ul>", ['<button id="0"> one </button>', '<button id="1"> two </button>']),
        ("<a class=hand href=/x><span>Link</span></a>", ['<a id="0"> Link </a>']),
        ("<button class=hand><span>Send</span></button>", ['<button id="0"> Send </button>']),
        (
            "<label class=hand><input type=checkbox><span>Yes</span></label>",
            ['<input id="0" type="checkbox" label="Yes">'],
        ),
        (
            "<div class=hand><span>Mail</span> <button>Delete</button></div>",
            ['<button id="0"> Mail </button> <button id="1"> Delete </button>'],
        ),
        (
            "<div class=hand>Mail <button>Delete</button></div>",
            ['<div id="0"> Mail <button id="1"> Delete </button> </div>'],
        ),
    ],
)
def test_what_shows_a_hand_is_a_control(pages: ChromiumEngine, body: str, expected: list[str]) -> None:
    assert text_of(pages, body) == expected


def test_what_shows_a_hand_can_be_clicked(pages: ChromiumEngine) -> None:
    listener = "document.querySelector('.hand').addEventListener('click', () => document.body.append('Hit'))"
    text_of(pages, f"<span class=hand>Open</span><script>{listener}</script>")
    page = simplify(pages.snapshot())
    pages.execute(click("0"), page.elements["0"].ref)
    assert str(simplify(pages.snapshot()).lines[-1]).endswith("Hit")
