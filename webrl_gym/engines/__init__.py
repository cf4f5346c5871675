"""Engines carry pages to the agent: ``static`` in this process, ``chromium`` in a browser."""

from __future__ import annotations

from webrl_gym.engines.protocol import Engine
from webrl_gym.sites.worlds import World


def make_engine(name: str, world: World, chromium_path: str | None = None, headed: bool = False) -> Engine:
    """An engine over the embedded sites of ``world``.

    Args:
        name: ``static`` or ``chromium``.
        world: The environment's private view of the sites; it stays the caller's.
        chromium_path: The browser's executable for ``chromium``; found by itself when None.
        headed: Whether ``chromium`` shows its window.

    Raises:
        ValueError: If there is no such engine.
        BrowserMissing: If no browser is found.
    """
    if name == "static":
        from webrl_gym.engines.static import StaticEngine

        return StaticEngine(world)
    if name == "chromium":
        # Imported here so that the static engine needs no Playwright.
        from webrl_gym.engines.chromium import ChromiumEngine

        return ChromiumEngine(world, executable=chromium_path, headed=headed)
    raise ValueError(f"engine must be static or chromium, got {name!r}")
