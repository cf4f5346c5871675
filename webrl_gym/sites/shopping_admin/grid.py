"""The back office's grids: keyword search, filters, sorting and paging over one SELECT, driven by query parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.formats import day, money, page_number, parse_amount, parse_day
from webrl_gym.sites.shopping_admin.records import setting

PAGE_SIZE = 8
"""Rows of a page where the back office has no setting for it."""
_MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a grid.

    Attributes:
        key: Value of the ``sort`` parameter.
        heading: What the column is called.
        sql: Expression that gives and orders its values.
        shown: Turns a value into what the page shows.
    """

    key: str
    heading: str
    sql: str
    shown: Callable[[Any], str] = str


@dataclass(frozen=True, slots=True)
class Filter:
    """A field of the "Filters" panel.

    Attributes:
        name: Query parameter and field name.
        label: What the field is called.
        condition: SQL condition with one ``?`` for the value.
        parse: Turns the typed text into the value; None means that the text cannot be used and filters nothing.
        options: (value, label) pairs; a select box when there are any, a text field otherwise.
        shown: Turns the value into what the list of active filters says, for filters without options.
    """

    name: str
    label: str
    condition: str
    parse: Callable[[str], Any | None] = str
    options: tuple[tuple[str, str], ...] = ()
    shown: Callable[[Any], str] = str

    def note(self, text: str) -> str:
        """What the list of active filters says about the typed or chosen ``text``."""
        return f"{self.label}: {dict(self.options).get(text) or self.shown(self.parse(text))}"


def holds(expression: str) -> str:
    """A condition: ``expression`` holds the value, letter case aside."""
    return f"instr(lower({expression}), lower(?)) > 0"


def day_range(expression: str, label: str) -> tuple[Filter, Filter]:
    """Two filters, from a day and to a day, on a stored moment."""
    return (
        Filter("created_from", f"{label} from", f"date({expression}) >= ?", _iso_day, shown=day),
        Filter("created_to", f"{label} to", f"date({expression}) <= ?", _iso_day, shown=day),
    )


def amount_range(name: str, expression: str, label: str) -> tuple[Filter, Filter]:
    """Two filters, least and most, on an amount in cents."""
    return (
        Filter(f"{name}_from", f"{label} from", f"{expression} >= ?", parse_amount, shown=money),
        Filter(f"{name}_to", f"{label} to", f"{expression} <= ?", parse_amount, shown=money),
    )


def _iso_day(text: str) -> str | None:
    parsed = parse_day(text)
    return parsed.isoformat() if parsed is not None else None


@dataclass(frozen=True, slots=True)
class Grid:
    """A list page of the back office.

    Attributes:
        title: Heading of the page.
        path: Address of the page.
        source: What follows FROM.
        id_sql: Expression of the id that the row's link needs.
        columns: In the order they are shown.
        searched: Expressions that "Search by keyword" looks into; every word must occur in one of them.
        sort: Key of the column that orders the rows at first.
        descending: Whether the first order is from high to low.
        filters: Fields of the "Filters" panel.
        action: Name and address (before the id) of each row's link; None for a grid without links.
        create: Name and address of the button above the grid; None when there is none.
    """

    title: str
    path: str
    source: str
    id_sql: str
    columns: tuple[Column, ...]
    searched: tuple[str, ...]
    sort: str
    descending: bool = True
    filters: tuple[Filter, ...] = ()
    action: tuple[str, str] | None = None
    create: tuple[str, str] | None = None

    def render(self) -> str:
        """The page for the current request."""
        return render_template("admin/grid.html", grid=self, view=self._read(request.args))

    def _read(self, arguments: Mapping[str, str]) -> GridView:
        sort = next((c for c in self.columns if c.key == arguments.get("sort")), None)
        descending = arguments.get("dir") == "desc" if sort is not None else self.descending
        ordered = sort or next(c for c in self.columns if c.key == self.sort)
        sizes = setting("admin/grid/page_sizes") or [str(PAGE_SIZE)]
        size = arguments["limit"] if arguments.get("limit") in sizes else sizes[0]
        search = arguments.get("search", "").strip()
        view = GridView(self, search, sort.key if sort else "", descending, sizes, int(size))
        where, values = self._conditions(arguments, view)
        db = web.store()
        view.count = db.value(f"SELECT COUNT(*) FROM {self.source} WHERE {where}", values)
        view.page = page_number(arguments.get("page", "1"), view.pages)
        selected = ", ".join(column.sql for column in self.columns)
        direction = "DESC" if descending else "ASC"
        rows = db.query(
            f"SELECT {self.id_sql}, {selected} FROM {self.source} WHERE {where} "
            f"ORDER BY {ordered.sql} {direction}, {self.id_sql} {direction} "
            f"LIMIT {view.size} OFFSET {view.size * (view.page - 1)}",
            values,
        )
        view.rows = [
            (row[0], [column.shown(row[place]) for place, column in enumerate(self.columns, 1)]) for row in rows
        ]
        return view

    def _conditions(self, arguments: Mapping[str, str], view: GridView) -> tuple[str, list[Any]]:
        parts, values = ["1"], []
        searched = " || ' ' || ".join(f"coalesce({expression}, '')" for expression in self.searched)
        for word in view.search.split()[:_MOST_WORDS]:
            parts.append(holds(searched))
            values.append(word)
        for filter_ in self.filters:
            text = arguments.get(filter_.name, "").strip()
            value = filter_.parse(text) if text else None
            if value is not None:
                parts.append(filter_.condition)
                values.append(value)
                view.active[filter_.name] = text
        return " AND ".join(parts), values


@dataclass(slots=True)
class GridView:
    """What one request sees of a grid.

    Attributes:
        sizes: Numbers of rows a page that may be chosen, the usual one first.
        size: Rows of this page.
    """

    grid: Grid
    search: str
    sort: str
    descending: bool
    sizes: list[str]
    size: int
    active: dict[str, str] = field(default_factory=dict)
    count: int = 0
    page: int = 1
    rows: list[tuple[int, list[str]]] = field(default_factory=list)

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.count // self.size))

    @property
    def size_options(self) -> list[tuple[str, str]]:
        """The sizes as options of a select box."""
        return [(size, size) for size in self.sizes]

    def page_link(self, page: int) -> str:
        """Address of another page of the same rows."""
        return self._link({"page": str(page)} if page > 1 else {}, sort=self.sort, descending=self.descending)

    def sort_link(self, key: str) -> str:
        """Address of the same rows ordered by a column; the other way round when they already are."""
        current = self.sort or self.grid.sort
        return self._link({}, sort=key, descending=not self.descending if key == current else False)

    def direction(self, key: str) -> str:
        """How a column orders the rows, in ARIA's words."""
        if key != (self.sort or self.grid.sort):
            return "none"
        return "descending" if self.descending else "ascending"

    def _link(self, more: dict[str, str], *, sort: str, descending: bool) -> str:
        arguments = {"search": self.search, **self.active, **more} if self.search else {**self.active, **more}
        if str(self.size) != self.sizes[0]:
            arguments["limit"] = str(self.size)
        if sort:
            arguments |= {"sort": sort, "dir": "desc" if descending else "asc"}
        return f"{self.grid.path}?{urlencode(arguments)}" if arguments else self.grid.path
