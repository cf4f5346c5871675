"""Who may use the sites of a deployment now, and what state each is in; known to all processes of a machine.

Two files a site, in the cache folder: deployments that have a site in common meet there, whatever else they have.
Episodes that only read share the sites, one that changes something has them alone, and so has a reset. The system gives
a lock back when its process dies, however that happens, so none grows stale; what a dead episode left behind is written
down before it begins.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary, finalize

from webrl_gym.cache_folder import cache_folder
from webrl_gym.errors import DeploymentBusy, SiteError
from webrl_gym.types import Site

CLEAN, DIRTY, UNKNOWN = "clean", "dirty", "unknown"
_LOOK_EVERY = 0.2
_holders: WeakKeyDictionary[Lease, int] = WeakKeyDictionary()
"""Leases of this process that hold something, with the thread that took each."""


class Lease:
    """One environment's hold on the sites of a deployment.

    Not thread-safe; two of them exclude each other in one process too.
    """

    def __init__(self, keys: Mapping[Site, str], *, patience: float, folder: Path | None = None) -> None:
        """Takes nothing yet.

        Args:
            keys: Name each site's place; see ``Deployment.keys``.
            patience: Seconds to wait for others.
            folder: Where the files are; in the cache folder when None.
        """
        base = folder or cache_folder() / "deployments"
        # Everybody takes the locks in this order, so nobody waits in a circle.
        self._locks = [base / f"{key}.lock" for key in sorted(set(keys.values()))]
        self._states = {site: base / f"{key}.state" for site, key in keys.items()}
        self._patience = patience
        self._handles: list[int] = []
        self._give_back: Callable[[], object] = lambda: None
        self._alone = False

    def take(self, *, alone: bool) -> None:
        """Waits until the sites may be used.

        Args:
            alone: True when nobody else may use them meanwhile.

        Raises:
            DeploymentBusy: If others hold one of them for too long.
            SiteError: If there is no place for the locks.
        """
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        if self._changes_to(kind):
            self._alone = alone
            _holders[self] = threading.get_ident()
            return
        # Who waits for one lock while others wait for what it holds after that one may wait for ever.
        self.release()
        self._open()
        deadline = time.monotonic() + self._patience
        for path, handle in zip(self._locks, self._handles, strict=True):
            while not _locked(handle, kind):
                if self._waits_for_itself(path) or time.monotonic() > deadline:
                    busy = self._busy(path)
                    self.release()
                    raise busy
                time.sleep(_LOOK_EVERY)
        self._alone = alone

    def release(self) -> None:
        """Lets others in; may be called twice."""
        _holders.pop(self, None)
        self._handles, self._alone = [], False
        self._give_back()

    def forget(self) -> None:
        """Lets go in a forked child, which has its parent's locks: they stay the parent's."""
        if isinstance(self._give_back, finalize):
            self._give_back.detach()
        for handle in self._handles:
            os.close(handle)
        self._handles, self._alone = [], False

    def _changes_to(self, kind: int) -> bool:
        """True if all locks are held and have become of this kind, without a wait."""
        return bool(self._handles) and all(_locked(handle, kind) for handle in self._handles)

    def _waits_for_itself(self, path: Path) -> bool:
        """True if this very thread is in the middle of another episode there: nobody would go on with that."""
        me = threading.get_ident()
        return any(
            thread == me and other is not self and path in other._locks for other, thread in list(_holders.items())
        )

    def _busy(self, path: Path) -> DeploymentBusy:
        if self._waits_for_itself(path):
            return DeploymentBusy(
                "another environment of this thread is in the middle of an episode on the same deployment, and one of "
                "the two changes something: end that episode first, or give each environment a deployment of its own"
            )
        return DeploymentBusy(f"other episodes have held the deployment for {self._patience:g} seconds ({path})")

    def _open(self) -> None:
        opened: list[int] = []
        try:
            for path in self._locks:
                path.parent.mkdir(parents=True, exist_ok=True)
                opened.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            _unlock(opened)
            raise SiteError(f"the lock of the deployment, {path}, cannot be opened: {error}") from error
        self._handles = opened
        # An environment that is forgotten holds nothing either.
        self._give_back = finalize(self, _unlock, opened)
        _holders[self] = threading.get_ident()

    def states(self) -> dict[Site, str]:
        """What is known of every site; ``unknown`` where nothing is."""
        return {site: self._state(site) for site in Site}

    def _state(self, site: Site) -> str:
        stored = ""
        if site in self._states:
            with suppress(OSError, ValueError):
                stored = self._states[site].read_text(encoding="utf-8").strip()
        return stored if stored in (CLEAN, DIRTY) else UNKNOWN

    def note(self, sites: Iterable[Site], state: str) -> None:
        """Writes down what state sites are in; only for who holds them alone."""
        assert self._alone, "only who is alone may say what state the sites are in"
        for site in sites:
            self._write(site, state)

    def doubt(self, site: Site) -> None:
        """Writes down that nobody knows whether a site is still clean; for whoever holds it."""
        assert self._handles, "only who holds the sites knows that nobody puts them back"
        if self._state(site) == CLEAN:
            self._write(site, UNKNOWN)

    def _write(self, site: Site, state: str) -> None:
        path = self._states[site]
        # Several may doubt at the same time.
        writing = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        try:
            writing.write_text(f"{state}\n", encoding="utf-8")
            writing.replace(path)
        except OSError as error:
            raise SiteError(f"the state of {site}, {path}, cannot be written: {error}") from error


def _locked(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unlock(handles: Iterable[int]) -> None:
    for handle in handles:
        # Closing is not enough: a child that was forked meanwhile may have the file open, too.
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def _forget_all() -> None:
    for lease in list(_holders):
        lease.forget()
    _holders.clear()


os.register_at_fork(after_in_child=_forget_all)
