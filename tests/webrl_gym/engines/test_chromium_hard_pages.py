"""Pages that are large, broken, restless or hostile: they are read and acted on, or refused with a sentence."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.serving import make_server

from tests.webrl_gym.engines.conftest import ROOT, made, make_engine, pages_app
from tests.webrl_gym.engines.hands import act, click, element, said, text_of, visit
from webrl_gym.actions import Action, ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import ActionTargetError, BrowserError, SiteError
from webrl_gym.observation import simplify
from webrl_gym.types import PageSnapshot

pytestmark = pytest.mark.browser


def show(engine: ChromiumEngine, source: str) -> PageSnapshot:
    engine.start([made("<!DOCTYPE html><title>Page</title>" + source)], [])
    return engine.snapshot()


@pytest.fixture
def own_engine() -> Iterator[ChromiumEngine]:
    engine = make_engine()
    yield engine
    engine.close()


# Controls of every kind.


def test_a_list_that_takes_several_is_set_to_those_that_are_named(pages: ChromiumEngine) -> None:
    show(pages, "<select multiple name=fruit><option>Apple<option>Pear<option>Plum<option disabled>Fig</select>")
    page = act(pages, ActionKind.SELECT_DROPDOWN_OPTION, "fruit", "Apple | plum")
    assert 'value="Apple | Plum" multiple' in text_of(page)
    assert 'value="Pear" multiple' in text_of(act(pages, ActionKind.SELECT_DROPDOWN_OPTION, "fruit", "Pear"))
    for wrong, reason in (("Apple | Kiwi", 'no option "Kiwi"'), ("Fig", "disabled")):
        with pytest.raises(ActionTargetError, match=reason):
            act(pages, ActionKind.SELECT_DROPDOWN_OPTION, "fruit", wrong)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("range", "7", "7"),
        ("number", "2.5", "2.5"),
        ("date", "2024-02-29", "2024-02-29"),
        ("time", "23:59", "23:59"),
        ("month", "2024-02", "2024-02"),
        ("week", "2024-W07", "2024-W07"),
        ("datetime-local", "2024-02-29T23:59", "2024-02-29T23:59"),
        ("color", "#00ff00", "#00ff00"),
        ("email", "a@b.c", "a@b.c"),
    ],
)
def test_fields_of_every_type_are_set(pages: ChromiumEngine, kind: str, text: str, value: str) -> None:
    show(pages, f"<input type={kind} name=field max=10 step=any>")
    assert element(act(pages, ActionKind.TYPE, "field", text), "field").attrs["value"] == value


@pytest.mark.parametrize(
    ("kind", "text"), [("range", "wide"), ("date", "2023-02-31"), ("time", "noon"), ("color", "red")]
)
def test_fields_refuse_what_they_cannot_hold(pages: ChromiumEngine, kind: str, text: str) -> None:
    before = element(show(pages, f"<input type={kind} name=field>"), "field").attrs.get("value")
    with pytest.raises(ActionTargetError, match=f'not "{text}"'):
        act(pages, ActionKind.TYPE, "field", text)
    assert element(pages.snapshot(), "field").attrs.get("value") == before


def test_a_custom_check_box_takes_a_click_on_its_cover(pages: ChromiumEngine) -> None:
    page = show(
        pages,
        "<style>label { position: relative } input { opacity: 0 } i { position: absolute; inset: 0; background: red }"
        "</style><input type=checkbox id=box name=box style='display: inline'><label for=box>Agree<i></i></label>"
        "<div style='position: absolute; inset: 0 auto auto 0; width: 40px; height: 40px; background: blue'></div>",
    )
    assert "checked" not in element(page, "box").attrs
    assert "checked" in element(click(pages, "box"), "box").attrs


def test_an_element_in_a_scrolled_box_is_reached(pages: ChromiumEngine) -> None:
    show(
        pages,
        "<p id=said></p><div style='height: 100px; overflow: auto'><div style='height: 2000px'></div>"
        "<button onclick=\"said.textContent = 'reached'\">Low</button></div>",
    )
    assert said(click(pages, "Low")) == "reached"


# Dialogs and windows.


def test_a_page_that_asks_before_it_is_left_is_left(pages: ChromiumEngine) -> None:
    show(
        pages,
        "<input name=draft><a href='/page/second.html'>Leave</a><script>"
        "addEventListener('beforeunload', (event) => { event.preventDefault(); event.returnValue = 'Sure?' })</script>",
    )
    act(pages, ActionKind.TYPE, "draft", "words")
    assert click(pages, "Leave").title == "Second"


def test_dialogs_while_loading_and_prompts_are_answered(pages: ChromiumEngine) -> None:
    page = show(pages, "<script>alert('Hello'); document.write(prompt('Name?', 'nobody'))</script>")
    assert "nobody" in text_of(page)
    assert 'The page said "Hello" in a dialog (alert)' in text_of(page)


def test_printing_does_nothing(pages: ChromiumEngine) -> None:
    show(pages, "<p id=said></p><button onclick=\"print(); said.textContent = 'printed'\">Print</button>")
    assert said(click(pages, "Print")) == "printed"


# Restless pages.


@pytest.mark.slow
def test_a_page_that_never_stops_loading_is_read(pages: ChromiumEngine) -> None:
    show(pages, "<p>already here</p><script async src='/endless'></script><a href='/page/second.html'>On</a>")
    assert "already here" in text_of(pages.snapshot())
    assert click(pages, "On").title == "Second"


def test_a_page_that_moves_on_while_it_is_read_is_read_where_it_ends(pages: ChromiumEngine) -> None:
    page = show(
        pages,
        "<p id=said></p><script>const n = +(new URLSearchParams(location.search).get('n') ?? 0); said.textContent = n;"
        "const next = location.search.replace(/&n=.*|$/, '&n=' + (n + 1));"
        "if (n < 8) setTimeout(() => { location.search = next }, 5)</script>",
    )
    assert said(page) == "8"


@pytest.mark.slow
def test_a_page_that_hangs_fails_the_episode_and_the_next_one_works(own_engine: ChromiumEngine) -> None:
    show(own_engine, "<button onclick='for (;;) {}'>Hang</button>")
    button = element(own_engine.snapshot(), "Hang").ref
    with pytest.raises(BrowserError, match="did not answer in time"):
        own_engine.execute(Action(ActionKind.CLICK), button)
    assert visit(own_engine, "second").title == "Second"


@pytest.mark.slow
def test_a_slow_document_is_waited_for_and_a_silent_site_is_a_failure(own_engine: ChromiumEngine) -> None:
    show(own_engine, "<a href='/slow?seconds=8'>Slow</a>")
    assert "fetched" in text_of(click(own_engine, "Slow"))
    show(own_engine, "<a href='/slow?seconds=60'>Silent</a>")
    with pytest.raises(SiteError, match="did not answer within"):
        click(own_engine, "Silent")
    assert visit(own_engine, "second").title == "Second"


def test_a_site_that_is_not_there_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dead = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = make_server("127.0.0.1", 0, pages_app(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.port}"
    engine = ChromiumEngine(None, origins=[root, dead])
    try:
        engine.start([made(f"<a href='{dead}/'>Dead</a>", root)], [])
        with pytest.raises(SiteError, match="cannot be reached"):
            click(engine, "Dead")
    finally:
        engine.close()
        server.shutdown()
        server.server_close()


# Large and broken ones.


@pytest.mark.slow
def test_twenty_thousand_elements(pages: ChromiumEngine) -> None:
    page = show(
        pages,
        "<div id=rows></div><p id=said></p><script>for (let i = 0; i < 10000; i++) rows.insertAdjacentHTML('beforeend',"
        "`<div><a href='#${i}' onclick='said.textContent = ${i}'>Row ${i}</a></div>`)</script>",
    )
    assert len(simplify(page).elements) == 10_000
    assert said(click(pages, "Row 9999")) == "9999"


@pytest.mark.parametrize(
    ("charset", "text"), [("windows-1251", "Привет"), ("shift_jis", "日本語"), ("utf-16", "Grüße"), ("latin-1", "Ærø")]
)
def test_pages_in_other_encodings(pages: ChromiumEngine, charset: str, text: str) -> None:
    body = f"<!DOCTYPE html><title>{text}</title><p>{text}</p>".encode(charset)
    pages.start([f"{ROOT}/bytes?charset={charset}&hex={body.hex()}"], [])
    page = pages.snapshot()
    assert (page.title, text_of(page)) == (text, text)


@pytest.mark.parametrize(
    "source",
    [
        "<p>one<table><tr><td>two<a href='/'>three</table></b></i><div><p>four",
        "<a href='/'>one <a href='/'>two</a> three</a><select><option>four<div>five</select>",
        "<form><form><input name=a></form><button>b</form>" * 50,
        "\x00\x01 control \ufffe characters \udcff".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    ],
)
def test_broken_markup_gives_a_page(pages: ChromiumEngine, source: str) -> None:
    assert simplify(show(pages, source)).window(0, 2_000)[0]


def test_names_of_fields_and_images_hide_no_page(pages: ChromiumEngine) -> None:
    names = (
        "attributes localName nodeType childNodes firstChild children shadowRoot parentElement firstElementChild "
        "matches checkVisibility getAttribute body title scripts documentElement querySelector isConnected"
    )
    fields = "".join(f"<input name={name} aria-label={name}><img name={name}>" for name in names.split())
    page = show(pages, f"<p>before</p><form action=/echo><p>inside</p>{fields}<button>Send</button></form>")
    text = text_of(page)
    assert text.startswith("before\ninside")
    assert len(simplify(page).elements) == len(names.split()) + 1
    assert click(pages, "Send").title == "Echo"
    clickable = "<form onclick=\"said.textContent = 'reached'\">Press here"
    page = show(
        pages, f"<p id=said></p>{clickable}{fields}<input name=labels><input name=getBoundingClientRect></form>"
    )
    pages.execute(Action(ActionKind.CLICK), simplify(page).elements["0"].ref)
    assert said(pages.snapshot()) == "reached"


def test_halves_of_characters_reach_nobody(pages: ChromiumEngine) -> None:
    show(pages, "<select name=face aria-label=Face><option>:)</select><script>document.title = 'a\\ud800b'</script>")
    with pytest.raises(ActionTargetError) as refused:
        act(pages, ActionKind.SELECT_DROPDOWN_OPTION, "face", "x" * 59 + "😀")
    str(refused.value).encode()
    pages.start([f"{ROOT}/page/second.html", made("<script>document.title = 'a\\ud800b'</script>")], [])
    "".join(pages.snapshot().tabs).encode()


@pytest.mark.parametrize("chooser", ["f", "l"])
def test_files_cannot_be_chosen_by_any_way(pages: ChromiumEngine, chooser: str) -> None:
    button = f"<button onclick='{chooser}.click()'>Attach</button>"
    show(pages, f"<input type=file id=f style='display: none'><label id=l for=f>Paper</label>{button}")
    with pytest.raises(ActionTargetError, match="Files cannot be chosen here"):
        click(pages, "Attach")


@pytest.mark.slow
def test_no_more_windows_than_there_may_be(pages: ChromiumEngine) -> None:
    show(pages, "<button onclick=\"for (let i = 0; i < 30; i++) window.open('/page/second.html')\">Many</button>")
    page = click(pages, "Many")
    assert len(page.tabs) == 20
    assert "no more can be opened" in text_of(page)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_bytes_are_a_page(pages: ChromiumEngine, body: bytes) -> None:
    pages.start([f"{ROOT}/bytes?charset=&hex={body.hex()}"], [])
    began = time.monotonic()
    text, _ = simplify(pages.snapshot()).window(0, 1_000)
    text.encode()
    assert time.monotonic() - began < 20
