"""Reports of the back office: orders, tax, shipping and bestsellers by day, month or year, and search terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice
from typing import Any
from urllib.parse import urlencode

from flask import Flask, render_template, request

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.formats import day, money, page_number, parse_day, short_day
from webrl_gym.sites.shopping_admin.grid import Column, Grid
from webrl_gym.sites.shopping_admin.orders import STATUSES
from webrl_gym.sites.shopping_admin.records import setting

_ROWS_PER_PAGE = 10
_BEST = 5
"""Products of one interval that the bestsellers report shows."""

_PERIODS = {"day": ("Day", 10), "month": ("Month", 7), "year": ("Year", 4)}
"""Period type: its name, and how much of a stored moment tells two intervals apart."""

_Row = tuple[Any, ...]


def _interval(key: str) -> str:
    """``May 3, 2023``, ``5/2023`` or ``2023``, as the report shows an interval."""
    if len(key) == 10:
        return day(key)
    return f"{int(key[5:])}/{key[:4]}" if len(key) == 7 else key


def _best_of_each(rows: Iterable[_Row]) -> list[_Row]:
    return [row for _, group in groupby(rows, key=lambda row: row[0]) for row in islice(group, _BEST)]


@dataclass(frozen=True, slots=True)
class _Report:
    """A report page.

    Attributes:
        title: Heading of the page.
        path: Address of the page.
        headings: Of the columns after the interval.
        sql: Query for (interval, columns...), with ``{interval}`` and ``{counted}``: which orders count.
        shown: How each column after the interval is shown.
        keep: Which of the rows the report shows.
    """

    title: str
    path: str
    headings: tuple[str, ...]
    sql: str
    shown: tuple[Callable[[Any], str], ...]
    keep: Callable[[Iterable[_Row]], list[_Row]] = list

    def render(self) -> str:
        """The page for the current request."""
        typed = {name: request.args.get(name, "").strip() for name in ("from", "to")}
        days = {name: parse_day(text) for name, text in typed.items()}
        period = request.args.get("period_type", "day")
        period = period if period in _PERIODS else "day"
        statuses = setting("reports/sales/order_statuses")
        status = request.args.get("order_statuses", "")
        status = status if status in statuses else ""
        first, last = days["from"], days["to"]
        rows: list[_Row] = []
        span: tuple[date, date] | None = None
        wrong = ""
        if first is not None and last is not None:
            rows, span = self._rows(first, last, period, status), (first, last)
        elif request.args:
            wrong = "Please enter From and To as month/day/year."
        pages = max(1, -(-len(rows) // _ROWS_PER_PAGE))
        page = page_number(request.args.get("page", "1"), pages)
        asked = {name: short_day(when) if (when := days[name]) else typed[name] for name in typed}
        link = {**asked, "period_type": period} | ({"order_statuses": status} if status else {})
        start = _ROWS_PER_PAGE * (page - 1)
        return render_template(
            "admin/report.html",
            report=self,
            asked=asked,
            period=period,
            periods=[(key, name) for key, (name, _) in _PERIODS.items()],
            status=status,
            statuses=[(key, STATUSES[key]) for key in statuses],
            wrong=wrong,
            span=span,
            rows=rows[start : start + _ROWS_PER_PAGE],
            page=page,
            pages=pages,
            link=f"{self.path}?{urlencode(link)}&page=",
        )

    def _rows(self, first: date, last: date, period: str, status: str) -> list[_Row]:
        sql = self.sql.format(
            interval=f"substr(o.created_at, 1, {_PERIODS[period][1]})",
            counted=f"o.status {'=' if status else '!='} :status AND date(o.created_at) BETWEEN :first AND :last",
        )
        values = {"first": first.isoformat(), "last": last.isoformat(), "status": status or "canceled"}
        found = web.store().query(sql, values)
        return [
            (_interval(row[0]), *(shown(value) for shown, value in zip(self.shown, row[1:], strict=True)))
            for row in self.keep(map(tuple, found))
        ]


_REPORTS = (
    _Report(
        title="Orders Report",
        path="/admin/reports/report_sales/sales/",
        headings=("Orders", "Sales Items", "Sales Total"),
        sql="SELECT {interval} AS i, COUNT(*), SUM((SELECT SUM(qty) FROM sales_order_item WHERE order_id = o.id)), "
        "SUM(o.grand_total) FROM sales_order AS o WHERE {counted} GROUP BY i ORDER BY i",
        shown=(str, str, money),
    ),
    _Report(
        title="Tax Report",
        path="/admin/reports/report_sales/tax/",
        headings=("Orders", "Tax Amount"),
        sql="SELECT {interval} AS i, COUNT(*), SUM(o.tax_amount) FROM sales_order AS o "
        "WHERE {counted} AND o.tax_amount > 0 GROUP BY i ORDER BY i",
        shown=(str, money),
    ),
    _Report(
        title="Shipping Report",
        path="/admin/reports/report_sales/shipping/",
        headings=("Carrier/Method", "Orders", "Total Sales Shipping"),
        sql="SELECT {interval} AS i, o.shipping_method, COUNT(*), SUM(o.shipping_amount) "
        "FROM sales_order AS o WHERE {counted} GROUP BY i, o.shipping_method ORDER BY i",
        shown=(str, str, money),
    ),
    _Report(
        title="Bestsellers Report",
        path="/admin/reports/report_sales/bestsellers/",
        headings=("Product", "Price", "Order Quantity"),
        sql="SELECT {interval} AS i, t.name, t.price, SUM(t.qty) AS sold FROM sales_order AS o "
        "JOIN sales_order_item AS t ON t.order_id = o.id WHERE {counted} "
        "GROUP BY i, t.name ORDER BY i, sold DESC, t.name",
        shown=(str, money, str),
        keep=_best_of_each,
    ),
)
_TERMS = Grid(
    title="Search Terms Report",
    path="/admin/search/term/report/",
    source="search_query",
    id_sql="id",
    columns=(
        Column("query_id", "ID", "id"),
        Column("query_text", "Search Query", "query_text"),
        Column("num_results", "Results", "num_results"),
        Column("popularity", "Hits", "popularity"),
    ),
    searched=("query_text",),
    sort="popularity",
)


def register(app: Flask) -> None:
    """Adds the report pages."""
    for report in _REPORTS:
        app.add_url_rule(report.path, report.path, report.render)
    app.add_url_rule(_TERMS.path, _TERMS.path, _TERMS.render)
