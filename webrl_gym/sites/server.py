"""The loopback servers that carry the embedded sites to a browser.

``SiteServer`` is what environments use: a forward proxy with one listening socket for each of them. The browser asks it
for ``http://shopping.test/...`` and the host decides which site answers. Since everything a browser context does passes
here, this is also where other hosts are refused and counted.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.server import create_server

from webrl_gym.errors import SiteError
from webrl_gym.sites.dispatch import SITES_BY_HOST

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LOOPBACK = "127.0.0.1"

_MAX_BODY = 8 * 1024 * 1024

# It warns of every request that waits for a thread, which is nothing to worry about.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)


class LoopbackServer:
    """Serves one WSGI application on a loopback port, in threads of its own.

    Attributes:
        port: The port it listens on.
    """

    def __init__(self, app: WSGIApplication, *, port: int = 0, threads: int = 2) -> None:
        """Starts serving.

        Args:
            app: Answers every request.
            port: The port to listen on; 0 takes any that is free.
            threads: Most requests that are answered at the same time.

        Raises:
            SiteError: If the port cannot be had.
        """
        listening = _listen(port)
        self.port: int = listening.getsockname()[1]
        self._sockets: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._sockets,
            sockets=[listening],
            threads=threads,
            ident="",
            max_request_body_size=_MAX_BODY,
            clear_untrusted_proxy_headers=True,
        )
        self._thread = threading.Thread(target=self._server.run, name=f"site-server-{self.port}", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Address of the server."""
        return f"http://{LOOPBACK}:{self.port}"

    def close(self) -> None:
        """Stops serving and drops all connections; may be called twice."""
        if self._thread.is_alive():
            trigger = self._server.trigger

            def end() -> None:
                # The loop ends by itself when it has no sockets left; closing them here avoids a race with its select.
                # Whoever pulls the trigger, and who still answers, must find it open; the server's own way closes it.
                trigger.del_channel()
                self._server.del_channel()
                wasyncore.close_all(self._sockets)
                wasyncore.dispatcher.close(self._server)

            trigger.pull_trigger(end)
            self._thread.join(timeout=5)
            self._server.task_dispatcher.shutdown(timeout=5)
            trigger.close()


class SiteServer(LoopbackServer):
    """Serves one WSGI application on a free loopback port, as a forward proxy for the hosts it answers for.

    Attributes:
        blocked: Requests to other hosts and attempts to open a tunnel, counted since the server was made.
    """

    def __init__(
        self, app: WSGIApplication | None, hosts: Collection[str] = tuple(SITES_BY_HOST), *, threads: int = 2
    ) -> None:
        """Starts serving.

        Args:
            app: Answers requests to ``hosts``; None refuses every request.
            hosts: Host names, with ports other than 80.
            threads: Most requests that are answered at the same time.

        Raises:
            SiteError: If no loopback port can be had.
        """
        self.blocked = 0
        self._app = app
        self._hosts = frozenset(hosts)
        self._lock = threading.Lock()
        super().__init__(self._answer, threads=threads)

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").lower().removesuffix(":80")
        if self._app is None or environ["REQUEST_METHOD"] == "CONNECT" or host not in self._hosts:
            with self._lock:
                self.blocked += 1
            # A browser that gets nothing stays on the page where it is.
            start_response("204 No Content" if environ["REQUEST_METHOD"] != "CONNECT" else "403 Forbidden", [])
            return []
        return self._app(environ, start_response)


def _listen(port: int) -> socket.socket:
    """A socket that listens on a loopback port."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # A port whose last connections still fade away may be used again; one with a listener may not.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((LOOPBACK, port))
        made.listen()
    except OSError as error:
        made.close()
        which = f"Port {port}" if port else "A free port"
        raise SiteError(f"{which} on {LOOPBACK} cannot be had: {error.strerror}") from error
    return made
