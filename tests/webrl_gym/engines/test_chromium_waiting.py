"""The page is read when it is quiet: neither before what an action set off has happened, nor long after it."""

from __future__ import annotations

import pytest

from tests.webrl_gym.engines.conftest import made
from tests.webrl_gym.engines.hands import click, said
from webrl_gym.engines.chromium import ChromiumEngine

pytestmark = pytest.mark.browser

SET_OFF = {
    "at once": "say('done')",
    "a timer": "setTimeout(() => say('done'), 250)",
    "a timer with values": "setTimeout(say, 120, 'done')",
    "a text as handler": "setTimeout(\"say('done')\")",
    "a promise": "Promise.resolve().then(() => say('done'))",
    "a message": "const c = new MessageChannel(); c.port1.onmessage = () => say('done'); c.port2.postMessage(0)",
    "a chain": "let n = 0; const step = () => { say(++n); n < 12 ? setTimeout(step, 15) : say('done') }; step()",
    "an interval": "let n = 0; const i = setInterval(() => { say(++n); n > 9 && (clearInterval(i), say('done')) }, 13)",
    "frames": "let n = 0; const f = () => { say(++n); n < 9 ? requestAnimationFrame(f) : say('done') }; f()",
    "a cleared timer": "clearTimeout(setTimeout(() => say('never'), 5)); say('done')",
    "a request": "fetch('/slow').then((answer) => answer.text()).then(() => say('done'))",
    "a request in a timer": "setTimeout(() => fetch('/slow').then(() => say('done')), 100)",
    "an idle callback": "requestIdleCallback(() => say('done'))",
    "a timer that comes late": "setTimeout(() => say('done'), 5); setTimeout(() => { const t = Date.now(); "
    "while (Date.now() - t < 60); setTimeout(() => 0, 1) }, 1)",
    "an idle callback on a busy page": "const ends = Date.now() + 150; const c = new MessageChannel();"
    "c.port1.onmessage = () => { const t = Date.now(); while (Date.now() - t < 20); "
    "if (Date.now() < ends) c.port2.postMessage(0) }; c.port2.postMessage(0); requestIdleCallback(() => say('done'))",
}


@pytest.mark.parametrize("way", SET_OFF)
def test_what_a_click_set_off_is_waited_for(pages: ChromiumEngine, way: str) -> None:
    script = f"const say = (text) => {{ said.textContent = text }}; function go() {{ {SET_OFF[way]} }}"
    pages.start([made(f"<!DOCTYPE html><p id=said></p><button onclick=go()>Go</button><script>{script}</script>")], [])
    assert said(click(pages, "Go")) == "done"


def test_what_ticks_for_ever_is_not_waited_for(pages: ChromiumEngine) -> None:
    script = (
        "const say = (text) => { said.textContent = text }; let n = 0;"
        "setInterval(() => { clock.textContent = ++n }, 200); setInterval(() => n++, 10);"
        "const loop = () => requestAnimationFrame(loop); loop(); const poll = () => setTimeout(poll, 100); poll();"
        "const rest = () => requestIdleCallback(rest); rest();"
        "setTimeout(() => say('too late'), 60000)"
    )
    source = (
        f"<!DOCTYPE html><p id=clock></p><p id=said></p><button onclick=\"say('done')\">Go</button><script>{script}"
    )
    pages.start([made(source + "</script>")], [])
    assert said(click(pages, "Go")) == "done"
    assert sum(pages.settled) < 1


def test_timers_work_as_ever(pages: ChromiumEngine) -> None:
    script = (
        "const facts = []; const id = setTimeout(() => 0); facts.push(typeof id, id > 0, setTimeout.name);"
        "setTimeout.call(window, function (a, b) { facts.push(this === window, a + b);"
        "  said.textContent = facts.join(' ') }, '1', 20, 22); clearTimeout(undefined); cancelAnimationFrame(7);"
    )
    pages.start([made(f"<!DOCTYPE html><p id=said></p><script>{script}</script>")], [])
    assert said(pages.snapshot()) == "number true setTimeout true 42"
