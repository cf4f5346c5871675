from __future__ import annotations

from typing import Any

import lxml.html
import pytest

from tests.webrl_gym.engines.conftest import made
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.engines.locator_parser import parse_locator
from webrl_gym.engines.locators import evaluate_locator
from webrl_gym.errors import EvaluationError, NothingLocated, TaskFileError
from webrl_gym.official_file import find_official_file, read_official_file

MARKUP = """<!DOCTYPE html><html><head><title>Locators</title></head><body>
<div id="box" class="a b"> One <b>two</b><p>three</p><span hidden>secret</span></div>
<table><tr><td id="cell">c</td><td>d</td></tr></table>
<ul><li>x</li><li>y</li></ul>
<div class="outer"><div id="notes-list"><p><i class="note">first</i></p><p><i class="note">last one</i></p></div></div>
<span class="status"><b>:)</b>Enjoying life</span>
<form class="vote vote--up"><a href="/a/1">A</a><img src="/b.png" alt="B"><a href="/c?d=e">C</a></form>
<input name="q" value="typed"><input title="What’s on your mind?" value="a refund">
<textarea id="t">long text</textarea>
<select id="s"><option value="1">A</option><option value="2" selected>B</option></select>
<input title="General Subscription" type="checkbox" checked>
<details><summary>Head</summary>closed</details>
</body></html>"""
VALUES = {
    'document.querySelector("#box").outerText': "One two\n\nthree",
    "document.querySelector('div.a.b').innerText;": "One two\n\nthree",
    'document.querySelector("#box b")?.textContent': "two",
    'document.querySelectorAll("li")[1].outerText': "y",
    'document.querySelectorAll("li").length': "2",
    'document.querySelector("#cell").outerText': "c",
    'document.querySelector("tr").outerText': "c\td",
    'document.querySelector("[name=\\"q\\"]").value': "typed",
    "document.querySelector('[name=\"q\"').value": "typed",
    "document.querySelector('[title=\"What’s on your mind?\"').value": "a refund",
    'document.getElementById("t").value.trim()': "long text",
    'document.querySelector("#s").value': "2",
    'document.querySelector("#s").selectedIndex': "1",
    "document.querySelector('[title=\"General Subscription\"').checked.toString()": "true",
    "document.querySelector('[title=\"General Subscription\"').checked": "true",
    'document.querySelector("details").innerText': "Head",
    "document.querySelector('form').getAttribute('class')": "vote vote--up",
    "document.querySelector('[id=\"notes-list\"').lastElementChild.querySelector('.note').outerText": "last one",
    "document.querySelector('.status').lastChild.textContent": "Enjoying life",
    "document.querySelector('.status').firstChild.outerText": ":)",
    "document.querySelector('#notes-list').querySelector('.outer .note').outerText": "first",
    "document.querySelector('#notes-list').querySelectorAll('.outer').length": "0",
    "document.querySelector('#box b').outerText + (document.querySelector('#none')?.outerText || '')": "two",
    "document.querySelector('#box b').outerText + (document.querySelector('#box p')?.outerText || '')": "twothree",
    "document.querySelector('#none')?.querySelector('b').outerText || 'nothing'": "nothing",
    "(document.querySelector('[name=\"q\"]') || document.querySelector('#t')).value": "typed",
    "(document.querySelectorAll('aside') || document.querySelectorAll('li')).length": "0",
    '[...document.querySelectorAll("li")].map(x => x.outerText).join(", ")': "x, y",
    '[...document.querySelectorAll("li")].map((x) => x.outerText + "-").join()': "x-,y-",
    '[...document.querySelectorAll("aside")].map(x => x.outerText).join(", ")': "",
    "[...document.querySelector('form').querySelectorAll('[href],[src]')]"
    ".map(elem => elem.getAttribute('href') || elem.getAttribute('src')).join(' ')": "/a/1 /b.png /c?d=e",
    "document.querySelector('#box b').outerText + [...document.querySelector('form').querySelectorAll('[src]')]"
    ".map(elem => elem.getAttribute('src')).join('\\n')": "two/b.png",
}
NOTHING = [
    "document.querySelector('#none').outerText",
    "document.querySelector('#none')?.outerText",
    "document.querySelector('#none')",
    "document.querySelectorAll('li')[7].outerText",
    "document.querySelector('form').getAttribute('id')",
    "document.querySelector('#none').querySelectorAll('b')[0].outerText",
]
UNREADABLE = [
    "fetch('http://evil.test')",
    "window.location.href",
    "document.querySelector('#box').remove()",
    "document.querySelector('#box').outerText.replace('a', 'b')",
    "document.querySelector('#box').style",
    "document.querySelector('#box').outerText - 1",
    "document.querySelectorAll('li').length + 1",
    "document.querySelectorAll('li').length + document.querySelectorAll('li').length",
    "document.querySelector('#box'",
    "document..title",
    "x => x",
    "",
    "(" * 500 + "document" + ")" * 500,
    "document.querySelector('#box')",
    "[...document.querySelectorAll('li')]",
    "[...document.querySelectorAll('li')].map(x => x.outerText)",
]


@pytest.fixture(scope="module")
def page() -> Any:
    return lxml.html.document_fromstring(MARKUP)


@pytest.mark.parametrize("locator", VALUES)
def test_locators_of_task_files_are_read(page: Any, locator: str) -> None:
    assert evaluate_locator(page, locator) == VALUES[locator]


@pytest.mark.parametrize("locator", NOTHING)
def test_what_is_not_there_is_told(page: Any, locator: str) -> None:
    with pytest.raises(NothingLocated):
        evaluate_locator(page, locator)


@pytest.mark.parametrize("locator", UNREADABLE)
def test_what_cannot_be_read_is_no_value_and_not_nothing(page: Any, locator: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate_locator(page, locator)
    assert not isinstance(caught.value, NothingLocated)


def test_a_broken_selector_is_named(page: Any) -> None:
    with pytest.raises(EvaluationError, match="broken"):
        evaluate_locator(page, 'document.querySelector("[[").outerText')


def test_every_official_locator_is_read(page: Any) -> None:
    try:
        records = read_official_file(find_official_file())
    except TaskFileError as missing:
        pytest.skip(str(missing))
    checks = [check for record in records for check in record["eval"]["program_html"] or []]
    locators = {check["locator"] for check in checks if check["locator"].strip()}
    scripted = [locator for locator in locators if not locator.startswith("func:")]
    assert len(scripted) > 40
    for locator in scripted:
        parse_locator(locator)
        # Whatever it looks for, the selectors can be read, too.
        with pytest.raises(NothingLocated):
            evaluate_locator(lxml.html.document_fromstring("<p>an empty page</p>"), locator)


@pytest.mark.browser
def test_a_browser_gives_the_same_values(pages: ChromiumEngine) -> None:
    pages.start([made(MARKUP)], [])
    with pages.evaluation_page(at_end=True) as page:
        assert {locator: page.locate(locator) for locator in VALUES} == VALUES
        for locator in NOTHING:
            with pytest.raises(NothingLocated):
                page.locate(locator)
