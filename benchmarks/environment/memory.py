"""Memory of a process tree: this process, the driver, the browser, and the files that they keep in memory.

Proportional set size (``Pss`` in ``/proc/PID/smaps_rollup``) shares a page among the processes that map it, so the sum
over a tree counts every page once. A page of a program file is also shared with strangers who run the same program, so
on a machine where other browsers come and go only the anonymous part can be compared. Files come on top: deleted files
that are still open and the browser's profile, unless a process maps them, since their pages are in ``Pss`` already.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_MB = 1e6
_BLOCK = 512
_PROFILE = re.compile(r"--user-data-dir=([^\0 ]+)")
_SIZE = re.compile(r"^(\w+):\s+(\d+) kB$", re.MULTILINE)
_ROLE = re.compile(r"--(?:utility-sub-)?type=([\w.-]+)")
Inode = tuple[int, int]
"""Device and inode number."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a process tree, in MB of a million bytes.

    Attributes:
        pss_mb: Proportional set size of all processes.
        anonymous_mb: The part of it that no file on disk backs, and that nobody outside the tree shares.
        files_mb: Unmapped temporary files and browser profiles.
        by_role: The processes' part of it by what they do: program, or Chromium's name for the kind of process.
        processes: How many processes there are.
    """

    pss_mb: float
    anonymous_mb: float
    files_mb: float
    by_role: dict[str, float]
    processes: int

    @property
    def total_mb(self) -> float:
        """Processes and files."""
        return self.pss_mb + self.files_mb


def tree_memory(root: int | None = None) -> Memory:
    """Memory of a process and its descendants.

    Args:
        root: Process id; this process when None.

    Raises:
        OSError: If the system keeps no ``/proc`` with ``smaps_rollup`` (Linux does).
    """
    pids = _tree(os.getpid() if root is None else root)
    by_role: Counter[str] = Counter()
    anonymous = 0
    mapped: set[Inode] = set()
    for pid in pids:
        # A process may end while the tree is read.
        with suppress(FileNotFoundError, ProcessLookupError):
            sizes = rollup_bytes((_PROC / str(pid) / "smaps_rollup").read_text(encoding="utf-8"))
            by_role[role(_command(pid))] += sizes["Pss"]
            anonymous += sizes["Pss_Anon"] + sizes["Pss_Shmem"]
            mapped |= set(_mapped(pid))
    if not by_role:
        raise OSError("no process of the tree could be read in /proc")
    files: dict[Inode, int] = {}
    for status in _files(pids):
        inode = (status.st_dev, status.st_ino)
        if inode not in mapped:
            files[inode] = status.st_blocks * _BLOCK
    return Memory(
        pss_mb=by_role.total() / _MB,
        anonymous_mb=anonymous / _MB,
        files_mb=sum(files.values()) / _MB,
        by_role={name: round(size / _MB, 1) for name, size in by_role.most_common()},
        processes=len(pids),
    )


def rollup_bytes(rollup: str) -> Counter[str]:
    """The sizes in a ``smaps_rollup`` text by name, in bytes; none for a process that has ended."""
    return Counter({name: 1024 * int(size) for name, size in _SIZE.findall(rollup)})


def role(command: str) -> str:
    """What a process does, from its command line.

    Args:
        command: Arguments with NUL characters or spaces between them.

    Returns:
        The program's name, ``node`` for example; for Chromium's own processes their type or, more closely, their
        service: ``renderer``, ``network.mojom.NetworkService``.
    """
    kinds = _ROLE.findall(command)
    if kinds:
        return str(kinds[-1])
    return Path(command.partition("\0")[0]).name


def _command(pid: int) -> str:
    return (_PROC / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace")


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                # The command's name stands in parentheses and may itself hold any character.
                parent = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
                children.setdefault(int(parent), []).append(int(folder.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _mapped(pid: int) -> Iterator[Inode]:
    for line in (_PROC / str(pid) / "maps").read_text(encoding="utf-8", errors="replace").splitlines():
        _, _, _, device, inode, *_ = line.split(maxsplit=5)
        if inode != "0":
            major, minor = device.split(":")
            yield os.makedev(int(major, 16), int(minor, 16)), int(inode)


def _files(pids: Iterable[int]) -> Iterator[os.stat_result]:
    profiles: set[Path] = set()
    for pid in pids:
        with suppress(OSError):
            for link in (_PROC / str(pid) / "fd").iterdir():
                with suppress(OSError):
                    if link.readlink().name.endswith("(deleted)"):
                        yield link.stat()
        with suppress(OSError):
            profiles |= set(map(Path, _PROFILE.findall(_command(pid))))
    for profile in profiles:
        for path in profile.rglob("*"):
            with suppress(OSError):
                yield path.lstat()
