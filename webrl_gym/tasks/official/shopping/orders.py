"""Official tasks that need what an order's page lists."""

from __future__ import annotations

from datetime import datetime

from webrl_gym.actions import leave
from webrl_gym.tasks.official.script import Perturbation, Script, asked
from webrl_gym.tasks.official.shopping.moves import (
    Item,
    all_orders,
    dollars,
    find_ordered,
    items,
    listed,
    open_orders,
    order_rows,
    ordered_in,
    view_order,
)
from webrl_gym.tasks.page_view import Moves, Oracle, PageView
from webrl_gym.types import Site

_FOOD = "Grocery & Gourmet Food"
_SUMMER = range(6, 9)


def _food_sum(page: PageView) -> Oracle:
    end = datetime.strptime(asked(page, r"end (\w+ \d{4})")[0], "%b %Y")
    page, orders = yield from all_orders(page)
    inside = [order for order in ordered_in(orders, end.year, end.month) if order.day.day >= 15]
    bought: list[Item] = []
    for order in inside:
        page = yield from view_order(page, order.number)
        bought += items(page)
        page = yield page.back()
    cents = 0
    for item in bought:
        page = yield page.search("Search", item.sku)
        page = yield page.click(listed(page)[0].name, tag="a")
        cents += item.cents * any(control.name == _FOOD for control in page.controls)
    yield leave(dollars(cents))


def _color(page: PageView) -> Oracle:
    month = datetime.strptime(asked(page, r"bought (\w+ \d{4})")[0], "%b %Y")
    page, orders = yield from all_orders(page)
    page, (_, item) = yield from find_ordered(page, ordered_in(orders, month.year, month.month), "artificial plants")
    yield leave(item.name.rpartition(" Color ")[2])


def _last_ordered(page: PageView) -> Oracle:
    words = asked(page, r"ordered my (.+)\?")[0]
    page, orders = yield from all_orders(page)
    page, _ = yield from find_ordered(page, orders, words)
    day = datetime.strptime(page.after("Order Date:"), "%B %d, %Y")
    yield leave(f"{day:%B} {day.day}, {day.year}")


def _place_order(page: PageView) -> Moves:
    """Reorders what the page shows and pays for it (3 steps)."""
    page = yield page.click("Reorder")
    page = yield page.click("Proceed to Checkout")
    return (yield page.click("Place Order"))


def _reorder(page: PageView) -> Oracle:
    year = int(asked(page, r"summer (\d{4})")[0])
    page, orders = yield from all_orders(page)
    summer = [order for month in _SUMMER for order in ordered_in(orders, year, month) if order.status == "Canceled"]
    page, _ = yield from find_ordered(page, summer, "makeup remov")
    yield from _place_order(page)
    yield leave()


def _reorder_another(page: PageView) -> Oracle:
    page = yield from open_orders(page)
    page = yield from view_order(page, order_rows(page)[0].number)
    yield from _place_order(page)
    yield leave()


def _broken(page: PageView) -> str:
    """What happened, as the instruction says it: ``it broke after three days of use``."""
    found = asked(page, r"(it broke [^.,]+)")[0]
    return found[0].lower() + found[1:]


def _write_us(page: PageView, message: str) -> Moves:
    """Fills in the contact form and sends nothing (2 steps)."""
    page = yield page.click("Contact Us")
    return (yield page.type("What’s on your mind?", message))


def _claim_of_march(page: PageView, *, wrong: bool = False) -> Oracle:
    words, month_name = asked(page, r"for the (.+) I bought (\w+ \d{4})")
    reason, month = _broken(page), datetime.strptime(month_name, "%B %Y")
    page, orders = yield from all_orders(page)
    page, (order, item) = yield from find_ordered(page, ordered_in(orders, month.year, month.month), words)
    number = orders[0].number if wrong else order.number
    message = f"I would like a refund. Order id: {number}. Reason: {reason}. Amount to refund: {dollars(item.cents)}."
    yield from _write_us(page, message)
    yield leave()


def _wrong_claim_of_march(page: PageView) -> Oracle:
    yield from _claim_of_march(page, wrong=True)


def _claim_of_order(page: PageView, *, wrong: bool = False) -> Oracle:
    words, number = asked(page, r"refund on the (\w+)")[0], asked(page, r"#(\d+)")[0]
    reason = _broken(page)
    page, orders = yield from all_orders(page)
    page, (_, item) = yield from find_ordered(page, [o for o in orders if int(o.number) == int(number)], words)
    sku = items(page)[-1].sku if wrong else item.sku
    yield from _write_us(page, f"I would like a refund: {reason}. Order number: {number}. SKU: {sku}.")
    yield leave()


def _wrong_claim_of_order(page: PageView) -> Oracle:
    yield from _claim_of_order(page, wrong=True)


def _changed(sql: str, answer: str) -> Perturbation:
    return Perturbation(((Site.SHOPPING, sql, ()),), answer)


_SNACK_INSTEAD = (
    "UPDATE sales_order_item SET (product_id, sku, name, price_cents) = (SELECT id, sku, name, 1447 FROM product"
    " WHERE sku = 'B06XPLVJVB') WHERE order_id = 163 AND sku = 'B00A1LPYN2'"
)
_OTHER_COLOR = "UPDATE sales_order_item SET options = 'Color: Red-maple' WHERE options <> ''"
_OTHER_DAY = "UPDATE sales_order SET created_at = '2023-01-20 09:00:00' WHERE id = 163"

SCRIPTS = (
    Script(36, _food_sum, "132.24", _changed(_SNACK_INSTEAD, "14.47")),
    Script(37, _color, "Red-maple", _changed(_OTHER_COLOR, "Red-maple")),
    Script(79, _last_ordered, "August 28, 2022", _changed(_OTHER_DAY, "January 20, 2023")),
    Script(104, _reorder, _reorder_another),
    Script(123, _claim_of_march, _wrong_claim_of_march),
    Script(142, _claim_of_order, _wrong_claim_of_order),
)
