"""Files and folders that are there whole or not at all: written beside their place, flushed to the disk, then renamed.

What a killed process was writing stays beside its place under a name that begins with a dot and ends in ``.tmp``;
``remove_leftovers`` takes it away.
"""

from __future__ import annotations

import os
import shutil
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
    temporary = _beside(path)
    try:
        yield temporary
        sync_file(temporary)
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Gives a temporary path in the same folder; on success the folder that was made there becomes ``folder``.

    Args:
        folder: The folder to make; it must not exist, its parent must.

    Yields:
        Where to make it.

    Raises:
        OSError: If the content cannot be flushed or renamed; nothing is left of it then.
    """
    temporary = _beside(folder)
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        yield temporary
        for path in (temporary, *temporary.rglob("*")):
            (sync_folder if path.is_dir() else sync_file)(path)
        temporary.rename(folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def remove_leftovers(folder: Path) -> None:
    """Takes away what killed processes left unfinished in a folder and all folders in it.

    Args:
        folder: An existing folder; this process must not be writing there.
    """
    for path in list(folder.rglob(".*.tmp")):
        writer = path.name.split(".")[-2]
        if not writer.isdecimal() or _is_another_process(int(writer)):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _is_another_process(number: int) -> bool:
    """True while a process of this number runs, unless that is this one: numbers are given anew in each container."""
    if number == os.getpid():
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def sync_file(path: Path) -> None:
    """Flushes a file's content, so that it survives a power cut.

    Args:
        path: An existing file.
    """
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


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
