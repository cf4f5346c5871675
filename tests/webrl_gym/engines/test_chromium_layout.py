"""Profile ``webrl``: the text that WebRL's released policies were trained on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.webrl_gym.engines.conftest import ROOT, made, make_engine
from webrl_gym.actions import Action, ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import ActionTargetError, SiteError
from webrl_gym.observation_webrl import LayoutPage, simplify_webrl
from webrl_gym.reading import WebRLReader

pytestmark = pytest.mark.browser

GOLDENS = Path(__file__).resolve().parents[4] / "shared" / "goldens" / "observation.json"
BOX = re.compile(r' data-bbox="(-?\d+),(-?\d+),(\d+),(\d+)"')
BOX_TOLERANCE = 2
"""Pixels; fonts differ from machine to machine."""
HEAD = "<!DOCTYPE html><meta charset=utf-8>"

RULES = {
    "text before the first child is written, all of it stands in data-text": (
        "<p> one <b>two</b> three  four </p>",
        '<p data-text="one,three four"> one <b data-text="two"> two </b> </p>',
    ),
    "a wrapper stays when two of its children hold something": (
        "<div><div><p>a</p></div></div><div><p>b</p><section><p>c</p></section></div>",
        '<body> <p data-text="a"> a </p> <div> <p data-text="b"> b </p> <p data-text="c"> c </p> </div> </body>',
    ),
    "comments, scripts and styles are as if they were not there": (
        "<p>a<!-- b -->c<script>d</script>e<style>f {}</style><b>g</b></p>",
        '<p data-text="a,c,e"> ace <b data-text="g"> g </b> </p>',
    ),
    "what the window does not show stays out": (
        "<div style='height: 800px'>seen</div><p>below</p><button>below, too</button>",
        '<body> <div data-text="seen"> seen </div> </body>',
    ),
    "hidden things stay out, what aria-hides is not written but numbered": (
        "<p hidden>no</p><p style='display: none'>no</p><p aria-hidden=true>no</p><a href=x aria-hidden=true>yes</a>",
        '<body> <a id="0" data-text="yes"> yes </a> </body>',
    ),
    "unseen text still counts when wrappers are weighed": (
        "<div><p hidden>no</p><p>yes</p></div>",
        '<div> <p data-text="yes"> yes </p> </div>',
    ),
    "only the innermost of what can be clicked is numbered": (
        "<a href=x>out <button>in</button></a> <span style='cursor: pointer'>all <i>of it</i></span>",
        '<body> <a data-text="out"> out <button id="0" data-text="in"> in </button> </a> '
        '<span data-text="all"> all <i id="1" data-text="of it"> of it </i> </span> </body>',
    ),
    "what is covered is not numbered": (
        "<div style='position: relative'><button>under</button>"
        "<div style='position: absolute; inset: 0; background: white'>over</div></div>",
        '<div> <button data-text="under"> under </button> <div data-text="over"> over </div> </div>',
    ),
    "an empty button is written, an empty box is not": ("<button></button><div></div>", '<button id="0"> </button>'),
    "roles, handlers, class names and tab order make things clickable": (
        "<div role=Tab>a</div><div onclick='1'>b</div><div class=BigButton>c</div><div tabindex=0>d</div>"
        "<div contenteditable>e</div><div jsaction='click:f.g'>f</div><div tabindex=-1 role=note>g</div>",
        '<body> <div id="0" data-text="a"> a </div> <div id="1" data-text="b"> b </div> '
        '<div id="2" data-text="c"> c </div> <div id="3" data-text="d"> d </div> <div id="4" data-text="e"> e </div> '
        '<div id="5" data-text="f"> f </div> <div data-text="g"> g </div> </body>',
    ),
    "so do handlers that scripts set, and jsaction only with an action": (
        "<div id=a>a</div><div jsaction='none.x'>b</div><div jsaction='focus:x.y;z'>c</div>"
        "<script>a.onclick = () => 1</script>",
        '<body> <div id="0" data-text="a"> a </div> <div data-text="b"> b </div> <div data-text="c"> c </div> </body>',
    ),
    "labels of usable controls and images with a map can be clicked": (
        "<label for=u>U</label><input id=u disabled><label>V <input id=v></label><label for=v>W</label><label>X</label>"
        "<img src=i title=map usemap='#m'><img src=i title=none><map name=m></map>",
        '<body> <label data-text="U"> U </label> <input id="0"> </input> '
        '<label data-text="V"> V <input id="1"> </input> </label> <label id="2" data-text="W"> W </label> '
        '<label data-text="X"> X </label> <img id="3" title="map"> </img> <img title="none"> </img> </body>',
    ),
    "values are those of now, and said once": (
        "<input value=old id=i title=Name placeholder=old><textarea title=T>old</textarea><input type=checkbox checked>"
        "<input type=hidden value=no><script>i.value = 'new'; document.querySelector('textarea').value = ''</script>",
        '<body> <input id="0" title="Name" value="old" data-value="new"> </input> '
        '<textarea id="1" title="T" data-text="old"> old </textarea> '
        '<input id="2" type="checkbox" data-value="on" data-status="checked"> </input> </body>',
    ),
    "a select box is written with its options": (
        "<select><option value=a>A</option><option selected value=b>B</option><optgroup label=g><option>C</option>"
        "</optgroup></select>",
        '<select id="0" data-value="b" data-text="B"> <option value="a" data-text="A"> A </option> '
        '<option value="b" data-text="B" data-status="selected"> B </option> </select>',
    ),
    "long texts are cut at 500 characters": (
        f"<p>{'x' * 501}</p>",
        f'<p data-text="{"x" * 500}"> {"x" * 500} </p>',
    ),
    "white space is one space; what quotes say is not escaped": (
        "<p title='a\n\n b'>\n 1 &lt; 2\n&nbsp;&amp;  \"3\"&nbsp;</p>",
        '<p title="a b" data-text="1 < 2 & "3""> 1 < 2 \xa0& "3" </p>',
    ),
    "what follows wbr lies in it": (
        "<p>so<wbr>me <b>text</b> <i>more</i></p>",
        '<p data-text="so,me"> so <b data-text="text"> text </b> <i data-text="more"> more </i> </p>',
    ),
    "a page gives no ids and boxes of its own": (
        "<p data-label-id=9 data-bbox='1,1,1,1' data-testid=t data-status=s>a</p><p hidden data-bbox='1,1,1,1'>b</p>",
        '<body> <p data-text="a" data-testid="t" data-status="s"> a </p> </body>',
    ),
    "a form may have a field of any name": (
        "<form title=F><input name=attributes><input name=title><p>a</p></form>",
        '<form title="F"> <input id="0"> </input> <input id="1"> </input> <p data-text="a"> a </p> </form>',
    ),
    "shadow roots and frames stay closed": (
        "<div id=host>light</div><iframe srcdoc='<p>inner'></iframe>"
        "<script>host.attachShadow({mode: 'open'}).innerHTML = '<p>shadow</p>'</script>",
        '<div data-text="light"> light </div> <iframe id="0"> </iframe>',
    ),
}


@pytest.fixture(scope="module")
def layout() -> Iterator[ChromiumEngine]:
    engine = make_engine("webrl")
    yield engine
    engine.close()


def read(engine: ChromiumEngine, source: str) -> LayoutPage:
    engine.start([made(source)], [])
    return simplify_webrl(engine.snapshot())


def golden_cases() -> list[dict[str, str]]:
    return json.loads(GOLDENS.read_text(encoding="utf-8"))["cases"] if GOLDENS.exists() else []


@pytest.mark.skipif(not GOLDENS.exists(), reason="the pages of the released pipeline are not here")
@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case["name"])
def test_text_is_that_of_the_released_pipeline(case: dict[str, str], layout: ChromiumEngine) -> None:
    text = read(layout, case["html"]).text
    assert BOX.sub("", text) == BOX.sub("", case["expected"])
    boxes = zip(BOX.findall(text), BOX.findall(case["expected"]), strict=True)
    for found, expected in boxes:
        assert [int(edge) for edge in found] == pytest.approx([int(edge) for edge in expected], abs=BOX_TOLERANCE)


@pytest.mark.parametrize(("source", "expected"), RULES.values(), ids=RULES)
def test_rules_of_the_format(source: str, expected: str, layout: ChromiumEngine) -> None:
    assert BOX.sub("", read(layout, HEAD + source).text) == expected


def test_boxes_are_those_of_the_first_line_in_whole_pixels(layout: ChromiumEngine) -> None:
    source = "<p style='position: absolute; left: -10.4px; top: 20.5px; width: 100.3px; height: 30px; margin: 0'>a</p>"
    assert read(layout, HEAD + source).text == '<p data-text="a" data-bbox="-10,21,100,30"> a </p>'


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("", "Ã©\xa0x"),
        ("<meta charset=utf-8>", "é\xa0x"),
        ("<meta http-equiv=Content-Type content='text/html; charset=utf-8'>", "é\xa0x"),
        ("<title>é</title><meta charset=utf-8>", "Ã©\xa0x"),
    ],
    ids=["undeclared", "declared", "http-equiv", "declared too late"],
)
def test_a_page_is_misread_as_the_released_parser_does(head: str, expected: str, layout: ChromiumEngine) -> None:
    assert f'<p data-text="{expected}"' in read(layout, f"{head}<p>é&nbsp;x</p>").text


def test_deep_pages_are_flattened_and_keep_their_text(layout: ChromiumEngine) -> None:
    text = read(layout, HEAD + "<div title=d>" * 400 + "<a href='/'>bottom</a>").text
    assert '<a id="0" data-text="bottom"' in text
    assert text.count("</div>") == 400


def test_broken_characters_are_replaced(layout: ChromiumEngine) -> None:
    assert "a\ufffdb" in read(layout, f"{HEAD}<p id=p></p><script>p.textContent = 'a\\ud800b'</script>").text


def test_what_a_dialog_said_comes_first(layout: ChromiumEngine) -> None:
    page = read(layout, f"{HEAD}<button onclick='alert(1)'>Tell</button>")
    layout.execute(Action(ActionKind.CLICK), page.elements["0"].ref)
    assert simplify_webrl(layout.snapshot()).text.startswith('<p> The page said "1" in a dialog')


def test_elements_can_be_used_by_their_ids(layout: ChromiumEngine) -> None:
    layout.start([f"{ROOT}/page/viewport.html"], [])
    page = simplify_webrl(layout.snapshot())
    assert {name: node.attrs.get("data-text") for name, node in page.elements.items()} == {
        "0": None,
        "1": "Greet",
        "2": "Second page",
    }
    layout.execute(Action(ActionKind.TYPE, argument="Ada"), page.elements["0"].ref)
    layout.execute(Action(ActionKind.CLICK), page.elements["1"].ref)
    after = simplify_webrl(layout.snapshot())
    assert 'data-text="Hello Ada"' in after.text
    layout.execute(Action(ActionKind.CLICK), after.elements["2"].ref)
    assert layout.snapshot().url == f"{ROOT}/page/second.html"


def test_scrolling_moves_the_window_by_two_thirds(layout: ChromiumEngine) -> None:
    layout.start([f"{ROOT}/page/viewport.html"], [])
    assert re.findall(r"> The (\w+) one", text_of(layout)) == ["first"]
    layout.execute(Action(ActionKind.SCROLL_DOWN), None)
    page = text_of(layout)
    assert '<body data-bbox="0,-480,' in page
    assert re.findall(r"> The (\w+) one", page) == ["middle"]
    layout.execute(Action(ActionKind.SCROLL_DOWN), None)
    assert re.findall(r"> The (\w+) one", text_of(layout)) == ["last"]
    with pytest.raises(ActionTargetError, match=r"This is the end of the page\."):
        layout.execute(Action(ActionKind.SCROLL_DOWN), None)
    for _ in range(2):
        layout.execute(Action(ActionKind.SCROLL_UP), None)
    with pytest.raises(ActionTargetError, match=r"This is the top of the page\."):
        layout.execute(Action(ActionKind.SCROLL_UP), None)


def test_a_reader_reads_scrolls_and_names_elements(layout: ChromiumEngine) -> None:
    layout.start([f"{ROOT}/page/viewport.html"], [])
    reader = WebRLReader(budget=16_000)
    reader.read(layout)
    assert (reader.url, reader.html) == (f"{ROOT}/page/viewport.html", text_of(layout))
    layout.execute(Action(ActionKind.CLICK), reader.target("1"))
    reader.scroll(ActionKind.SCROLL_DOWN, layout)
    reader.read(layout)
    assert "The middle one" in reader.html
    with pytest.raises(ActionTargetError, match='no element "1"'):
        reader.target("1")
    short = WebRLReader(budget=200)
    short.read(layout)
    assert short.html == reader.html[:200]


def test_where_the_page_is_one_scrolling_box_that_box_scrolls(layout: ChromiumEngine) -> None:
    source = (
        f"{HEAD}<div style='height: 700px; overflow: auto'><p>top</p><div style='height: 900px'></div><p>low</p></div>"
    )
    assert "low" not in read(layout, source).text
    layout.execute(Action(ActionKind.SCROLL_DOWN), None)
    assert "low" in text_of(layout)


def text_of(engine: ChromiumEngine) -> str:
    return simplify_webrl(engine.snapshot()).text


def test_files_open_below_their_root_only(tmp_path: Path) -> None:
    folder = tmp_path / "allowed here"
    folder.mkdir()
    (folder / "page.html").write_text("<p>inside</p>", encoding="utf-8")
    (tmp_path / "secret.html").write_text("<p>secret</p>", encoding="utf-8")
    script = f"<p>stays</p><script>location = '{(tmp_path / 'secret.html').as_uri()}'</script>"
    (folder / "leaves.html").write_text(script, encoding="utf-8")
    engine = ChromiumEngine(None, origins=[folder.as_uri() + "/"], profile="webrl")
    try:
        engine.start([(folder / "page.html").as_uri()], [])
        assert "inside" in text_of(engine)
        engine.start([(folder / "leaves.html").as_uri()], [])
        assert "stays" in text_of(engine)
        for way in ("/../secret.html", "/%2e%2e/secret.html", "/..%2fsecret.html"):
            with pytest.raises(SiteError):
                engine.start([folder.as_uri() + way], [])
    finally:
        engine.close()


def test_there_are_two_profiles() -> None:
    with pytest.raises(ValueError, match="profile must be full or webrl, got 'dom'"):
        ChromiumEngine(None, profile="dom")
