"""Builds the embedded sites' databases, one file a (site, world), and opens private views of them.

World 0 is the default world. Worlds 1 to 8 carry the training tasks, 9 the validation and 10 the test tasks. A file
is built once; its name holds a hash of everything that decides its content, so a changed seed never meets an old file.
"""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import tempfile
import threading
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from webrl_gym.cache_folder import cache_folder
from webrl_gym.errors import WorldBuildError
from webrl_gym.official_file import official_key
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.words import WORLDS
from webrl_gym.types import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_WORLD = WORLDS - 1


def site_random(site: Site, world: int) -> random.Random:
    """The generator from which ``seed.populate`` draws; equal on every machine."""
    return random.Random(f"{site.value}/{world}")


def world_file(site: Site, world: int) -> Path:
    """Path of the built database; builds it first when it is not there.

    Raises:
        ValueError: If there is no such world.
        WorldBuildError: If the file cannot be built, on a full disk for example.
    """
    if not 0 <= world <= MAX_WORLD:
        raise ValueError(f"world must be 0..{MAX_WORLD}, got {world}")
    # World 0 is the replica, which quotes the official file where that is installed.
    key = content_key(site) if world else f"{content_key(site)}-{official_key()}"
    path = cache_folder() / "worlds" / f"{site.value}-{world}-{key}.db"
    if not path.exists():
        _build(site, world, path)
    return path


@cache
def content_key(site: Site) -> str:
    """Hash of what decides a site's rows: its schema, its seed and the shared word lists."""
    digest = hashlib.sha256()
    folder = files("webrl_gym.sites") / site.value
    own = sorted(
        (
            resource
            for resource in folder.iterdir()
            if resource.name.startswith(("schema.sql", "seed", "vocabulary", "replica"))
        ),
        key=lambda resource: resource.name,
    )
    for resource in (*own, files("webrl_gym.sites") / "words.py"):
        digest.update(resource.read_bytes())
    if site is Site.WIKIPEDIA:  # it writes about the places of the map
        digest.update(content_key(Site.MAP).encode())
    return digest.hexdigest()[:12]


def _build(site: Site, world: int, path: Path) -> None:
    schema = (files("webrl_gym.sites") / site.value / "schema.sql").read_text()
    seed = import_module(f"webrl_gym.sites.{site.value}.seed")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".building")
        os.close(handle)
        try:
            connection = sqlite3.connect(name)
            connection.executescript(schema)
            seed.populate(connection, world, site_random(site, world))
            connection.commit()
            connection.execute("ANALYZE")
            connection.commit()
            connection.close()
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, sqlite3.Error) as error:
        raise WorldBuildError(f"World {world} of {site.value} cannot be built in {path.parent}: {error}") from error


class World:
    """One environment's private view of all sites of one world at a time; opens each site at its first use.

    Attributes:
        number: Which world it is.
        turn: Counts how often everything was put back; what was asked for in an earlier turn is out of date.
    """

    def __init__(self, number: int) -> None:
        """Prepares world ``number``; nothing is opened yet."""
        self.number = number
        self.turn = 0
        self._stores: dict[Site, SiteStore] = {}
        self._lock = threading.Lock()

    def store(self, site: Site) -> SiteStore:
        """The private view of one site."""
        with self._lock:
            if site not in self._stores:
                self._stores[site] = SiteStore(world_file(site, self.number))
            return self._stores[site]

    def switch(self, number: int) -> None:
        """Turns to another world; what was written to the current one is gone."""
        if number != self.number:
            self._turn_to(number)

    @property
    def changed_sites(self) -> list[Site]:
        """Sites written to since the last reset."""
        return [site for site, store in self._stores.items() if store.changed]

    def reset(self) -> None:
        """Undoes all writes on all sites."""
        self.turn += 1
        for store in self._stores.values():
            store.reset()

    def close(self) -> None:
        """Closes every open site; may be called twice."""
        self._turn_to(self.number)

    def _turn_to(self, number: int) -> None:
        with self._lock:
            self.turn += 1
            left, self._stores, self.number = self._stores, {}, number
        # Not under the lock: each waits for the request that its site still answers.
        for store in left.values():
            store.close()

    def __iter__(self) -> Iterator[Site]:
        """The sites opened so far."""
        return iter(self._stores)
