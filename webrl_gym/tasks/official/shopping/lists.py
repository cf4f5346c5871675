"""Official tasks that end on a category or search page."""

from __future__ import annotations

import re

from webrl_gym.actions import leave
from webrl_gym.tasks.official.script import Script, asked
from webrl_gym.tasks.official.shopping.moves import open_category, sort_by_price
from webrl_gym.tasks.page_view import Moves, Oracle, PageView

_WHERE = {
    "swimwear": ("Clothing, Shoes & Jewelry", "Sport Specific Clothing", "Competitive Swimwear"),
    "living room": ("Home & Kitchen", "Furniture", "Living Room Furniture"),
    "men shoes": ("Clothing, Shoes & Jewelry", "Men", "Shoes"),
}
"""Where the store keeps what the instructions name, by a part of the name."""


def _open_named(page: PageView, name: str) -> Moves:
    path = next(path for part, path in _WHERE.items() if part in name.lower())
    return (yield from open_category(page, *path))


def _dearest_first(page: PageView) -> Moves:
    name = asked(page, r"from (.+?) category")[0]
    page = yield from _open_named(page, name)
    page = yield from sort_by_price(page)
    return (yield page.click("Set Descending Direction"))


def _sort_category(page: PageView) -> Oracle:
    yield from _dearest_first(page)
    yield leave()


def _sort_category_wrongly(page: PageView) -> Oracle:
    page = yield from _dearest_first(page)
    yield page.click("Set Ascending Direction")
    yield leave()


def _under_price(page: PageView, *, rank: int = 0) -> Oracle:
    bound, name = asked(page, r"under \$(\d+) in \"(.+)\" category")
    page = yield from _open_named(page, name)
    page = yield page.click("Price", tag="summary")
    ranges = [control.name for control in page.controls if re.fullmatch(r"\$[\d.,]+ - \$[\d.,]+", control.name)]
    fitting = [text for text in ranges if f"${int(bound) - 1}.99" in text] if rank == 0 else ranges[rank:]
    yield page.click(fitting[0], tag="a")
    yield leave()


def _over_price(page: PageView) -> Oracle:
    yield from _under_price(page, rank=1)


def _search(page: PageView) -> Oracle:
    yield page.search("Search", asked(page, r"search for \"(.+)\"")[0])
    yield leave()


def _search_less(page: PageView) -> Oracle:
    yield page.search("Search", asked(page, r"search for \"(\w+)")[0])
    yield leave()


def _search_by_price(page: PageView) -> Oracle:
    page = yield page.search("Search", asked(page, r"the \"(.+)\" listings")[0])
    page = yield from sort_by_price(page)
    yield page.click("Set Ascending Direction")
    yield leave()


def _search_dearest_first(page: PageView) -> Oracle:
    page = yield page.search("Search", asked(page, r"the \"(.+)\" listings")[0])
    yield from sort_by_price(page)
    yield leave()


SCRIPTS = (
    Script(58, _sort_category, _sort_category_wrongly),
    Script(65, _under_price, _over_price),
    Script(66, _search, _search_less),
    Script(77, _search_by_price, _search_dearest_first),
    Script(82, _sort_category, _sort_category_wrongly),
)
