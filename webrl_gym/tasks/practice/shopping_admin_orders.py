"""Templates about orders of the back office."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks import checks
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping_admin_moves import (
    ADMIN,
    ROOT,
    amount,
    find_rows,
    from_slashed,
    open_list,
    open_order,
    order_name,
    order_url,
    pick,
    record,
    slashed,
    spelled,
)
from webrl_gym.tasks.template import Split, Statement, TaskKind, Template, WorldReader

_STATUSES = {
    "pending": "Pending",
    "processing": "Processing",
    "complete": "Complete",
    "canceled": "Canceled",
    "holded": "On Hold",
    "closed": "Closed",
}
_COMMENTS = (
    "the order is ready to be shipped {when}",
    "sorry, the delivery is late and comes {when}",
    "please confirm your address {when}",
    "one item is out of stock until {when}",
    "we will call you {when} about the payment",
)
_WHEN = ("today", "tomorrow", "on Monday", "on Tuesday", "on Friday", "next week", "this weekend", "in three days")
_CARRIERS = ("DHL", "Federal Express", "United Parcel Service")
_STREETS = ("Oak Avenue", "Maple Street", "River Road", "Sunset Drive", "Church Street")
_PLACES = (("New York", "New York", "10001"), ("Denver", "Colorado", "80202"), ("Austin", "Texas", "73301"))

_OPEN = "SELECT id FROM sales_order WHERE novel = ? AND status IN ('pending', 'processing') ORDER BY id"
_ANY = "SELECT id FROM sales_order WHERE novel = ? ORDER BY id"
_BY_NUMBER = "SELECT * FROM sales_order WHERE id = ?"

_Draw = Callable[[WorldReader, random.Random, bool], dict[str, str] | None]


def _draw_order(sql: str) -> _Draw:
    """A draw of one order's number."""

    def draw(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
        row = pick(world, rng, sql, (int(novel),))
        return None if row is None else {"order": order_name(rng, row["id"])}

    return draw


def _status_is(status: str) -> Callable[[WorldReader, Parameters], dict[str, Any]]:
    """An evaluation: the order's page shows ``status``."""

    def evaluate(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
        locator = 'document.querySelector("#order_status").outerText'
        return checks.pages_show(checks.page_check(order_url(parameters), locator, status, exactly=True))

    return evaluate


def _press(button: str) -> Callable[[PageView, Parameters], Oracle]:
    """An oracle that opens the order and presses one button."""

    def solve(page: PageView, parameters: Parameters) -> Oracle:
        page = yield from open_order(page, parameters)
        yield page.click(button, tag="button")
        yield leave()

    return solve


def _status_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    status = record(world, _BY_NUMBER, (int(parameters["order"]),))["status"]
    return checks.answer_is(_STATUSES[status])


def _solve_status(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Sales", "Orders", parameters["order"])
    yield leave(page.row(f"{int(parameters['order']):09}")["Status"])


def _other_status(world: WorldReader, parameters: Parameters) -> Statement:
    number = int(parameters["order"])
    status = record(world, _BY_NUMBER, (number,))["status"]
    return ADMIN, "UPDATE sales_order SET status = ? WHERE id = ?", ("canceled" if status == "closed" else "closed", number)


def _buyer_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    row = record(world, _BY_NUMBER, (int(parameters["order"]),))
    return checks.answer_includes(row["customer_name"], amount(row["grand_total"]))


def _solve_buyer(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Sales", "Orders", parameters["order"])
    row = page.row(f"{int(parameters['order']):09}")
    yield leave(f"{row['Bill-to Name']}, {row['Grand Total']}")


def _other_total(_: WorldReader, parameters: Parameters) -> Statement:
    sql = "UPDATE sales_order SET grand_total = grand_total + 11111 WHERE id = ?"
    return ADMIN, sql, (int(parameters["order"]),)


def _draw_buyer(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    """A customer whose orders are exactly those that a search for the name finds."""
    row = pick(
        world,
        rng,
        "SELECT c.firstname || ' ' || c.lastname AS name FROM customer AS c WHERE c.novel = ? AND "
        "(SELECT COUNT(*) FROM sales_order WHERE customer_id = c.id) BETWEEN 1 AND 20 AND "
        "(SELECT COUNT(*) FROM sales_order WHERE customer_id = c.id) = (SELECT COUNT(*) FROM sales_order AS o WHERE "
        "instr(lower(o.customer_name || ' ' || o.customer_email), lower(c.firstname)) > 0 AND "
        "instr(lower(o.customer_name || ' ' || o.customer_email), lower(c.lastname)) > 0) ORDER BY c.id",
        (int(novel),),
    )
    return None if row is None else {"customer": row["name"]}


def _count_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    sql = "SELECT COUNT(*) AS count FROM sales_order WHERE customer_name = ?"
    return checks.answer_is(str(record(world, sql, (parameters["customer"],))["count"]))


def _solve_count(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Sales", "Orders", parameters["customer"])
    yield leave(next(line for line in page.plain_lines if "records found" in line).split(" ")[0])


def _one_more_order(_: WorldReader, parameters: Parameters) -> Statement:
    sql = (
        "UPDATE sales_order SET customer_name = ? "
        "WHERE id = (SELECT MIN(id) FROM sales_order WHERE customer_name != ?)"
    )
    return ADMIN, sql, (parameters["customer"], parameters["customer"])


_LATEST = "SELECT * FROM sales_order WHERE customer_name = ? ORDER BY id DESC LIMIT 1"


def _latest_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return checks.answer_includes(amount(record(world, _LATEST, (parameters["customer"],))["grand_total"]))


def _solve_latest(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Sales", "Orders", parameters["customer"])
    yield leave(page.row(parameters["customer"])["Grand Total"])


def _other_latest(world: WorldReader, parameters: Parameters) -> Statement:
    latest = record(world, _LATEST, (parameters["customer"],))
    return ADMIN, "UPDATE sales_order SET grand_total = grand_total + 22222 WHERE id = ?", (latest["id"],)


def _draw_comment(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    drawn = _draw_order(_OPEN)(world, rng, novel)
    if drawn is None:
        return None
    return {**drawn, "comment": rng.choice(_COMMENTS).format(when=rng.choice(_WHEN))}


def _comment_shown(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    locator = 'document.querySelector(".note-list").outerText'
    return checks.pages_show(checks.page_check(order_url(parameters), locator, parameters["comment"]))


def _solve_comment(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_order(page, parameters)
    page = yield page.type("Comment", parameters["comment"])
    yield page.click("Submit Comment", tag="button")
    yield leave()


def _draw_tracking(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    drawn = _draw_order(_OPEN)(world, rng, novel)
    if drawn is None:
        return None
    return {**drawn, "carrier": rng.choice(_CARRIERS), "number": str(rng.randint(10**9, 10**10 - 1))}


def _tracking_shown(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    url = f"{ROOT}/sales/order/commentsHistory/order_id/{int(parameters['order'])}/"
    return checks.pages_show(
        checks.page_check(url, "", f"Tracking number {parameters['number']} for {parameters['carrier']} assigned")
    )


def _solve_tracking(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_order(page, parameters)
    page = yield page.click("Ship", tag="a")
    page = yield page.select("Carrier", parameters["carrier"])
    page = yield page.type("Number", parameters["number"])
    yield page.click("Submit Shipment", tag="button")
    yield leave()


def _draw_address(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    drawn = _draw_order(_OPEN)(world, rng, novel)
    if drawn is None:
        return None
    city, region, postcode = rng.choice(_PLACES)
    street = f"{rng.randint(1, 999)} {rng.choice(_STREETS)}"
    return {**drawn, "street": street, "city": city, "region": region, "postcode": postcode}


def _address_shown(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    shown = ", ".join(parameters[name] for name in ("street", "city", "region", "postcode"))
    return checks.pages_show(checks.page_check(order_url(parameters), "", shown))


def _solve_address(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_order(page, parameters)
    page = yield page.click("Edit Address", tag="a")
    page = yield page.type("Street Address", parameters["street"])
    page = yield page.type("City", parameters["city"])
    page = yield page.type("State/Province", parameters["region"])
    page = yield page.type("Zip/Postal Code", parameters["postcode"])
    yield page.click("Save Order Address", tag="button")
    yield leave()


def _draw_filter(_: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    if novel:
        return None
    day = date(2022, 3, 1) + timedelta(days=rng.randrange(400))
    return {"status": rng.choice(list(_STATUSES.values())), "start": slashed(day)}


def _filter_shown(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    locator = 'document.querySelector("div.admin__data-grid-filters-current").outerText'
    start = f"Purchase Date from: {spelled(from_slashed(parameters['start']))}"
    check = checks.page_check("last", locator, f"Status: {parameters['status']}", start)
    return checks.pages_show(check, ends=f"{ROOT}/sales/order/")


def _solve_filter(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_list(page, "Sales", "Orders")
    page = yield page.click("Filters", tag="summary")
    page = yield page.type("Purchase Date from", parameters["start"])
    page = yield page.select("Status", parameters["status"])
    yield page.click("Apply Filters", tag="button")
    yield leave()


ORDER_TEMPLATES = (
    Template(
        name="shopping_admin.order_status",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "What is the status of order {order}?",
            "Tell me the current status of order #{order}.",
            "Look up order number {order} and tell me its status",
            "In which status is order {order} right now?",
        ),
        draw=_draw_order(_ANY),
        evaluate=_status_answer,
        solve=_solve_status,
        steps=4,
        perturb=_other_status,
    ),
    Template(
        name="shopping_admin.order_buyer",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "Who placed order {order}, and what is its grand total?",
            "Tell me the customer name and the grand total of order #{order}",
            "Find the name of the customer behind order number {order} and how much it came to in total.",
        ),
        draw=_draw_order(_ANY),
        evaluate=_buyer_answer,
        solve=_solve_buyer,
        steps=4,
        perturb=_other_total,
    ),
    Template(
        name="shopping_admin.customer_order_count",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "How many orders has {customer} placed?",
            "Tell me the number of orders by {customer}",
            "Count all orders of the customer {customer}.",
        ),
        draw=_draw_buyer,
        evaluate=_count_answer,
        solve=_solve_count,
        steps=4,
        perturb=_one_more_order,
    ),
    Template(
        name="shopping_admin.latest_order_total",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "What is the grand total of the most recent order of {customer}?",
            "How much did {customer} pay in total for their latest order?",
            "Tell me the grand total of {customer}'s newest order",
        ),
        draw=_draw_buyer,
        evaluate=_latest_answer,
        solve=_solve_latest,
        steps=4,
        perturb=_other_latest,
    ),
    Template(
        name="shopping_admin.cancel_order",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Cancel order {order}",
            "The customer changed their mind: cancel order #{order}.",
            "Please cancel the order with the number {order}",
        ),
        draw=_draw_order("SELECT id FROM sales_order WHERE novel = ? AND status = 'pending' ORDER BY id"),
        evaluate=_status_is("Canceled"),
        solve=_press("Cancel"),
        steps=6,
    ),
    Template(
        name="shopping_admin.hold_order",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Put order {order} on hold",
            "Hold order #{order} until we hear from the customer.",
            "Please set order number {order} to on hold",
        ),
        draw=_draw_order(_OPEN),
        evaluate=_status_is("On Hold"),
        solve=_press("Hold"),
        steps=6,
    ),
    Template(
        name="shopping_admin.release_order",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Release order {order} from hold",
            "Order #{order} is on hold; unhold it.",
            "Take order number {order} off hold so that it is pending again",
        ),
        draw=_draw_order("SELECT id FROM sales_order WHERE novel = ? AND status = 'holded' ORDER BY id"),
        evaluate=_status_is("Pending"),
        solve=_press("Unhold"),
        steps=6,
        split=Split.VALID_ONLY,
    ),
    Template(
        name="shopping_admin.comment_order",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            'Add the comment "{comment}" to order {order}',
            'Leave a note on order #{order} that says "{comment}"',
            'Notify the customer of order {order} with the message "{comment}"',
        ),
        draw=_draw_comment,
        evaluate=_comment_shown,
        solve=_solve_comment,
        steps=7,
    ),
    Template(
        name="shopping_admin.tracking_number",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Ship order {order} with the {carrier} tracking number {number}",
            "Update order #{order} with the {carrier} tracking number {number}",
            "Order {order} leaves today by {carrier}. Create the shipment with tracking number {number}.",
        ),
        draw=_draw_tracking,
        evaluate=_tracking_shown,
        solve=_solve_tracking,
        steps=9,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="shopping_admin.order_address",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Modify the shipping address of order {order} to {street}, {city}, {region}, {postcode}",
            "Change the address of order #{order}: it goes to {street}, {city}, {region}, {postcode}",
            "The customer of order {order} moved. The new address is {street}, {city}, {region}, {postcode}.",
        ),
        draw=_draw_address,
        evaluate=_address_shown,
        solve=_solve_address,
        steps=11,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="shopping_admin.orders_by_status",
        sites=(ADMIN,),
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Show me all orders with the status {status} placed since {start}",
            "Filter the orders: status {status}, purchase date from {start}",
            "List the orders that are {status} and were placed on {start} or later",
        ),
        draw=_draw_filter,
        evaluate=_filter_shown,
        solve=_solve_filter,
        steps=7,
    ),
)
