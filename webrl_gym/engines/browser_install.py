"""Installs a Chromium: Playwright's own download, else the system's package when root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from webrl_gym.engines.browser_launch import find_chromium, missing
from webrl_gym.errors import BrowserMissing

_DOWNLOAD_TIMEOUT_S = 600
_ASK_TIMEOUT_S = 60
_ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright\n"
    "with sync_playwright() as playwright:\n"
    "    print(playwright.chromium.executable_path)\n"
)


def locate_chromium() -> str:
    """Path of the Chromium that environments will use.

    Raises:
        BrowserMissing: If there is none.
    """
    try:
        return find_chromium(None, None)
    except BrowserMissing:
        return find_chromium(None, _playwright_path())


def install_chromium() -> str:
    """Installs a Chromium and returns its path.

    Raises:
        BrowserMissing: If neither way works; the message names the three that a person has.
    """
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        ways += [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
    problems = []
    for command in ways:
        print(f"installing Chromium: {' '.join(command[-4:])}", file=sys.stderr)
        problem = _run(command)
        if problem:
            problems.append(problem)
            continue
        try:
            return locate_chromium()
        except BrowserMissing:
            continue
    raise missing(problems)


def _run(command: list[str]) -> str:
    """Runs a command; returns what went wrong in one line, or an empty text."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DOWNLOAD_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {type(error).__name__}"
    if done.returncode == 0:
        return ""
    lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return f"{' '.join(command[-3:])}: {lines[-1].strip()[:160] if lines else done.returncode}"


def _playwright_path() -> str | None:
    """Where Playwright's own download would be; asked in a process of its own, since its loop does not mix."""
    command = [sys.executable, "-c", _ASK_PLAYWRIGHT]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
