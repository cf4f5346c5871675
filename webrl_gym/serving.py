"""``webrl-gym serve``: the embedded sites over HTTP, for WebArena clients that are not ours."""

from __future__ import annotations

import argparse
import signal
import threading
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from webrl_gym.types import Site

_RESET = "reset"

PUBLISHED_PORTS: dict[str, int] = {
    Site.SHOPPING: 7770,
    Site.SHOPPING_ADMIN: 7780,
    Site.REDDIT: 9999,
    Site.GITLAB: 8023,
    Site.MAP: 3000,
    Site.WIKIPEDIA: 8888,
    Site.HOMEPAGE: 4399,
    _RESET: 7565,
}
"""Ports of the sites and of the reset server, as WebArena's instructions have them."""

_LAST_PORT = 65535


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``serve`` to the command line."""
    serve = commands.add_parser("serve", help="serve the embedded sites over HTTP, for other WebArena clients")
    which = serve.add_mutually_exclusive_group()
    which.add_argument(
        "--port-base",
        type=_port,
        metavar="N",
        help="use N and the ports after it, in this order: "
        + ", ".join(PUBLISHED_PORTS)
        + "; 0 takes any that are free",
    )
    which.add_argument(
        "--ports",
        type=_ports,
        default={},
        metavar="NAME=PORT,...",
        help="change some of " + ",".join(f"{name}={port}" for name, port in PUBLISHED_PORTS.items()),
    )
    serve.add_argument("--world", type=int, default=0, help="number of the world (%(default)s, the replica)")
    serve.add_argument(
        "--ready-file",
        type=Path,
        metavar="PATH",
        help="write the variables there once every site answers; gone at the end",
    )
    serve.set_defaults(run=_serve)


def _port(text: str) -> int:
    """A port's number; raises ``ArgumentTypeError`` if the text is none."""
    if not text.isascii() or not text.isdigit() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"a port must be 0..{_LAST_PORT}, got {text!r}")
    return int(text)


def _ports(text: str) -> dict[str, int]:
    """``shopping=7770,map=3000`` as ports by name; raises ``ArgumentTypeError`` if it is not of that form."""
    chosen: dict[str, int] = {}
    for part in text.split(","):
        name, _, port = part.partition("=")
        if name not in PUBLISHED_PORTS:
            raise argparse.ArgumentTypeError(f"expected NAME=PORT with {', '.join(PUBLISHED_PORTS)}, got {part!r}")
        chosen[name] = _port(port)
    return chosen


def _wanted_ports(options: argparse.Namespace) -> dict[str, int]:
    base: int | None = options.port_base
    if base is None:
        return {**PUBLISHED_PORTS, **options.ports}
    last = base + len(PUBLISHED_PORTS) - 1
    if last > _LAST_PORT:
        raise ValueError(f"--port-base must be at most {_LAST_PORT - len(PUBLISHED_PORTS) + 1}, got {base}")
    return {name: base and base + number for number, name in enumerate(PUBLISHED_PORTS)}


def _serve(options: argparse.Namespace) -> int:
    """Serves until it is interrupted."""
    from webrl_gym.sites.hosting import HostedSites

    # However it is ended, ports, databases and the file are given back. A shell lets its background jobs ignore SIGINT,
    # which would leave a script's `kill -INT` without an effect.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    ports, file = _wanted_ports(options), options.ready_file
    with ExitStack() as tidy:
        # The ports come first: whoever has them may say so in the file, where another server may have its own word.
        hosted = HostedSites(options.world, {site: ports[site] for site in Site}, ports[_RESET])
        tidy.enter_context(closing(hosted))
        exports = "".join(f"export {name}={url}\n" for name, url in hosted.client_variables().items())
        if file is not None:
            # Gone before the ports are: who has them next writes the same.
            tidy.callback(_remove, file, exports)
            _write(file, exports)
        print(f"{exports}Ready.", flush=True)
        threading.Event().wait()
    return 0


def _write(path: Path, text: str) -> None:
    """Puts a file there, whole from its first moment, in the place of one that a killed server left."""
    unfinished = path.with_name(f"{path.name}.part")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise ValueError(f"--ready-file {path} cannot be written: {error.strerror}") from error


def _remove(path: Path, text: str) -> None:
    """Removes a file, unless another server has written its own there."""
    with suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == text:
            path.unlink()
