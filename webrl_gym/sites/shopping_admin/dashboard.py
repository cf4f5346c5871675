"""The back office's first page and its menus."""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask, abort, render_template

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.formats import money


class _Entry(NamedTuple):
    """A page that a menu leads to.

    Attributes:
        name: What it is called.
        path: Its address.
        needs: What follows FROM in a query that finds something where the menu has this entry; empty for all worlds.
    """

    name: str
    path: str
    needs: str = ""


SECTIONS: dict[str, tuple[_Entry, ...]] = {
    "Sales": (
        _Entry("Orders", "/admin/sales/order/"),
        _Entry("Invoices", "/admin/sales/invoice/"),
        _Entry("Shipments", "/admin/sales/shipment/"),
    ),
    "Catalog": (_Entry("Products", "/admin/catalog/product/"),),
    "Customers": (_Entry("All Customers", "/admin/customer/index/"),),
    "Marketing": (
        _Entry("Cart Price Rules", "/admin/sales_rule/promo_quote/"),
        _Entry("Search Terms", "/admin/search/term/index/"),
        _Entry("All Reviews", "/admin/review/product/index/"),
        _Entry("Pending Reviews", "/admin/review/product/pending/"),
    ),
    "Content": (
        _Entry("Pages", "/admin/cms/page/"),
        _Entry("Themes", "/admin/admin/system_design_theme/", "design_theme"),
    ),
    "Reports": (
        _Entry("Orders", "/admin/reports/report_sales/sales/"),
        _Entry("Tax", "/admin/reports/report_sales/tax/", "sales_order WHERE tax_amount > 0"),
        _Entry("Shipping", "/admin/reports/report_sales/shipping/"),
        _Entry("Bestsellers", "/admin/reports/report_sales/bestsellers/"),
        _Entry("Search Terms", "/admin/search/term/report/"),
    ),
}
"""Menus by name."""


def register(app: Flask) -> None:
    """Adds the dashboard and the menu pages."""
    for rule in ("/admin/", "/admin/admin/", "/admin/admin/dashboard/", "/admin/dashboard/"):
        app.add_url_rule(rule, "dashboard", _dashboard, methods=["GET"])
    app.add_url_rule("/admin/menu/<name>/", "menu", _menu)


def _dashboard() -> str:
    db = web.store()
    sales = db.query("SELECT SUM(grand_total) AS total, COUNT(*) AS count FROM sales_order WHERE status != 'canceled'")
    total, count = sales[0]["total"] or 0, sales[0]["count"]
    orders = db.query(
        "SELECT customer_name, grand_total, (SELECT SUM(qty) FROM sales_order_item WHERE order_id = o.id) AS items "
        "FROM sales_order AS o ORDER BY o.created_at DESC, o.id DESC LIMIT 5"
    )
    bestsellers = db.query(
        "SELECT name, price, SUM(qty) AS sold FROM sales_order_item GROUP BY name ORDER BY sold DESC, name LIMIT 5"
    )
    terms = db.query("SELECT query_text, num_results, popularity FROM search_query ORDER BY popularity DESC LIMIT 5")
    return render_template(
        "admin/dashboard.html",
        lifetime=money(total),
        average=money(total // count if count else 0),
        orders=orders,
        bestsellers=bestsellers,
        terms=terms,
    )


def _menu(name: str) -> str:
    title = name.capitalize()
    if title not in SECTIONS:
        abort(404)
    db = web.store()
    shown = [
        entry
        for entry in SECTIONS[title]
        if not entry.needs or db.value(f"SELECT EXISTS (SELECT 1 FROM {entry.needs})")
    ]
    return render_template("admin/menu.html", title=title, entries=shown)
