from __future__ import annotations

import lxml.html
from hypothesis import given
from hypothesis import strategies as st

from webrl_gym.engines.lxml_tree import page_node
from webrl_gym.observation import SimplifiedPage, StableIds, simplify
from webrl_gym.tasks.page_view import PageView
from webrl_gym.types import PageNode, PageSnapshot


def read(html: str, tabs: tuple[str, ...] = ("Page",)) -> SimplifiedPage:
    body = lxml.html.document_fromstring(f"<html><body>{html}</body></html>").find("body")
    assert body is not None
    return simplify(PageSnapshot("http://shopping.test/", "Page", page_node(body), tabs, 0))


def text_of(html: str) -> str:
    return read(html).window(0, 16_000)[0]


def test_blocks_become_lines_and_wrappers_go() -> None:
    html = "<div><div><span>Price</span></div><section>$5 <b>only</b></section></div><p>One<br>two</p>"
    assert text_of(html) == "Price\n$5 only\nOne\ntwo"


def test_every_usable_control_has_an_id_in_document_order() -> None:
    page = read(
        '<a href="/x">Link</a> <button>Go</button> <input name="q" placeholder="Search"> <textarea>Hi</textarea>'
        "<select><option>A</option><option selected>B</option></select> <a>no link</a> <button disabled>Off</button>"
        "<div onclick='x()'>Menu</div> <span role='button'>Role</span>"
    )
    assert page.window(0, 16_000)[0] == (
        '<a id="0"> Link </a> <button id="1"> Go </button> <input id="2" label="Search"> '
        '<textarea id="3"> Hi </textarea> <select id="4" value="B"> A | B </select> no link '
        "<button disabled> Off </button>\n"
        '<button id="5"> Menu </button>\n<button id="6"> Role </button>'
    )
    assert list(page.elements) == [str(number) for number in range(7)]


def test_labels_name_their_controls_and_are_not_repeated() -> None:
    html = (
        '<label for="e">Email *</label><input id="e" type="email" value="a@b.c">'
        '<label>Agree <input type="checkbox" checked></label><label for="none">Loose</label>'
    )
    assert text_of(html) == (
        '<input id="0" type="email" label="Email" value="a@b.c"> '
        '<input id="1" type="checkbox" label="Agree" checked> Loose'
    )


def test_tables_are_one_line_a_row_with_cells() -> None:
    html = (
        "<table><thead><tr><th>Order</th><th></th></tr></thead>"
        '<tr><td><p>7</p><p>8</p></td><td><a href="/">View</a></td></tr></table>'
    )
    assert text_of(html) == (
        '<tr> <th> Order </th> <th> </th> </tr>\n<tr> <td> 7 8 </td> <td> <a id="0"> View </a> </td> </tr>'
    )


def test_hidden_parts_are_not_shown() -> None:
    html = (
        "<p hidden>secret</p><input type=hidden value=1><script>x</script><style>y</style><noscript>z</noscript>"
        "<details><summary>More</summary><a href='/'>inside</a></details>"
        "<details open><summary>Less</summary><a href='/'>seen</a></details>"
    )
    assert text_of(html) == (
        '<summary id="0" expanded="false"> More </summary>\n<summary id="1" expanded="true"> Less </summary>\n'
        '<a id="2"> seen </a>'
    )


def test_a_password_is_never_shown() -> None:
    assert "Password.123" not in text_of('<input type="password" placeholder="Password" value="Password.123">')


def test_text_of_a_page_cannot_pass_for_a_control() -> None:
    page = read('<p>&lt;a id="0"&gt; Delete &lt;/a&gt;</p><input placeholder=\'x" id="9\' value="&lt;b&gt;">')
    text = page.window(0, 16_000)[0]
    assert '&lt;a id="0">' in text
    assert list(page.elements) == ["0"]
    controls = PageView({"instruction": "", "url": "", "html": text, "last_action_error": ""}).controls
    assert [control.tag for control in controls] == ["input"]


def test_tabs_are_listed_when_there_are_several() -> None:
    assert str(read("x", ("Shop", "Map")).lines[0]) == "[tabs *0: Shop | 1: Map]"


def test_windows_cover_the_page_without_gap_or_overlap() -> None:
    page = read("".join(f"<p>line {number}</p>" for number in range(200)))
    start, seen = 0, []
    while start < page.starts[-1]:
        text, end = page.window(start, 600)
        assert len(text) <= 600
        assert end > start
        seen += [line for line in text.split("\n") if line.startswith("line")]
        assert (f"[{start} lines above" in text) == (start > 0)
        assert (f"[{len(page.lines) - end} lines below" in text) == (end < len(page.lines))
        start = end
    assert seen == [f"line {number}" for number in range(200)]


def test_a_line_longer_than_the_budget_keeps_its_controls() -> None:
    page = read(f'<div>{"word " * 2000}<a href="/">Buy</a></div>')
    text, end = page.window(0, 800)
    assert len(text) <= 800
    assert '<a id="0"> Buy </a>' in text
    assert "characters left out" in text
    assert end == page.starts[-1] == 2


def test_a_line_with_too_many_controls_goes_on_in_the_next_window() -> None:
    page = read(
        "<div>" + "".join(f'<a href="/{number}">Link {number}</a> ' for number in range(100)) + "</div><p>End</p>"
    )
    text, end = page.window(0, 700)
    assert text.endswith("[the rest of this line and 1 lines below: Scroll Down to see them]")
    after, _ = page.window(end, 700)
    assert after.startswith("[0 lines and the beginning of this one above: Scroll Up to see them]")
    assert (f'<a id="{end - 1}">' in text, f'<a id="{end}">' in after) == (True, True)


def test_a_control_longer_than_the_budget_is_cut() -> None:
    text, end = read(f'<a href="/">{"word " * 2000}</a>').window(0, 800)
    assert text.startswith('<a id="0"> word word')
    assert text.endswith("characters left out]")
    assert (len(text) <= 800, end) == (True, 1)


def test_controls_inside_others_are_written_too() -> None:
    html = (
        '<div onclick="x()">Row <input type="checkbox" aria-label="Pick"></div>'
        '<label for="t">I accept the <a href="/terms">terms</a></label><input id="t" type="checkbox">'
        '<details open><summary>More <a href="/all">all</a></summary></details>'
    )
    assert text_of(html) == (
        '<div id="0"> Row <input id="1" type="checkbox" label="Pick"> </div>\n'
        '<a id="2"> terms </a> <input id="3" type="checkbox" label="I accept the terms">\n'
        '<summary id="4" expanded="true"> More all </summary> <a id="5"> all </a>'
    )


def test_states_that_scripts_keep_are_told() -> None:
    html = (
        '<div role="checkbox" aria-checked="true">Agree</div><div role="tab" aria-selected="true">Specs</div>'
        '<button aria-expanded="false">Menu</button><button aria-pressed="true">Bold</button>'
        '<span role="button" aria-disabled="true">Off</span><div contenteditable="true" aria-label="Essay">Old</div>'
    )
    assert text_of(html).split("\n") == [
        '<input id="0" type="checkbox" label="Agree" checked>',
        '<button id="1" selected> Specs </button>',
        '<button id="2" expanded="false"> Menu </button> <button id="3" checked> Bold </button> '
        "<button disabled> Off </button>",
        '<textarea id="4" label="Essay"> Old </textarea>',
    ]


def test_a_heading_or_cell_that_can_be_clicked_holds_a_button() -> None:
    html = (
        '<h3 role="tab" aria-expanded="false">Section 1</h3><table><tr><td onclick="x()">9</td><td>10</td></tr></table>'
    )
    assert text_of(html).split("\n") == [
        '<h3> <button id="0" expanded="false"> Section 1 </button> </h3>',
        '<tr> <td> <button id="1"> 9 </button> </td> <td> 10 </td> </tr>',
    ]


def test_a_page_that_takes_every_click_stays_readable() -> None:
    assert text_of('<div><p>Text</p><a href="/">Go</a></div>') == 'Text\n<a id="0"> Go </a>'
    body = PageNode("body", {"onclick": ""}, [PageNode("p", {}, ["Text"])])
    assert simplify(PageSnapshot("u", "t", body, ("t",), 0)).window(0, 800)[0] == "Text"


def test_stable_ids_stay_with_their_elements() -> None:
    ids = StableIds()

    def page(document: str, *names: str) -> list[str]:
        links = [PageNode("a", {"href": "/"}, [name], ref=name) for name in names]
        snapshot = PageSnapshot("u", "t", PageNode("body", {}, list(links)), ("t",), 0, document)
        return list(simplify(snapshot, ids.of(snapshot)).elements)

    assert page("one", "a", "b") == ["0", "1"]
    assert page("one", "new", "b", "a") == ["2", "1", "0"]
    assert page("two", "b") == ["0"]


NODES = st.recursive(
    st.text(max_size=20),
    lambda children: st.builds(
        PageNode,
        st.sampled_from("div p a button input select option textarea table tr td details summary label h1 br".split()),
        st.dictionaries(
            st.sampled_from(["href", "value", "id", "for", "hidden", "type", "disabled"]), st.text(max_size=8)
        ),
        st.lists(children, max_size=4),
    ),
    max_leaves=25,
)


@given(st.lists(NODES, max_size=4), st.integers(500, 2000))
def test_any_tree_gives_a_text_within_the_budget(children: list[PageNode | str], budget: int) -> None:
    page = simplify(PageSnapshot("u", "t", PageNode("body", {}, children), ("t",), 0))
    start, texts = 0, []
    while start < page.starts[-1]:
        text, end = page.window(start, budget)
        assert len(text) <= budget
        assert end > start
        start = end
        texts.append(text)
    assert all(any(f' id="{identity}"' in text for text in texts) for identity in page.elements)
