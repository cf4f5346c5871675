from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin, urlsplit

import httpx
import lxml.html
import pytest

from webrl_gym.errors import SiteError
from webrl_gym.sites.hosting import HostedSites
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.types import Site

ANY_PORTS = dict.fromkeys(Site, 0)
WANTS_SIGN_IN = {
    Site.SHOPPING: "/customer/account/",
    Site.REDDIT: "/submit",
    Site.GITLAB: "/-/profile",
}


@pytest.fixture(scope="module")
def hosted() -> Iterator[HostedSites]:
    made = HostedSites(0, ANY_PORTS, 0)
    yield made
    made.close()


@pytest.fixture
def roots(hosted: HostedSites) -> dict[str, str]:
    hosted.world.reset()
    return hosted.client_variables()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, trust_env=False) as made:
        yield made


def sign_in(client: httpx.Client, roots: dict[str, str], site: Site) -> httpx.Response:
    path, name, password = {
        Site.SHOPPING: ("/customer/account/loginPost/", "login[username]", "login[password]"),
        Site.SHOPPING_ADMIN: ("", "login[username]", "login[password]"),
        Site.REDDIT: ("/login_check", "_username", "_password"),
        Site.GITLAB: ("/users/sign_in", "user[login]", "user[password]"),
    }[site]
    account = ACCOUNTS[site]
    return client.post(roots[site.value.upper()] + path, data={name: account[0], password: account[1]})


def test_clients_find_every_site_under_both_names(roots: dict[str, str], client: httpx.Client) -> None:
    names = "SHOPPING SHOPPING_ADMIN REDDIT GITLAB MAP WIKIPEDIA HOMEPAGE".split()
    assert set(roots) == {*names, *(f"WA_{name}" for name in names), "WA_FULL_RESET"}
    titles = set()
    for name in names:
        assert roots[name] == roots[f"WA_{name}"]
        answer = client.get(roots[name], follow_redirects=True)
        assert answer.status_code == 200
        titles.add(lxml.html.document_fromstring(answer.text).findtext(".//title"))
    assert len(titles) == len(names)
    assert roots["SHOPPING_ADMIN"].endswith("/admin")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_links_between_sites_keep_the_name_by_which_the_client_came(
    name: str, roots: dict[str, str], client: httpx.Client
) -> None:
    own = urlsplit(roots["HOMEPAGE"])
    page = client.get(roots["HOMEPAGE"], headers={"Host": f"{name}:{own.port}"}).text
    hrefs = [link.get("href") for link in lxml.html.document_fromstring(page).cssselect(".card a")]
    expected = {f"{name}:{urlsplit(root).port}" for key, root in roots.items() if not key.endswith(("PAGE", "RESET"))}
    assert {urlsplit(href).netloc for href in hrefs} == expected
    assert f"http://{name}:{urlsplit(roots['SHOPPING_ADMIN']).port}/admin" in hrefs


@pytest.mark.parametrize("host", ["evil.example/x", '"><script>', "a b", ""])
def test_a_host_that_is_no_name_is_not_repeated(host: str, roots: dict[str, str]) -> None:
    port = urlsplit(roots["HOMEPAGE"]).port
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        page = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert page.startswith("HTTP/1.0 200")
    assert f"{roots['MAP']}/" in page
    assert "evil" not in page
    assert "<script" not in page


@pytest.mark.parametrize("site", WANTS_SIGN_IN)
def test_redirects_stay_on_the_port(site: Site, roots: dict[str, str], client: httpx.Client) -> None:
    root = roots[site.value.upper()]
    for name in ("127.0.0.1", "localhost"):
        host = f"{name}:{urlsplit(root).port}"
        answer = client.get(root + WANTS_SIGN_IN[site], headers={"Host": host})
        assert answer.is_redirect
        assert urlsplit(urljoin(f"http://{host}/", answer.headers["Location"])).netloc == host


def test_accounts_of_all_sites_fit_into_one_cookie_jar(roots: dict[str, str], client: httpx.Client) -> None:
    """A browser sends every cookie to every port of a host."""
    for site in ACCOUNTS:
        assert sign_in(client, roots, site).is_redirect
    for site, path in WANTS_SIGN_IN.items():
        assert client.get(roots[site.value.upper()] + path).status_code == 200
    assert "Dashboard" in client.get(f"{roots['SHOPPING_ADMIN']}/dashboard").text


@pytest.mark.parametrize(
    ("site", "path", "selector"),
    [
        (Site.SHOPPING_ADMIN, "", "input[placeholder='user name']"),
        (Site.SHOPPING_ADMIN, "", "input[placeholder=password]"),
        (Site.GITLAB, "/users/sign_in", "input[data-testid=username-field]"),
        (Site.GITLAB, "/users/sign_in", "input[data-testid=password-field]"),
        (Site.GITLAB, "/users/sign_in", "button[data-testid=sign-in-button]"),
    ],
)
def test_sign_in_pages_have_what_webarenas_script_looks_for(
    site: Site, path: str, selector: str, roots: dict[str, str], client: httpx.Client
) -> None:
    page = client.get(roots[site.value.upper()] + path, follow_redirects=True)
    assert len(lxml.html.document_fromstring(page.text).cssselect(selector)) == 1


def test_reset_puts_all_sites_back(hosted: HostedSites, roots: dict[str, str], client: httpx.Client) -> None:
    sign_in(client, roots, Site.GITLAB)
    client.post(f"{roots['GITLAB']}/-/profile", data={"user[name]": "Somebody Else"})
    client.post(f"{roots['SHOPPING']}/contact/index/post/", data={"name": "a", "email": "a@b.test", "comment": "c"})
    assert hosted.world.changed_sites == [Site.SHOPPING, Site.GITLAB]
    answer = client.get(f"{roots['WA_FULL_RESET']}/reset")
    assert answer.status_code == 200
    assert hosted.world.changed_sites == []
    assert "Somebody Else" not in client.get(f"{roots['GITLAB']}/byteblaze").text
    assert client.get(f"{roots['WA_FULL_RESET']}/status").text == "Ready for duty!"


def test_a_second_reset_is_told_that_one_is_running(
    hosted: HostedSites, roots: dict[str, str], client: httpx.Client
) -> None:
    reset, status = f"{roots['WA_FULL_RESET']}/reset", f"{roots['WA_FULL_RESET']}/status"
    with ThreadPoolExecutor(1) as pool:
        with hosted.world.store(Site.MAP).lock:  # as a request that is not yet answered holds it
            first = pool.submit(httpx.get, reset, timeout=30, trust_env=False)
            while (said := client.get(status)).text == "Ready for duty!":
                assert not first.done()
            assert (said.status_code, said.text) == (200, "Reset ongoing")
            assert client.get(reset).status_code == 418
        assert first.result().status_code == 200
    assert client.get(status).text == "Ready for duty!"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/reset/x"), ("POST", "/reset"), ("HEAD", "/reset"), ("POST", "/status")]
)
def test_the_reset_server_knows_nothing_else(
    method: str, path: str, hosted: HostedSites, roots: dict[str, str], client: httpx.Client
) -> None:
    client.post(f"{roots['SHOPPING']}/contact/index/post/", data={"name": "a", "email": "a@b.test", "comment": "c"})
    assert client.request(method, roots["WA_FULL_RESET"] + path).status_code == 404
    assert hosted.world.changed_sites == [Site.SHOPPING]


def test_a_busy_port_is_named_and_the_others_are_given_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy, socket.create_server(("127.0.0.1", 0)) as other:
        port, free = busy.getsockname()[1], other.getsockname()[1]
        other.close()
        with pytest.raises(SiteError, match=rf"Port {port} on 127\.0\.0\.1 cannot be had: Address already in use"):
            HostedSites(0, {**ANY_PORTS, Site.SHOPPING: free, Site.MAP: port}, 0)
        socket.create_server(("127.0.0.1", free)).close()
