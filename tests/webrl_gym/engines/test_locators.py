from __future__ import annotations

import lxml.html
import pytest

from webrl_gym.engines.locators import evaluate_locator
from webrl_gym.errors import EvaluationError, NothingLocated

PAGE = lxml.html.document_fromstring("""
<html><body>
<div id="box" class="a b"> One <b>two</b><p>three</p><span hidden>secret</span></div>
<ul><li>x</li><li>y</li></ul>
<input name="q" value="typed"><textarea id="t">long text</textarea>
<select id="s"><option value="1">A</option><option value="2" selected>B</option></select>
<input id="c" type="checkbox" checked>
<details><summary>Head</summary>closed</details>
</body></html>""")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('document.querySelector("#box").outerText', "One two\nthree"),
        ("document.querySelector('div.a.b').innerText", "One two\nthree"),
        ('document.querySelector("#box b")?.textContent', "two"),
        ('document.querySelectorAll("li")[1].outerText', "y"),
        ('document.querySelector("[name=\\"q\\"]").value', "typed"),
        ('document.getElementById("t").value.trim()', "long text"),
        ('document.querySelector("#s").value', "2"),
        ('document.querySelector("#c").checked', "true"),
        ('document.querySelector("details").innerText', "Head"),
        ('[...document.querySelectorAll("li")].map(x => x.outerText).join(", ")', "x, y"),
        ('[...document.querySelectorAll("i")].map(x => x.outerText).join(", ")', ""),
    ],
)
def test_locators_of_task_files_are_read(expression: str, expected: str) -> None:
    assert evaluate_locator(PAGE, expression) == expected


def test_what_is_not_there_is_told_from_what_cannot_be_read() -> None:
    with pytest.raises(NothingLocated):
        evaluate_locator(PAGE, 'document.querySelector("#none").outerText')
    with pytest.raises(EvaluationError, match="use the chromium engine") as caught:
        evaluate_locator(PAGE, "fetch('http://evil.test')")
    assert not isinstance(caught.value, NothingLocated)
    with pytest.raises(EvaluationError, match="broken"):
        evaluate_locator(PAGE, 'document.querySelector("[[").outerText')
    with pytest.raises(EvaluationError, match="does not know the property"):
        evaluate_locator(PAGE, 'document.querySelector("#box").remove')
