"""What the templates about the back office share: picking records, and the moves of their oracles."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from webrl_gym.actions import Action, click
from webrl_gym.tasks.page_view import Moves, OracleLost, PageView, Parameters, plain
from webrl_gym.tasks.template import Row, WorldReader
from webrl_gym.types import Site

ADMIN = Site.SHOPPING_ADMIN
ROOT = "__SHOPPING_ADMIN__"

Draw = Callable[[WorldReader, random.Random, bool], dict[str, str] | None]
"""What a template draws its parameters with."""


def pick(world: WorldReader, rng: random.Random, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
    """One of the rows of a SELECT that orders them, each as likely as the others; None when there are none."""
    rows = world.query(ADMIN, sql, parameters)
    return rng.choice(rows) if rows else None


def record(world: WorldReader, sql: str, parameters: Sequence[Any]) -> Row:
    """The one row that an instruction is about.

    Raises:
        LookupError: If there is none.
    """
    row = world.one(ADMIN, sql, parameters)
    if row is None:
        raise LookupError(f"world {world.number} has no row for {sql} with {list(parameters)}")
    return row


def order_name(rng: random.Random, order_id: int) -> str:
    """An order's number as people write it: all nine digits, or the last three when they tell it from all others."""
    return str(order_id) if order_id >= 100 and rng.random() < 0.5 else f"{order_id:09}"


def draw_order(condition: str, more: Callable[[random.Random], dict[str, str]] = lambda _: {}) -> Draw:
    """A draw of the number of an order that meets an SQL condition, with what ``more`` adds to it."""

    def draw(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
        row = pick(world, rng, f"SELECT id FROM sales_order WHERE novel = ? AND {condition} ORDER BY id", (int(novel),))
        return None if row is None else {"order": order_name(rng, row["id"]), **more(rng)}

    return draw


def order_url(parameters: Parameters) -> str:
    """Address of the page of the order that the instruction names."""
    return f"{ROOT}/sales/order/view/order_id/{int(parameters['order'])}/"


def amount(cents: int) -> str:
    """``1,234.50`` for 123450."""
    return f"{cents // 100:,}.{cents % 100:02}"


def slashed(day: date) -> str:
    """``08/05/2022``, as instructions write days."""
    return f"{day:%m/%d/%Y}"


def from_slashed(text: str) -> date:
    """The day that ``slashed`` wrote."""
    month, day, year = (int(part) for part in text.split("/"))
    return date(year, month, day)


def spelled(day: date) -> str:
    """``Aug 5, 2022``, as pages show days."""
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    return f"{months[day.month - 1]} {day.day}, {day.year}"


def open_list(page: PageView, section: str, entry: str) -> Moves:
    """Goes through a menu of the back office to one of its pages (two actions)."""
    page = yield page.click(section, tag="a")
    return (yield page.click(entry, tag="a"))


def find_rows(page: PageView, section: str, entry: str, text: str) -> Moves:
    """Opens a grid and searches it by keyword (three actions)."""
    page = yield from open_list(page, section, entry)
    return (yield page.search("Search by keyword", text))


def follow_row(page: PageView, *cells: str) -> Action:
    """Clicks the link of the first row that has all these cells.

    Raises:
        OracleLost: If there is no such row.
    """
    for control in page.controls:
        line = page.lines[control.line]
        if control.tag == "a" and control.text in ("Edit", "View"):
            texts = {plain(part) for part in line.split("</td>")}
            if texts.issuperset(cells):
                return click(control.id)
    raise OracleLost(f"no row with {cells} on {page.url}:\n{page.text}")


def open_record(page: PageView, section: str, entry: str, text: str, *cells: str) -> Moves:
    """Searches a grid for ``text`` and opens the row with ``cells``, or with ``text`` itself (four actions)."""
    page = yield from find_rows(page, section, entry, text)
    return (yield follow_row(page, *(cells or (text,))))


def open_order(page: PageView, parameters: Parameters) -> Moves:
    """Opens the page of the order that the instruction names (four actions)."""
    number = f"{int(parameters['order']):09}"
    return (yield from open_record(page, "Sales", "Orders", parameters["order"], number))
