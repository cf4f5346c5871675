"""Who may use the sites of a deployment now, and what state each is in; known to all processes of a machine.

A few files a site, in the cache folder: deployments that have a site in common meet there, whatever else they have.
Episodes that only read share the sites, one that changes something has them alone, and so has a reset. The system gives
a lock back when its process dies, however that happens, so none grows stale; what a dead episode left behind is written
down before it begins. Who only reads lets pass first whoever waits to have a site alone, or episodes that read one
after the other would keep it for ever.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4
from weakref import WeakKeyDictionary, finalize

from webrl_gym.cache_folder import cache_folder
from webrl_gym.errors import DeploymentBusy, SiteError
from webrl_gym.types import Site

CLEAN, DIRTY, UNKNOWN = "clean", "dirty", "unknown"
_log = logging.getLogger(__name__)
_LOOK_EVERY = 0.2
_LETS_PASS = 60.0
"""Seconds for which somebody who only reads stays behind those who wait to be alone: they may wait for what depends on
it, such as environments that are stepped together."""
_SAYS_SO_AFTER = 10.0
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
        self._renewals = {site: base / f"{key}.reset" for site, key in keys.items()}
        self._patience = patience
        self._handles: list[int] = []
        self._give_back: Callable[[], object] = lambda: None
        self._alone = False
        self._locked: list[Path] = []
        self._said_so = False

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
        began, self._said_so = time.monotonic(), False
        try:
            for path, handle in zip(self._locks, self._handles, strict=True):
                self._wait_for(path, handle, kind, began)
        except BaseException:
            self.release()
            raise
        self._alone = alone

    def _wait_for(self, path: Path, handle: int, kind: int, began: float) -> None:
        """Waits for one lock, behind its gate, which who wants to be alone holds while waiting."""
        with _gate(path) as gate:
            patient_until = min(time.monotonic() + _LETS_PASS, began + self._patience)
            # Who is in there already, in this process, might be what the others wait for.
            if kind == fcntl.LOCK_EX or not self._held_here(path):
                while not _locked(gate, kind):
                    if kind == fcntl.LOCK_SH and time.monotonic() > patient_until:
                        break
                    self._stay(path, began)
            while not _locked(handle, kind):
                self._stay(path, began)
            self._locked.append(path)

    def _stay(self, path: Path, began: float) -> None:
        """Waits a little; raises ``DeploymentBusy`` where that has been done for too long, or is in vain."""
        waited = time.monotonic() - began
        if self._waits_for_itself(path) or waited > self._patience:
            raise self._busy(path)
        if waited > _SAYS_SO_AFTER and not self._said_so:
            self._said_so = True
            _log.warning("others use the deployment; waiting for them, %g seconds at most (%s)", self._patience, path)
        time.sleep(_LOOK_EVERY)

    def _held_here(self, path: Path) -> bool:
        return any(other is not self and path in other._locked for other in list(_holders))

    def release(self) -> None:
        """Lets others in; may be called twice."""
        _holders.pop(self, None)
        self._handles, self._locked, self._alone = [], [], False
        self._give_back()

    def forget(self) -> None:
        """Lets go in a forked child, which has its parent's locks: they stay the parent's."""
        if isinstance(self._give_back, finalize):
            self._give_back.detach()
        for handle in self._handles:
            os.close(handle)
        self._handles, self._locked, self._alone = [], [], False

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

    def renewal(self, site: Site) -> str:
        """Names the last reset of a site that this machine knows of; empty where there was none."""
        with suppress(OSError, KeyError):
            return self._renewals[site].read_text(encoding="utf-8")
        return ""

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
            self._write(site, self._states[site], f"{state}\n")

    def note_renewal(self, sites: Iterable[Site]) -> None:
        """Writes down that sites were put back just now; only for who holds them alone."""
        names = list(sites)
        for site in names:
            self._write(site, self._renewals[site], uuid4().hex)
        self.note(names, CLEAN)

    def doubt(self, site: Site) -> None:
        """Writes down that nobody knows whether a site is still clean; for whoever holds it."""
        assert self._handles, "only who holds the sites knows that nobody puts them back"
        if self._state(site) == CLEAN:
            self._write(site, self._states[site], f"{UNKNOWN}\n")

    def _write(self, site: Site, path: Path, text: str) -> None:
        # Several may doubt at the same time.
        writing = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        try:
            writing.write_text(text, encoding="utf-8")
            writing.replace(path)
        except OSError as error:
            raise SiteError(f"the state of {site}, {path}, cannot be written: {error}") from error


@contextmanager
def _gate(lock: Path) -> Iterator[int]:
    path = lock.with_suffix(".gate")
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SiteError(f"the lock of the deployment, {path}, cannot be opened: {error}") from error
    try:
        yield handle
    finally:
        _unlock([handle])


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
