"""``webrl-gym serve`` as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serve_process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Runs the command until the block ends; gives the process and the variables it printed before ``Ready.``."""
    command = [sys.executable, "-m", "webrl_gym", "serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        variables = {}
        for line in process.stdout:
            if line == "Ready.\n":
                break
            name, _, value = line.removeprefix("export ").strip().partition("=")
            variables[name] = value
        try:
            yield process, variables
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
