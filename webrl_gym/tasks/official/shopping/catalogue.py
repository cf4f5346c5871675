"""Official tasks that compare or find products."""

from __future__ import annotations

import re
from collections.abc import Generator
from datetime import date, datetime

from webrl_gym.actions import Action, leave
from webrl_gym.tasks.official.script import Perturbation, Script, asked
from webrl_gym.tasks.official.shopping.moves import Listed, all_listed, dollars, listed, named
from webrl_gym.tasks.page_view import Moves, Oracle, OracleLost, PageView
from webrl_gym.types import Site

_AVAILABLE = re.compile(r"Date First Available: (\w+ \d+, \d{4})")
_CAPACITY = re.compile(r"capacity: (\d+) game cards")
_REDUCED = re.compile(r"discount|on sale|\bdeals?\b|clearance", re.IGNORECASE)


def _for_ailment(page: PageView) -> Oracle:
    page = yield page.search("Search", asked(page, r"I have (.+?) problem")[0] + " mouth guard")
    yield page.click(listed(page)[0].name, tag="a")
    yield leave()


def _for_another_sport(page: PageView) -> Oracle:
    page = yield page.search("Search", "sports mouth guard")
    yield page.click(listed(page)[0].name, tag="a")
    yield leave()


def _price_range(page: PageView, words: str) -> Oracle:
    page = yield page.search("Search", words)
    page, found = yield from all_listed(page)
    prices = sorted(product.cents for product in named(found, words))
    ends = dict.fromkeys(dollars(cents) for cents in (prices[0], prices[-1]))
    yield leave(" - ".join(ends))


def _price_range_of_kind(page: PageView) -> Oracle:
    yield from _price_range(page, asked(page, r"price range of (.+) in the")[0])


def _price_range_of_brand(page: PageView) -> Oracle:
    yield from _price_range(page, asked(page, r"products from (\w+)")[0])


def _descriptions(page: PageView, found: list[Listed]) -> Generator[Action, PageView, tuple[PageView, dict[str, str]]]:
    """Opens listed products one after the other; returns to the list with the text of each page."""
    texts = {}
    for product in found:
        page = yield page.click(product.name, tag="a")
        texts[product.name] = page.text
        page = yield page.back()
    return page, texts


def _newest_between(page: PageView, words: str, first: date, last: date) -> Moves:
    page = yield page.search("Search", words)
    page, texts = yield from _descriptions(page, named(listed(page), words))
    days = {}
    for name, text in texts.items():
        match = _AVAILABLE.search(text)
        if match is not None and first <= datetime.strptime(match[1], "%B %d, %Y").date() <= last:
            days[name] = datetime.strptime(match[1], "%B %d, %Y").date()
    return (yield page.click(max(days, key=days.__getitem__), tag="a"))


def _newest_controller(page: PageView) -> Oracle:
    first, last = (int(year) for year in asked(page, r"between (\d{4})-(\d{4})"))
    yield from _newest_between(page, "xbox controller", date(first, 1, 1), date(last, 12, 31))
    yield leave()


def _newest_of_all(page: PageView) -> Oracle:
    yield from _newest_between(page, "xbox controller", date(2000, 1, 1), date(2023, 12, 31))
    yield leave()


def _holders(page: PageView, capacity: int) -> Generator[Action, PageView, tuple[PageView, list[Listed]]]:
    """Searches for holders of game cards; returns those with room for some number of them."""
    page = yield page.search("Search", "switch game card holder")
    found = [product for product in named(listed(page), "card") if "switch" in product.name.lower()]
    page, texts = yield from _descriptions(page, found)
    sizes = {name: int(match[1]) for name, text in texts.items() if (match := _CAPACITY.search(text)) is not None}
    return page, [product for product in found if sizes.get(product.name, 0) >= capacity]


def _best_holder(page: PageView, *, wrong: bool = False) -> Oracle:
    page, found = yield from _holders(page, int(asked(page, r"all (\d+) cards")[0]))
    found.sort(key=lambda product: (-product.rating, product.cents))
    yield page.click(found[-1 if wrong else 0].name, tag="a")
    yield leave()


def _wrong_holder(page: PageView) -> Oracle:
    yield from _best_holder(page, wrong=True)


def _cheapest_holder(page: PageView, *, capacity: int = 0) -> Oracle:
    page, found = yield from _holders(page, capacity or int(asked(page, r"capacity of (\d+) cards")[0]))
    yield page.click(min(found, key=lambda product: product.cents).name, tag="a")
    yield leave()


def _too_small_holder(page: PageView) -> Oracle:
    yield from _cheapest_holder(page, capacity=1)


def _discounted(page: PageView) -> Oracle:
    page = yield page.click("Advanced Search")
    if any(_REDUCED.search(control.name) for control in page.controls):
        raise OracleLost(f"the store can show reduced products:\n{page.text}")
    yield leave("N/A")


def _priced(cents: int, sku: str, answer: str) -> Perturbation:
    sql = "UPDATE product SET price_cents = ? WHERE sku = ?"
    return Perturbation(((Site.SHOPPING, sql, (cents, sku)),), answer)


SCRIPTS = (
    Script(29, _for_ailment, _for_another_sport),
    Script(31, _price_range_of_kind, "$6.99 - $24", _priced(8_700, "B08ZXY1F6P", "$87")),
    Script(41, _best_holder, _wrong_holder),
    Script(55, _price_range_of_brand, "$12.99", _priced(1_234, "B07ZQH8MNC", "12.34")),
    Script(67, _newest_controller, _newest_of_all),
    Script(68, _cheapest_holder, _too_small_holder),
    Script(86, _discounted, "There are 12 of them", constant="the store cannot list what is reduced"),
)
