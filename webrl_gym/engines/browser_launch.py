"""Finds a Chromium on this machine and says how to start it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from webrl_gym.errors import BrowserMissing

CHROMIUM_VARIABLE = "WEBRL_GYM_CHROMIUM"
"""Environment variable that names the browser's executable."""

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FEATURES_OFF = (
    # Chromium reads this switch once, so it must also name what Playwright's own would.
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "Translate",
    # Asks a server on the internet about every form it sees.
    "AutofillServerCommunication",
    # Start a renderer with a page of the browser's own in every context: 50 MB and half a second each.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # Makes a new frame for every document, which costs a click on a link 10 to 15 ms.
    "RenderDocument",
)
_FLAGS = (
    f"--disable-features={','.join(_FEATURES_OFF)}",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # Frames of all sites in one process: a fraction of the memory, and one connection sees all of a page.
    "--disable-site-isolation-trials",
    # Peer-to-peer connections would pass by the proxy.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)
_HOW_TO_INSTALL = """Install one of these ways, or name an executable by the variable {variable}:
  1. the system's package manager: a package called chromium, chromium-browser or google-chrome-stable
  2. Playwright's own download: python -m playwright install chromium
  3. on Debian or Ubuntu as root: apt-get install -y chromium"""


def chromium_flags() -> list[str]:
    """Command-line flags for every start of the browser."""
    # Chromium's sandbox refuses to run as root, which containers usually are.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*_FLAGS, "--no-sandbox"] if root else list(_FLAGS)


def find_chromium(named: str | None, downloaded: str | None) -> str:
    """Path of the browser's executable.

    Args:
        named: A path that somebody asked for; None leaves it to ``WEBRL_GYM_CHROMIUM`` and then to the search.
        downloaded: Where Playwright's own download would be.

    Raises:
        BrowserMissing: If there is none, or the named one is not there; the message lists the paths that were tried.
    """
    wanted = named or os.environ.get(CHROMIUM_VARIABLE)
    if wanted:
        if _runs(wanted):
            return wanted
        raise missing([wanted])
    tried = [downloaded] if downloaded else []
    if downloaded and _runs(downloaded):
        return downloaded
    for name in _NAMES:
        found = shutil.which(name)
        if found:
            return found
        tried.append(f"{name} (on PATH)")
    raise missing(tried)


def missing(tried: list[str], reason: str = "") -> BrowserMissing:
    """The one error for a Chromium that is not there or does not start."""
    what = f"Chromium cannot be started: {reason.rstrip('.')}." if reason else "No Chromium was found."
    return BrowserMissing(f"{what} Tried: {', '.join(tried)}.\n{_HOW_TO_INSTALL.format(variable=CHROMIUM_VARIABLE)}")


def _runs(path: str) -> bool:
    return Path(path).is_file() and os.access(path, os.X_OK)
