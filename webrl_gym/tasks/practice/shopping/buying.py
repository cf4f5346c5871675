"""Templates that put products into the cart, the wish list, an order or a review."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import page_check, pages_show
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping.store_pages import (
    EMMA,
    SITES,
    cart_check,
    dollars,
    draw_product_name,
    open_product,
    product_by_name,
    stars,
)
from webrl_gym.tasks.template import TaskKind, Template, WorldReader
from webrl_gym.types import Site

_UNWISHED = f"id NOT IN (SELECT product_id FROM wishlist_item WHERE customer_id = {EMMA})"
_UNREVIEWED = f"id NOT IN (SELECT product_id FROM review WHERE customer_id = {EMMA})"
_OPINIONS = (
    "Just what I needed",
    "Could be better",
    "Worth every cent",
    "Not for me",
    "My new favorite",
    "A nice find",
)
_DETAILS = (
    "I use it every day.",
    "It arrived within a week.",
    "My sister borrowed it at once.",
    "The box was bigger than I thought.",
    "I have had it for a month now.",
)
_SHIPPING_CENTS = 500


def _draw_quantity(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    drawn = draw_product_name(reader, rng, novel, "in_stock")
    return drawn and {**drawn, "quantity": str(rng.randrange(2, 10))}


def _in_cart(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    sku = product_by_name(reader, parameters["product"])["sku"]
    return pages_show(cart_check(sku, parameters["quantity"]))


def _fill_cart(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_product(page, parameters["product"])
    page = yield page.type("Qty", parameters["quantity"])
    page = yield page.click("Add to Cart")
    yield leave()


def _draw_unwished(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    return draw_product_name(reader, rng, novel, _UNWISHED)


def _in_wishlist(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    locator = 'document.querySelector(".products-grid.wishlist").outerText'
    return pages_show(page_check("__SHOPPING__/wishlist/", locator, parameters["product"]))


def _wish(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_product(page, parameters["product"])
    page = yield page.click("Add to Wish List")
    yield leave()


def _draw_bought(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    return draw_product_name(reader, rng, novel, "in_stock")


def _next_order(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    """Numbers go up by one, so the address of the next order is known before it is placed."""
    number = reader.value(Site.SHOPPING, "SELECT MAX(id) + 1 FROM sales_order")
    url = f"__SHOPPING__/sales/order/view/order_id/{number}/"
    product = product_by_name(reader, parameters["product"])
    ordered = page_check(url, 'document.querySelector(".order-details-items.ordered").outerText', product["sku"])
    total = dollars(product["price_cents"] + _SHIPPING_CENTS)
    paid = page_check(url, 'document.querySelector(".grand_total .amount").outerText', total, exactly=True)
    sql = "SELECT a.* FROM address a JOIN customer c ON c.default_shipping = a.id WHERE c.id = ?"
    home = reader.one(Site.SHOPPING, sql, (EMMA,))
    assert home is not None, "the world's customer has a default shipping address"
    sent = page_check(url, 'document.querySelector(".box-order-shipping-address").outerText', home["street"])
    return pages_show(ordered, paid, sent)


def _buy(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_product(page, parameters["product"])
    page = yield page.click("Add to Cart")
    page = yield page.click("My Cart")
    page = yield page.click("Proceed to Checkout")
    page = yield page.click("Place Order")
    yield leave()


def _draw_opinion(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    drawn = draw_product_name(reader, rng, novel, _UNREVIEWED)
    return drawn and {
        **drawn,
        "rating": stars(rng.randrange(1, 6)),
        "summary": rng.choice(_OPINIONS),
        "review": rng.choice(_DETAILS),
    }


def _reviewed(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    locator = 'document.querySelector("#my-reviews-table tbody tr").outerText'
    texts = (parameters["product"], parameters["rating"], parameters["summary"])
    return pages_show(page_check("__SHOPPING__/review/customer/", locator, *texts))


def _write_review(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_product(page, parameters["product"])
    page = yield page.click("Add Your Review")
    page = yield page.click(parameters["rating"], tag="input")
    page = yield page.type("Summary", parameters["summary"])
    page = yield page.type("Review", parameters["review"])
    page = yield page.click("Submit Review")
    yield leave()


TEMPLATES: tuple[Template, ...] = (
    Template(
        name="shopping.add_to_cart",
        sites=SITES,
        kind=TaskKind.CHANGING,
        wordings=(
            "Add {quantity} {product} to my shopping cart.",
            "Put {quantity} pieces of {product} into the cart.",
            "I need {quantity} of the product {product}; add them to my cart.",
        ),
        draw=_draw_quantity,
        evaluate=_in_cart,
        solve=_fill_cart,
        steps=5,
    ),
    Template(
        name="shopping.add_to_wishlist",
        sites=SITES,
        kind=TaskKind.CHANGING,
        wordings=(
            "Add {product} to my wish list.",
            "Put the product {product} on my wish list.",
            "I would like to buy {product} later; save it in my wish list.",
        ),
        draw=_draw_unwished,
        evaluate=_in_wishlist,
        solve=_wish,
        steps=4,
    ),
    Template(
        name="shopping.buy_product",
        sites=SITES,
        kind=TaskKind.CHANGING,
        wordings=(
            "Buy one {product} and have it sent to my default shipping address.",
            "Order one {product} for me with my default shipping address.",
            "Place an order for a single {product}; ship it to my default address.",
        ),
        draw=_draw_bought,
        evaluate=_next_order,
        solve=_buy,
        steps=7,
    ),
    Template(
        name="shopping.write_review",
        sites=SITES,
        kind=TaskKind.CHANGING,
        wordings=(
            'Review {product} with {rating}, the summary "{summary}" and the review text "{review}"',
            'Write a review of {product}: {rating}, summary "{summary}", review "{review}"',
            'Rate my recent purchase of {product} with {rating}. Summary: "{summary}". Text: "{review}"',
        ),
        draw=_draw_opinion,
        evaluate=_reviewed,
        solve=_write_review,
        steps=8,
    ),
)
