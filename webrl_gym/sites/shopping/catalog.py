"""Category pages, product pages and both searches."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites.shopping.fields import read_cents
from webrl_gym.sites.shopping.listing import chosen_pager, list_products
from webrl_gym.sites.shopping.options import product_options
from webrl_gym.sites.shopping.seed_basics import SHOWN_REVIEWS
from webrl_gym.sites.shopping.visitor import customer
from webrl_gym.sites.web import store

blueprint = Blueprint("catalog", __name__)

_REVIEW_PAGE_SIZES = (5,)
_CATEGORY_ORDERS = {"position": "Position", "name": "Product Name", "price": "Price"}
_SEARCH_ORDERS = {"relevance": "Relevance", "name": "Product Name", "price": "Price"}
_SHORTEST_QUERY = 3
_MOST_TERMS = 8


def matching_any(text: str) -> tuple[str, dict[str, Any]] | None:
    """SQL and parameters for products that hold some word of ``text``, the best first; None without words.

    A word in the name counts more than one in the description, and all words in a row count most. All texts are
    read once, here: what is found goes on as a list of ids, because a page asks for it three times.
    """
    words = [word for word in re.findall(r"\w+", text.lower()) if len(word) > 1][:_MOST_TERMS]
    if not words:
        return None
    parameters: dict[str, Any] = {"phrase": f"%{_escape(text.strip())}%", "sku": text.strip().upper()}
    scores = ["20 * (name LIKE :phrase ESCAPE '\\')", "50 * (sku = :sku)"]
    for number, word in enumerate(words):
        parameters[f"word{number}"] = f"%{_escape(word)}%"
        scores.append(f"4 * (name LIKE :word{number} ESCAPE '\\') + (description LIKE :word{number} ESCAPE '\\')")
    scored = f"SELECT id, {' + '.join(scores)} AS relevance FROM product"
    found = [
        tuple(row) for row in store().query(f"SELECT id, relevance FROM ({scored}) WHERE relevance > 0", parameters)
    ]
    source = (
        "FROM (SELECT q.*, json_extract(f.value, '$[1]') AS relevance FROM json_each(:found) f"
        " CROSS JOIN product q ON q.id = json_extract(f.value, '$[0]')) p WHERE 1"
    )
    return source, {"found": json.dumps(found)}


def _escape(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


@blueprint.get("/<path:url_path>.html")
def show_page(url_path: str) -> str:
    """A category's or a product's page: both live under plain addresses, as on the original."""
    category = store().one("SELECT * FROM category WHERE url_path = ?", (url_path,))
    if category is not None:
        return _category_page(category)
    product = store().one("SELECT * FROM product WHERE url_key = ?", (url_path.rpartition("/")[2],))
    return _product_page(product) if product is not None else abort(404)


def _category_page(category: sqlite3.Row) -> str:
    listing = list_products(
        "FROM category_product c JOIN product p ON p.id = c.product_id WHERE c.category_id = :category",
        {"category": category["id"]},
        _CATEGORY_ORDERS,
        falling=False,
        step_cents=category["price_step_cents"],
    )
    return render_template(
        "category.html",
        category=category,
        parents=_ancestors(category["parent_id"]),
        children=store().query(
            "SELECT name, url_path FROM category WHERE parent_id = ? ORDER BY id", (category["id"],)
        ),
        listing=listing,
    )


def _ancestors(category_id: int | None) -> list[sqlite3.Row]:
    """The categories above, the topmost first."""
    found: list[sqlite3.Row] = []
    while category_id is not None:
        row = store().one("SELECT name, url_path, parent_id FROM category WHERE id = ?", (category_id,))
        if row is None:
            break
        found.insert(0, row)
        category_id = row["parent_id"]
    return found


def _product_page(product: sqlite3.Row) -> str:
    counted = store().one(
        "SELECT COUNT(*) AS reviews, CAST(ROUND(AVG(rating) * 20) AS INTEGER) AS rating FROM review"
        " WHERE product_id = ? AND status = 'Approved'",
        (product["id"],),
    )
    if counted is None:
        raise LookupError("an aggregate query gave no row")
    pager = chosen_pager(counted["reviews"], SHOWN_REVIEWS, _REVIEW_PAGE_SIZES, "limit")
    signed_in = customer()
    return render_template(
        "product.html",
        product=product,
        rating=counted["rating"],
        pager=pager,
        options=product_options(product["id"]),
        nickname="" if signed_in is None else signed_in["firstname"],
        categories=store().query(
            "SELECT c.name, c.url_path FROM category c JOIN category_product cp ON cp.category_id = c.id"
            " WHERE cp.product_id = ? ORDER BY c.parent_id IS NOT NULL, c.id",
            (product["id"],),
        ),
        reviews=store().query(
            "SELECT nickname, title, detail, rating, created_at FROM review"
            " WHERE product_id = ? AND status = 'Approved' ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?",
            (product["id"], *pager.limits),
        ),
    )


@blueprint.get("/catalogsearch/result/")
@blueprint.get("/catalogsearch/result/index/")
def search() -> str | Response:
    """The quick search."""
    text = " ".join(request.args.get("q", "").split())
    if not text:
        return redirect("/")
    found = matching_any(text) if len(text) >= _SHORTEST_QUERY else None
    listing = None if found is None else list_products(*found, _SEARCH_ORDERS, falling=True)
    return render_template("search.html", text=text, too_short=len(text) < _SHORTEST_QUERY, listing=listing)


@blueprint.get("/catalogsearch/advanced/")
@blueprint.get("/catalogsearch/advanced/index/")
def advanced_form() -> str:
    """The form of the advanced search."""
    return render_template("advanced.html")


@blueprint.get("/catalogsearch/advanced/result/")
def advanced_search() -> str | Response:
    """Products that fit every filled-in field."""
    conditions: list[str] = []
    parameters: dict[str, Any] = {}
    for column in ("name", "sku", "description"):
        text = request.args.get(column, "").strip()
        if text:
            conditions.append(f" AND p.{column} LIKE :{column} ESCAPE '\\'")
            parameters[column] = f"%{_escape(text)}%"
    for bound, comparison in (("from", ">="), ("to", "<=")):
        cents = read_cents(request.args.get(f"price[{bound}]", ""))
        if cents is not None:
            conditions.append(f" AND p.price_cents {comparison} :price_{bound}")
            parameters[f"price_{bound}"] = cents
    if not conditions:
        return redirect("/catalogsearch/advanced/")
    source = "FROM (SELECT *, id AS relevance FROM product) p WHERE 1" + "".join(conditions)
    return render_template(
        "advanced_result.html", listing=list_products(source, parameters, _SEARCH_ORDERS, falling=False)
    )
