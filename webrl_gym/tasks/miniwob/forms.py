"""Oracle scripts for MiniWoB++ pages that are forms: clicking, choosing, typing and sending."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime

from webrl_gym.actions import click, select_option, type_text
from webrl_gym.tasks.miniwob.lookup import Script, asked, named, ordinal, quoted, tagged
from webrl_gym.tasks.miniwob.widgets import complete, pick_day
from webrl_gym.tasks.page_view import Oracle, PageView

_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "x": operator.mul,
}


def click_named(name: Callable[[PageView], str]) -> Script:
    """A script that clicks the control that ``name`` finds out."""

    def solve(page: PageView) -> Oracle:
        yield page.click(name(page))

    return solve


def click_in_turn(*names: str) -> Script:
    """A script that clicks controls one after the other."""

    def solve(page: PageView) -> Oracle:
        for name in names:
            page = yield page.click(name)

    return solve


def enter(*texts: Callable[[PageView], str]) -> Script:
    """A script that types what ``texts`` find out into the fields in their order, and sends the form."""

    def solve(page: PageView) -> Oracle:
        for place, text in enumerate([text(page) for text in texts]):
            page = yield type_text(tagged(page, "input")[place].id, text)
        yield page.click("Submit")

    return solve


def _quote(place: int) -> Callable[[PageView], str]:
    return lambda page: quoted(page)[place]


def _iso_date(page: PageView) -> str:
    return datetime.strptime(_date(page), "%m/%d/%Y").strftime("%Y-%m-%d")


def _date(page: PageView) -> str:
    return asked(page, r"(\d+/\d+/\d+)")[0]


def _iso_time(page: PageView) -> str:
    return datetime.strptime(asked(page, r"(\d+:\d+ [AP]M)")[0], "%I:%M %p").strftime("%H:%M")


def _in_capitals_or_not(page: PageView) -> str:
    text = quoted(page)[0]
    return text.upper() if asked(page, r"(upper|lower) case")[0] == "upper" else text.lower()


def _word_of_paragraph(page: PageView) -> str:
    return page.plain_lines[1].split()[ordinal(page) - 1].strip(".,")


def _typed_text(page: PageView) -> str:
    return page.plain_lines[1].replace(" ", "")


def _last_word(page: PageView) -> str:
    return tagged(page, "textarea")[0].text.split()[-1].strip(".,")


def _result(page: PageView) -> str:
    left, sign, right = re.findall(r"-?\d+|[-+x]", page.plain_lines[1])[:3]
    return str(_OPERATIONS[sign](int(left), int(right)))


def _unknown(page: PageView) -> str:
    left, sign, right, total = re.findall(r"\w+|[-+]", page.plain_lines[1].replace("=", " "))[:4]
    if left == "x":
        return str(int(total) - int(right) if sign == "+" else int(total) + int(right))
    return str(int(total) - int(left) if sign == "+" else int(left) - int(total))


def _rows(page: PageView) -> dict[str, str]:
    return {row["0"]: row["1"] for row in page.rows()}


def _cell(page: PageView) -> str:
    return _rows(page)[asked(page, r"value of (.+?) into")[0]]


def select_and_send(page: PageView) -> Oracle:
    """Checks what the instruction lists, if anything, and sends."""
    listed = asked(page, r"Select (.+?) and click Submit")[0]
    for name in [] if listed == "nothing" else listed.split(", "):
        page = yield page.click(name)
    yield page.click("Submit")


def choose_list(page: PageView) -> Oracle:
    """Chooses the option of the only select box."""
    page = yield select_option(tagged(page, "select")[0].id, asked(page, r"Select (.+?) from the list")[0])
    yield page.click("Submit")


def choose_several(page: PageView) -> Oracle:
    """Chooses several options of the only select box."""
    listed = asked(page, r"Select (.+?) from the scroll list")[0].split(", ")
    page = yield select_option(tagged(page, "select")[0].id, " | ".join(listed))
    yield page.click("Submit")


def click_shades(page: PageView) -> Oracle:
    """Clicks every box of a colour."""
    color = asked(page, r"shades of (\w+)")[0]
    for box in named(page, color):
        page = yield click(box.id)
    yield page.click("Submit")


def click_widget(page: PageView) -> Oracle:
    """Clicks a widget of a kind."""
    kind = quoted(page)[0]
    tags = {"button": ("button",), "textarea": ("textarea",)}.get(kind, ("input",))
    pattern = {"text": 'type="input"'}.get(kind, f'type="{kind}"' if tags == ("input",) else "")
    yield click(next(c for c in tagged(page, *tags) if pattern in page.lines[c.line]).id)


def enter_date(page: PageView) -> Oracle:
    """Picks a date from the calendar and sends."""
    page = yield from pick_day(page, 0, _date(page))
    yield page.click("Submit")


def focus_text(page: PageView) -> Oracle:
    """Clicks into the only field."""
    yield click(tagged(page, "input")[0].id)


def focus_nth_text(page: PageView) -> Oracle:
    """Clicks into the n-th field."""
    yield click(tagged(page, "input")[ordinal(page) - 1].id)


def log_in(page: PageView) -> Oracle:
    """Logs in; a message that comes up meanwhile is cancelled."""
    for place, text in enumerate(quoted(page)):
        page = yield type_text(tagged(page, "input")[place].id, text)
        if named(page, "Cancel"):
            page = yield page.click("Cancel")
            page = yield type_text(tagged(page, "input")[place].id, text)
    yield click(tagged(page, "button")[0].id)


def read_table_twice(page: PageView) -> Oracle:
    """Copies the values of two labels."""
    rows = _rows(page)
    for field in tagged(page, "input"):
        label = page.plain_lines[field.line].rstrip(" :")
        page = yield type_text(field.id, rows[label])
    yield page.click("Submit")


def guess_number(page: PageView) -> Oracle:
    """Halves what is left at each guess."""
    low, high = 0, 9
    while True:
        guess = (low + high) // 2
        page = yield type_text(tagged(page, "input")[0].id, str(guess))
        page = yield page.click("Submit")
        if page.has("higher"):
            low = guess + 1
        else:
            high = guess - 1


def odd_or_even(page: PageView) -> Oracle:
    """Marks each number."""
    numbers = [(line, int(text)) for line, text in enumerate(page.plain_lines) if re.fullmatch(r"-?\d+", text)]
    for line, number in numbers:
        # "Odd" stands above its number and "Even" below it.
        buttons = named(page, "Even" if number % 2 == 0 else "Odd")
        page = yield click(min(buttons, key=lambda button: abs(button.line - line)).id)
    yield page.click("Submit")


def generate_number(page: PageView) -> Oracle:
    """Draws until the number is as wanted."""
    parity = {"even": 0, "odd": 1}
    kind, limit = asked(page, r"(even|odd|less|greater)(?: number| than (-?\d+))?")
    while True:
        page = yield page.click("Generate")
        number = int(page.plain_lines[1])
        if kind in parity:
            done = number % 2 == parity[kind]
        else:
            done = number < int(limit) if kind == "less" else number > int(limit)
        if done:
            yield page.click("Submit")


def check_and_enter(page: PageView) -> Oracle:
    """Checks the n-th box or radio and fills the n-th text field."""
    nth, text, field = asked(page, r'the (\d+)\w+ \w+.*? number "(-?\d+)" into the (\d+)')
    toggles = [c for c in tagged(page, "input") if "type=" in page.lines[c.line]]
    page = yield click(toggles[int(nth) - 1].id)
    fields = [c for c in tagged(page, "input") if "type=" not in page.lines[c.line]]
    page = yield type_text(fields[int(field) - 1].id, text)
    yield page.click("Submit")


def choose_and_click(page: PageView) -> Oracle:
    """Chooses from a list that a script draws, then clicks a button."""
    page = yield click(tagged(page, "button")[0].id)
    page = yield page.click(asked(page, r"Choose (.+?) from")[0])
    yield page.click(quoted(page)[0])


def search_movies(page: PageView) -> Oracle:
    """Fills a form whose fields are named by the text beside them, above or below, in any order."""
    genre, director, year = asked(page, r"for (.+?) movies directed by (.+?) from year (\d+)")
    texts = {"Genre": genre, "Director": director, "Year": year, "Date": year}
    labels = re.findall("|".join(texts), "\n".join(page.plain_lines[1:]))
    for place, label in enumerate(labels):
        page = yield type_text(tagged(page, "input")[place].id, texts[label])
    yield click(tagged(page, "button")[-1].id)


def enter_suggestion(page: PageView) -> Oracle:
    """Types the beginning, takes the suggestion with the right end and sends."""
    page = yield from complete(page, 0, *quoted(page))
    yield page.click("Submit")


def _first_choice(page: PageView) -> str:
    return asked(page, r"Click on (?:the )?(.+?)\.?$")[0]


SCRIPTS: dict[str, Script] = {
    "choose-date": enter_date,
    "choose-date-easy": enter_date,
    "choose-date-medium": enter_date,
    "choose-date-nodelay": enter_date,
    "choose-list": choose_list,
    "click-button": click_named(_quote(0)),
    "click-button-sequence": click_in_turn("ONE", "TWO"),
    "click-checkboxes": select_and_send,
    "click-checkboxes-large": select_and_send,
    "click-checkboxes-transfer": select_and_send,
    "click-color": click_named(lambda page: asked(page, r"the (\w+) colored")[0]),
    "click-dialog": click_in_turn("Close"),
    "click-dialog-2": click_named(lambda page: "Close" if quoted(page)[0] == "x" else quoted(page)[0]),
    "click-link": click_named(_quote(0)),
    "click-option": select_and_send,
    "click-scroll-list": choose_several,
    "click-shades": click_shades,
    "click-tab": click_named(_first_choice),
    "click-test": click_in_turn("Click Me!"),
    "click-test-2": click_in_turn("ONE"),
    "click-test-transfer": click_in_turn("ONE"),
    "click-widget": click_widget,
    "enter-date": enter(_iso_date),
    "enter-password": enter(_quote(0), _quote(0)),
    "enter-text": enter(_quote(0)),
    "enter-text-2": enter(_in_capitals_or_not),
    "enter-text-dynamic": enter(_quote(0)),
    "enter-time": enter(_iso_time),
    "find-word": enter(_word_of_paragraph),
    "focus-text": focus_text,
    "focus-text-2": focus_nth_text,
    "form-sequence-2": check_and_enter,
    "form-sequence-3": choose_and_click,
    "generate-number": generate_number,
    "guess-number": guess_number,
    "login-user": log_in,
    "login-user-popup": log_in,
    "multi-layouts": search_movies,
    "multi-orderings": search_movies,
    "odd-or-even": odd_or_even,
    "read-table": enter(_cell),
    "read-table-2": read_table_twice,
    "scroll-text": enter(_last_word),
    "simple-algebra": enter(_unknown),
    "simple-arithmetic": enter(_result),
    "text-transform": enter(_typed_text),
    "unicode-test": click_named(_quote(0)),
    "use-spinner": enter(lambda page: asked(page, r"Select (-?\d+)")[0]),
    "use-autocomplete": enter_suggestion,
    "use-autocomplete-nodelay": enter_suggestion,
}
