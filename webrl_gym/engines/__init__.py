"""Engines carry pages to the agent: ``static`` in this process, ``chromium`` in a browser."""

from __future__ import annotations

from dataclasses import dataclass

from webrl_gym.engines.protocol import Engine
from webrl_gym.sites.worlds import World


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Which engine, and how it shows and reads pages.

    Attributes:
        name: ``static`` or ``chromium``.
        chromium_path: The browser's executable for ``chromium``; found by itself when None.
        profile: Observation profile that ``chromium`` reads pages for.
        headed: Whether ``chromium`` shows its window.
    """

    name: str = "static"
    chromium_path: str | None = None
    profile: str = "full"
    headed: bool = False


def make_engine(settings: EngineSettings, world: World) -> Engine:
    """An engine over the embedded sites of ``world``, the environment's private view, which stays the caller's.

    Raises:
        ValueError: If there is no such engine.
        BrowserMissing: If no browser is found.
    """
    if settings.name == "static":
        from webrl_gym.engines.static import StaticEngine

        return StaticEngine(world)
    if settings.name == "chromium":
        # Imported here so that the static engine needs no Playwright.
        from webrl_gym.engines.chromium import ChromiumEngine

        return ChromiumEngine(
            world, executable=settings.chromium_path, profile=settings.profile, headed=settings.headed
        )
    raise ValueError(f"engine must be static or chromium, got {settings.name!r}")
