"""Official tasks about the account, the newsletter and the contact form."""

from __future__ import annotations

import re

from webrl_gym.actions import leave
from webrl_gym.tasks.official.script import Script, asked
from webrl_gym.tasks.page_view import Moves, Oracle, PageView

_PHONE = re.compile(r"\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}")
_STATES = {"GA": "Georgia", "CA": "California", "MA": "Massachusetts", "PA": "Pennsylvania"}


def _phone_of_store(page: PageView) -> Oracle:
    page = yield page.click("Contact Us")
    found = _PHONE.search("\n".join(page.plain_lines))
    yield leave("N/A" if found is None else found[0])


def _open_newsletter(page: PageView) -> Moves:
    page = yield page.click("My Account")
    return (yield page.click("Newsletter Subscriptions"))


def _subscribe(page: PageView) -> Oracle:
    page = yield from _open_newsletter(page)
    page = yield page.click("General Subscription")
    yield page.click("Save")
    yield leave()


def _save_unsubscribed(page: PageView) -> Oracle:
    page = yield from _open_newsletter(page)
    yield page.click("Save")
    yield leave()


def _move(page: PageView, *, wrong: bool = False) -> Oracle:
    street, city, state, postcode = asked(page, r"address is (.+?), (.+?), (\w\w), (\d{5})")
    page = yield page.click("My Account")
    page = yield page.click("Address Book")
    page = yield page.click("Change Billing Address")
    page = yield page.type("Street Address", street)
    page = yield page.type("City", city)
    page = yield page.type("State/Province", _STATES[state])
    page = yield page.type("Zip/Postal Code", str(int(postcode) + 1) if wrong else postcode)
    yield page.click("Save Address")
    yield leave()


def _move_elsewhere(page: PageView) -> Oracle:
    yield from _move(page, wrong=True)


def _write_for_coupon(page: PageView) -> Moves:
    """Fills in the contact form and sends nothing (2 steps)."""
    wish = asked(page, r"for (a coupon as .+)")[0].strip(" .")
    page = yield page.click("Contact Us")
    return (yield page.type("What’s on your mind?", f"I write to you for {wish}."))


def _ask_for_coupon(page: PageView) -> Oracle:
    page = yield from _write_for_coupon(page)
    yield page.click("Submit")
    yield leave()


def _forget_to_send(page: PageView) -> Oracle:
    yield from _write_for_coupon(page)
    yield leave()


SCRIPTS = (
    Script(74, _phone_of_store, "650-555-1212", constant="the store shows no telephone number"),
    Script(121, _subscribe, _save_unsubscribed),
    Script(129, _move, _move_elsewhere),
    Script(148, _ask_for_coupon, _forget_to_send),
)
