"""Templates about the categories and their sections."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import answer_includes, ends_at, page_check, pages_show
from webrl_gym.tasks.page_view import Moves, Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping.store_pages import SITES, choose, dollars, listed_products
from webrl_gym.tasks.template import Row, Split, Statement, TaskKind, Template, WorldReader
from webrl_gym.types import Site


def _draw_section(reader: WorldReader, rng: random.Random, novel: bool) -> Row | None:
    joined = "category c JOIN category t ON t.id = c.parent_id"
    sql = f"SELECT c.*, t.name AS top FROM {joined} WHERE c.novel = ? ORDER BY c.id"
    return choose(rng, reader.query(Site.SHOPPING, sql, (int(novel),)))


def _draw_category(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    section = _draw_section(reader, rng, novel)
    return None if section is None else {"category": section["top"], "section": section["name"]}


def _section(reader: WorldReader, parameters: Parameters) -> Row:
    sql = "SELECT c.* FROM category c JOIN category t ON t.id = c.parent_id WHERE t.name = ? AND c.name = ?"
    return reader.one(Site.SHOPPING, sql, (parameters["category"], parameters["section"]))


def _at_the_end(reader: WorldReader, parameters: Parameters, way: str) -> Row:
    sql = (
        "SELECT p.* FROM product p JOIN category_product c ON c.product_id = p.id WHERE c.category_id = ?"
        f" ORDER BY p.price_cents {way} LIMIT 1"
    )
    return reader.one(Site.SHOPPING, sql, (_section(reader, parameters)["id"],))


def _cheapest(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(_at_the_end(reader, parameters, "ASC")["name"])


def _priciest(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return answer_includes(_at_the_end(reader, parameters, "DESC")["name"])


def _open_section(page: PageView, parameters: Parameters) -> Moves:
    """Opens the section's list of products (2 steps)."""
    page = yield page.click(parameters["category"])
    return (yield page.click(parameters["section"]))


def _sort_section(page: PageView, parameters: Parameters, order: str) -> Moves:
    """Opens the section and sorts its products, ascending (4 steps)."""
    page = yield from _open_section(page, parameters)
    page = yield page.select("Sort By", order)
    return (yield page.click("Sort"))


def _read_cheapest(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from _sort_section(page, parameters, "Price")
    yield leave(listed_products(page)[0])


def _read_priciest(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from _sort_section(page, parameters, "Price")
    page = yield page.click("Set Descending Direction")
    yield leave(listed_products(page)[0])


def _new_cheapest(reader: WorldReader, parameters: Parameters) -> Statement:
    dearest = _at_the_end(reader, parameters, "DESC")
    return Site.SHOPPING, "UPDATE product SET price_cents = 99 WHERE id = ?", (dearest["id"],)


def _new_priciest(reader: WorldReader, parameters: Parameters) -> Statement:
    cheapest = _at_the_end(reader, parameters, "ASC")
    return Site.SHOPPING, "UPDATE product SET price_cents = 99900 WHERE id = ?", (cheapest["id"],)


_ORDERS = {"price": "Price", "name": "Product Name"}


def _draw_sorting(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    drawn = _draw_category(reader, rng, novel)
    if drawn is None:
        return None
    return drawn | {"order": rng.choice(list(_ORDERS)), "direction": rng.choice(["ascending", "descending"])}


def _sorted_page(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    path = _section(reader, parameters)["url_path"]
    is_descending = parameters["direction"] == "descending"
    address = f"__SHOPPING__/{path}.html?product_list_order={parameters['order']}"
    # Of an ascending list the address is a part of the descending one's; the link leads to the other direction.
    link = page_check(
        "last",
        'document.querySelector(".sorter-action").outerText',
        f"Set {'Ascending' if is_descending else 'Descending'} Direction",
        exactly=True,
    )
    return pages_show(link, ends=address + "&product_list_dir=desc" * is_descending)


def _sort(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from _sort_section(page, parameters, _ORDERS[parameters["order"]])
    if parameters["direction"] == "descending":
        page = yield page.click("Set Descending Direction")
    yield leave()


def _draw_range(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    section = _draw_section(reader, rng, novel)
    if section is None:
        return None
    sql = (
        "SELECT DISTINCT p.price_cents / 5000 * 50 AS low FROM product p"
        " JOIN category_product c ON c.product_id = p.id WHERE c.category_id = ? ORDER BY low"
    )
    lows = [row["low"] for row in reader.query(Site.SHOPPING, sql, (section["id"],))]
    if len(lows) < 2:
        return None
    low = rng.choice(lows)
    return {"category": section["top"], "section": section["name"], "low": str(low), "high": str(low + 50)}


def _range_page(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    path = _section(reader, parameters)["url_path"]
    return ends_at(f"__SHOPPING__/{path}.html?price={parameters['low']}-{parameters['high']}")


def _filter_range(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from _open_section(page, parameters)
    page = yield page.click("Price", tag="summary")
    page = yield page.click(f"{dollars(int(parameters['low']) * 100)} - {dollars(int(parameters['high']) * 100 - 1)}")
    yield leave()


TEMPLATES: tuple[Template, ...] = (
    Template(
        name="shopping.cheapest_product",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "What is the cheapest product in the {section} section of {category}?",
            "Tell me the name of the least expensive product under {category} > {section}.",
            "I am on a budget: which product in {section} ({category}) has the lowest price?",
        ),
        draw=_draw_category,
        evaluate=_cheapest,
        solve=_read_cheapest,
        steps=5,
        perturb=_new_cheapest,
    ),
    Template(
        name="shopping.most_expensive_product",
        sites=SITES,
        kind=TaskKind.READING,
        wordings=(
            "What is the most expensive product in the {section} section of {category}?",
            "Tell me the name of the product with the highest price under {category} > {section}.",
            "I am doing a market survey: which product in {section} ({category}) costs most?",
        ),
        draw=_draw_category,
        evaluate=_priciest,
        solve=_read_priciest,
        steps=6,
        perturb=_new_priciest,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="shopping.sorted_section",
        sites=SITES,
        kind=TaskKind.NAVIGATING,
        wordings=(
            "List the products of the {section} section of {category} by {direction} {order}.",
            "Show me {category} > {section}, sorted by {order} in {direction} order.",
            "Open the {section} listing of {category} with {order} {direction}.",
        ),
        draw=_draw_sorting,
        evaluate=_sorted_page,
        solve=_sort,
        steps=6,
    ),
    Template(
        name="shopping.price_range",
        sites=SITES,
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Show me the products of {section} in {category} that cost from ${low} to under ${high}.",
            "Filter the {section} section of {category} by price: at least ${low} and under ${high}.",
            "I want to see {category} > {section} for ${low} or more, but under ${high}.",
        ),
        draw=_draw_range,
        evaluate=_range_page,
        solve=_filter_range,
        steps=5,
    ),
)
