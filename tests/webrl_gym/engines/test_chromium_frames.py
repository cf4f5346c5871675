"""Frames of the same and of other origins, and shadow roots: read in their places, and acted on."""

from __future__ import annotations

import html

import pytest

from tests.webrl_gym.engines.conftest import OTHER_ROOT, ROOT, made
from tests.webrl_gym.engines.hands import act, click, element, text_of
from webrl_gym.actions import Action, ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import ActionTargetError
from webrl_gym.observation import StableIds, simplify
from webrl_gym.page_writer import visible_text
from webrl_gym.types import PageSnapshot

pytestmark = pytest.mark.browser

INNER = """<!DOCTYPE html><body style="margin: 40px"><p id=said>quiet</p>
<label for=name>Name</label><input id=name name=Name>
<div style="height: 900px"></div>
<button onclick="said.textContent = 'heard ' + document.getElementById('name').value">Speak</button>
<select id=size aria-label=Size><option>Small<option>Large</select>"""


def show(engine: ChromiumEngine, source: str) -> PageSnapshot:
    engine.start([made("<!DOCTYPE html><title>Outer</title>" + source)], [])
    return engine.snapshot()


def framed(address: str) -> str:
    return f'<p>before</p><iframe src="{html.escape(address)}" width=500 height=200></iframe><p>after</p>'


@pytest.mark.parametrize("root", [ROOT, OTHER_ROOT], ids=["same-origin", "cross-origin"])
def test_a_frame_is_read_in_its_place_and_can_be_used(pages: ChromiumEngine, root: str) -> None:
    page = show(pages, "<label for=name>Outer name</label><input id=name>" + framed(made(INNER, root)))
    assert text_of(page).split("\n") == [
        '<input id="0" label="Outer name">',
        "before",
        "quiet",
        '<input id="1" label="Name">',
        '<button id="2"> Speak </button> <select id="3" label="Size" value="Small"> Small | Large </select>',
        "after",
    ]
    act(pages, ActionKind.TYPE, "Name", "Ada")
    act(pages, ActionKind.SELECT_DROPDOWN_OPTION, "Size", "Large")
    text = text_of(click(pages, "Speak"))
    assert "heard Ada" in text
    assert 'value="Large"' in text


def test_frames_in_frames_of_other_origins(pages: ChromiumEngine) -> None:
    innermost = made("<button onclick=\"this.textContent = 'Done'\">Deep</button>", ROOT)
    middle = made("<p>middle</p>" + framed(innermost), OTHER_ROOT)
    page = show(pages, framed(middle))
    assert [line for line in text_of(page).split("\n") if "fore" not in line and "after" not in line] == [
        "middle",
        '<button id="0"> Deep </button>',
    ]
    assert '<button id="0"> Done </button>' in text_of(click(pages, "Deep"))


def test_a_link_in_a_frame_moves_the_frame_only(pages: ChromiumEngine) -> None:
    show(pages, framed(made(f"<a href='{ROOT}/page/second.html'>Go</a>", OTHER_ROOT)))
    page = click(pages, "Go")
    assert page.title == "Outer"
    assert "First page" in text_of(page)


def test_elements_of_a_frame_that_moved_on_are_stale(pages: ChromiumEngine) -> None:
    page = show(pages, framed(made(f"<a href='{ROOT}/page/second.html'>Go</a>", OTHER_ROOT)))
    link = element(page, "Go").ref
    pages.execute(Action(ActionKind.CLICK), link)
    with pytest.raises(ActionTargetError, match="page has changed"):
        pages.execute(Action(ActionKind.CLICK), link)


def test_stable_ids_survive_the_moves_of_other_frames(pages: ChromiumEngine) -> None:
    ids = StableIds()

    def read(page: PageSnapshot) -> dict[str, str]:
        simple = simplify(page, ids.of(page))
        return {visible_text(node): identity for identity, node in simple.elements.items()}

    moving = framed(made(f"<a href='{ROOT}/page/second.html'>Go</a>", OTHER_ROOT))
    first = read(show(pages, moving + framed(made("<button>Stay</button>", OTHER_ROOT))))
    second = read(click(pages, "Go"))
    assert second["Stay"] == first["Stay"]
    assert first["Go"] not in second.values()


def test_a_frame_that_leads_out_stays_empty(pages: ChromiumEngine) -> None:
    assert text_of(show(pages, framed("http://elsewhere.test/"))) == "before\nafter"


def test_a_covered_frame_is_noticed(pages: ChromiumEngine) -> None:
    cover = '<div style="position: fixed; inset: 0; background: silver">A cover</div>'
    page = show(pages, framed(made(INNER, ROOT)) + cover)
    with pytest.raises(ActionTargetError, match='covered by <div> "A cover"'):
        pages.execute(Action(ActionKind.CLICK), element(page, "Speak").ref)


SHADOW = """<p>light</p><my-box><b slot=head>Head</b><span>unslotted</span></my-box><script>
const root = document.querySelector('my-box').attachShadow({mode: 'open'});
root.innerHTML = `<slot name=head>fallback</slot> <slot name=none>standing in</slot>
  <label for=inner>Inner</label><input id=inner name=Inner> <button>Press</button><p id=said>quiet</p>`;
root.querySelector('button').onclick = () => setTimeout(() => {
  root.querySelector('#said').textContent = 'heard ' + root.querySelector('input').value }, 20);
</script>"""


def test_open_shadow_roots_are_read_as_they_show(pages: ChromiumEngine) -> None:
    assert text_of(show(pages, SHADOW)).split("\n") == [
        "light",
        'Head standing in <input id="0" label="Inner"> <button id="1"> Press </button>',
        "quiet",
    ]


def test_controls_in_shadow_roots_can_be_used(pages: ChromiumEngine) -> None:
    show(pages, SHADOW)
    act(pages, ActionKind.TYPE, "Inner", "Ada")
    assert "heard Ada" in text_of(click(pages, "Press"))


def test_what_style_sheets_hide_is_left_out(pages: ChromiumEngine) -> None:
    page = show(
        pages,
        "<p style='display: none'>gone</p>"
        "<p style='visibility: hidden'>faded <b style='visibility: visible'>back</b></p>"
        "<div style='display: contents'>grouped</div><input id=q placeholder=Ask><label for=q hidden>Query</label>"
        "<dialog>closed</dialog><dialog open>opened</dialog>",
    )
    assert text_of(page).split("\n") == ["back", "grouped", '<input id="0" label="Query">', "opened"]
