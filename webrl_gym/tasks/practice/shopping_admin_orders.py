"""Templates that change orders in the back office."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks import checks
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping_admin_moves import ADMIN, draw_order, open_order, order_url
from webrl_gym.tasks.template import Split, TaskKind, Template, WorldReader

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

_OPEN = "status IN ('pending', 'processing')"


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


def _new_comment(rng: random.Random) -> dict[str, str]:
    return {"comment": rng.choice(_COMMENTS).format(when=rng.choice(_WHEN))}


def _comment_shown(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    locator = 'document.querySelector(".note-list").outerText'
    return checks.pages_show(checks.page_check(order_url(parameters), locator, parameters["comment"]))


def _solve_comment(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_order(page, parameters)
    page = yield page.type("Comment", parameters["comment"])
    yield page.click("Submit Comment", tag="button")
    yield leave()


def _new_tracking(rng: random.Random) -> dict[str, str]:
    return {"carrier": rng.choice(_CARRIERS), "number": str(rng.randint(10**9, 10**10 - 1))}


def _tracking_shown(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    # Not in the order's history, where a comment may say the same.
    tracks = '[...document.querySelectorAll(".order_tracking")].map(x => x.outerText).join(" ")'
    shown = f"Tracking: {parameters['carrier']} {parameters['number']}"
    return checks.pages_show(checks.page_check(order_url(parameters), tracks, shown))


def _solve_tracking(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_order(page, parameters)
    page = yield page.click("Ship", tag="a")
    page = yield page.select("Carrier", parameters["carrier"])
    page = yield page.type("Number", parameters["number"])
    yield page.click("Submit Shipment", tag="button")
    yield leave()


def _new_address(rng: random.Random) -> dict[str, str]:
    city, region, postcode = rng.choice(_PLACES)
    street = f"{rng.randint(1, 999)} {rng.choice(_STREETS)}"
    return {"street": street, "city": city, "region": region, "postcode": postcode}


def _address_shown(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    shown = ", ".join(parameters[name] for name in ("street", "city", "region", "postcode"))
    locator = 'document.querySelector("#order_shipping_address").outerText'
    return checks.pages_show(checks.page_check(order_url(parameters), locator, shown))


def _solve_address(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_order(page, parameters)
    page = yield page.click("Edit Address", tag="a")
    page = yield page.type("Street Address", parameters["street"])
    page = yield page.type("City", parameters["city"])
    page = yield page.type("State/Province", parameters["region"])
    page = yield page.type("Zip/Postal Code", parameters["postcode"])
    yield page.click("Save Order Address", tag="button")
    yield leave()


ORDER_TEMPLATES = (
    Template(
        name="shopping_admin.cancel_order",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Cancel order {order}",
            "The customer changed their mind: cancel order #{order}.",
            "Please cancel the order with the number {order}",
        ),
        draw=draw_order("status = 'pending'"),
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
        draw=draw_order(_OPEN),
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
        draw=draw_order("status = 'holded'"),
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
        draw=draw_order(_OPEN, _new_comment),
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
        draw=draw_order(_OPEN, _new_tracking),
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
        draw=draw_order(_OPEN, _new_address),
        evaluate=_address_shown,
        solve=_solve_address,
        steps=11,
        split=Split.TEST_ONLY,
    ),
)
