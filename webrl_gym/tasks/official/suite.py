"""Suite ``webarena-lite``: the official records as tasks, mended where they are known to be broken."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from webrl_gym.errors import TaskFileError
from webrl_gym.official_file import find_official_file, read_official_file
from webrl_gym.tasks.official.kinds import kind_of
from webrl_gym.tasks.official.script import Script
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.record import EVALUATION_TYPES, OWN_SCORE, Task
from webrl_gym.tasks.suite import OpenReader, TaskSuite
from webrl_gym.types import Semantics, Site

NAME = "webarena-lite"
SEMANTICS = tuple(Semantics)
"""The two harnesses in use: VisualAgentBench (default) and BrowserGym."""
_SCRIPTS = ("shopping", "shopping_admin", "reddit", "gitlab", "map", "cross_site")
_SPREAD = " |AND| "
MENDED = "mended"
"""Tag of the tasks whose records were mended."""


class OfficialSuite(TaskSuite):
    """The official tasks.

    Attributes:
        overrides: Ids of the tasks that were mended.
    """

    def __init__(self, tasks: list[Task], open_reader: OpenReader, overrides: tuple[str, ...]) -> None:
        """Keeps ``tasks`` in the file's order."""
        super().__init__(NAME, tasks, open_reader)
        self.overrides = overrides

    def solve(self, task: Task, page: PageView) -> Oracle:
        """Begins a task's scripted oracle on its first page.

        Raises:
            ValueError: If there is no script for the task.
        """
        return script_of(task).solve(page)


def official_suite(
    open_reader: OpenReader, *, path: str | Path | None = None, overrides: bool = True, semantics: str = "vab"
) -> OfficialSuite:
    """Reads the official file.

    Args:
        open_reader: Gives read access to a world.
        path: The file, if it is not to be looked for.
        overrides: Whether records that are known to be broken are mended.
        semantics: The harness whose scores are meant; some records are broken for one of them only.

    Raises:
        TaskFileError: If the file is missing, or a record cannot be used; the message names it.
        ValueError: If there are no such semantics.
    """
    if semantics not in SEMANTICS:
        raise ValueError(f"semantics must be {' or '.join(SEMANTICS)}, got {semantics!r}")
    records = read_official_file(find_official_file(path))
    mended = _overrides(semantics) if overrides else {}
    tasks = [_task(record, mended) for record in records]
    if twice := [name for name, count in Counter(task.task_id for task in tasks).items() if count > 1]:
        raise TaskFileError(f"The official file holds tasks twice: {', '.join(twice[:5])}")
    return OfficialSuite(tasks, open_reader, tuple(f"{NAME}/{number}" for number in sorted(mended)))


@cache
def official_scripts() -> dict[int, Script]:
    """Every script by the number of its task."""
    found: dict[int, Script] = {}
    for name in _SCRIPTS:
        for script in import_module(f"webrl_gym.tasks.official.{name}").SCRIPTS:
            if script.task_id in found:
                raise ValueError(f"there are two scripts for task {script.task_id}")
            found[script.task_id] = script
    return found


def script_of(task: Task) -> Script:
    """What is known of an official task.

    Raises:
        ValueError: If there is no script for it.
    """
    suite, _, number = task.task_id.partition("/")
    script = official_scripts().get(int(number)) if suite == NAME and number.isdecimal() else None
    if script is None:
        raise ValueError(f"there is no script for task {task.task_id}")
    return script


def _overrides(semantics: str) -> dict[int, Mapping[str, Any]]:
    text = (files("webrl_gym.tasks.official") / "overrides.json").read_text(encoding="utf-8")
    entries = [entry for entry in json.loads(text) if entry.get("semantics", semantics) == semantics]
    return {entry["task_id"]: entry["set"] for entry in entries}


def _mend(record: dict[str, Any], values: Mapping[str, Any] | None) -> dict[str, Any]:
    if values is None:
        return record
    mended = copy.deepcopy(record)
    for place, value in values.items():
        *outer, last = place.split(".")
        inner = mended
        for name in outer:
            inner = inner[name]
        inner[last] = value
    return mended


def _task(record: dict[str, Any], mended: Mapping[int, Mapping[str, Any]]) -> Task:
    try:
        record = _mend(record, mended.get(record.get("task_id", -1)))
        sites = tuple(Site(name) for name in record["sites"])
        evaluation = record["eval"]
        types = list(evaluation["eval_types"])
        if not sites or not types or set(types) - (EVALUATION_TYPES - {OWN_SCORE}):
            raise ValueError(f"sites {record['sites']} and evaluation types {types}")
        kind = kind_of(record["task_id"], types)
        tags = [kind, MENDED] if record["task_id"] in mended else [kind]
        return Task(
            task_id=f"{NAME}/{record['task_id']}",
            sites=sites,
            instruction=str(record["intent"]),
            start_urls=tuple(record["start_url"].split(_SPREAD)),
            evaluation=evaluation,
            suite=NAME,
            tags=tuple(tags),
            signed_in=_sessions(record["storage_state"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        name = record.get("task_id", "without an id")
        raise TaskFileError(f"Official task {name} cannot be used: {type(error).__name__}: {error}") from error


def _sessions(state: str | None) -> tuple[Site, ...]:
    """The sites of a stored session such as ``./.auth/gitlab.reddit_state.json``."""
    if state is None:
        return ()
    names = Path(state).name.removesuffix(".json").removesuffix("_state").split(".")
    return tuple(Site(name) for name in names)
