"""What WebArena's clients do to a deployment, done to ours: served on ports, and embedded behind the proxy.

Two families of scripts sign in: BrowserGym by labels, WebArena's own (which VAB uses) by placeholders and test ids.
Both are followed step by step, in Chromium.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.webrl_gym.serve_process import serve_process
from webrl_gym.engines.browser_launch import chromium_flags, find_chromium
from webrl_gym.sites.dispatch import SiteDispatcher
from webrl_gym.sites.server import SiteServer
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.sites.worlds import World
from webrl_gym.types import EMBEDDED_URLS, Site

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Deployment:
    """Where the sites are, and the proxy through which a browser reaches them."""

    roots: dict[Site, str]
    proxy: str | None = None


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = find_chromium(None, playwright.chromium.executable_path)
        launched = playwright.chromium.launch(executable_path=path, args=chromium_flags())
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    with serve_process("--port-base", "0") as (_, printed):
        yield printed


@pytest.fixture(scope="module")
def served(variables: dict[str, str]) -> Deployment:
    return Deployment({site: variables[site.value.upper()] for site in Site})


@pytest.fixture
def embedded(world: World) -> Iterator[Deployment]:
    server = SiteServer(SiteDispatcher(world), threads=8)
    yield Deployment(
        EMBEDDED_URLS | {Site.SHOPPING_ADMIN: f"{EMBEDDED_URLS[Site.SHOPPING_ADMIN]}/admin"}, proxy=server.url
    )
    server.close()


@pytest.fixture
def context(browser: Browser, served: Deployment) -> Iterator[BrowserContext]:
    with open_context(browser, served) as made:
        yield made


def open_context(browser: Browser, deployment: Deployment, state: object = None) -> BrowserContext:
    proxy = {"server": deployment.proxy} if deployment.proxy else None
    context = browser.new_context(proxy=proxy, storage_state=state)
    context.set_default_timeout(20_000)
    return context


def labels_on_reddit(page: Page, root: str, name: str, password: str) -> None:
    page.goto(root)
    page.get_by_role("link", name="Log in").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def labels_on_gitlab(page: Page, root: str, name: str, password: str) -> None:
    page.goto(f"{root}/users/sign_in")
    page.get_by_label("Username or email").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def labels_on_shopping(page: Page, root: str, name: str, password: str) -> None:
    page.goto(f"{root}/customer/account/login/")
    page.get_by_label("Email", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign In").click()


def labels_on_admin(page: Page, root: str, name: str, password: str) -> None:
    page.goto(root)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def direct_on_reddit(page: Page, root: str, name: str, password: str) -> None:
    page.goto(f"{root}/login")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def ids_on_gitlab(page: Page, root: str, name: str, password: str) -> None:
    page.goto(f"{root}/users/sign_in")
    page.get_by_test_id("username-field").click()
    page.get_by_test_id("username-field").fill(name)
    page.get_by_test_id("username-field").press("Tab")
    page.get_by_test_id("password-field").fill(password)
    page.get_by_test_id("sign-in-button").click()


def placeholders_on_admin(page: Page, root: str, name: str, password: str) -> None:
    page.goto(root)
    page.get_by_placeholder("user name").fill(name)
    page.get_by_placeholder("password").fill(password)
    page.get_by_role("button", name="Sign in").click()


SignIn = Callable[[Page, str, str, str], None]

BY_LABELS: dict[Site, SignIn] = {
    Site.SHOPPING: labels_on_shopping,
    Site.SHOPPING_ADMIN: labels_on_admin,
    Site.GITLAB: labels_on_gitlab,
    Site.REDDIT: labels_on_reddit,
}
WEBARENAS_OWN: dict[Site, SignIn] = {
    Site.SHOPPING_ADMIN: placeholders_on_admin,
    Site.GITLAB: ids_on_gitlab,
    Site.REDDIT: direct_on_reddit,
}
"""Where it goes another way."""

MARKERS: dict[Site, tuple[str, str]] = {
    Site.SHOPPING: ("/wishlist/", ""),
    Site.SHOPPING_ADMIN: ("/dashboard", "Dashboard"),
    Site.GITLAB: ("/-/profile", ""),
    Site.REDDIT: (f"/user/{ACCOUNTS[Site.REDDIT][0]}/account", "Delete"),
}
"""By site, a page for the account alone and a word that must stand there; without one, the address must stay."""


def is_signed_in(context: BrowserContext, deployment: Deployment, site: Site) -> bool:
    path, word = MARKERS[site]
    url = deployment.roots[site] + path
    page = context.new_page()
    page.goto(url)
    signed_in = word in page.content() if word else page.url == url
    page.close()
    return signed_in


def sign_in(context: BrowserContext, deployment: Deployment, site: Site, way: SignIn) -> None:
    page = context.new_page()
    way(page, deployment.roots[site], *ACCOUNTS[site])
    page.close()


def check_sign_ins(browser: Browser, deployment: Deployment, ways: dict[Site, SignIn]) -> None:
    """Signs in to all sites in one browser, and goes on in another one with the first one's cookies."""
    with open_context(browser, deployment) as first:
        for site, way in ways.items():
            assert not is_signed_in(first, deployment, site)
            sign_in(first, deployment, site, way)
        state = first.storage_state()
    with open_context(browser, deployment, state) as second:
        assert [site for site in ways if not is_signed_in(second, deployment, site)] == []


@pytest.mark.slow
def test_browsergym_signs_in(browser: Browser, served: Deployment) -> None:
    check_sign_ins(browser, served, BY_LABELS)


@pytest.mark.slow
def test_webarenas_own_script_signs_in(browser: Browser, served: Deployment) -> None:
    check_sign_ins(browser, served, WEBARENAS_OWN)


@pytest.mark.slow
@pytest.mark.parametrize("ways", [BY_LABELS, WEBARENAS_OWN], ids=["BrowserGym", "WebArena"])
def test_the_embedded_sites_take_the_same_steps(
    ways: dict[Site, SignIn], browser: Browser, embedded: Deployment
) -> None:
    check_sign_ins(browser, embedded, ways)


def test_the_admins_storefront_is_its_hosts_root(context: BrowserContext, served: Deployment) -> None:
    page = context.new_page()
    answer = page.goto(f"{served.roots[Site.SHOPPING_ADMIN]}/../women.html")
    assert answer is not None
    assert answer.ok
    assert "/admin" not in page.url


def test_the_role_of_a_member_is_read_from_the_members_page(context: BrowserContext, served: Deployment) -> None:
    sign_in(context, served, Site.GITLAB, labels_on_gitlab)
    page, root, name = context.new_page(), served.roots[Site.GITLAB], ACCOUNTS[Site.GITLAB][0]
    page.goto(f"{root}/{name}")
    project = page.locator(f'a[href^="/{name}/"]').first.get_attribute("href")
    page.goto(f"{root}{project}/-/project_members")
    cells = page.locator("td[data-label='Account'] span.gl-avatar-labeled-sublabel")
    accounts = cells.evaluate_all("cells => cells.map(cell => cell.outerText)")
    roles = page.locator("td.col-max-role span").evaluate_all("cells => cells.map(cell => cell.outerText)")
    assert len(accounts) == len(roles) > 0
    assert roles[accounts.index(f"@{name}")] in ("Owner", "Maintainer", "Developer", "Reporter", "Guest")


def test_the_latest_order_is_found_and_reset_takes_it_back(context: BrowserContext, variables: dict[str, str]) -> None:
    shop = variables["SHOPPING"]
    with httpx.Client(timeout=30, trust_env=False) as client:
        before = latest_order(client, shop)
        page = context.new_page()
        labels_on_shopping(page, shop, *ACCOUNTS[Site.SHOPPING])
        page.goto(shop)
        page.get_by_role("button", name="Add to Cart").first.click()
        page.goto(f"{shop}/checkout/")
        page.get_by_role("button", name="Place Order").click()
        after = latest_order(client, shop)
        assert after != before
        page.goto(f"{shop}/sales/order/view/order_id/{int(after)}/")
        assert after in page.inner_text("main")
        assert client.get(f"{variables['WA_FULL_RESET']}/reset").status_code == 200
        while client.get(f"{variables['WA_FULL_RESET']}/status").text != "Ready for duty!":
            pass
        assert latest_order(client, shop) == before


def latest_order(client: httpx.Client, shop: str) -> str:
    """Number of the shop's latest order, asked for as WebArena's evaluators do."""
    account = {"username": "admin", "password": "admin1234"}
    token = client.post(f"{shop}/rest/default/V1/integration/admin/token", json=account).json()
    criteria = {
        "searchCriteria[sortOrders][0][field]": "created_at",
        "searchCriteria[sortOrders][0][direction]": "DESC",
        "searchCriteria[pageSize]": "1",
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = client.get(f"{shop}/rest/V1/orders", params=criteria, headers=headers)
    assert answer.status_code == 200
    return str(answer.json()["items"][0]["increment_id"])
