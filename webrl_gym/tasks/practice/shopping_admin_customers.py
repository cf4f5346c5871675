"""Templates about customers in the back office."""

from __future__ import annotations

import random
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks import checks
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping_admin_moves import ADMIN, ROOT, find_rows, open_record, pick, record
from webrl_gym.tasks.template import Row, Split, Statement, TaskKind, Template, WorldReader


def _customer(world: WorldReader, parameters: Parameters) -> Row:
    return record(world, "SELECT * FROM customer WHERE firstname || ' ' || lastname = ?", (parameters["customer"],))


def _draw_customer(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    row = pick(world, rng, "SELECT * FROM customer WHERE novel = ? ORDER BY id", (int(novel),))
    return None if row is None else {"customer": f"{row['firstname']} {row['lastname']}"}


def _email_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return checks.answer_is(_customer(world, parameters)["email"])


def _solve_email(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Customers", "All Customers", parameters["customer"])
    yield leave(page.row(parameters["customer"])["Email"])


def _other_email(world: WorldReader, parameters: Parameters) -> Statement:
    number = _customer(world, parameters)["id"]
    return ADMIN, "UPDATE customer SET email = 'new.' || email WHERE id = ?", (number,)


def _draw_phone(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    row = pick(world, rng, "SELECT * FROM customer WHERE novel = ? ORDER BY id", (int(novel),))
    return None if row is None else {"phone": row["telephone"]}


def _owner_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    row = record(world, "SELECT * FROM customer WHERE telephone = ?", (parameters["phone"],))
    return checks.answer_includes(f"{row['firstname']} {row['lastname']}", row["email"])


def _solve_owner(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Customers", "All Customers", parameters["phone"])
    row = page.row(parameters["phone"])
    yield leave(f"{row['Name']}, {row['Email']}")


def _other_owner(_: WorldReader, parameters: Parameters) -> Statement:
    return ADMIN, "UPDATE customer SET email = 'new.' || email WHERE telephone = ?", (parameters["phone"],)


def _draw_new_phone(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    drawn = _draw_customer(world, rng, novel)
    return None if drawn is None else {**drawn, "phone": str(rng.randint(2_010_000_000, 9_899_999_999))}


def _phone_shown(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    url = f"{ROOT}/customer/index/edit/id/{_customer(world, parameters)['id']}/"
    locator = "document.querySelector('[name=\"address[telephone]\"]').value"
    return checks.pages_show(checks.page_check(url, locator, parameters["phone"], exactly=True))


def _solve_new_phone(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_record(page, "Customers", "All Customers", parameters["customer"])
    page = yield page.type("Phone Number", parameters["phone"])
    yield page.click("Save Customer", tag="button")
    yield leave()


CUSTOMER_TEMPLATES = (
    Template(
        name="shopping_admin.customer_email",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "What is the email address of the customer {customer}?",
            "Tell me the email of {customer}",
            "Find the email address under which {customer} is registered.",
        ),
        draw=_draw_customer,
        evaluate=_email_answer,
        solve=_solve_email,
        steps=4,
        perturb=_other_email,
    ),
    Template(
        name="shopping_admin.phone_owner",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "Find the customer name and email with phone number {phone}",
            "Which customer has the phone number {phone}? Tell me name and email.",
            "Someone called from {phone}. What are the name and the email of that customer?",
        ),
        draw=_draw_phone,
        evaluate=_owner_answer,
        solve=_solve_owner,
        steps=4,
        perturb=_other_owner,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="shopping_admin.change_phone",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Change the phone number of {customer} to {phone}",
            "{customer} has a new phone number: {phone}. Update the customer's address.",
            "Update the customer {customer} with the phone number {phone}",
        ),
        draw=_draw_new_phone,
        evaluate=_phone_shown,
        solve=_solve_new_phone,
        steps=7,
    ),
)
