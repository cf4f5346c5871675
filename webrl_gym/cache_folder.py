"""Where things are kept that take a while to make and can be made anew: built worlds, converted models."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """``WEBRL_GYM_CACHE``, else a folder of this package in the user's cache folder."""
    named = os.environ.get("WEBRL_GYM_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "webrl-gym"
