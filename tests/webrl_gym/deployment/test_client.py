"""Sites that are ill are named within the time budget, whatever ails them."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest
from flask import redirect

from tests.webrl_gym.deployment.conftest import Lookalikes
from tests.webrl_gym.deployment.lookalikes import broken, silent, trickling
from webrl_gym.deployment.client import SiteClient
from webrl_gym.deployment.landmarks import reach
from webrl_gym.engines.browser_traffic import cookie_of
from webrl_gym.errors import SiteError
from webrl_gym.types import Site


def client_of(lookalikes: Lookalikes, site: Site, seconds: float = 5.0) -> SiteClient:
    return SiteClient(site, lookalikes[site].root, seconds=seconds)


@pytest.mark.parametrize("site", list(Site))
def test_a_site_is_known_by_its_start_page(site: Site, lookalikes: Lookalikes) -> None:
    assert reach(client_of(lookalikes, site)).status == 200


@pytest.mark.parametrize(
    ("illness", "said"),
    [
        (silent(1.0), r"gitlab did not answer .* within 0\.3 seconds"),
        (trickling, r"gitlab did not answer .* within 0\.3 seconds"),
        (broken, "gitlab answered .* with status 500"),
        (lambda: redirect("http://metis.test/"), "leads away to http://metis.test/: it takes itself for another host"),
        (lambda: redirect("/again"), "leads in circles"),
        (lambda: ("not here", 404), "answered .* with status 404"),
        (lambda: "<title>Router</title><p>It works!", r"is not gitlab: nothing on its start page \(Router\) matches"),
        (lambda: "", r"is not gitlab: nothing on its start page \(without a title\)"),
        (lambda: "\n <!-- starting -->", r"is not gitlab: nothing on its start page \(without a title\)"),
    ],
)
def test_an_ill_site_is_named(illness: object, said: str, lookalikes: Lookalikes) -> None:
    lookalikes[Site.GITLAB].ill = illness  # type: ignore[assignment]  # the parameters are all sorts of answers
    with pytest.raises(SiteError, match=said):
        reach(client_of(lookalikes, Site.GITLAB, seconds=0.3))


def test_a_redirect_to_no_address_is_named() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(302, headers={"Location": "http://[x"}))
    client = SiteClient(Site.GITLAB, "http://gitlab.test", transport=transport)
    with pytest.raises(SiteError, match=r"gitlab leads from http://gitlab.test to no address: 'http://\[x'"):
        client.get()


def test_the_page_of_another_site_is_no_start_page(lookalikes: Lookalikes) -> None:
    with pytest.raises(SiteError, match="is not gitlab"):
        reach(SiteClient(Site.GITLAB, lookalikes[Site.MAP].root))
    with pytest.raises(SiteError, match="is not shopping_admin"):
        reach(SiteClient(Site.SHOPPING_ADMIN, lookalikes[Site.REDDIT].root))


def test_nobody_there_is_said_at_once() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(SiteError, match=f"map cannot be reached: nobody answers at {root}"):
            reach(SiteClient(Site.MAP, root))


def test_cookies_say_where_they_belong(lookalikes: Lookalikes) -> None:
    client = client_of(lookalikes, Site.SHOPPING_ADMIN)
    client.get()
    [(address, name, value)] = client.cookies
    assert (address, name) == (lookalikes[Site.SHOPPING_ADMIN].root, "admin")
    assert value in lookalikes[Site.SHOPPING_ADMIN].keys


def test_a_cookie_set_by_hand_is_sent_to_hosts_without_a_dot(lookalikes: Lookalikes) -> None:
    site = lookalikes[Site.SHOPPING]
    site.sessions.add("mine")
    client = SiteClient(Site.SHOPPING, site.root.replace("127.0.0.1", "localhost"))
    client.set_cookie(site.cookie, "mine")
    assert "Sign Out" in client.get("/customer/account/").text


def test_a_site_may_write_anything_into_its_headers() -> None:
    told = [(b"X-Served-By", b"Z\xfcrich"), (b"X-In", "Zürich".encode()), (b"Location", "/Zürich".encode())]
    cookie = [(b"Set-Cookie", b"z\xfc=1")]
    answers = iter([httpx.Response(302, headers=told[1:]), httpx.Response(200, headers=told[:2] + cookie, text="here")])
    client = SiteClient(Site.GITLAB, "http://gitlab.test", transport=httpx.MockTransport(lambda _: next(answers)))
    page = client.get()
    assert (page.url, page.text) == ("http://gitlab.test/Zürich", "here")
    with pytest.raises(SiteError, match=r"gitlab at .* sets cookies that are not ASCII"):
        client.get()


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "idna", "hex", "none-such", ""])
def test_a_page_is_read_whatever_encoding_it_says_that_it_has(charset: str) -> None:
    headers = {"Content-Type": f"text/html; charset={charset}"}
    content = b"<title>Here</title>+2D0- \xd8\x00\xff"
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=content))
    page = SiteClient(Site.GITLAB, "http://gitlab.test", transport=transport).get()
    assert page.text.encode()
    assert page.title in ("Here", "")


def test_a_certificate_that_nobody_trusts_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"

    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(said)

    client = SiteClient(Site.GITLAB, "https://gitlab.test", transport=httpx.MockTransport(refuse))
    with pytest.raises(SiteError, match=r"gitlab at https://gitlab\.test has a certificate that nothing here trusts"):
        client.get()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(SiteError, match=r"SSL_CERT_FILE=.*none\.pem holds no certificates that can be read"):
        SiteClient(Site.GITLAB, "https://gitlab.test")


def test_cookies_of_hosts_that_are_numbers_of_ipv6_go_to_the_browser_in_brackets() -> None:
    client = SiteClient(Site.GITLAB, "http://[::1]:8023")
    client.set_cookie("key", "mine")
    [cookie] = client.cookies
    assert cookie_of(*cookie)["domain"] == "[::1]"
