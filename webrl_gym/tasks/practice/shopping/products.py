"""Templates about single products: price, stock, number, search."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import answer_includes, answer_is, ends_at
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping.store_pages import (
    SITES,
    dollars,
    draw_product,
    draw_product_name,
    open_product,
    product_by_name,
    product_id,
    product_line,
)
from webrl_gym.tasks.template import Split, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_APPROVED = "r.status = 'Approved'"
_REVIEWS_OF = f"SELECT COUNT(*) FROM review r WHERE r.product_id = p.id AND {_APPROVED}"


def _price(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(dollars(product_by_name(reader, parameters["product"])["price_cents"]))


def _read_price(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.search("Search", parameters["product"])
    yield leave(product_line(page, parameters["product"]).rpartition(" ")[2])


def _other_price(reader: WorldReader, parameters: Parameters) -> Statement:
    product = product_by_name(reader, parameters["product"])
    return Site.SHOPPING, "UPDATE product SET price_cents = price_cents + 137 WHERE id = ?", (product["id"],)


def _sku(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(product_by_name(reader, parameters["product"])["sku"])


def _read_sku(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_product(page, parameters["product"])
    yield leave(page.after("SKU:"))


def _other_sku(reader: WorldReader, parameters: Parameters) -> Statement:
    product = product_by_name(reader, parameters["product"])
    return Site.SHOPPING, "UPDATE product SET sku = 'B0ZZZZ1234' WHERE id = ?", (product["id"],)


def _draw_reviewed(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    return draw_product_name(reader, rng, novel, f"({_REVIEWS_OF}) > 0")


def _review_count(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    sql = f"SELECT COUNT(*) FROM review r WHERE product_id = ? AND {_APPROVED}"
    return answer_includes(str(reader.value(Site.SHOPPING, sql, (product_id(reader, parameters),))))


def _read_review_count(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.search("Search", parameters["product"])
    words = product_line(page, parameters["product"]).split()
    position = next(place for place, word in enumerate(words) if word in ("Review", "Reviews"))
    yield leave(words[position - 1])


def _one_more_review(reader: WorldReader, parameters: Parameters) -> Statement:
    sql = (
        "INSERT INTO review (product_id, nickname, title, detail, rating, created_at)"
        " VALUES (?, 'Nobody', 'Arrived', 'Arrived today', 3, '2023-06-01 10:00:00')"
    )
    return Site.SHOPPING, sql, (product_id(reader, parameters),)


def _draw_query(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    product = draw_product(reader, rng, novel)
    return None if product is None else {"words": " ".join(product["name"].split()[:2]).lower()}


def _search_page(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return ends_at(f"__SHOPPING__/catalogsearch/result/?q={parameters['words'].replace(' ', '+')}")


def _search(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.search("Search", parameters["words"])
    yield leave()


def _product_page(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return ends_at(f"__SHOPPING__/{product_by_name(reader, parameters['product'])['url_key']}.html")


def _show_product(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_product(page, parameters["product"])
    yield leave()


def _draw_availability(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    return draw_product_name(reader, rng, novel, f"in_stock = {rng.randrange(2)}")


def _availability(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    product = product_by_name(reader, parameters["product"])
    return answer_is("In stock" if product["in_stock"] else "Out of stock")


def _read_availability(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_product(page, parameters["product"])
    yield leave("In stock" if "In stock" in page.plain_lines else "Out of stock")


def _other_availability(reader: WorldReader, parameters: Parameters) -> Statement:
    return Site.SHOPPING, "UPDATE product SET in_stock = 1 - in_stock WHERE id = ?", (product_id(reader, parameters),)


TEMPLATES: tuple[Template, ...] = (
    Template(
        name="shopping.product_price",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "What is the price of {product}?",
            "How much does {product} cost?",
            "Tell me the price of the {product} in the One Stop Market.",
            "Look up what I would pay for one {product}.",
        ),
        draw=draw_product_name,
        evaluate=_price,
        solve=_read_price,
        steps=2,
        perturb=_other_price,
    ),
    Template(
        name="shopping.product_sku",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "What is the SKU of {product}?",
            "Tell me the SKU of the product {product}.",
            "Look up {product} and give me its SKU.",
        ),
        draw=draw_product_name,
        evaluate=_sku,
        solve=_read_sku,
        steps=3,
        perturb=_other_sku,
        split=Split.VALID_ONLY,
    ),
    Template(
        name="shopping.product_availability",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            'Is {product} available? Answer "In stock" or "Out of stock".',
            'Check whether {product} can be bought right now and answer with "In stock" or "Out of stock".',
            'Tell me the availability of {product}: "In stock" or "Out of stock"?',
        ),
        draw=_draw_availability,
        evaluate=_availability,
        solve=_read_availability,
        steps=3,
        perturb=_other_availability,
    ),
    Template(
        name="shopping.review_count",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "How many reviews does {product} have?",
            "Tell me the number of reviews that customers wrote about {product}.",
            "Count the reviews of {product}.",
        ),
        draw=_draw_reviewed,
        evaluate=_review_count,
        solve=_read_review_count,
        steps=2,
        perturb=_one_more_review,
    ),
    Template(
        name="shopping.search",
        sites=SITES,
        kind=TaskKind.NAVIGATING,
        wordings=(
            'Search for "{words}".',
            'Show me the search results for "{words}".',
            'Look for "{words}" with the search box.',
        ),
        draw=_draw_query,
        evaluate=_search_page,
        solve=_search,
        steps=2,
    ),
    Template(
        name="shopping.show_product",
        sites=SITES,
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Open the page of {product}.",
            "Show me the product {product}.",
            "Take me to the page where I can buy {product}.",
        ),
        draw=draw_product_name,
        evaluate=_product_page,
        solve=_show_product,
        steps=3,
    ),
)
