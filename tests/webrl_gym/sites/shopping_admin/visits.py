"""What the tests of the back office do as its visitors: open pages, send forms, read what is shown."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from werkzeug.test import Client, TestResponse

from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.web import STORE_KEY, site_app
from webrl_gym.types import Site

ADMIN = Site.SHOPPING_ADMIN
HOSTILE = "<script>alert(1)</script> ' OR 1=1; -- \" &"


class Visitor:
    """A browser without cookies of its own at first, over one private store."""

    def __init__(self, store: SiteStore) -> None:
        self.store = store
        self.client = Client(site_app(ADMIN))

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, environ_overrides={STORE_KEY: self.store})

    def text(self, path: str) -> str:
        response = self.get(path)
        assert response.status_code == 200, f"{path} answered {response.status_code}"
        return response.text

    def post(self, path: str, **fields: str) -> TestResponse:
        names = {name.replace("__", "[") + "]" * name.count("__"): value for name, value in fields.items()}
        return self.send(path, names)

    def send(self, path: str, fields: Mapping[str, str | list[str]]) -> TestResponse:
        return self.client.post(path, data=fields, environ_overrides={STORE_KEY: self.store})

    def row(self, sql: str, *values: Any) -> sqlite3.Row:
        row = self.store.one(sql, values)
        assert row is not None
        return row


def cells(page: str) -> list[list[str]]:
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    return [re.findall(r"<td>(.*?)</td>", row) for row in body.split("</tr>")[:-1]]


def product_form(store: SiteStore, number: int, **changed: str) -> dict[str, str]:
    row = store.one("SELECT * FROM product WHERE id = ?", (number,))
    assert row is not None
    fields = {
        "status": "1",
        "name": row["name"],
        "sku": row["sku"],
        "price": "10",
        "quantity_and_stock_status][qty": "3",
        "quantity_and_stock_status][is_in_stock": "1",
        "category_ids": "2",
        "visibility": "4",
        "sale": "0",
    }
    return {f"product[{name}]": value for name, value in {**fields, **changed}.items()}


def customer_form(**changed: str) -> dict[str, str]:
    fields = {
        "customer[group_id]": "General",
        "customer[firstname]": "Ann",
        "customer[lastname]": "Lee",
        "customer[email]": "ann.lee@example.com",
        "address[telephone]": "5551234567",
    }
    return {**fields, **changed}


def rule_form(**changed: str) -> dict[str, str]:
    fields = {"name": "Tax day", "is_active": "1", "coupon_code": "TAX15", "simple_action": "by_percent"}
    return {**fields, "discount_amount": "15", "from_date": "4/1/23", "to_date": "4/20/23", **changed}
