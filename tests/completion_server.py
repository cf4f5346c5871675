"""A real HTTP server on the loopback that answers chat completions as it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass
class CompletionServer:
    """What to answer (status and body, the last one again and again), and what was asked.

    Attributes:
        slow: Whether answers never come.
        pause: Seconds between two bytes of an answer's body; it comes at once when 0.
    """

    url: str
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    slow: bool = False
    pause: float = 0.0
    stopped: Event = field(default_factory=Event)

    def say(self, *texts: str | None) -> None:
        self.answers = [(200, completion({"message": {"content": text}})) for text in texts]

    def next_answer(self) -> tuple[int, bytes]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def completion(choice: Any, **more: Any) -> bytes:
    return json.dumps({"choices": [choice], **more}).encode()


@contextmanager
def completion_server(protocol: str = "HTTP/1.0") -> Iterator[CompletionServer]:
    """With ``HTTP/1.1`` connections stay open; a request's ``port`` says which one it came over."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = protocol

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append(
                {"path": self.path, "key": self.headers.get("Authorization"), "port": self.client_address[1], **body}
            )
            if state.slow:
                state.stopped.wait()
            status, content = state.next_answer()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if state.pause:
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    state.stopped.wait(state.pause)
            else:
                self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            """Says nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                """The client did not wait for the answer."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = CompletionServer(f"http://127.0.0.1:{server.server_port}/v1")
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
