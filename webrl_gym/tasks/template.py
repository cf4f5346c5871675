"""What a practice task is made from: wordings, a parameter space, an evaluation and a scripted oracle."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.types import Site

Row = Any
"""A database row, by column name (``row["name"]``)."""


class WorldReader(Protocol):
    """Read access to one world's databases; who builds tasks gets one, an oracle never does."""

    number: int
    """The world's number."""

    def query(self, site: Site, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a SELECT."""

    def one(self, site: Site, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a SELECT, or None."""

    def value(self, site: Site, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row of a SELECT, or None."""


class TaskKind(StrEnum):
    """What doing a task means."""

    READING = "reading"
    """Find an answer; nothing changes."""
    CHANGING = "changing"
    """Change what the site stores."""
    NAVIGATING = "navigating"
    """End on a certain page."""


class Split(StrEnum):
    """Where a template may be used."""

    EVERYWHERE = "everywhere"
    VALID_ONLY = "valid"
    TEST_ONLY = "test"


Statement = tuple[Site, str, tuple[Any, ...]]
"""A site, an SQL statement and its parameters."""


@dataclass(frozen=True, slots=True)
class Template:
    """A family of tasks.

    Attributes:
        name: Unique, ``<site>.<what>``.
        sites: Sites that the task needs, the one it starts on first.
        kind: Reading, changing or navigating.
        wordings: Instructions with ``{parameter}`` fields; a task takes one of them.
        draw: Picks parameters from a world, or None when the world has none (left). The third argument says whether
            the task must be about a record marked ``novel``; a template without such records returns None then.
        evaluate: The official ``eval`` record for the parameters (see ``webrl_gym.tasks.checks``), computed from the
            database.
        solve: The oracle: sees the instruction (``page.observation["instruction"]``), parameters and pages only.
        steps: Most actions that the oracle takes, ``exit`` included.
        perturb: For reading templates: a statement that changes the record behind the answer.
        split: Where tasks of this template may appear.
        start: Start address; the first site's root when empty.
    """

    name: str
    sites: tuple[Site, ...]
    kind: TaskKind
    wordings: tuple[str, ...]
    draw: Callable[[WorldReader, random.Random, bool], dict[str, str] | None]
    evaluate: Callable[[WorldReader, Parameters], dict[str, Any]]
    solve: Callable[[PageView, Parameters], Oracle]
    steps: int
    perturb: Callable[[WorldReader, Parameters], Statement] | None = None
    split: Split = Split.EVERYWHERE
    start: str = ""
