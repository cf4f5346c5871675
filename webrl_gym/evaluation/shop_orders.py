"""Asks the shop's REST interface for the newest order, as WebArena's helper function does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from webrl_gym.deployment.accounts import variables_of
from webrl_gym.deployment.client import DEFAULT_BUDGET
from webrl_gym.errors import EvaluationError, SignInFailed, SiteError
from webrl_gym.http_client import answer_within
from webrl_gym.types import Site

_NEWEST = {
    "searchCriteria[sortOrders][0][field]": "created_at",
    "searchCriteria[sortOrders][0][direction]": "DESC",
    "searchCriteria[pageSize]": "1",
}


@dataclass(frozen=True, slots=True)
class RestShop:
    """A shop with Magento's REST interface.

    Attributes:
        client: Carries the requests: over the network, or into a WSGI application.
        root: Address of the shop, without a slash at its end.
        user: Name of an administrator.
        password: The administrator's; never shown.
        seconds: Budget of each answer.
    """

    client: httpx.Client
    root: str
    user: str
    password: str
    seconds: float = DEFAULT_BUDGET

    def __repr__(self) -> str:
        return f"RestShop({self.root!r})"

    def latest_order_url(self) -> str:
        """Address of the newest order's page; see ``official_calls.Shop``."""
        account = {"username": self.user, "password": self.password}
        token = self._ask("POST", "/rest/default/V1/integration/admin/token", json=account)
        found = self._ask("GET", "/rest/V1/orders", params=_NEWEST, headers={"Authorization": f"Bearer {token}"})
        try:
            orders = found["items"]
            if orders == []:
                raise EvaluationError(f"{self.root} has no order")
            number = int(orders[0]["increment_id"])
        except (LookupError, TypeError, ValueError) as error:
            raise SiteError(f"{self.root} answered with no list of orders: {type(error).__name__}") from error
        return f"{self.root}/sales/order/view/order_id/{number}/"

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        try:
            answer = answer_within(self.seconds, self.client, method, self.root + path, **request)
        except httpx.TimeoutException:
            raise SiteError(f"{self.root}{path} did not answer within {self.seconds:g} seconds") from None
        except (httpx.HTTPError, UnicodeError) as error:
            raise SiteError(f"{self.root}{path} does not answer: {type(error).__name__}: {error}") from error
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            user, password = variables_of(Site.SHOPPING_ADMIN)
            raise SignInFailed(f"{self.root}{path} did not take the back office's account: check {user} and {password}")
        if answer.status_code != httpx.codes.OK:
            raise SiteError(f"{self.root}{path} answered with status {answer.status_code}")
        try:
            return answer.json()
        except ValueError as error:
            raise SiteError(f"{self.root}{path} answered with something else than JSON") from error
