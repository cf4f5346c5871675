"""What the tests of the shop do as its visitors: open pages, send forms, read what is shown."""

from __future__ import annotations

import lxml.html
from flask.testing import FlaskClient

from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.types import Site

EMAIL, PASSWORD = ACCOUNTS[Site.SHOPPING]
EMMA = 1
HOSTILE = "<script>alert('x')</script>\"; DROP TABLE product; --"
SHOWN_HOSTILE = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&#34;; DROP TABLE product; --"
ADDRESS = {
    "firstname": "Emma",
    "lastname": "Lopez",
    "telephone": "5550001111",
    "street[0]": "1 Test Street",
    "street[1]": "",
    "city": "Boston",
    "region": "Massachusetts",
    "postcode": "02108",
    "country_id": "United States",
}


def page(client: FlaskClient, path: str) -> str:
    response = client.get(path, follow_redirects=True)
    assert response.status_code == 200, path
    return response.text


def send(client: FlaskClient, path: str, **fields: str | int) -> str:
    return send_fields(client, path, {name: str(value) for name, value in fields.items()})


def send_fields(client: FlaskClient, path: str, fields: dict[str, str]) -> str:
    response = client.post(path, data=fields, follow_redirects=True)
    assert response.status_code == 200, path
    return response.text


def texts(html: str, selector: str) -> list[str]:
    found = lxml.html.document_fromstring(html).cssselect(selector)
    return [" ".join(element.text_content().split()) for element in found]


def names(html: str) -> list[str]:
    return texts(html, ".product-item-link")


def amounts(html: str) -> list[float]:
    return [float(text.lstrip("$").replace(",", "")) for text in texts(html, ".product-item .price")]
