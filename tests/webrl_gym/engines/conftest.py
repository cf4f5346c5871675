"""A small site of test pages, and an engine that visits it."""

from __future__ import annotations

import contextlib
import html
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask, Response, redirect, request, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.sites.server import SiteServer
from webrl_gym.sites.worlds import World

PAGES = Path(__file__).parents[2] / "pages"
ROOT = "http://pages.test"
OTHER_ROOT = "http://other.test"


def add_raw_pages(app: Flask) -> None:
    @app.get("/bytes")
    def raw() -> Response:
        charset = request.args["charset"]
        kind = f"text/html; charset={charset}" if charset else "text/html"
        return Response(bytes.fromhex(request.args["hex"]), content_type=kind)

    @app.get("/endless")
    def endless() -> Response:
        def drops() -> Iterator[bytes]:
            while True:
                yield b"drop "
                time.sleep(0.02)

        return Response(drops(), content_type="text/javascript")


def pages_app() -> Flask:
    app = Flask(__name__, static_folder=None)

    @app.get("/page/<name>")
    def page(name: str) -> Response:
        return send_from_directory(PAGES, name)

    @app.route("/echo", methods=["GET", "POST"])
    def echo() -> str:
        rows = "".join(f"<li>{html.escape(f'{key}={value!r}')}</li>" for key, value in request.values.items())
        return f"<!DOCTYPE html><title>Echo</title><ul>{rows}</ul>"

    @app.get("/cookies")
    def cookies() -> str:
        return f"<!DOCTYPE html><title>Cookies</title><p>{html.escape(str(sorted(request.cookies.items())))}</p>"

    @app.get("/redirect")
    def elsewhere() -> AnyResponse:
        return redirect(request.args["to"])

    @app.get("/slow")
    def slow() -> str:
        time.sleep(float(request.args.get("seconds", 0.15)))
        return "fetched"

    @app.get("/busy")
    def busy() -> tuple[str, int]:
        return "<p>You cannot post more. Wait a while.</p>", 429

    @app.get("/broken")
    def broken() -> tuple[str, int]:
        return "<!DOCTYPE html><title>Broken</title>", 500

    @app.get("/download")
    def download() -> Response:
        return Response("x", headers={"Content-Disposition": "attachment; filename=bill.txt"})

    @app.get("/made")
    def made() -> str:
        return request.args["html"]

    add_raw_pages(app)
    return app


@pytest.fixture(scope="module")
def pages() -> Iterator[ChromiumEngine]:
    engine = make_engine()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def embedded() -> Iterator[ChromiumEngine]:
    world = World(0)
    engine = ChromiumEngine(world)
    yield engine
    engine.close()
    world.close()


@pytest.fixture
def outsider() -> Iterator[Callable[[], tuple[int, int]]]:
    """Port of a server outside the sites, and how many connections it has had."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    count = 0

    def state() -> tuple[int, int]:
        nonlocal count
        with contextlib.suppress(BlockingIOError):
            while True:
                listener.accept()[0].close()
                count += 1
        return listener.getsockname()[1], count

    yield state
    listener.close()


def make_engine(profile: str = "full") -> ChromiumEngine:
    server = SiteServer(pages_app(), ["pages.test", "other.test"])
    return ChromiumEngine(None, server=server, origins=[ROOT, OTHER_ROOT], profile=profile)


def made(source: str, root: str = ROOT) -> str:
    """Address of a page that holds ``source``."""
    return f"{root}/made?html={quote(source)}"
