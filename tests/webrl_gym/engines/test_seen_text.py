from __future__ import annotations

import lxml.html
import pytest

from tests.webrl_gym.engines.conftest import made
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.engines.seen_text import seen_text

SEEN = {
    "<b>a</b> <i>b</i>\n\n c ": "a b c",
    "a<br><br>b": "a\n\nb",
    "<div>a<br></div>b": "a\n\nb",
    "<p></p><p>a</p><p>b</p>": "a\n\nb",
    "<div>  a  <div>b</div> </div><div> </div>c": "a\nb\nc",
    "<h1>a</h1><p>b</p>c": "a\n\nb\n\nc",
    "<ul><li>a<li>b</ul>": "a\nb",
    "x<table><thead><tr><th>h<th>i</thead><tbody><tr><td> 1 <td>2</table>y": "x\nh\ti\n1\t2\ny",
    "<table><tr><td>a</td><td></td></tr></table>": "a\t",
    "<table><tr><td><p>a</p></td><td>b</td></tr></table>": "a\n\n\tb",
    "<select><option>a<option>b</select>": "a\nb",
    "<label>a <input value=z></label><textarea>q</textarea><img alt=q>b": "a b",
    "<fieldset><legend>l</legend>f</fieldset><dl><dt>a<dd>b</dl>": "l\nf\na\nb",
    "<details><summary>s</summary>c</details>d": "s\nd",
    "a<span hidden>h</span><script>1</script>b": "ab",
    "a&nbsp;&nbsp;b": "a\u00a0\u00a0b",
}


@pytest.mark.parametrize("source", SEEN)
def test_text_is_read_as_it_is_seen(source: str) -> None:
    root = lxml.html.document_fromstring(f"<div id=box>{source}</div>")
    assert seen_text(root.get_element_by_id("box")) == SEEN[source]


@pytest.mark.browser
def test_a_browser_sees_the_same(pages: ChromiumEngine) -> None:
    boxes = "".join(f"<div id=box{number}>{source}</div>" for number, source in enumerate(SEEN))
    pages.start([made(f"<!DOCTYPE html><title>Seen</title>{boxes}")], [])
    with pages.evaluation_page(at_end=True) as page:
        seen = [page.locate(f"document.querySelector('#box{number}').innerText") for number in range(len(SEEN))]
    assert seen == list(SEEN.values())
