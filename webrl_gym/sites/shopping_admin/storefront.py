"""The store's front pages: home, categories, products with their reviews, search, and content pages."""

from __future__ import annotations

import sqlite3
from typing import Any

from flask import Flask, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.shopping_admin.flashes import back_to, leave_message
from webrl_gym.sites.shopping_admin.formats import page_number
from webrl_gym.sites.shopping_admin.grid import holds
from webrl_gym.sites.shopping_admin.records import timestamp
from webrl_gym.sites.shopping_admin.reviews import APPROVED, PENDING

_PAGE_SIZE = 9
_REVIEWS_SHOWN = 5
_SORTS = {"position": ("Position", "id"), "name": ("Product Name", "name"), "price": ("Price", "price")}
_SHOWN = "status = 1 AND visibility != 1"


def register(app: Flask) -> None:
    """Adds the front pages; ``home`` is the root."""
    app.add_url_rule("/", "home", _home)
    app.add_url_rule("/catalogsearch/result/", "search", _search)
    app.add_url_rule("/<key>.html", "product_or_category", _product_or_category)
    app.add_url_rule("/<path:parents>/<key>.html", "subcategory", _subcategory)
    app.add_url_rule("/review/product/post/id/<int:product_id>/", "review_post", _post_review, methods=["POST"])
    app.add_url_rule("/<key>", "content_page", _content_page)


def _top_categories() -> list[sqlite3.Row]:
    return web.store().query("SELECT name, path FROM category WHERE parent_id IS NULL ORDER BY id")


def _front(template: str, **values: Any) -> str:
    return render_template(template, tops=_top_categories(), **values)


def _home() -> str:
    db = web.store()
    page = db.one("SELECT title, content_heading, content FROM cms_page WHERE identifier = 'home'")
    hot = db.query(f"SELECT name, url_key, price FROM product WHERE {_SHOWN} ORDER BY sale DESC, id LIMIT 6")
    return _front("front/home.html", page=page, hot=hot)


def _listing(title: str, condition: str, values: tuple[Any, ...], path: str, **more: Any) -> str:
    """Products that meet a condition, sorted and paged by the request's parameters."""
    db = web.store()
    order = request.args.get("product_list_order", "position")
    order = order if order in _SORTS else "position"
    where = f"{_SHOWN} AND {condition}"
    count = db.value(f"SELECT COUNT(*) FROM product WHERE {where}", values)
    pages = max(1, -(-count // _PAGE_SIZE))
    page = page_number(request.args.get("p", "1"), pages)
    rows = db.query(
        f"SELECT name, url_key, price FROM product WHERE {where} ORDER BY {_SORTS[order][1]}, id "
        f"LIMIT {_PAGE_SIZE} OFFSET {_PAGE_SIZE * (page - 1)}",
        values,
    )
    sorts = [(key, name) for key, (name, _) in _SORTS.items()]
    return _front(
        "front/listing.html",
        title=title,
        path=path,
        products=rows,
        count=count,
        page=page,
        pages=pages,
        order=order,
        sorts=sorts,
        **{"query": "", "children": [], **more},
    )


def _search() -> str:
    query = request.args.get("q", "").strip()
    found = query.split()[:8]
    condition = " AND ".join([holds("name || ' ' || sku")] * len(found)) or "0"
    title = f"Search results for: '{query}'"
    return _listing(title, condition, tuple(found), "/catalogsearch/result/", query=query)


def _category(path: str) -> str:
    db = web.store()
    category = db.one("SELECT id, name FROM category WHERE path = ?", (path,))
    if category is None:
        abort(404, "We can't find that page.")
    children = db.query("SELECT name, path FROM category WHERE parent_id = ? ORDER BY id", (category["id"],))
    condition = "category_id IN (SELECT id FROM category WHERE path = ? OR instr(path, ?) = 1)"
    values = (path, f"{path}/")
    return _listing(category["name"], condition, values, f"/{path}.html", children=children)


def _subcategory(parents: str, key: str) -> str:
    return _category(f"{parents}/{key}")


def _product_or_category(key: str) -> str:
    db = web.store()
    product = db.one(f"SELECT * FROM product WHERE url_key = ? AND {_SHOWN}", (key,))
    if product is None:
        return _category(key)
    totals = db.one(
        "SELECT COUNT(*) AS count, AVG(rating) AS rating FROM review WHERE product_id = ? AND status_id = ?",
        (product["id"], APPROVED),
    )
    reviews = db.query(
        "SELECT * FROM review WHERE product_id = ? AND status_id = ? ORDER BY created_at DESC LIMIT ?",
        (product["id"], APPROVED, _REVIEWS_SHOWN),
    )
    return _front("front/product.html", product=product, reviews=reviews, totals=totals)


def _post_review(product_id: int) -> Response:
    db = web.store()
    key = db.value(f"SELECT url_key FROM product WHERE id = ? AND {_SHOWN}", (product_id,))
    if key is None:
        abort(404, "We can't find that page.")
    typed = [request.form.get(name, "").strip() for name in ("nickname", "title", "detail")]
    rating = request.form.get("rating", "")
    if not all(typed) or rating not in ("1", "2", "3", "4", "5"):
        return back_to(f"/{key}.html", "Nickname, Summary, Review and a rating are required.", error=True)
    with db.atomic():
        db.execute(
            "INSERT INTO review (product_id, status_id, rating, nickname, title, detail, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (product_id, PENDING, int(rating), *typed, timestamp()),
        )
    leave_message("You submitted your review for moderation.")
    return redirect(f"/{key}.html")


def _content_page(key: str) -> str:
    page = web.store().one("SELECT * FROM cms_page WHERE identifier = ? AND is_active = 1", (key,))
    if page is None:
        abort(404, "We can't find that page.")
    return _front("front/content.html", page=page)
