"""Controls as people build them on their own pages: hidden boxes, links without a box, editors in frames, drawings."""

from __future__ import annotations

import html
from contextlib import closing

import pytest

from tests.webrl_gym.engines.conftest import made, make_engine
from tests.webrl_gym.engines.hands import act, click, element, said, text_of
from webrl_gym.actions import Action, ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import ActionTargetError
from webrl_gym.observation_webrl import simplify_webrl

pytestmark = pytest.mark.browser
FAR_DOWN = "<div style='height:3000px'></div>"
HOVERED = "<style>h2+p {display:none} h2:hover+p {display:block}</style><h2 onclick=''>Head</h2><p>shown</p>"


def show(engine: ChromiumEngine, source: str) -> str:
    engine.start([made(f"<!DOCTYPE html><title>Widgets</title>{source}")], [])
    return text_of(engine.snapshot())


@pytest.mark.parametrize(
    "link",
    [
        "<a href=/page/second.html><span style='float:left'>Go</span></a>",
        "<a href=/page/second.html><span style='position:absolute;top:200px;left:50px'>Go</span></a>",
        "<a href=/page/second.html style='display:contents'>Go</a>",
        f"{FAR_DOWN}<p><a href=/page/second.html style='display:contents'>Go</a></p>",
        f"{FAR_DOWN}<a href=/page/second.html><img alt=Go style='float:right;width:9px;height:9px'></a>",
    ],
)
def test_a_link_without_a_box_of_its_own_is_clicked(pages: ChromiumEngine, link: str) -> None:
    show(pages, link)
    assert click(pages, "Go").title == "Second"


@pytest.mark.parametrize("hiding", ["display:none", "visibility:hidden"])
@pytest.mark.parametrize(
    "source",
    [
        "<input type=checkbox id=a style='{}'><label for=a style='cursor:pointer'>Accept</label>",
        "<label><input type=checkbox style='{}'>Accept</label>",
        "<label style='display:none' for=a>Other</label><label for=a>Accept</label><input type=radio id=a style='{}'>",
    ],
)
def test_a_hidden_box_is_used_by_the_label_that_one_sees(pages: ChromiumEngine, source: str, hiding: str) -> None:
    text = show(pages, source.format(hiding))
    assert 'label="Accept"' in text
    assert " checked>" not in text
    box = next(node for node in pages.snapshot().body.walk() if node.tag == "input")
    pages.execute(Action(ActionKind.CLICK), box.ref)
    assert " checked>" in text_of(pages.snapshot())


def test_a_hidden_box_whose_label_is_hidden_too_is_not_there(pages: ChromiumEngine) -> None:
    assert show(pages, "<div hidden><input type=checkbox id=a><label for=a>Accept</label></div>left") == "left"
    assert show(pages, "<input type=checkbox style='display:none'>left") == "left"


def test_an_editor_that_is_a_frames_body_takes_text(pages: ChromiumEngine) -> None:
    frame = html.escape("<body contenteditable=true>Old text</body>")
    assert show(pages, f'<iframe srcdoc="{frame}"></iframe>') == '<textarea id="0"> Old text </textarea>'
    act(pages, ActionKind.TYPE, "Old text", "New text")
    assert text_of(pages.snapshot()) == '<textarea id="0"> New text </textarea>'


def test_a_link_in_a_drawing_is_followed_or_refused() -> None:
    drawing = "<svg width=99 height=99><a href='{}'><text y=50>East</text></a></svg>"
    with closing(make_engine("webrl")) as engine:
        for place in ("/page/second.html", "ftp://files.test/x"):
            engine.start([made(drawing.format(place))], [])
            link = next(node for node in simplify_webrl(engine.snapshot()).elements.values() if node.tag == "text")
            if place.startswith("ftp"):
                with pytest.raises(ActionTargetError, match=r"ftp://files\.test/x lies outside the sites"):
                    engine.execute(Action(ActionKind.CLICK), link.ref)
            else:
                engine.execute(Action(ActionKind.CLICK), link.ref)
                assert engine.snapshot().title == "Second"


def test_keys_are_heard_while_text_is_typed(pages: ChromiumEngine) -> None:
    show(pages, "<input name=q onkeydown=\"said.title='down'\" onkeyup='said.textContent=this.value'><p id=said></p>")
    for text in ("abc", "x", "Åse"):
        assert said(act(pages, ActionKind.TYPE, "q", text)) == text
    area = "<textarea name=q onkeyup='said.textContent=this.value.length'></textarea><p id=said></p>"
    show(pages, area)
    act(pages, ActionKind.TYPE, "q", "two\nlines\n")
    assert element(pages.snapshot(), "q").attrs["value"] == "two\nlines\n"


def test_a_field_that_no_key_reaches_gets_its_text_whole(pages: ChromiumEngine) -> None:
    show(pages, "<input name=q onkeydown='event.preventDefault()'>")
    for text in ("-10", "7", "two words"):
        act(pages, ActionKind.TYPE, "q", text)
        assert element(pages.snapshot(), "q").attrs["value"] == text
    show(pages, "<input name=q maxlength=2><input name=next>")
    act(pages, ActionKind.TYPE, "q", "123")
    assert element(pages.snapshot(), "q").attrs["value"] == "12"
    show(pages, "<input name=q oninput='if (this.value) { this.value = null; next.focus() }'><input id=next name=next>")
    act(pages, ActionKind.TYPE, "q", "1")
    assert not element(pages.snapshot(), "next").attrs.get("value")


def test_a_key_may_lead_away_from_its_field(pages: ChromiumEngine) -> None:
    show(pages, "<form action=/echo><input name=q onkeyup='this.form.submit()'></form>")
    assert act(pages, ActionKind.TYPE, "q", "on").title == "Echo"
    show(pages, "<input name=q onkeyup='alert(this.value)'>")
    act(pages, ActionKind.TYPE, "q", "on")
    assert element(pages.snapshot(), "q").attrs["value"] == "on"
    show(pages, "<input name=q onkeyup=\"location='http://elsewhere.test/'\">")
    with pytest.raises(ActionTargetError, match=r"http://elsewhere\.test/ lies outside the sites"):
        act(pages, ActionKind.TYPE, "q", "on")


def test_enter_is_refused_by_what_takes_no_keys(pages: ChromiumEngine) -> None:
    show(pages, "<form action=/echo><input name=q></form><div onclick='this.textContent=1'>Card</div>")
    act(pages, ActionKind.TYPE, "q", "x")
    with pytest.raises(ActionTargetError, match="The element takes no keys; click it"):
        act(pages, ActionKind.PRESS_ENTER, "Card")
    assert pages.snapshot().title != "Echo"
    assert act(pages, ActionKind.PRESS_ENTER, "q").title == "Echo"


def test_the_mouse_does_not_hover_over_the_next_episodes_page(pages: ChromiumEngine) -> None:
    assert "shown" not in show(pages, HOVERED.replace(" onclick=''", ""))
    assert "shown" not in show(pages, HOVERED)
    act(pages, ActionKind.HOVER, "Head")
    assert "shown" in text_of(pages.snapshot())
    plain = HOVERED.replace(" onclick=''", "")
    show(pages, plain)
    heading = next(node for node in pages.snapshot().body.walk() if node.tag == "h2")
    pages.execute(Action(ActionKind.HOVER), heading.ref)
    assert "shown" in text_of(pages.snapshot())
    assert "shown" not in show(pages, plain)


def test_waiting_is_for_pages_that_go_on_by_themselves_too(pages: ChromiumEngine) -> None:
    show(pages, "<meta http-equiv=Refresh content='1;url=/page/second.html'>wait")
    for _ in range(3):
        pages.execute(Action(ActionKind.WAIT), None)
    assert pages.snapshot().title == "Second"
