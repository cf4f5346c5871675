"""The back office's first page and its menus."""

from __future__ import annotations

from flask import Flask, abort, render_template

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.formats import money

SECTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "Sales": (
        ("Orders", "/admin/sales/order/"),
        ("Invoices", "/admin/sales/invoice/"),
        ("Shipments", "/admin/sales/shipment/"),
    ),
    "Catalog": (("Products", "/admin/catalog/product/"),),
    "Customers": (("All Customers", "/admin/customer/index/"),),
    "Marketing": (
        ("Cart Price Rules", "/admin/sales_rule/promo_quote/"),
        ("Search Terms", "/admin/search/term/index/"),
        ("All Reviews", "/admin/review/product/index/"),
        ("Pending Reviews", "/admin/review/product/pending/"),
    ),
    "Content": (("Pages", "/admin/cms/page/"),),
    "Reports": (
        ("Orders", "/admin/reports/report_sales/sales/"),
        ("Shipping", "/admin/reports/report_sales/shipping/"),
        ("Bestsellers", "/admin/reports/report_sales/bestsellers/"),
        ("Search Terms", "/admin/search/term/report/"),
    ),
}
"""Menus by name: (name, address) of their pages."""


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
    return render_template("admin/menu.html", title=title, entries=SECTIONS[title])
