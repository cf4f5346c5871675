"""Fills the forum site's database for one world."""

from __future__ import annotations

import random
import sqlite3

from webrl_gym.sites.reddit.seed_practice import PracticeForums
from webrl_gym.sites.reddit.seed_replica import ReplicaForums

REPLICA_WORLD = 0


def populate(connection: sqlite3.Connection, world: int, rng: random.Random) -> None:
    """Writes all rows of world number ``world``, drawing from ``rng`` only."""
    if world == REPLICA_WORLD:
        ReplicaForums(connection, rng).build()
    else:
        PracticeForums(connection, world, rng).build()
