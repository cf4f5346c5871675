"""Official tasks that change products."""

from __future__ import annotations

from difflib import get_close_matches

from webrl_gym.actions import leave
from webrl_gym.tasks.official.script import Script, Solve, asked
from webrl_gym.tasks.official.shopping_admin.moves import cents, every_row
from webrl_gym.tasks.official.shopping_admin.reviews import read_reviews
from webrl_gym.tasks.page_view import Moves, Oracle, PageView
from webrl_gym.tasks.practice.shopping_admin_moves import find_rows, follow_row, open_list

_POSITIVE = 4
"""A review with so many stars is a positive one."""


def _open_product(page: PageView, words: str) -> Moves:
    """Opens the product that a search finds: the one that has variants, not one of them (four actions)."""
    page = yield from find_rows(page, "Catalog", "Products", words)
    return (yield follow_row(page, min((row["SKU"] for row in page.rows()), key=len)))


def _mark_on_sale(name: str) -> Solve:
    """Marks the shirts of a brand as on sale; ``name`` stands in for the one in the instruction."""

    def solve(page: PageView) -> Oracle:
        (wanted,) = asked(page, r"Mark all (\w+) shirts on sale")
        page = yield from _open_product(page, name or wanted)
        page = yield page.select("Sale", "Yes")
        yield page.click("Save", tag="button")
        yield leave()

    return solve


def _disable(name: str) -> Solve:
    """Disables a product; ``name`` stands in for the one in the instruction."""

    def solve(page: PageView) -> Oracle:
        (wanted,) = asked(page, r"Disable (.+) from the site")
        page = yield from _open_product(page, name or wanted)
        page = yield page.select("Enable Product", "No")
        yield page.click("Save", tag="button")
        yield leave()

    return solve


def _reduce(times: int) -> Solve:
    """Takes the amount in the instruction off the price, so many times."""

    def solve(page: PageView) -> Oracle:
        (dollars,) = asked(page, r"Reduce the price of this product by \$(\d+)")
        price = cents(page.find("Price").value) - times * 100 * int(dollars)
        page = yield page.type("Price", f"{price // 100}.{price % 100:02}")
        yield page.click("Save", tag="button")
        yield leave()

    return solve


def _quote_reviews(least: int, most: int) -> Solve:
    """Quotes the reviews of a product that have so many stars in its description."""

    def solve(page: PageView) -> Oracle:
        (product,) = asked(page, r"description of (.+?) to highlight")
        page, reviews = yield from read_reviews(page, product, product)
        quotes = [f'"{review["detail"]}"' for review in reviews if least <= int(review["rating"]) <= most]
        page = yield from _open_product(page, product)
        page = yield page.type("Description", f"What our customers say: {' '.join(quotes)}")
        yield page.click("Save", tag="button")
        yield leave()

    return solve


def _sell_out(name: str) -> Solve:
    """Makes a product out of stock; ``name`` stands in for the one in the instruction, which may be misspelt."""

    def solve(page: PageView) -> Oracle:
        (wanted,) = asked(page, r"Make all (.+) as out of stock")
        page = yield from open_list(page, "Catalog", "Products")
        page = yield page.select("per page", "50")
        page = yield page.search("Search by keyword", wanted.split(" ")[-1])
        rows = yield from every_row(page)
        names = {row["Name"].lower(): row["Name"] for row in rows}
        found = name or names[get_close_matches(wanted.lower(), names, n=1)[0]]
        page = yield from _open_product(page, found)
        page = yield page.select("Stock Status", "Out of Stock")
        yield page.click("Save", tag="button")
        yield leave()

    return solve


def _add_color(color: str) -> Solve:
    """Adds a color to some sizes of a product; ``color`` stands in for the one in the instruction."""

    def solve(page: PageView) -> Oracle:
        wanted, sizes, product = asked(page, r"new color (\w+) to size (.+?) of (.+)$")
        page = yield from _open_product(page, product)
        page = yield page.click("Edit Configurations", tag="a")
        for label in (*sizes.split(" and "), color or wanted.capitalize()):
            page = yield page.click(label, tag="input")
        yield page.click("Generate Products", tag="button")
        yield leave()

    return solve


def _restock(more: int) -> Solve:
    """Adds what arrived, and so many ``more``, to the stock of a product."""

    def solve(page: PageView) -> Oracle:
        arrived, color, name, size = asked(page, r"(\d+) (\w+) (\w+) yoga pants with size (\w+) arrived")
        page = yield from _open_product(page, f"{name} {size} {color}")
        page = yield page.type("Quantity", str(int(page.find("Quantity").value) + int(arrived) + more))
        page = yield page.select("Stock Status", "In Stock")
        yield page.click("Save", tag="button")
        yield leave()

    return solve


CATALOG_SCRIPTS = (
    Script(task_id=101, solve=_mark_on_sale(""), twin=_mark_on_sale("Frankie")),
    Script(task_id=106, solve=_disable(""), twin=_disable("Ryker Tee V-neck")),
    Script(task_id=107, solve=_reduce(1), twin=_reduce(2)),
    Script(task_id=108, solve=_quote_reviews(_POSITIVE, 5), twin=_quote_reviews(1, _POSITIVE - 1)),
    Script(task_id=116, solve=_sell_out(""), twin=_sell_out("Sylvia Capri")),
    Script(task_id=126, solve=_add_color(""), twin=_add_color("Gray")),
    Script(task_id=160, solve=_restock(0), twin=_restock(5)),
)
