"""The official tasks of reddit on the replica: oracles, their failing twins, and what their answers hang on."""

from __future__ import annotations

from webrl_gym.tasks.official.reddit import account, posting, reading, voting
from webrl_gym.tasks.official.script import Script

SCRIPTS: tuple[Script, ...] = (*reading.SCRIPTS, *account.SCRIPTS, *posting.SCRIPTS, *voting.SCRIPTS)
