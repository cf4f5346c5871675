"""Official tasks that put products into the cart or on the wish list, and buy them."""

from __future__ import annotations

import re
from collections.abc import Callable

from webrl_gym.actions import leave, switch_tab
from webrl_gym.tasks.official.script import Script, Solve, asked
from webrl_gym.tasks.official.shopping.moves import Listed, all_listed, cents_of, listed, named, open_category, show_all
from webrl_gym.tasks.page_view import Moves, Oracle, PageView

_UNSET = "-- Please Select --"
_PIECES = re.compile(r"(\d+)[ -]?(?:piece|pack)\b|\b(?:set|pack) of (\d+)", re.IGNORECASE)


def _unit_cents(page: PageView) -> float:
    """Price of a piece on a product's page, from the price and the number of pieces in the name."""
    pieces = _PIECES.search(page.plain_lines[_heading(page)])
    price = next(line for line in page.plain_lines[_heading(page) :] if line.startswith("$"))
    return cents_of(price) / int((pieces[1] or pieces[2]) if pieces is not None else 1)


def _heading(page: PageView) -> int:
    return next(number for number, line in enumerate(page.lines) if line.startswith("<h1>"))


def _buy_by_unit_price(choose: Callable[[list[float]], float]) -> Solve:
    """Puts the product into the cart whose price of a piece is chosen among those of all tabs."""

    def solve(page: PageView) -> Oracle:
        costs = [_unit_cents(page)]
        while f" {len(costs)}: " in page.plain_lines[0]:
            page = yield switch_tab(len(costs))
            costs.append(_unit_cents(page))
        page = yield switch_tab(costs.index(choose(costs)))
        yield page.click("Add to Cart")
        yield leave()

    return solve


def _wish(page: PageView) -> Moves:
    """Puts the product of this page on the wish list."""
    return (yield page.click("Add to Wish List"))


def _wish_named(page: PageView) -> Oracle:
    name = asked(page, r"add (.+) to my wish list")[0]
    page = yield page.search("Search", name)
    page = yield page.click(name, tag="a")
    yield from _wish(page)
    yield leave()


def _wish_other_plant(page: PageView) -> Oracle:
    page = yield page.search("Search", "Hawaiian Plumeria")
    page = yield page.click(named(listed(page), "plumeria")[0].name, tag="a")
    yield from _wish(page)
    yield leave()


def _wish_desk(page: PageView, *, color: str = "") -> Oracle:
    words = asked(page, r"add an? (.+) to my wish list")[0]
    if color:
        words = words.replace("white", color)
    page = yield page.search("Search", words)
    page = yield page.click(named(listed(page), words)[0].name, tag="a")
    yield from _wish(page)
    yield leave()


def _wish_black_desk(page: PageView) -> Oracle:
    yield from _wish_desk(page, color="black")


def _wish_this(page: PageView) -> Oracle:
    yield from _wish(page)
    yield leave()


def _wish_other_tea(page: PageView) -> Oracle:
    page = yield page.search("Search", "Evening Blend Loose Leaf")
    page = yield page.click(listed(page)[0].name, tag="a")
    yield from _wish(page)
    yield leave()


def _buy(page: PageView, product: Listed) -> Moves:
    """Buys a listed product, in the first size that there is."""
    page = yield page.click(product.name, tag="a")
    for control in page.controls:
        if control.tag == "select" and control.value == _UNSET:
            page = yield page.select(control.name, control.text.split("|")[1].strip())
    page = yield page.click("Add to Cart")
    page = yield page.click("My Cart")
    page = yield page.click("Proceed to Checkout")
    return (yield page.click("Place Order"))


def _best_in_budget(found: list[Listed], low: int, high: int) -> Listed:
    return max((product for product in found if low <= product.cents <= high), key=lambda product: product.rating)


def _buy_meat_substitute(page: PageView, *, wrong: bool = False) -> Oracle:
    low, high = (int(amount) * 100 for amount in asked(page, r"between (\d+) and (\d+)"))
    page = yield from open_category(page, "Grocery & Gourmet Food", "Pantry Staples", "Meat Substitutes")
    page, found = yield from all_listed(page)
    best = _best_in_budget(found, low, high)
    yield from _buy(page, next(product for product in found if product != best) if wrong else best)
    yield leave()


def _buy_wrong_meat_substitute(page: PageView) -> Oracle:
    yield from _buy_meat_substitute(page, wrong=True)


def _buy_shoe(page: PageView, *, enough: int = 0) -> Oracle:
    """Buys the best rated shoe; ``enough`` stands in for the number of reviews that the instruction demands."""
    enough = enough or int(asked(page, r"at least (\d+) reviews")[0])
    page = yield from open_category(page, "Clothing, Shoes & Jewelry", "Men", "Shoes")
    page = yield from show_all(page)
    known = [product for product in listed(page) if product.reviews >= enough]
    yield from _buy(page, min(known, key=lambda product: (-product.rating, product.cents)))
    yield leave()


def _buy_little_known_shoe(page: PageView) -> Oracle:
    yield from _buy_shoe(page, enough=1)


SCRIPTS = (
    Script(103, _buy_by_unit_price(min), _buy_by_unit_price(max)),
    Script(109, _wish_named, _wish_other_plant),
    Script(117, _buy_meat_substitute, _buy_wrong_meat_substitute),
    Script(118, _buy_shoe, _buy_little_known_shoe),
    Script(119, _wish_desk, _wish_black_desk),
    Script(120, _wish_this, _wish_other_tea),
)
