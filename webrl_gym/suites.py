"""Joins task suites and embedded sites: reads worlds for the templates, and keeps drawn suites in the cache folder."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from webrl_gym.cache_folder import cache_folder
from webrl_gym.deployment.runnable import LeftOut, missing_in_words, runnable
from webrl_gym.errors import TaskFileError
from webrl_gym.given_names import given_names
from webrl_gym.sites.worlds import World, content_key
from webrl_gym.tasks.official import official_suite
from webrl_gym.tasks.official.suite import NAME as OFFICIAL
from webrl_gym.tasks.record import task_from_dict
from webrl_gym.tasks.registry import find_page_suite, suite_names, unknown_suite
from webrl_gym.tasks.suite import PRACTICE_SUITES, TaskSuite, build_suite
from webrl_gym.types import Semantics, Site
from webrl_gym.whole_file import write_whole

if TYPE_CHECKING:
    from webrl_gym.deployment.settings import DeploymentSettings

DeploymentOptions: TypeAlias = "Mapping[str, Any] | DeploymentSettings | None"
"""What an environment is told about a deployment: what ``read_settings`` takes, or what it gives."""
_log = logging.getLogger(__name__)


class WorldTables:
    """Read access to one world's databases; see ``tasks.template.WorldReader``."""

    def __init__(self, world: World) -> None:
        """Reads ``world`` as it is, an episode's writes included."""
        self._world = world
        self.number = world.number

    def query(self, site: Site, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """All rows of a SELECT."""
        return self._world.store(site).query(sql, parameters)

    def one(self, site: Site, sql: str, parameters: Sequence[Any] = ()) -> Any | None:
        """The first row of a SELECT, or None."""
        return self._world.store(site).one(sql, parameters)

    def value(self, site: Site, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row of a SELECT, or None."""
        return self._world.store(site).value(sql, parameters)


@cache
def open_reader(number: int) -> WorldTables:
    """Read access to world ``number``, shared in this process; nobody writes there."""
    return WorldTables(World(number))


def find_suite(
    name: str, semantics: str = Semantics.VAB, task_file: str | Path | None = None, overrides: bool = True
) -> TaskSuite:
    """The suite called ``name``: the official tasks, one of page tasks (``tasks.registry``) or a practice suite.

    Args:
        name: Its name.
        semantics: Whose evaluators will score; some official records are broken for one harness only.
        task_file: The official file, if it is not to be looked for.
        overrides: Whether official records that are known to be broken are mended.

    Raises:
        ValueError: If there is no such suite; the message names what there is. If ``task_file`` is given for another.
        TaskFileError: If its pages or the official file are not installed.
        WorldBuildError: If a world that it needs cannot be built.
    """
    if name == OFFICIAL:
        return official_suite(open_reader, path=task_file, overrides=overrides, semantics=semantics)
    if task_file is not None:
        raise ValueError(f"task_file=... is for suite {OFFICIAL}, got suite {name!r}")
    return find_page_suite(name) or load_suite(name)


def narrowed(suite: TaskSuite, only_sites: str | Iterable[str], only_templates: str | Iterable[str]) -> TaskSuite:
    """The tasks of a suite that need no other sites than these, made from these templates; all where none are named.

    Args:
        suite: The whole suite.
        only_sites: Names of sites, or one name.
        only_templates: Names of templates, or one name.

    Raises:
        ValueError: If there is no such site or template, or no such task; the message names what there is.
    """
    if only_sites:
        suite = suite.only([_site_named(name) for name in given_names(only_sites)])
    return suite.made_from(only_templates) if only_templates else suite


def _site_named(name: str) -> Site:
    try:
        return Site(name)
    except ValueError:
        raise ValueError(f"there is no site {name!r}; choose from {', '.join(Site)}") from None


def stops_early(asked: bool | None, suite: TaskSuite, semantics: str) -> bool:
    """Whether agents that are stuck are stopped: where it is asked for, else where VAB scores tasks of its own."""
    return suite.name == OFFICIAL and semantics == Semantics.VAB if asked is None else asked


def cut_to_deployment(suite: TaskSuite, options: DeploymentOptions) -> tuple[TaskSuite, LeftOut, DeploymentSettings]:
    """The tasks of a suite that can run on a deployment, the others with what they miss, and the deployment.

    Args:
        suite: The official suite or a part of it.
        options: What ``read_settings`` takes, or what it gives.

    Raises:
        ValueError: If the options cannot be used, the suite is not about real sites, or no task can run.
    """
    # Imported here: the embedded sites need no HTTP client.
    from webrl_gym.deployment.settings import DeploymentSettings, read_settings

    settings = options if isinstance(options, DeploymentSettings) else read_settings(options)
    kept, left_out = runnable(suite, settings.deployment)
    if left_out:
        _log.warning("%d of %d tasks are left out: %s", len(left_out), len(suite), missing_in_words(left_out))
    return kept, left_out, settings


@cache
def load_suite(name: str) -> TaskSuite:
    """The practice suite called ``name``, drawn at its first use on this machine, then read from the cache folder.

    Raises:
        ValueError: If there is no such suite, or it is another kind; the message names what there is.
        WorldBuildError: If a world that it needs cannot be built.
    """
    if name in suite_names() and name not in PRACTICE_SUITES:
        raise ValueError(f"{name} is no practice suite; find_suite({name!r}) gives it")
    if name not in PRACTICE_SUITES:
        raise unknown_suite(name)
    path = cache_folder() / "suites" / f"{name}-{_suite_key()}.json"
    with suppress(OSError, ValueError, TypeError, TaskFileError):
        records = json.loads(path.read_text(encoding="utf-8"))
        return TaskSuite(name, [task_from_dict(record) for record in records], open_reader)
    suite = build_suite(name, open_reader)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps([task.as_dict() for task in suite], ensure_ascii=False))
    return suite


@cache
def _suite_key() -> str:
    """Hash of everything that decides which tasks are drawn."""
    digest = hashlib.sha256()
    for source in _sources(files("webrl_gym") / "tasks"):
        digest.update(source.read_bytes())
    for site in Site:
        digest.update(content_key(site).encode())
    return digest.hexdigest()[:12]


def _sources(folder: Traversable) -> Iterable[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith(".py"):
            yield entry
