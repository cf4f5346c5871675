"""What each engine can render on this machine, and pictures as arrays."""

from __future__ import annotations

import io
import os
import sys

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BLACK: NDArray[np.uint8] = np.zeros((720, 1280, 3), dtype=np.uint8)
"""A picture of the viewport's size with nothing on it."""


class RenderModeRefused(ValueError, TypeError):
    """Raised for a render mode that an environment does not have.

    Also a ``TypeError``: that is what Stable-Baselines3's ``make_vec_env`` waits for after asking every environment for
    ``rgb_array``, and it then makes the environment without one.
    """


def has_display() -> bool:
    """Whether this process could show a window: always, but on a Unix without X or Wayland."""
    return sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def render_modes(engine: str) -> list[str]:
    """The render modes of ``static`` or ``chromium`` on this machine."""
    if engine == "static":
        return ["ansi"]
    return ["rgb_array", "human"] if has_display() else ["rgb_array"]


def why_not_rendered(engine: str, mode: str | None) -> str:
    """Why an engine cannot render in a mode here; empty when it can."""
    allowed = render_modes(engine)
    if mode is None or mode in allowed:
        return ""
    if (engine, mode) == ("chromium", "human"):
        return (
            'render_mode="human" shows the browser\'s window and needs a display, but neither DISPLAY nor '
            'WAYLAND_DISPLAY is set; use render_mode="rgb_array", or run under xvfb-run'
        )
    return f"the {engine} engine renders {' or '.join(map(repr, allowed))} only, got {mode!r}"


def pixels(png: bytes) -> NDArray[np.uint8]:
    """A picture's pixels, shape (height, width, 3)."""
    return np.array(Image.open(io.BytesIO(png)).convert("RGB"))
