"""Makes the peer's virtual environment and runs it: a process that answers JSON lines (``peer_program.py``)."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from webrl_gym.cache_folder import cache_folder
from webrl_gym.engines.browser_install import locate_chromium

VERSION = "0.14.3"
_REQUIREMENTS = (f"browsergym-core=={VERSION}", f"browsergym-miniwob=={VERSION}")
_PAGES = "miniwob==1.1.0"
"""Its own requirements, Selenium among them, are for an environment that nobody runs here."""
_FLAGS = " ".join(
    [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--disable-component-update",
        "--disable-sync",
    ]
)
_PROGRAM = Path(__file__).with_name("peer_program.py")
_PROTOCOL = "HTTP/1.1"


class PeerFailed(RuntimeError):
    """Raised when the peer cannot be installed, ends, or fails to do what it is told."""


@dataclass(frozen=True, slots=True)
class PeerInstallation:
    """A virtual environment with BrowserGym in it.

    Attributes:
        folder: Where it is.
        python: Its interpreter.
        pages: Folder of the MiniWoB++ pages.
        browser: A script that starts Chromium with the flags that a container needs.
    """

    folder: Path
    python: Path
    pages: Path
    browser: Path


def install_peer() -> PeerInstallation:
    """The peer's virtual environment, made at first use in the cache folder; that takes a network and half a minute.

    Raises:
        PeerFailed: If it cannot be installed.
        BrowserMissing: If there is no Chromium.
    """
    folder = cache_folder() / "benchmarks" / f"browsergym-{VERSION}"
    python = folder / "venv" / "bin" / "python"
    done = folder / "installed"
    if not done.exists():
        print(f"installing BrowserGym {VERSION} into {folder} ...", flush=True)
        # What an earlier attempt left may be half of it.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _run(sys.executable, "-m", "venv", str(folder / "venv"))
        _run(str(python), "-m", "pip", "install", "--quiet", *_REQUIREMENTS)
        _run(str(python), "-m", "pip", "install", "--quiet", "--no-deps", _PAGES)
        done.touch()
    packages = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
    browser = folder / "chromium"
    browser.write_text(f'#!/bin/sh\nexec {shlex.quote(locate_chromium())} {_FLAGS} "$@"\n', encoding="utf-8")
    browser.chmod(0o755)
    _stand_in(packages, folder, browser)
    return PeerInstallation(folder, python, packages / "miniwob" / "html", browser)


def _stand_in(packages: Path, folder: Path, browser: Path) -> None:
    """Puts ``browser`` where the peer's Playwright looks for its own, which the peer's chat window starts."""
    known = json.loads((packages / "playwright/driver/package/browsers.json").read_text(encoding="utf-8"))["browsers"]
    revision = next(entry["revision"] for entry in known if entry["name"] == "chromium")
    link = folder / "browsers" / f"chromium-{revision}" / "chrome-linux" / "chrome"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(browser)


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise PeerFailed(f"{shlex.join(command)} failed: {(result.stderr or result.stdout).strip()[-1000:]}")


class Peer:
    """A running ``peer_program.py``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Talks to ``process`` over its standard streams."""
        self._process = process

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Sends one request and waits for its answer.

        Raises:
            PeerFailed: If it failed or the process has ended.
        """
        assert self._process.stdin is not None, "its input is a pipe"
        assert self._process.stdout is not None, "its output is a pipe"
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            # What could not be written is written again when the pipe is closed.
            with suppress(BrokenPipeError):
                self._process.stdin.close()
            raise PeerFailed(f"the peer has ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise PeerFailed(f"the peer could not {do} {arguments}: {answer['failed']}")
        return answer


@contextmanager
def running_peer(installation: PeerInstallation) -> Iterator[Peer]:
    """Starts the peer's process and a server for its pages; ends both."""
    with _served(installation.pages) as address:
        variables = {
            **os.environ,
            "MINIWOB_URL": f"{address}/miniwob/",
            "PLAYWRIGHT_BROWSERS_PATH": str(installation.folder / "browsers"),
        }
        # It must find its own packages and not those of this checkout.
        variables.pop("PYTHONPATH", None)
        command = [str(installation.python), str(_PROGRAM), str(installation.browser)]
        with (installation.folder / "log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=variables
            )
            with process:
                yield Peer(process)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serves a folder on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(folder)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="peer-pages", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _QuietHandler(SimpleHTTPRequestHandler):
    protocol_version = _PROTOCOL

    def log_message(self, *_arguments: Any) -> None:
        """Says nothing."""
