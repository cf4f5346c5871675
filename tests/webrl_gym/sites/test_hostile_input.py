"""Every form of every site gets what nobody should type: an ordinary page answers, and no text becomes markup."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

import pytest
from lxml.html import HtmlElement
from werkzeug.test import TestResponse

from tests.webrl_gym.sites.form_walk import Fields, Form, Walker, parse
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.sites.worlds import World
from webrl_gym.types import Site

MARK = "hx9"
MARKUP = f"\"'><script>{MARK}()</script><img src={MARK} onerror={MARK}()>{MARK}{{{{7*7}}}}${{7*7}}"
SITES_WITH_FORMS = [site for site in Site if site is not Site.HOMEPAGE]
for_sites_that_keep_texts = pytest.mark.parametrize("walker", ACCOUNTS, ids=str, indirect=True)

FEW = {
    "markup": MARKUP,
    "SQL": "' OR 1=1 --",
    "100 kB": "A" * 100_000,
    "all escapes": "_" * 16_000,
    "NUL and half a pair": "a\0b\ud800c",
    "a huge number": "9" * 30,
    "no number": "-1.5e400",
    "no date": "2023-02-30",
    "no address": "http://[",
    "nothing": "",
}
MANY = FEW | {
    "script address": f"javascript:{MARK}()",
    "statements": "x%'; DROP TABLE users; --",
    "NaN": "nan",
    "superscript": "²",
    "foreign digits": "١٢",
    "grouped digits": "1_000",
    "year 0": "0000-00-00",
    "blanks": " \t\r\n ",
    "header": "a\r\nSet-Cookie: x=1",
    "no character": "\uffff\u202e",
    "parent folder": "../../etc/passwd",
    "other host": "//example.com/",
    "broken escape": "%00%zz",
    "zero": "0",
    "minus one": "-1",
}


@pytest.fixture(params=SITES_WITH_FORMS, ids=str)
def walker(request: pytest.FixtureRequest, world: World) -> Walker:
    return Walker(request.param, world)


def markup_in(document: HtmlElement) -> list[str]:
    """What the browser would run of the texts that were sent."""
    found = [script.text for script in document.iter("script") if MARK in (script.text or "")]
    for element in document.iter():
        for name, value in element.attrib.items():
            runs = name.startswith("on") and MARK in value
            leads = name in ("href", "src", "action", "formaction") and value.strip().lower().startswith("javascript:")
            if runs or leads or (name == "src" and value == MARK):
                found.append(f"{element.tag} {name}={value}")
    return found


def check(answer: TestResponse, *what: str) -> None:
    """The answer is an ordinary page, or leads to another one of the site."""
    assert answer.status_code < 500, what
    location = answer.headers.get("Location", "")
    assert not location.startswith(("//", "http://e")), (*what, location)
    assert "x" not in {cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie")}, what
    document = parse(answer)
    if document is not None:
        assert markup_in(document) == [], what
        assert f"{MARK}49" not in answer.text, what
        assert "Traceback" not in answer.text, what


def send(walker: Walker, form: Form, fields: Fields, *what: str) -> None:
    """Sends a form and opens what it leads to."""
    answer = walker.send(form, fields)
    check(answer, form.action, *what)
    if "Location" in answer.headers:
        check(walker.open(answer.headers["Location"]), form.action, "then", *what)


def test_every_form_answers_hostile_input_with_an_ordinary_page(walker: Walker) -> None:
    forms = walker.forms(each=2)
    assert forms
    for form in forms:
        for name, text in FEW.items():
            send(walker, form, form.filled(text), name)
        send(walker, form, (), "no fields")
        check(walker.open(form.page), form.page)
        walker.store.reset()
        walker.sign_in()


@for_sites_that_keep_texts
def test_markup_that_was_typed_stays_text_on_every_page(walker: Walker) -> None:
    kept = 0
    for form in walker.forms(each=2):
        for name in form.typed if form.method == "post" else ():
            send(walker, form, form.filled(MARKUP, name), name)
        walker.sign_in()
    for path, document in walker.pages(each=3):
        assert markup_in(document) == [], path
        kept += MARK in document.text_content()
    assert kept


def test_every_address_takes_hostile_ids_and_queries(walker: Walker) -> None:
    for page in [path for path, _ in walker.pages(each=1)]:
        path, _, query = page.partition("?")
        for number in re.finditer(r"\d+", path):
            for other in ("9" * 20, "-1", "%00", "%ED%A0%80"):
                address = path[: number.start()] + other + path[number.end() :]
                check(walker.open(address), address)
        names = {part.partition("=")[0] for part in query.split("&")} - {""}
        for name in names | {"page", "p", "sort"}:
            for text in (MARKUP, "9" * 30):
                address = f"{path}?{name}={quote_plus(text)}"
                check(walker.open(address), address)


@for_sites_that_keep_texts
@pytest.mark.parametrize("referrer", ["http://[", "http://localhost//example.com/", "javascript:hx9()", "\xff"])
def test_a_hostile_referrer_leads_nowhere(walker: Walker, referrer: str) -> None:
    for form in walker.forms(each=1):
        if form.method == "post":
            check(walker.send(form, form.fields, referrer), form.action)


@pytest.mark.slow
def test_every_field_takes_every_hostile_input(walker: Walker) -> None:
    for form in walker.forms(each=12):
        for what, text in MANY.items():
            for name in form.names:
                send(walker, form, form.filled(text, name), name, what)
        for name in form.names:
            send(walker, form, form.without(name), "without", name)
        check(walker.open(form.page), form.page)
        walker.store.reset()
        walker.sign_in()
