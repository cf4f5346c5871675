"""The official tasks of gitlab on the replica: oracles, their failing twins, and what their answers hang on."""

from __future__ import annotations

from webrl_gym.tasks.official.gitlab.changing import CHANGING
from webrl_gym.tasks.official.gitlab.navigating import NAVIGATING
from webrl_gym.tasks.official.gitlab.projects import PROJECTS
from webrl_gym.tasks.official.gitlab.reading import READING
from webrl_gym.tasks.official.script import Script

SCRIPTS: tuple[Script, ...] = (*NAVIGATING, *READING, *CHANGING, *PROJECTS)
