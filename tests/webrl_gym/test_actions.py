from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webrl_gym.actions import (
    MAX_ACTION_LENGTH,
    Action,
    ActionKind,
    click,
    describe_action,
    format_action,
    leave,
    parse_action,
    search,
    select_option,
    tab_number,
    type_text,
)
from webrl_gym.errors import ActionSyntaxError, ActionTargetError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ELEMENT = st.integers(0, 9999).map(str)
COMMENT = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30)


@st.composite
def actions(draw: st.DrawFn) -> Action:
    kind = draw(st.sampled_from(list(ActionKind)))
    comments = tuple(draw(st.lists(COMMENT, max_size=2)))
    element = argument = None
    if kind in (ActionKind.CLICK, ActionKind.RIGHT_CLICK, ActionKind.HOVER):
        element = draw(ELEMENT)
    elif kind in (ActionKind.TYPE, ActionKind.SEARCH, ActionKind.SELECT_DROPDOWN_OPTION):
        element, argument = draw(ELEMENT), draw(TEXT)
    elif kind in (ActionKind.SWITCH_TAB, ActionKind.EXIT):
        argument = draw(TEXT)
    elif kind is ActionKind.PRESS_ENTER:
        element = draw(st.none() | ELEMENT)
    return Action(kind, element, argument, comments)


@given(actions())
def test_parse_and_format_are_inverse(action: Action) -> None:
    assert parse_action(format_action(action)) == action


@given(st.text(max_size=300))
def test_any_text_is_an_action_or_a_syntax_error(text: str) -> None:
    try:
        action = parse_action(text)
    except ActionSyntaxError:
        return
    assert parse_action(format_action(action)) == action


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('do(action="Click", element="7")', click("7")),
        ("do(action='Click', element=7)", click("7")),
        ('do(action="Type", argument="a \\"b\\"", element="5")', type_text("5", 'a "b"')),
        (r'do(action="Type", argument="^\d+\.txt$ ¯\_(ツ)_/¯", element="5")', type_text("5", r"^\d+\.txt$ ¯\_(ツ)_/¯")),
        (
            r"do(action='Type', argument='caf\u00e9 \ud83d\ude00 it\'s \\u00e9', element='5')",
            type_text("5", "café 😀 it's \\u00e9"),
        ),
        (r'do(action="Type", argument="\u0000\ud83d\u12", element="5")', type_text("5", "\ufffd\ufffd\\u12")),
        ('DO(action="Click", element="7")', click("7")),
        ('Exit("42")', leave("42")),
        ('do(element="5", argument="x", action="search")', search("5", "x")),
        ('  do("Select Dropdown Option", "Price", "3") ', select_option("3", "Price")),
        ('exit(message="N/A")', leave("N/A")),
        ("exit()", leave("")),
        ("go_backward()", Action(ActionKind.GO_BACKWARD)),
        (
            '# Element: the link\n# Note: "5"\ndo(action="Click", element="1")',
            Action(ActionKind.CLICK, "1", None, ("Element: the link", 'Note: "5"')),
        ),
        (
            '# Note: the orders are\n170 canceled\n\n# 189 (pending)\nexit(message="170") # done\n# at last',
            Action(
                ActionKind.EXIT,
                None,
                "170",
                ("Note: the orders are", "170 canceled", "189 (pending)", "done", "at last"),
            ),
        ),
        (
            'do(action="Type", argument="#1 (a)", element="5");  # see (b)',
            Action(ActionKind.TYPE, "5", "#1 (a)", ("see (b)",)),
        ),
        ('do(action="Go Backward")', Action(ActionKind.GO_BACKWARD)),
        ('do(action="go_forward")', Action(ActionKind.GO_FORWARD)),
        ('do(action="Press Enter", argument=None)', Action(ActionKind.PRESS_ENTER)),
    ],
)
def test_what_models_write_is_understood(text: str, expected: Action) -> None:
    assert parse_action(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "no action"),
        ("# only a comment", "no action"),
        ("click the button", "not an action"),
        ("import os", "not an action"),
        ("I click it.\ndo(action='Click', element='1')", "not an action"),
        ('exit("1") and more', "not an action"),
        ("# a note\nthat ends nowhere", "not an action"),
        ("jump(1)", 'no function "jump"'),
        ("do()", "needs action"),
        ('do(action="Fly", element="1")', 'no action "Fly"'),
        ('do(action="Click")', "needs element"),
        ('do(action="Type", element="1")', "needs argument"),
        ('do(action="Click", element="1", speed="9")', 'no argument "speed"'),
        ('do(action="Click", action="Hover", element="1")', "twice"),
        ('do(action="Type", argument="unclosed, element="1")', "not an argument"),
        ('do(action="Click", element="1") do(action="Click", element="2")', ""),
        ("x" * (MAX_ACTION_LENGTH + 1), "at most"),
    ],
)
def test_what_is_no_action_gets_a_sentence_that_helps(text: str, hint: str) -> None:
    with pytest.raises(ActionSyntaxError) as caught:
        parse_action(text)
    assert hint in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('do(action="Click", element="3")', 'Click "My Orders"'),
        ('do(action="Type", argument="2", element="4")', 'Type "2" in "Qty"'),
        ('do(action="Select Dropdown Option", argument="Price", element="9")', 'Select "Price" in element 9'),
        ('do(action="Scroll Down")', "Scroll Down"),
        ("go_backward()", "Go back"),
        ('exit(message="done")', 'Exit "done"'),
        ("hello  there", "No action: hello there"),
    ],
)
def test_actions_are_described_by_the_names_of_their_elements(text: str, words: str) -> None:
    page = '<a id="3"> My Orders </a> <input id="4" label="Qty" value="1">\n<button id="5"> Save </button>'
    assert describe_action(text, page) == words


def test_the_released_pages_name_elements_by_their_texts() -> None:
    page = """<a id="2" data-text="Order 1" data-bbox="63,34,49,17"> Order 1 </a> <span> x </span>
<input id="3" data-bbox="1,2,3,4" type="text" placeholder="Search &amp; find"> </input>
<img id="4" data-bbox="1,2,3,4"> </img>"""
    described = [describe_action(f'do(action="Click", element="{number}")', page) for number in (2, 3, 4, 5)]
    assert described == ['Click "Order 1"', 'Click "Search & find"', "Click img 4", "Click element 5"]


def test_descriptions_are_short() -> None:
    assert len(describe_action("x" * 1_000_000, "")) < 200
    assert len(describe_action(format_action(type_text("4", "x" * 9000)), "")) < 200


@pytest.mark.parametrize("argument", ["", "-1", "2", "٠", "1.0", "9" * 5_000])
def test_there_is_no_such_tab(argument: str) -> None:
    with pytest.raises(ActionTargetError, match="tabs are numbered 0 to 1"):
        tab_number(argument, 2)


def test_tabs_are_named_by_their_numbers() -> None:
    assert [tab_number(argument, 2) for argument in ("0", " 1 ", "01")] == [0, 1, 1]
