from __future__ import annotations

import lxml.html
from hypothesis import given
from hypothesis import strategies as st

from webrl_gym.engines.static import page_node
from webrl_gym.observation import SimplifiedPage, simplify
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
    while start < len(page.lines):
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
    assert end == 1


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
    start = 0
    for _ in range(len(page.lines)):
        text, start = page.window(start, budget)
        assert len(text) <= budget
    assert start == len(page.lines)
