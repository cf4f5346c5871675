"""Official tasks that change one order or list some of them."""

from __future__ import annotations

from webrl_gym.actions import click, leave
from webrl_gym.tasks.official.script import Script, Solve, asked
from webrl_gym.tasks.official.shopping_admin.moves import filter_rows, perturbed
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.practice.shopping_admin_moves import find_rows, follow_row, open_order

_STATES = {"NY": "New York", "NJ": "New Jersey", "PA": "Pennsylvania", "CA": "California"}


def _cancel(offset: int) -> Solve:
    """Cancels the order that is ``offset`` after the one in the instruction."""

    def solve(page: PageView) -> Oracle:
        (number,) = asked(page, r"order (\d+)")
        page = yield from open_order(page, {"order": str(int(number) + offset)})
        yield page.click("Cancel", tag="button")
        yield leave()

    return solve


def _solve_notify(page: PageView) -> Oracle:
    customer, status, message = asked(page, r'Notify (.+) in their most recent (\w+) order with message "(.+)"')
    page = yield from find_rows(page, "Sales", "Orders", customer)
    latest = next(r for r in page.rows() if (r["Bill-to Name"], r["Status"]) == (customer, status.capitalize()))
    page = yield follow_row(page, latest["ID"])
    page = yield page.type("Comment", message)
    box = next(control for control in page.controls if control.name == "Notify Customer by Email")
    page = yield click(box.id)
    page = yield page.click("Submit Comment", tag="button")
    yield leave("N/A" if page.has("We cannot add order history.") else f"{customer} was notified.")


def _track(carrier: str) -> Solve:
    """Ships the order with the tracking number; ``carrier`` stands in for the one in the instruction."""

    def solve(page: PageView) -> Oracle:
        order, wanted, number = asked(page, r"order #(\d+) with the (\w+) tracking number (\d+)")
        page = yield from open_order(page, {"order": order})
        page = yield page.click("Ship", tag="a")
        page = yield page.select("Carrier", carrier or wanted)
        page = yield page.type("Number", number)
        yield page.click("Submit Shipment", tag="button")
        yield leave()

    return solve


def _move(street: str) -> Solve:
    """Changes the address of the order; ``street`` stands in for the one in the instruction."""

    def solve(page: PageView) -> Oracle:
        order, *asked_for = asked(page, r"order #(\d+) to (.+?), (.+?), ([A-Z]{2}), (\d{5})")
        wanted, city, state, postcode = asked_for
        page = yield from open_order(page, {"order": order})
        page = yield page.click("Edit Address", tag="a")
        page = yield page.type("Street Address", street or wanted)
        page = yield page.type("City", city)
        page = yield page.type("State/Province", _STATES[state])
        page = yield page.type("Zip/Postal Code", postcode)
        yield page.click("Save Order Address", tag="button")
        yield leave()

    return solve


def _list(status: str) -> Solve:
    """Lists the orders with a status; ``status`` stands in for the one in the instruction."""

    def solve(page: PageView) -> Oracle:
        (wanted,) = asked(page, r"orders that are (\w+)")
        yield from filter_rows(page, "Sales", "Orders", {"Status": status or wanted.capitalize()})
        yield leave()

    return solve


ORDER_SCRIPTS = (
    Script(task_id=110, solve=_cancel(0), twin=_cancel(-3)),
    Script(
        task_id=114,
        solve=_solve_notify,
        twin="Sarah Miller was notified.",
        perturbation=perturbed("UPDATE sales_order SET has_history = 1", "was notified"),
    ),
    Script(task_id=115, solve=_track(""), twin=_track("Federal Express")),
    Script(task_id=125, solve=_move(""), twin=_move("654 Oak Avenue")),
    Script(task_id=145, solve=_list(""), twin=_list("Complete")),
)
