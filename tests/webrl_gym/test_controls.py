"""The controls of an observation's text, and what is done with each."""

from __future__ import annotations

import pytest

from webrl_gym.actions import Action, click, search, select_option, type_text
from webrl_gym.types import Observation
from webrl_gym.wrappers.controls import Control, dice, instruction_values, natural_action, read_controls, words
from webrl_gym.wrappers.features import PAGE_SIZE, SLOT_SIZE, encode, hashed

FORM = """[3 lines above: Scroll Up to see them]
<h1> Directions &amp; more </h1>
<summary id="0" expanded="true"> Menu </summary>
<input id="1" label="From"> <input id="2" label="To" value="Central Market"> <input disabled label="Via">
<input id="3" type="number" label="Qty" value="1">
<select id="4" label="Travel by" value="Car"> Car | Bicycle | Foot </select>
<input id="5" type="checkbox" label="Remember me" checked>
<textarea id="6" label="Note"> as before </textarea>
<input id="7" label="Search query"> <button id="8"> Go </button>
<tr> <td> 000000170 </td> <td> <a id="9"> View Order </a> </td> </tr>
<div id="10" role="slider"> Volume </div>"""


def controls() -> dict[str, Control]:
    return {control.name: control for control in read_controls(FORM)}


def done(name: str, instruction: str) -> Action:
    page = read_controls(FORM)
    return natural_action(next(control for control in page if control.name == name), page, instruction)


def test_every_usable_control_is_read_with_its_state() -> None:
    assert [(control.identity, control.kind, control.name) for control in read_controls(FORM)] == [
        ("0", "summary", "Menu"),
        ("1", "field", "From"),
        ("2", "field", "To"),
        ("3", "field", "Qty"),
        ("4", "select", "Travel by"),
        ("5", "toggle", "Remember me"),
        ("6", "field", "Note"),
        ("7", "field", "Search query"),
        ("8", "button", "Go"),
        ("9", "link", "View Order"),
        ("10", "other", "Volume"),
    ]
    found = controls()
    assert (found["To"].value, found["Note"].value, found["Travel by"].value) == ("Central Market", "as before", "Car")
    assert found["Travel by"].options == ("Car", "Bicycle", "Foot")
    assert [name for name, control in found.items() if control.is_on] == ["Menu", "Remember me"]
    assert found["View Order"].line == FORM.count("\n") - 1


def test_the_profile_webrl_is_read_too() -> None:
    text = (
        '<body data-bbox="8,8,9,9"> <input id="0" type="text" placeholder="Search" data-bbox="8,8,177,21"> </input> '
        '<select id="1" data-value="20" data-bbox="1,9,3,9"> <option data-text="10"> 10 </option> '
        '<option data-text="20" data-status="selected"> 20 </option> </select> '
        '<span id="2" data-text="the "best" one" data-bbox="9,4,7,7"> the "best" one </span> </body>'
    )
    field, select, span = read_controls(text)
    assert (field.kind, field.name) == ("field", "Search")
    assert (select.kind, select.value, select.options) == ("select", "20", ("10", "20"))
    assert (span.kind, span.identity) == ("other", "2")
    assert natural_action(select, [select], "Show 10 rows") == select_option("1", "10")


@pytest.mark.parametrize(
    ("instruction", "values"),
    [
        ('Search for "thermal clothespin".', ["thermal clothespin"]),
        ("Is Nordic Necklace available?", ["Nordic Necklace"]),
        ("Tell me the price of the Lunar Turntable for Kids.", ["Lunar Turntable for Kids"]),
        ("Open the page of the Bridgeport Bank in Ashford", ["Bridgeport Bank", "Ashford"]),
        ("How many people starred solar-parser on GitLab?", ["solar-parser", "GitLab"]),
        ('Open what my to-do list says about "Typo in the news feed".', ["Typo in the news feed", "to-do"]),
        ("Add 9 Nordic Pedals 2 Pack to my cart.", ["9", "Nordic Pedals 2 Pack"]),
        ("Show the orders from 01/10/2023 on. Then stop.", ["01/10/2023"]),
        ("go home", ["go home"]),
    ],
)
def test_an_instruction_gives_what_to_type(instruction: str, values: list[str]) -> None:
    assert list(instruction_values(instruction)) == values


@pytest.mark.parametrize(
    ("name", "instruction", "action"),
    [
        ("Go", "go", click("8")),
        ("Remember me", "remember me", click("5")),
        ("From", "Walk from Grand Foods to Central Market", type_text("1", "Grand Foods")),
        ("From", "Walk to Central Market, coming from Grand Foods", type_text("1", "Grand Foods")),
        ("To", "Walk from Grand Foods to Central Market", type_text("2", "Grand Foods")),
        ("Qty", "Put Grand Foods there 12 times", type_text("3", "12")),
        ("Search query", 'Look for "foods"', search("7", "foods")),
        ("Travel by", "Go by bicycle", select_option("4", "Bicycle")),
        ("Travel by", "Go somehow", select_option("4", "Bicycle")),
        ("Travel by", "Go by car", select_option("4", "Bicycle")),
    ],
)
def test_the_natural_thing_is_done(name: str, instruction: str, action: Action) -> None:
    assert done(name, instruction) == action


def test_likeness_is_that_of_words() -> None:
    assert dice(words("Open the Page"), words("open page")) == 1.0
    assert dice(words("Grand Foods"), words("Grand Hotel")) == 0.5
    assert dice(words("of the"), words("of the")) == 0.0


def test_features_are_the_same_in_every_process() -> None:
    assert hashed(["lunar", "lamp"], 16).nonzero()[0].tolist() == [3, 6]


def test_features_say_where_the_instruction_is_met() -> None:
    observation: Observation = {
        "instruction": 'Go to "Central Market"',
        "url": "http://map.test/directions?to=Central+Market",
        "html": FORM,
        "last_action_error": "",
    }
    shown = read_controls(FORM)
    vector = encode(observation, shown[:4], slots=6)
    assert vector.shape == (PAGE_SIZE + 6 * SLOT_SIZE,)
    assert vector.min() >= 0.0
    assert vector.max() <= 1.0
    assert vector[PAGE_SIZE - 6 : PAGE_SIZE].tolist() == [0, 1, 0, 0, 1, 1]
    table = vector[PAGE_SIZE:].reshape(6, SLOT_SIZE)
    assert table[:, :7].argmax(axis=1).tolist() == [5, 2, 2, 2, 0, 0]
    assert not table[4:].any()
    without = encode({**observation, "instruction": "Go", "last_action_error": "No."}, shown[:4], slots=6)
    assert without[PAGE_SIZE - 6 : PAGE_SIZE].tolist() == [1, 1, 0, 0, 0, 0]
