"""Files that are there whole or not at all: written beside their place, flushed to the disk, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path in the same folder; on success what stands there takes the place of ``path``.

    The content is on the disk before the name changes, so neither a crash nor a full disk leaves half a file under
    ``path``. On an error the temporary file goes and ``path`` stays as it was.

    Args:
        path: The file to write or replace; its folder must exist.

    Yields:
        Where to write.

    Raises:
        OSError: If the content cannot be flushed or renamed.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Flushes a folder's entries, so that a rename survives a power cut; does nothing where folders cannot be opened.

    Args:
        folder: An existing folder.
    """
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
