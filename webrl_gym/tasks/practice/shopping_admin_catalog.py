"""Templates about products and their reviews in the back office."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks import checks
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping_admin_moves import ADMIN, ROOT, Draw, find_rows, open_record, pick, record
from webrl_gym.tasks.template import Row, Split, Statement, TaskKind, Template, WorldReader

_QTY = "product[quantity_and_stock_status][qty]"
_IN_STOCK = "product[quantity_and_stock_status][is_in_stock]"
_SUFFIXES = ("Pro", "Plus", "Lite", "Deluxe", "2023 Edition", "for Teams")


def _product(world: WorldReader, parameters: Parameters) -> Row:
    return record(world, "SELECT * FROM product WHERE name = ?", (parameters["product"],))


def _draw_product(condition: str, more: Callable[[random.Random, Row], dict[str, str]]) -> Draw:
    """A draw of one product that meets an SQL condition, with what ``more`` adds to its name."""

    def draw(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
        row = pick(world, rng, f"SELECT * FROM product WHERE novel = ? AND {condition} ORDER BY id", (int(novel),))
        return None if row is None else {"product": row["name"], **more(rng, row)}

    return draw


def _new_price(rng: random.Random, row: Row) -> dict[str, str]:
    cents = rng.choice([price for price in range(900, 12_000, 50) if price != row["price"]])
    return {"price": f"{cents // 100}.{cents % 100:02}"}


def _fields_hold(world: WorldReader, parameters: Parameters, **wanted: str) -> dict[str, Any]:
    """An evaluation: fields of the product's form have these values; the keywords are ``_FIELDS``."""
    url = f"{ROOT}/catalog/product/edit/id/{_product(world, parameters)['id']}/"
    return checks.pages_show(
        *(
            checks.page_check(url, f"document.querySelector('[name=\"{_FIELDS[key]}\"]').value", value, exactly=True)
            for key, value in wanted.items()
        )
    )


_FIELDS = {
    "price": "product[price]",
    "status": "product[status]",
    "name": "product[name]",
    "qty": _QTY,
    "is_in_stock": _IN_STOCK,
}


def _quantity_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return checks.answer_is(str(_product(world, parameters)["qty"]))


def _solve_quantity(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Catalog", "Products", parameters["product"])
    yield leave(page.row(parameters["product"])["Quantity"])


def _other_quantity(_: WorldReader, parameters: Parameters) -> Statement:
    return ADMIN, "UPDATE product SET qty = qty + 7 WHERE name = ?", (parameters["product"],)


def _solve_price(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_record(page, "Catalog", "Products", parameters["product"])
    page = yield page.type("Price", parameters["price"])
    yield page.click("Save", tag="button")
    yield leave()


def _solve_restock(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_record(page, "Catalog", "Products", parameters["product"])
    page = yield page.type("Quantity", parameters["quantity"])
    page = yield page.select("Stock Status", "In Stock")
    yield page.click("Save", tag="button")
    yield leave()


def _solve_disable(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_record(page, "Catalog", "Products", parameters["product"])
    page = yield page.select("Enable Product", "No")
    yield page.click("Save", tag="button")
    yield leave()


def _solve_rename(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_record(page, "Catalog", "Products", parameters["product"])
    page = yield page.type("Product Name", parameters["name"])
    yield page.click("Save", tag="button")
    yield leave()


_REVIEWED = "SELECT r.*, p.name AS product FROM review AS r JOIN product AS p ON p.id = r.product_id"


def _draw_review(condition: str) -> Draw:
    """A draw of a review that its author and product tell from all others."""

    def draw(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
        row = pick(
            world,
            rng,
            f"{_REVIEWED} WHERE r.novel = ? AND {condition} AND (SELECT COUNT(*) FROM review AS o WHERE "
            "o.product_id = r.product_id AND o.nickname = r.nickname) = 1 ORDER BY r.id",
            (int(novel),),
        )
        return None if row is None else {"nickname": row["nickname"], "product": row["product"]}

    return draw


def _review_url(world: WorldReader, parameters: Parameters) -> str:
    values = (parameters["nickname"], parameters["product"])
    number = record(world, f"{_REVIEWED} WHERE r.nickname = ? AND p.name = ?", values)["id"]
    return f"{ROOT}/review/product/edit/id/{number}/"


def _approved(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    locator = 'document.querySelector("#status_id").value'
    return checks.pages_show(checks.page_check(_review_url(world, parameters), locator, "1", exactly=True))


def _solve_approve(page: PageView, parameters: Parameters) -> Oracle:
    nickname, product = parameters["nickname"], parameters["product"]
    page = yield from open_record(page, "Marketing", "Pending Reviews", product, nickname, product)
    page = yield page.select("Status", "Approved")
    yield page.click("Save Review", tag="button")
    yield leave()


def _deleted(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return checks.pages_show(
        checks.page_check(
            _review_url(world, parameters), "", "The review was removed by another user or does not exist"
        )
    )


def _solve_delete(page: PageView, parameters: Parameters) -> Oracle:
    nickname, product = parameters["nickname"], parameters["product"]
    page = yield from open_record(page, "Marketing", "All Reviews", f"{nickname} {product}", nickname, product)
    yield page.click("Delete Review", tag="button")
    yield leave()


_PENDING = (
    "SELECT COUNT(*) AS count FROM review JOIN product AS p ON p.id = product_id WHERE status_id = 2 AND p.name = ?"
)


def _pending_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return checks.answer_is(str(record(world, _PENDING, (parameters["product"],))["count"]))


def _solve_pending(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Marketing", "Pending Reviews", parameters["product"])
    yield leave(str(sum(row.get("Product") == parameters["product"] for row in page.rows())))


def _one_more_pending(world: WorldReader, parameters: Parameters) -> Statement:
    sql = (
        "INSERT INTO review (product_id, status_id, rating, nickname, title, detail, created_at) "
        "VALUES (?, 2, 4, 'Ann', 'Nice', 'Nice.', '2023-06-14 10:00:00')"
    )
    return ADMIN, sql, (_product(world, parameters)["id"],)


CATALOG_TEMPLATES = (
    Template(
        name="shopping_admin.product_quantity",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "How many units of {product} are left in stock?",
            "What is the quantity of {product}?",
            "Tell me the quantity we have of the product {product}",
            "Check our stock: how many pieces of {product} are there?",
        ),
        draw=_draw_product("type_id = 'simple'", lambda _rng, _row: {}),
        evaluate=_quantity_answer,
        solve=_solve_quantity,
        steps=4,
        perturb=_other_quantity,
    ),
    Template(
        name="shopping_admin.change_price",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Change the price of {product} to ${price}",
            "Set the price of the product {product} to {price} dollars.",
            "From today {product} costs ${price}. Update it.",
        ),
        draw=_draw_product("1", _new_price),
        evaluate=lambda world, parameters: _fields_hold(world, parameters, price=parameters["price"]),
        solve=_solve_price,
        steps=7,
    ),
    Template(
        name="shopping_admin.restock_product",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "{quantity} pieces of {product} arrived, update the quantity and mark it as in stock",
            "{product} is back: set its quantity to {quantity} and its stock status to In Stock",
            "Make {product} available again with a quantity of {quantity}; it is shown as out of stock now.",
        ),
        draw=_draw_product("is_in_stock = 0", lambda rng, _row: {"quantity": str(rng.randint(5, 250))}),
        evaluate=lambda world, parameters: _fields_hold(world, parameters, qty=parameters["quantity"], is_in_stock="1"),
        solve=_solve_restock,
        steps=8,
    ),
    Template(
        name="shopping_admin.disable_product",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Disable {product} from the site, it has quality issues.",
            "Take the product {product} off the store by disabling it",
            "We no longer sell {product}. Disable it.",
        ),
        draw=_draw_product("status = 1", lambda _rng, _row: {}),
        evaluate=lambda world, parameters: _fields_hold(world, parameters, status="2"),
        solve=_solve_disable,
        steps=7,
    ),
    Template(
        name="shopping_admin.rename_product",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            'Rename the product {product} to "{name}"',
            'Change the product name of {product} to "{name}"',
            'The product {product} gets a new name: "{name}". Update it.',
        ),
        draw=_draw_product("parent_id IS NULL", lambda rng, row: {"name": f"{row['name']} {rng.choice(_SUFFIXES)}"}),
        evaluate=lambda world, parameters: _fields_hold(world, parameters, name=parameters["name"]),
        solve=_solve_rename,
        steps=7,
        split=Split.VALID_ONLY,
    ),
    Template(
        name="shopping_admin.approve_review",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Approve the pending review of {product} by {nickname}",
            "{nickname} reviewed {product}. Approve that review so that it shows in the store.",
            "Set the status of {nickname}'s review of {product} to Approved",
        ),
        draw=_draw_review("r.status_id = 2"),
        evaluate=_approved,
        solve=_solve_approve,
        steps=7,
    ),
    Template(
        name="shopping_admin.delete_review",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            "Delete the review of {product} by {nickname}",
            "Remove {nickname}'s review of {product} for good",
            "The review that {nickname} wrote about {product} is spam. Delete it.",
        ),
        draw=_draw_review("1"),
        evaluate=_deleted,
        solve=_solve_delete,
        steps=6,
        split=Split.TEST_ONLY,
    ),
    Template(
        name="shopping_admin.pending_reviews",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "How many reviews of {product} are pending?",
            "Count the pending reviews of the product {product}",
            "Tell me the number of reviews of {product} that still wait for approval.",
        ),
        draw=_draw_product("parent_id IS NULL", lambda _rng, _row: {}),
        evaluate=_pending_answer,
        solve=_solve_pending,
        steps=4,
        perturb=_one_more_pending,
    ),
)
