"""The shop's REST interface, in this process and with everything that can go wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from flask import Flask, request
from flask.typing import ResponseReturnValue

from tests.completion_server import completion_server
from webrl_gym.errors import EvaluationError, SignInFailed, SiteError
from webrl_gym.evaluation import RestShop

ROOT = "http://shop.test"


class Shop:
    """Answers the two calls, as it is told."""

    def __init__(self) -> None:
        self.orders: Any = {"items": [{"increment_id": "000000191"}]}
        self.status = 200
        self.asked: dict[str, str] = {}
        app = Flask("shop")
        app.post("/rest/default/V1/integration/admin/token")(self.token)
        app.get("/rest/V1/orders")(self.newest)
        self.client = httpx.Client(transport=httpx.WSGITransport(app=app))

    def token(self) -> ResponseReturnValue:
        return json.dumps("t0ken" if request.get_json() == {"username": "admin", "password": "secret"} else None)

    def newest(self) -> ResponseReturnValue:
        self.asked = {**request.args, "token": request.headers["Authorization"]}
        return (self.orders if isinstance(self.orders, str) else json.dumps(self.orders)), self.status


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.client.close()


def rest(shop: Shop) -> RestShop:
    return RestShop(shop.client, ROOT, "admin", "secret")


def test_the_newest_orders_page_is_found(shop: Shop) -> None:
    assert rest(shop).latest_order_url() == f"{ROOT}/sales/order/view/order_id/191/"
    assert shop.asked == {
        "searchCriteria[sortOrders][0][field]": "created_at",
        "searchCriteria[sortOrders][0][direction]": "DESC",
        "searchCriteria[pageSize]": "1",
        "token": "Bearer t0ken",
    }


def test_a_shop_without_orders_leaves_the_episode_unscored(shop: Shop) -> None:
    shop.orders = {"items": []}
    with pytest.raises(EvaluationError, match="has no order"):
        rest(shop).latest_order_url()


@pytest.mark.parametrize(
    ("orders", "status"),
    [
        ({"items": None}, 200),
        ([], 200),
        ({"items": [{"increment_id": "x"}]}, 200),
        ("<html>", 200),
        ({}, 500),
    ],
)
def test_a_shop_that_answers_otherwise_is_at_fault(shop: Shop, orders: Any, status: int) -> None:
    shop.orders, shop.status = orders, status
    with pytest.raises(SiteError, match=ROOT):
        rest(shop).latest_order_url()


def test_a_shop_that_does_not_take_the_account_names_its_variables(shop: Shop) -> None:
    shop.status = 401
    with pytest.raises(SignInFailed, match="check WEBRL_GYM_SHOPPING_ADMIN_USER and WEBRL_GYM_SHOPPING_ADMIN_PASSWORD"):
        rest(shop).latest_order_url()


def test_a_shop_that_is_not_there_is_at_fault_and_no_password_is_shown() -> None:
    with httpx.Client(timeout=5) as client:
        shop = RestShop(client, "http://127.0.0.1:9", "admin", "secret")
        assert "secret" not in repr(shop)
        with pytest.raises(SiteError, match="does not answer") as caught:
            shop.latest_order_url()
    assert "secret" not in str(caught.value)


def test_a_shop_that_trickles_gets_no_more_time_than_a_silent_one() -> None:
    with completion_server() as server, httpx.Client() as client:
        server.answers = [(200, b'"' + b"x" * 100 + b'"')]
        server.pause = 0.02
        shop = RestShop(client, server.url, "admin", "secret", seconds=0.1)
        with pytest.raises(SiteError, match=r"admin/token did not answer within 0\.1 seconds"):
            shop.latest_order_url()
