"""How oracle scripts use the calendar and the completing field of jQuery UI: parts of a script, which give the page."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime

from webrl_gym.actions import Action, ActionKind, click, type_text
from webrl_gym.tasks.miniwob.lookup import tagged
from webrl_gym.tasks.page_view import PageView

Part = Generator[Action, PageView, PageView]
"""Some actions of a script; its value is the page after them."""


def pick_day(page: PageView, field: int, day: str) -> Part:
    """Opens the calendar of the n-th field, turns it back to the month of ``day`` (mm/dd/yyyy) and picks the day."""
    date = datetime.strptime(day, "%m/%d/%Y")
    page = yield click(tagged(page, "input")[field].id)
    while not page.has(f"{date:%B %Y}"):
        page = yield page.click("Prev")
    return (yield page.click(str(date.day)))


def complete(page: PageView, field: int, text: str, end: str = "") -> Part:
    """Types ``text`` into the n-th field and takes the suggestion that holds it and has the right end."""
    known = {control.name for control in page.controls}
    page = yield type_text(tagged(page, "input")[field].id, text)
    while not (found := [c for c in tagged(page, "button", "a") if c.name not in known]):
        page = yield Action(ActionKind.WAIT)
    # The list takes no notice of a mouse that did not come from another of its entries.
    page = yield Action(ActionKind.HOVER, element=found[-1].id)
    shown = [c for c in tagged(page, "button", "a") if c.name not in known]
    return (yield click(next(c.id for c in shown if text in c.name and c.name.endswith(end))))
