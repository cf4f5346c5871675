"""All embedded sites on loopback ports of their own, for clients that were written for WebArena's servers.

A client finds the roots of the sites in environment variables (``client_variables``), and one more server that puts
the sites back: ``GET /reset``, then ``GET /status`` until it says ``Ready for duty!``, as WebArena's reset server does.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from webrl_gym.sites.dispatch import answer
from webrl_gym.sites.server import LOOPBACK, LoopbackServer
from webrl_gym.sites.web import URLS_KEY, site_app
from webrl_gym.sites.worlds import World
from webrl_gym.types import Site

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_THREADS = 4
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")


class HostedSites:
    """One world's sites and its reset server, each on a port of its own.

    Attributes:
        world: What the sites show; every client sees and changes the same.
        ports: The port of every site.
    """

    def __init__(self, world: int, ports: Mapping[Site, int], reset_port: int) -> None:
        """Starts serving; everything is ready when it returns.

        Args:
            world: Number of the world.
            ports: A port for every site; 0 takes any that is free.
            reset_port: Port of the reset server, likewise.

        Raises:
            ValueError: If there is no such world.
            SiteError: If a port cannot be had or a site's database cannot be built.
        """
        self.world = World(world)
        self.ports: dict[Site, int] = {}
        self._servers: list[LoopbackServer] = []
        try:
            for site in Site:
                self.world.store(site)
                site_app(site)
            for site in Site:
                self.ports[site] = self._serve(partial(self._answer, site), ports[site])
            self._reset_port = self._serve(ResetServer(self.world), reset_port)
        except BaseException:
            self.close()
            raise

    def _serve(self, app: WSGIApplication, port: int) -> int:
        server = LoopbackServer(app, port=port, threads=_THREADS)
        self._servers.append(server)
        return server.port

    def close(self) -> None:
        """Stops serving and frees ports and databases; may be called twice."""
        for server in self._servers:
            server.close()
        self.world.close()

    def client_variables(self) -> dict[str, str]:
        """The environment variables in which WebArena's clients look for the sites, BrowserGym's ``WA_`` ones too."""
        roots = {site.value.upper(): url for site, url in self._urls(LOOPBACK).items()}
        roots["SHOPPING_ADMIN"] += "/admin"
        reset = f"http://{LOOPBACK}:{self._reset_port}"
        return roots | {f"WA_{name}": url for name, url in roots.items()} | {"WA_FULL_RESET": reset}

    def _answer(self, site: Site, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Links to other sites stay with the name by which the client came here: localhost, a container's, a tunnel's.
        host = _HOST.fullmatch(environ.get("HTTP_HOST", ""))
        environ[URLS_KEY] = self._urls(host[1] if host else LOOPBACK)
        return answer(site, self.world.store(site), environ, start_response)

    def _urls(self, host: str) -> dict[Site, str]:
        return {site: f"http://{host}:{self.ports[site]}" for site in Site}


class ResetServer:
    """The two routes of WebArena's reset server, as a WSGI application over one world."""

    def __init__(self, world: World) -> None:
        """Puts ``world`` back when asked to."""
        self._world = world
        self._resetting = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request."""
        asked = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if asked == ("GET", "/reset"):
            status, text = self._reset()
        elif asked == ("GET", "/status"):
            status, text = "200 OK", "Reset ongoing" if self._resetting.locked() else "Ready for duty!"
        else:
            status, text = "404 Not Found", "Endpoint not found"
        body = text.encode()
        start_response(status, [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
        return [body]

    def _reset(self) -> tuple[str, str]:
        if not self._resetting.acquire(blocking=False):
            return "418 I'm a teapot", 'Reset already running, check its <a href="/status">status</a>'
        try:
            self._world.reset()
        finally:
            self._resetting.release()
        return "200 OK", 'Reset done, check its <a href="/status">status</a>'
