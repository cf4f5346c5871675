"""Writing reviews, and the customer's own ones."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from webrl_gym.sites.shopping.cart import find_product
from webrl_gym.sites.shopping.listing import make_pager
from webrl_gym.sites.shopping.visitor import customer, customers_only, signed_in_customer
from webrl_gym.sites.web import store

blueprint = Blueprint("reviews", __name__)

REVIEWS_A_PAGE = 10
_STARS = ("1", "2", "3", "4", "5")


@blueprint.post("/review/product/post/id/<int(max=999999999):product_id>/")
def post(product_id: int) -> Response:
    """Takes a review; it waits for moderation and shows only in its author's own list."""
    product = find_product(product_id)
    texts = [request.form.get(name, "").strip() for name in ("nickname", "title", "detail")]
    stars = request.form.get("ratings[4]", "")
    page = redirect(f"/{product['url_key']}.html")
    if not all(texts):
        flash("Nickname, Summary and Review are required fields.", "error")
    elif stars not in _STARS:
        flash("Please select one of each of the ratings above.", "error")
    else:
        row = customer()
        with store().atomic():
            store().execute(
                "INSERT INTO review (product_id, customer_id, nickname, title, detail, rating, status, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, 'Pending', ?)",
                (product_id, None if row is None else row["id"], *texts, int(stars), store().now().isoformat(" ")),
            )
        flash("You submitted your review for moderation.", "success")
    return page


@blueprint.get("/review/customer/")
@blueprint.get("/review/customer/index/")
@customers_only
def own_reviews() -> str:
    """My Product Reviews."""
    owner = signed_in_customer()["id"]
    total = store().value("SELECT COUNT(*) FROM review WHERE customer_id = ?", (owner,))
    pager = make_pager(total, REVIEWS_A_PAGE)
    reviews = store().query(
        "SELECT r.id, r.created_at, r.rating, r.title, p.name, p.url_key FROM review r"
        " JOIN product p ON p.id = r.product_id WHERE r.customer_id = ? ORDER BY r.created_at DESC LIMIT ? OFFSET ?",
        (owner, *pager.limits),
    )
    return render_template("own_reviews.html", reviews=reviews, pager=pager)


@blueprint.get("/review/customer/view/id/<int(max=999999999):review_id>/")
@customers_only
def own_review(review_id: int) -> str:
    """One of the customer's own reviews."""
    review = store().one(
        "SELECT r.*, p.name, p.url_key FROM review r JOIN product p ON p.id = r.product_id"
        " WHERE r.id = ? AND r.customer_id = ?",
        (review_id, signed_in_customer()["id"]),
    )
    return abort(404) if review is None else render_template("own_review.html", review=review)
