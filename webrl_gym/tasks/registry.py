"""Suites by name: the official tasks, the practice suites, and suites of page tasks, registered or built in."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module

from webrl_gym.tasks.official.suite import NAME as OFFICIAL
from webrl_gym.tasks.page_suite import PageSuite
from webrl_gym.tasks.suite import PRACTICE_SUITES

SuiteSource = Callable[[], PageSuite] | str
"""Makes a suite, or says where that is: ``package.module:function``."""

_BUILT_IN = {"miniwob": "webrl_gym.tasks.miniwob.suite:miniwob_suite"}
_sources: dict[str, SuiteSource] = {**_BUILT_IN}


def register_suite(name: str, source: SuiteSource) -> None:
    """Makes a suite known by name in this process; nothing is imported or called before it is asked for.

    Args:
        name: What ``suite=`` will say; a name that is known already gets the new source.
        source: ``"package.module:function"``, or the function itself.

    Raises:
        ValueError: If ``name`` is a built-in suite's, or reads like a place.
        TypeError: If ``source`` is neither, such as a suite that is made already.
    """
    taken = (OFFICIAL, *PRACTICE_SUITES, *_BUILT_IN)
    if name in taken or ":" in name:
        raise ValueError(f"a suite's name must be none of {', '.join(taken)} and hold no colon, got {name!r}")
    if not isinstance(source, str) and not callable(source):
        raise TypeError(f"suite {name} is registered by a function that makes it, or by its place, got {source!r}")
    _sources[name] = source


def suite_names() -> list[str]:
    """Names of all suites that can be asked for."""
    return [OFFICIAL, *PRACTICE_SUITES, *_sources]


def unknown_suite(name: str) -> ValueError:
    """What to raise when there is no suite ``name``: an error that names the near ones."""
    near = get_close_matches(name, suite_names(), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return ValueError(f"there is no suite {name!r}; choose one of {', '.join(suite_names())}{hint}")


def find_page_suite(name: str) -> PageSuite | None:
    """The suite that is registered as ``name``, or that ``name`` says where to find.

    Args:
        name: A registered name, or ``package.module:function``.

    Returns:
        The suite; None if nothing like it is known.

    Raises:
        ValueError: If the module or the function is not there, or gives no suite.
        TaskFileError: If the suite's pages are not installed.
    """
    source = _sources.get(name, name if ":" in name else None)
    if source is None:
        return None
    if isinstance(source, str):
        module, _, function = source.partition(":")
        try:
            source = getattr(import_module(module), function)
        except (ImportError, AttributeError) as error:
            raise ValueError(f"suite {name!r} cannot be imported: {error}") from error
    suite: object = source() if callable(source) else source
    if not isinstance(suite, PageSuite):
        raise ValueError(f"{name!r} gives no suite: expected a PageSuite, got {type(suite).__name__}")  # noqa: TRY004 - a name is a value
    return suite
