"""Text files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Writes a file beside its place, and puts it there when it is complete.

    Args:
        path: The file; its folder must exist.
        text: What it shall hold.

    Raises:
        OSError: If it cannot be written; what stood there stays, and nothing is left behind.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".writing")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
