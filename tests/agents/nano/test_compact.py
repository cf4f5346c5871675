from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.nano.compact import (
    compact_action,
    compact_line,
    escape,
    expand_action,
    from_compact,
    html_line,
    loosen,
    structure_tokens,
    tighten,
    to_compact,
    unescape,
)
from webrl_gym.actions import Action, ActionKind, format_action, parse_action
from webrl_gym.observation import simplify
from webrl_gym.types import PageNode, PageSnapshot

LINES = {
    "<h1> My Orders </h1>": "<|h1|> My Orders",
    "<tr> <th> Order # </th> <th> Date </th> </tr>": "<|tr|><|th|> Order #<|th|> Date",
    '<tr> <td> 17 </td> <td> <a id="9"> View Order </a> </td> </tr>': "<|tr|><|td|> 17<|td|><|a|> View Order<|9|>",
    '<select id="10" label="Sort By" value="Price"> Name | Price </select>': (
        "<|select|><|label|> Sort By<|value|> Price<|text|> Name | Price<|10|>"
    ),
    '<input id="3" type="checkbox" label="All" checked>': "<|input|><|type|> checkbox<|label|> All<|checked|><|3|>",
    "<button disabled> Go </button>": "<|button|> Go<|disabled|>",
    '<textarea id="11" label="Comment"> </textarea>': "<|textarea|><|label|> Comment<|text|><|11|>",
    '<summary id="12" expanded="false"> More </summary>': "<|summary|><|expanded|> false<|text|> More<|12|>",
    '<a id="250"> Far </a>': "<|a|> Far<|id|>250",
    'He said "Foo" (bar)': 'He said " Foo" ( bar)',
    "a <|9|> b": "a <<|esc|>|9|> b",
    "<tr> <td> cut short": "<|raw|><tr> <td> cut short",
}
PIECES = [
    "<a",
    ' id="3"',
    ">",
    " ",
    "</a>",
    "<td>",
    "</td>",
    "<tr>",
    "</tr>",
    '"',
    "(",
    "<|",
    "|>",
    "x",
    "<input",
    "\\",
]
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
MIXED = st.one_of(TEXT, st.lists(st.sampled_from(PIECES), max_size=14).map("".join))


@pytest.mark.parametrize(("line", "compact"), LINES.items())
def test_short_form(line: str, compact: str) -> None:
    assert compact_line(line) == compact
    assert html_line(compact) == line


@given(MIXED)
@settings(deadline=None)
def test_every_page_comes_back(page: str) -> None:
    assert from_compact(to_compact(page)) == page


@given(MIXED)
@settings(deadline=None)
def test_escaping_is_one_to_one_and_leaves_no_structure(text: str) -> None:
    assert unescape(escape(text)) == text
    assert tighten(loosen(text)) == text
    assert not any(token in escape(text) for token in structure_tokens() if token != "<|esc|>")


ACTIONS = st.builds(
    lambda kind, element, argument: parse_action(
        format_action(
            Action(
                kind,
                element=None if kind in (ActionKind.EXIT, ActionKind.SWITCH_TAB) else element,
                argument=argument if kind in WITH_ARGUMENT else None,
            )
        )
    ),
    st.sampled_from(ActionKind),
    st.one_of(st.integers(0, 999).map(str), TEXT.filter(lambda text: text == text.strip())),
    MIXED,
)
WITH_ARGUMENT = (
    ActionKind.TYPE,
    ActionKind.SEARCH,
    ActionKind.SWITCH_TAB,
    ActionKind.SELECT_DROPDOWN_OPTION,
    ActionKind.EXIT,
)


@given(ACTIONS)
@settings(deadline=None)
def test_every_action_comes_back(action: Action) -> None:
    text = format_action(action)
    assert expand_action(compact_action(text)) == text


def test_what_is_no_action_comes_back_too() -> None:
    assert expand_action(compact_action("click <|9|> please")) == "click <|9|> please"


def test_actions_are_short() -> None:
    assert compact_action('do(action="Type", argument="Ada", element="7")') == "<|Type|><|7|> Ada"
    assert compact_action('# Element: a link\ndo(action="Click", element="7")') == "<|Click|><|7|>"
    assert expand_action("<|Click|>") == 'do(action="Click")'


def test_real_pages_have_a_short_form() -> None:
    cell = PageNode("td", children=[PageNode("a", {"href": "/1"}, ["View"])])
    body = PageNode("body", children=[PageNode("h1", children=["Orders"]), PageNode("tr", children=[cell])])
    body.children.append(PageNode("input", {"type": "checkbox", "aria-label": 'Say "all"', "checked": ""}))
    page, _ = simplify(PageSnapshot("", "", body, ("",), 0)).window(0, 1000)
    assert "<|raw|>" not in to_compact(page)
    assert from_compact(to_compact(page)) == page
