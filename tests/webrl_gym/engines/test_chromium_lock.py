from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import quote

import pytest
from werkzeug.serving import make_server

from tests.webrl_gym.engines.conftest import ROOT, pages_app
from tests.webrl_gym.engines.hands import click, said, visit
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import ActionError

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("link", ["plain", "secure", "redirected", "window", "secure window", "data", "file", "form"])
def test_every_way_out_is_closed(pages: ChromiumEngine, link: str) -> None:
    visit(pages, "ways_out")
    with pytest.raises(ActionError, match="lies outside the sites of this task"):
        click(pages, link)
    page = pages.snapshot()
    assert (page.title, page.tabs) == ("Ways out", ("Ways out",))
    assert pages.blocked_navigations == 1


def test_scripts_reach_no_other_host(pages: ChromiumEngine, outsider: Callable[[], tuple[int, int]]) -> None:
    port, _ = outsider()
    reach = f"fetch('http://127.0.0.1:{port}/', {{mode: 'no-cors'}}).finally(() => {{ said.textContent = 'tried' }})"
    source = f"<!DOCTYPE html><p id=said></p><img src='http://localhost:{port}/'><script>{reach}</script>"
    pages.start([f"{ROOT}/made?html={quote(source)}"], [])
    assert said(pages.snapshot()) == "tried"
    assert outsider()[1] == 0


def test_a_deployment_without_our_server_is_locked_too() -> None:
    server = make_server("127.0.0.1", 0, pages_app(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.port}"
    engine = ChromiumEngine(None, origins=[root])
    try:
        for link in ("plain", "secure", "redirected"):
            engine.start([f"{root}/page/ways_out.html"], [])
            with pytest.raises(ActionError, match="lies outside"):
                click(engine, link)
        engine.start([f"{root}/page/controls.html"], [])
        assert click(engine, "Second page").url == f"{root}/page/second.html"
    finally:
        engine.close()
        server.shutdown()
        server.server_close()
