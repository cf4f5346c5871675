"""The official tasks of the map, alone and with other sites, on the replica."""

from __future__ import annotations

from webrl_gym.tasks.official.map import cross, nearest, places, ways
from webrl_gym.tasks.official.script import Script

SCRIPTS: tuple[Script, ...] = (*places.SCRIPTS, *nearest.SCRIPTS, *ways.SCRIPTS, *cross.SCRIPTS)
