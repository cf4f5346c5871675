"""What the oracles of the back office share: reading an instruction, a long table, an amount; filtering a grid."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Generator, Mapping
from datetime import date

from webrl_gym.actions import Action, ActionKind
from webrl_gym.tasks.official.script import Perturbation
from webrl_gym.tasks.page_view import Moves, PageView
from webrl_gym.tasks.practice.shopping_admin_moves import ADMIN, open_list

Reading = Generator[Action, PageView, list[dict[str, str]]]
"""A part of an oracle that reads a table: yields actions, returns the rows by heading."""


def month_days(month: str, year: str) -> tuple[date, date]:
    """First and last day of a month, as in ``Jan`` or ``January`` and ``2023``."""
    number = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split().index(month[:3]) + 1
    return date(int(year), number, 1), date(int(year), number, monthrange(int(year), number)[1])


def cents(amount: str) -> int:
    """123450 for ``$1,234.50``."""
    return int(re.sub(r"\D", "", amount))


def every_row(page: PageView) -> Reading:
    """Reads a table to its end, however far one has to scroll."""
    rows = page.rows()
    headings = list(rows[0]) if rows else []
    while "Scroll Down to see them]" in page.text:
        page = yield Action(ActionKind.SCROLL_DOWN)
        rows += [dict(zip(headings, row.values(), strict=True)) for row in page.rows() if len(row) == len(headings)]
    return rows


def filter_rows(page: PageView, section: str, entry: str, filters: Mapping[str, str], *, many: bool = False) -> Moves:
    """Opens a grid and filters it (four actions, and one a filter); ``many`` shows up to 200 rows on a page."""
    page = yield from open_list(page, section, entry)
    if many:
        page = yield page.select("per page", "200")
    return (yield from apply_filters(page, filters))


def apply_filters(page: PageView, filters: Mapping[str, str]) -> Moves:
    """Fills the panel "Filters" of a grid; a filter is a field's name and what is typed or chosen there."""
    page = yield page.click("Filters", tag="summary")
    for name, value in filters.items():
        chosen = page.find(name, near="Filters").tag == "select"
        page = yield page.select(name, value, near="Filters") if chosen else page.type(name, value, near="Filters")
    return (yield page.click("Apply Filters", tag="button"))


def latest_first(page: PageView) -> Moves:
    """Orders the rows of the grid of orders by date, the latest first (two actions)."""
    page = yield page.click("Purchase Date", tag="a")
    return (yield page.click("Purchase Date", tag="a"))


def records_found(page: PageView) -> str:
    """The number of rows that a grid says it has."""
    return next(line for line in page.plain_lines if "records found" in line).split(" ")[0]


def perturbed(sql: str, answer: str) -> Perturbation:
    """The world after one statement on the back office's database, in which the answer holds ``answer``."""
    return Perturbation(((ADMIN, sql, ()),), answer)
