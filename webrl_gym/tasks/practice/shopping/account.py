"""Templates about the customer's own data: addresses, newsletter, contact form."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import page_check, pages_show
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping.store_pages import SITES, draw_order, draw_ordered_product
from webrl_gym.tasks.template import Split, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_BOOK = "__SHOPPING__/customer/address/"
_NEW_STREETS = ("Tulip Street", "Harvest Road", "Canal Avenue", "Foxglove Lane", "Station Square", "Mill Court")
_NEW_PLACES = (
    ("Boston", "Massachusetts", "02108"),
    ("Madison", "Wisconsin", "53703"),
    ("Columbus", "Ohio", "43215"),
    ("Tampa", "Florida", "33602"),
    ("Boise", "Idaho", "83702"),
    ("Newark", "New Jersey", "07102"),
)
_REASONS = ("arrived broken", "stopped working", "is too small", "has the wrong color", "never arrived")


def _phone(rng: random.Random) -> str:
    return str(rng.randrange(2_020_000_000, 9_899_999_999))


def _draw_phone(_: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    return None if novel else {"kind": rng.choice(("billing", "shipping")), "phone": _phone(rng)}


def _draw_street(_: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    if novel:
        return None
    street = f"{rng.randrange(10, 990)} {rng.choice(_NEW_STREETS)}"
    return {"kind": rng.choice(("billing", "shipping")), "street": street}


def _address_box(kind: str, *texts: str) -> dict[str, Any]:
    return page_check(_BOOK, f'document.querySelector(".box.box-address-{kind} > .box-content").outerText', *texts)


def _has_phone(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return pages_show(_address_box(parameters["kind"], f"T: {parameters['phone']}"))


def _has_street(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return pages_show(_address_box(parameters["kind"], parameters["street"]))


def _change(page: PageView, kind: str, field: str, value: str) -> Oracle:
    page = yield page.click("My Account")
    page = yield page.click("Address Book")
    page = yield page.click(f"Change {kind.capitalize()} Address")
    page = yield page.type(field, value)
    page = yield page.click("Save Address")
    yield leave()


def _change_phone(page: PageView, parameters: Parameters) -> Oracle:
    yield from _change(page, parameters["kind"], "Phone Number", parameters["phone"])


def _change_street(page: PageView, parameters: Parameters) -> Oracle:
    yield from _change(page, parameters["kind"], "Street Address", parameters["street"])


def _draw_address(_: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    if novel:
        return None
    city, state, zip_code = rng.choice(_NEW_PLACES)
    street = f"{rng.randrange(10, 990)} {rng.choice(_NEW_STREETS)}"
    return {"street": street, "city": city, "state": state, "zip": zip_code, "phone": _phone(rng)}


def _has_address(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    row = 'document.querySelector("#additional-addresses-table").outerText'
    return pages_show(
        page_check(_BOOK, row, *(parameters[name] for name in ("street", "city", "state", "zip", "phone")))
    )


def _add_address(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.click("My Account")
    page = yield page.click("Address Book")
    page = yield page.click("Add New Address")
    page = yield page.type("Phone Number", parameters["phone"])
    page = yield page.type("Street Address", parameters["street"])
    page = yield page.type("City", parameters["city"])
    page = yield page.type("State/Province", parameters["state"])
    page = yield page.type("Zip/Postal Code", parameters["zip"])
    page = yield page.click("Save Address")
    yield leave()


def _draw_unsubscribed(reader: WorldReader, _: random.Random, novel: bool) -> dict[str, str] | None:
    subscribed = reader.value(Site.SHOPPING, "SELECT is_subscribed FROM customer ORDER BY id LIMIT 1")
    return None if novel or subscribed else {}


def _is_subscribed(*_: object) -> dict[str, Any]:
    locator = 'document.querySelector(".box-newsletter .box-content").outerText'
    return pages_show(page_check("__SHOPPING__/customer/account/", locator, "You are subscribed to"))


def _subscribe(page: PageView, _: Parameters) -> Oracle:
    page = yield page.click("My Account")
    page = yield page.click("Newsletter Subscriptions")
    page = yield page.click("General Subscription")
    page = yield page.click("Save")
    yield leave()


def _draw_complaint(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    order = draw_order(reader, rng, novel)
    if order is None:
        return None
    product = draw_ordered_product(reader, rng, order)
    return {"message": f"Please refund the {product} of order {order['increment_id']}, it {rng.choice(_REASONS)}."}


def _is_drafted(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    locator = "document.querySelector('[title=\"What’s on your mind?\"]').value"
    return pages_show(page_check("last", locator, parameters["message"]), ends="__SHOPPING__/contact")


def _draft(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.click("Contact Us")
    page = yield page.type("What’s on your mind?", parameters["message"])
    yield leave()


TEMPLATES: tuple[Template, ...] = (
    Template(
        name="shopping.change_phone",
        sites=SITES,
        kind=TaskKind.CHANGING,
        wordings=(
            "Change the phone number of my default {kind} address to {phone}.",
            "My phone number is {phone} now; update my default {kind} address.",
            "Set the phone number in my default {kind} address to {phone}.",
        ),
        draw=_draw_phone,
        evaluate=_has_phone,
        solve=_change_phone,
        steps=6,
    ),
    Template(
        name="shopping.change_street",
        sites=SITES,
        kind=TaskKind.CHANGING,
        wordings=(
            "Change the street of my default {kind} address to {street}.",
            "I moved within the city: my default {kind} address is {street} now.",
            "Update my default {kind} address, the street is {street}.",
        ),
        draw=_draw_street,
        evaluate=_has_street,
        solve=_change_street,
        steps=6,
    ),
    Template(
        name="shopping.add_address",
        sites=SITES,
        kind=TaskKind.CHANGING,
        wordings=(
            "Add {street}, {city}, {state}, {zip} with the phone number {phone} to my address book.",
            "Save a new address in my address book: {street}, {city}, {state}, {zip}, phone {phone}.",
            "I have a second home at {street}, {city}, {state}, {zip} (phone {phone}); add it to my addresses.",
        ),
        draw=_draw_address,
        evaluate=_has_address,
        solve=_add_address,
        steps=10,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="shopping.subscribe_newsletter",
        sites=SITES,
        kind=TaskKind.CHANGING,
        wordings=(
            "Subscribe to the newsletter of OneStopMarket.",
            "Sign me up for the newsletter of the store.",
            "I want to receive the store's newsletter from now on.",
        ),
        draw=_draw_unsubscribed,
        evaluate=_is_subscribed,
        solve=_subscribe,
        steps=5,
    ),
    Template(
        name="shopping.draft_contact_message",
        sites=SITES,
        kind=TaskKind.CHANGING,
        wordings=(
            'Draft the message "{message}" in the contact us form. Don\'t submit it yet.',
            'Fill the "contact us" form with "{message}" but leave it unsent, I will check.',
            'Write "{message}" into the form for contacting the store, and do not send it.',
        ),
        draw=_draw_complaint,
        evaluate=_is_drafted,
        solve=_draft,
        steps=3,
    ),
)
