from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import lxml.html
import pytest
from lxml.html import HtmlElement

from webrl_gym.engines import forms
from webrl_gym.engines.lxml_tree import page_node
from webrl_gym.engines.static_tab import parse_page
from webrl_gym.errors import ActionTargetError
from webrl_gym.types import PageNode

PAGE = """
<form id="f" action="/send?old=1" method="get">
  <input name="plain" value="a b">
  <input name="off" value="x" disabled>
  <input type="checkbox" name="box" value="1" checked><input type="checkbox" name="box" value="2">
  <input type="radio" name="r" value="one" checked><input type="radio" name="r" value="two">
  <select name="s"><option value="v1">First</option><option>Second one</option><option disabled>Third</option></select>
  <select name="m" multiple><option selected>A</option><option selected>B</option></select>
  <textarea name="t">line 1
line 2</textarea>
  <input type="file" name="file"><input type="hidden" name="h" value="1">
  <button name="go" value="yes">Go</button>
  <button name="other" value="no" formmethod="post" formaction="/post">Post</button>
</form>
<input name="outside" form="f" value="joined">
"""


@pytest.fixture
def page() -> HtmlElement:
    return lxml.html.document_fromstring(f"<html><body>{PAGE}</body></html>")


def one(page: HtmlElement, path: str) -> HtmlElement:
    return page.xpath(path)[0]


def test_the_form_data_set_is_what_a_browser_sends(page: HtmlElement) -> None:
    form = one(page, "//form")
    request = forms.submission(form, one(page, "//button[1]"), "http://shopping.test/page?x=1")
    assert request.body is None
    parts = urlsplit(request.url)
    assert (parts.netloc, parts.path) == ("shopping.test", "/send")
    assert parse_qsl(parts.query, keep_blank_values=True) == [
        ("plain", "a b"),
        ("box", "1"),
        ("r", "one"),
        ("s", "v1"),
        ("m", "A"),
        ("m", "B"),
        ("t", "line 1\r\nline 2"),
        ("h", "1"),
        ("go", "yes"),
        ("outside", "joined"),
    ]


@pytest.mark.parametrize(
    ("typed", "sent"), [("a\n", "a\r\n"), ("a\r\nb\rc", "a\r\nb\r\nc"), ("a\u2028b\x85c", "a\u2028b\x85c"), ("", "")]
)
def test_line_breaks_of_a_text_area_are_sent_as_a_browser_does(page: HtmlElement, typed: str, sent: str) -> None:
    area = lxml.html.Element("textarea", name="long")
    area.text = typed
    one(page, "//form").append(area)
    request = forms.submission(one(page, "//form"), None, "http://shopping.test/page")
    assert dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))["long"] == sent


def test_a_button_may_change_method_and_address(page: HtmlElement) -> None:
    request = forms.submission(one(page, "//form"), one(page, "//button[2]"), "http://shopping.test/page")
    assert request.url == "http://shopping.test/post"
    assert request.body is not None
    assert b"other=no" in request.body
    assert b"go=yes" not in request.body


def test_radios_exclude_each_other_and_boxes_toggle(page: HtmlElement) -> None:
    first, second = page.xpath("//input[@type='radio']")
    forms.toggle(second)
    assert first.get("checked") is None
    assert second.get("checked") is not None
    box = one(page, "//input[@type='checkbox']")
    forms.toggle(box)
    assert box.get("checked") is None


@pytest.mark.parametrize("wanted", ["Second one", "  Second   one ", "second ONE"])
def test_options_are_found_by_text(page: HtmlElement, wanted: str) -> None:
    select = one(page, "//select[@name='s']")
    forms.choose_option(select, wanted)
    assert [forms.option_text(option) for option in forms.selected_options(select)] == ["Second one"]


def test_unknown_and_disabled_options_are_named(page: HtmlElement) -> None:
    select = one(page, "//select[@name='s']")
    with pytest.raises(ActionTargetError, match=r"no option \"Fourth\"; the options are First \| Second one \| Third"):
        forms.choose_option(select, "Fourth")
    with pytest.raises(ActionTargetError, match="disabled"):
        forms.choose_option(select, "Third")
    with pytest.raises(ActionTargetError, match="not a select box"):
        forms.choose_option(one(page, "//textarea"), "x")


def test_text_goes_only_where_text_can_go() -> None:
    field = lxml.html.fragment_fromstring('<input type="number" value="1">')
    forms.set_text(field, "2.5")
    assert field.get("value") == "2.5"
    with pytest.raises(ActionTargetError, match="takes a number"):
        forms.set_text(field, "many")
    with pytest.raises(ActionTargetError, match="takes no text"):
        forms.set_text(lxml.html.fragment_fromstring("<button>x</button>"), "a")
    with pytest.raises(ActionTargetError, match="read-only"):
        forms.set_text(lxml.html.fragment_fromstring("<input readonly>"), "a")
    forms.set_text(field := lxml.html.fragment_fromstring("<input>"), "a\x00b\ud800")
    assert field.get("value") == "a\ufffdb\ufffd"


def test_required_fields_hold_a_form_back() -> None:
    page = lxml.html.document_fromstring(
        '<form action="/x"><input name="n" required aria-label="Name">'
        '<input type="email" name="e" value="nobody"></form>'
    )
    form, field = page.find(".//form"), page.find(".//input")
    assert form is not None
    assert field is not None
    with pytest.raises(ActionTargetError, match='"Name" must be filled in'):
        forms.submission(form, None, "http://map.test/")
    forms.set_text(field, "Ada")
    with pytest.raises(ActionTargetError, match="not an e-mail address"):
        forms.submission(form, None, "http://map.test/")
    form.set("novalidate", "")
    assert forms.submission(form, None, "http://map.test/").url == "http://map.test/x?n=Ada&e=nobody"


@pytest.mark.parametrize(
    ("html", "submits"),
    [
        ("<form><input name=a><input name=b><button>Go</button></form>", True),
        ("<form><input name=a></form>", True),
        ("<form><input name=a><input name=b></form>", False),
        ("<form><input name=a><button disabled>Go</button></form>", False),
        ("<form><input name=a><button type=button>No</button></form>", True),
        ("<input name=a>", False),
    ],
)
def test_enter_submits_as_in_a_browser(html: str, submits: bool) -> None:
    page = lxml.html.document_fromstring(html)
    field = page.find(".//input")
    assert field is not None
    assert (forms.implicit_submitter(field) is not None) == submits


# The same cases as in a browser: see test_chromium_hard_pages.py.


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("range", "7"),
        ("number", "-2.5e3"),
        ("number", ""),
        ("date", "2024-02-29"),
        ("date", ""),
        ("time", "23:59"),
        ("month", "2024-02"),
        ("week", "2024-W07"),
        ("datetime-local", "2024-02-29T23:59"),
        ("color", "#00ff00"),
    ],
)
def test_fields_of_every_type_are_set(kind: str, text: str) -> None:
    field = lxml.html.fragment_fromstring(f'<input type="{kind}">')
    forms.set_text(field, f" {text} ")
    assert field.get("value") == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("range", "wide"),
        ("range", ""),
        ("number", "nan"),
        ("number", "1_000"),
        ("date", "2023-02-31"),
        ("date", "2023-2-3"),
        ("time", "noon"),
        ("week", "2024-W60"),
        ("color", "red"),
    ],
)
def test_fields_refuse_what_they_cannot_hold(kind: str, text: str) -> None:
    field = lxml.html.fragment_fromstring(f'<input type="{kind}">')
    with pytest.raises(ActionTargetError, match=f'not "{text}"'):
        forms.set_text(field, text)
    assert field.get("value") is None


@pytest.mark.parametrize(("tag", "text", "kept"), [("input", "abcdef", "abcd"), ("textarea", "a😀😀", "a😀")])
def test_fields_take_no_more_than_they_may(tag: str, text: str, kept: str) -> None:
    field = lxml.html.fragment_fromstring(f'<{tag} maxlength="4"></{tag}>')
    forms.set_text(field, text)
    assert (field.text if tag == "textarea" else field.get("value")) == kept


def test_a_list_that_takes_several_is_set_to_those_that_are_named(page: HtmlElement) -> None:
    select = one(page, "//select[@name='m']")
    forms.choose_option(select, "b")
    assert [forms.option_text(option) for option in forms.selected_options(select)] == ["B"]
    forms.choose_option(select, "B | A")
    assert [forms.option_text(option) for option in forms.selected_options(select)] == ["A", "B"]
    with pytest.raises(ActionTargetError, match=r'no option "C"; the options are A \| B'):
        forms.choose_option(select, "A | C")


def test_a_field_set_disables_what_is_in_it_but_its_legend() -> None:
    fields = lxml.html.fragment_fromstring(
        "<fieldset disabled><legend><input name='legend'></legend><input name='inner'><a href='/'>link</a></fieldset>"
    )
    assert {element.get("name"): forms.is_disabled(element) for element in fields.iter("input")} == {
        "legend": False,
        "inner": True,
    }
    nodes = [child for child in page_node(fields).children if isinstance(child, PageNode)]
    assert ["disabled" in node.attrs for node in nodes] == [False, True, False]


def test_a_line_break_right_after_a_text_areas_tag_is_no_part_of_its_value() -> None:
    areas = b"<textarea name=a>\n\none\n</textarea><textarea name=b>\r\ntwo</textarea><textarea name=c></textarea>"
    page = parse_page(b"<form action=/send>" + areas + b"<button>Go</button></form>")
    request = forms.submission(one(page, "//form"), one(page, "//button"), "http://shopping.test/")
    assert urlsplit(request.url).query == "a=%0D%0Aone%0D%0A&b=two&c="
