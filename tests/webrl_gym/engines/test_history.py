"""Going back and forward shows the same on both engines: pages as they came, with what was typed and chosen in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, request

from tests.webrl_gym.engines.hands import element, text_of
from webrl_gym.actions import Action, ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.engines.protocol import Engine
from webrl_gym.engines.static import StaticEngine
from webrl_gym.errors import ActionTargetError
from webrl_gym.sites.server import SiteServer
from webrl_gym.sites.worlds import World
from webrl_gym.types import EMBEDDED_URLS, Site

SHOP = EMBEDDED_URLS[Site.SHOPPING]
FORM = """<title>Form</title><p>answer {number}</p>
<form method=post action=/sent><input name=city><input name=secret type=password><input name=off autocomplete=off>
<input name=gift type=checkbox><input name=size type=radio value=s checked><input name=size type=radio value=l>
<select name=colour><option>red<option>green</select><textarea name=note>as it was</textarea>
<button>Send</button></form>
<form autocomplete=off><input name=apart></form>
<a href=/other>Other</a><a href=#end>End</a><details><summary>More</summary>inside</details><p id=end>end</p>"""


def make_app() -> Flask:
    app = Flask(__name__)
    numbers = itertools.count(1)

    @app.get("/form")
    def form() -> str:
        return FORM.format(number=next(numbers))

    @app.post("/sent")
    def sent() -> Response:
        city = request.form["city"]
        status = int(city) if city.isdigit() else 200
        return Response(f"<title>Sent</title><p>answer {next(numbers)}</p><a href=/other>Other</a>", status=status)

    @app.get("/guarded")
    def guarded() -> Response:
        return Response(f"<title>Guarded</title><p>answer {next(numbers)}</p><a href=/other>Other</a>", status=401)

    @app.get("/other")
    def other() -> str:
        return "<title>Other</title><a href=/form>Form</a><a href=/other>Other</a>"

    return app


@pytest.fixture(params=["static", pytest.param("chromium", marks=pytest.mark.browser)])
def engine(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    app = make_app()
    if request.param == "static":
        made: Engine = StaticEngine(world)
        monkeypatch.setattr(made, "_dispatcher", app)
    else:
        made = ChromiumEngine(None, server=SiteServer(app, ["shopping.test"]), origins=[SHOP])
    yield made
    made.close()


def act(engine: Engine, kind: ActionKind, name: str = "", argument: str | None = None) -> str:
    target: Any = element(engine.snapshot(), name).ref if name else None
    engine.execute(Action(kind, argument=argument), target)
    return text_of(engine.snapshot())


def back(engine: Engine) -> str:
    return act(engine, ActionKind.GO_BACKWARD)


def test_what_was_typed_and_chosen_is_there_again(engine: Engine) -> None:
    engine.start([f"{SHOP}/form"], [])
    assert text_of(engine.snapshot()).startswith("answer 1")
    for name in ("city", "secret", "off", "apart"):
        act(engine, ActionKind.TYPE, name, "Voss")
    act(engine, ActionKind.TYPE, "note", "a\nb")
    act(engine, ActionKind.SELECT_DROPDOWN_OPTION, "colour", "green")
    act(engine, ActionKind.CLICK, "gift")
    act(engine, ActionKind.CLICK, "size")
    act(engine, ActionKind.CLICK, "More")
    with engine.evaluation_page(at_end=True) as page:
        assert "Voss" not in page.content()  # the page as it came
        assert "as it was" in page.content()
    left = act(engine, ActionKind.CLICK, "Other")
    expected = """answer 1
<input id="0" value="Voss"> <input id="1" type="password"> <input id="2"> <input id="3" type="checkbox" checked>\
 <input id="4" type="radio" checked> <input id="5" type="radio"> <select id="6" value="green"> red | green </select>\
 <textarea id="7"> a b </textarea> <button id="8"> Send </button>
<input id="9">
<a id="10"> Other </a> <a id="11"> End </a>
<summary id="12" expanded="false"> More </summary>
end"""
    assert back(engine) == expected
    assert act(engine, ActionKind.GO_FORWARD) == left
    assert back(engine) == expected


def test_a_page_is_shown_as_it_came_last(engine: Engine) -> None:
    engine.start([f"{SHOP}/form"], [])
    act(engine, ActionKind.TYPE, "city", "Voss")
    act(engine, ActionKind.CLICK, "Other")
    assert act(engine, ActionKind.CLICK, "Form").startswith('answer 2\n<input id="0"> ')
    back(engine)
    assert back(engine).startswith('answer 2\n<input id="0" value="Voss"> ')


def test_a_page_that_a_form_led_to_is_kept(engine: Engine) -> None:
    engine.start([f"{SHOP}/form"], [])
    act(engine, ActionKind.TYPE, "city", "422")
    sent = act(engine, ActionKind.CLICK, "Send")
    assert sent.startswith("answer 2")
    act(engine, ActionKind.CLICK, "Other")
    assert back(engine) == sent
    assert back(engine).startswith('answer 1\n<input id="0" value="422"> ')


def test_what_no_browser_keeps_is_asked_for_again_or_refused(engine: Engine) -> None:
    engine.start([f"{SHOP}/guarded"], [])
    act(engine, ActionKind.CLICK, "Other")
    assert back(engine).startswith("answer 2")
    engine.start([f"{SHOP}/form"], [])
    act(engine, ActionKind.TYPE, "city", "401")
    assert act(engine, ActionKind.CLICK, "Send").startswith("answer 4")
    act(engine, ActionKind.CLICK, "Other")
    with pytest.raises(ActionTargetError, match="came from a form that was sent and was not kept"):
        back(engine)
    assert engine.snapshot().url == f"{SHOP}/other"
    act(engine, ActionKind.CLICK, "Other")
    with pytest.raises(ActionTargetError, match="no later page"):
        act(engine, ActionKind.GO_FORWARD)


def test_a_fragment_is_an_entry_of_its_own(engine: Engine) -> None:
    engine.start([f"{SHOP}/form"], [])
    act(engine, ActionKind.CLICK, "More")
    opened = act(engine, ActionKind.CLICK, "End")
    assert engine.snapshot().url == f"{SHOP}/form#end"
    assert back(engine) == opened
    assert engine.snapshot().url == f"{SHOP}/form"
    with pytest.raises(ActionTargetError, match="no earlier page"):
        back(engine)
    act(engine, ActionKind.GO_FORWARD)
    assert act(engine, ActionKind.CLICK, "End") == opened
    back(engine)
    assert engine.snapshot().url == f"{SHOP}/form"


def test_enter_is_refused_by_what_takes_no_keys(engine: Engine) -> None:
    engine.start([f"{SHOP}/form"], [])
    act(engine, ActionKind.TYPE, "city", "Voss")
    paragraph = next(node for node in engine.snapshot().body.walk() if node.attrs.get("id") == "end")
    with pytest.raises(ActionTargetError, match="takes no keys"):
        engine.execute(Action(ActionKind.PRESS_ENTER), paragraph.ref)
    assert engine.snapshot().url == f"{SHOP}/form"
