"""Who may use a deployment now, and what state its sites are in; known to all processes of a machine.

One file a deployment, in the cache folder. Episodes that only read share it, one that changes something has it alone,
and so has a reset. The system gives a lock back when its process dies, however that happens, so none grows stale; what
a dead episode left behind is written down before it begins.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, finalize

from webrl_gym.cache_folder import cache_folder
from webrl_gym.errors import DeploymentBusy, SiteError
from webrl_gym.types import Site

CLEAN, DIRTY, UNKNOWN = "clean", "dirty", "unknown"
_LOOK_EVERY = 0.2
_holders: WeakKeyDictionary[Lease, int] = WeakKeyDictionary()
"""Leases of this process that hold something, with the thread that took each."""


class Lease:
    """One environment's hold on a deployment. Not thread-safe; two of them exclude each other in one process too."""

    def __init__(self, key: str, *, patience: float, folder: Path | None = None) -> None:
        """Takes nothing yet.

        Args:
            key: Names the deployment; see ``Deployment.key``.
            patience: Seconds to wait for others.
            folder: Where the files are; in the cache folder when None.
        """
        base = folder or cache_folder() / "deployments"
        self._lock_path = base / f"{key}.lock"
        self._states_path = base / f"{key}.json"
        self._patience = patience
        self._handle: int | None = None
        self._close: Callable[[], object] = lambda: None
        self._alone = False

    def take(self, *, alone: bool) -> None:
        """Waits until the deployment may be used.

        Args:
            alone: True when nobody else may use it meanwhile.

        Raises:
            DeploymentBusy: If others hold it for too long.
            SiteError: If there is no place for the lock.
        """
        if self._handle is None:
            self._handle = self._open()
            # An environment that is forgotten holds nothing either.
            self._close = finalize(self, os.close, self._handle)
        deadline = time.monotonic() + self._patience
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        while True:
            try:
                fcntl.flock(self._handle, kind | fcntl.LOCK_NB)
            except OSError:
                self._alone = False
                if self._waits_for_itself() or time.monotonic() > deadline:
                    self.release()
                    raise self._busy() from None
                time.sleep(_LOOK_EVERY)
            else:
                self._alone = alone
                _holders[self] = threading.get_ident()
                return

    def release(self) -> None:
        """Lets others in; may be called twice."""
        _holders.pop(self, None)
        self._handle, self._alone = None, False
        self._close()

    def _waits_for_itself(self) -> bool:
        """True if this very thread is in the middle of another episode there: nobody would go on with that."""
        me = threading.get_ident()
        return any(
            thread == me and other is not self and other._lock_path == self._lock_path
            for other, thread in list(_holders.items())
        )

    def _busy(self) -> DeploymentBusy:
        if self._waits_for_itself():
            return DeploymentBusy(
                "another environment of this thread is in the middle of an episode on the same deployment, and one of "
                "the two changes something: end that episode first, or give each environment a deployment of its own"
            )
        return DeploymentBusy(
            f"other episodes have held the deployment for {self._patience:g} seconds ({self._lock_path})"
        )

    def _open(self) -> int:
        try:
            self._lock_path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SiteError(f"the lock of the deployment, {self._lock_path}, cannot be opened: {error}") from error

    def states(self) -> dict[Site, str]:
        """What is known of every site; ``unknown`` where nothing is."""
        stored: Mapping[str, Any] = {}
        with suppress(OSError, ValueError, TypeError):
            stored = dict(json.loads(self._states_path.read_text(encoding="utf-8")))
        return {site: str(stored.get(site)) if stored.get(site) in (CLEAN, DIRTY) else UNKNOWN for site in Site}

    def note(self, sites: Iterable[Site], state: str) -> None:
        """Writes down what state sites are in; only for who holds the deployment alone."""
        assert self._alone, "only who is alone may say what state the sites are in"
        states = {**self.states(), **dict.fromkeys(sites, state)}
        writing = self._states_path.with_suffix(".writing")
        writing.write_text(json.dumps({site.value: text for site, text in states.items()}), encoding="utf-8")
        writing.replace(self._states_path)
