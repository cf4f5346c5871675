"""Suites of page tasks: which tasks, and where their pages come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from webrl_gym.given_names import given_names
from webrl_gym.tasks.page_task import PageTask
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.tasks.template import WorldReader
from webrl_gym.types import Site
from webrl_gym.web_address import origin_of

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


class PageSuite(TaskSuite):
    """A named, ordered, fixed set of page tasks; needs the chromium engine.

    Attributes:
        origins: Scheme, host and port of every address that its pages may open.
        pages: What answers for ``origins`` on loopback: a WSGI application, or a folder of files. None when they are
            real addresses. The browser's cache of answers outlives episodes, so an application whose pages change
            answers with ``Cache-Control: no-store``.
    """

    def __init__(
        self,
        name: str,
        task_types: Iterable[Callable[[], PageTask]],
        *,
        origins: str | Iterable[str],
        pages: WSGIApplication | Path | str | None = None,
    ) -> None:
        """Gathers tasks.

        Args:
            name: The suite's name.
            task_types: Makes each task, mostly its class; called anew for every environment.
            origins: See above; one by itself may be a text.
            pages: See above; a text is the path of a folder.

        Raises:
            ValueError: If there is no task, two share an id, a task's attributes or an origin are not as they must be,
                or ``pages`` is neither an application nor a folder that is there; all problems in one message.
        """
        makers = list(task_types)
        uncalled = [make for make in makers if not callable(make)]
        if uncalled:
            raise ValueError(f"suite {name} takes classes of tasks, or functions that make one, got {uncalled[0]!r}")
        if not makers:
            raise ValueError(f"suite {name} has no tasks")
        tasks = [make() for make in makers]
        given = given_names(origins)
        self.origins = tuple(origin_of(origin) or origin for origin in given)
        self.pages = Path(pages) if isinstance(pages, str) else pages
        problems = [
            *(problem for task in tasks for problem in _task_problems(task)),
            *(problem for origin in given for problem in _origin_problems(origin, self.pages is not None)),
            *_pages_problems(self.pages),
        ]
        if problems:
            raise ValueError(f"suite {name} cannot be made: {'; '.join(problems)}")
        records = [task.record(name) for task in tasks]
        super().__init__(name, records, _no_world)
        self._makers = {record.task_id: make for record, make in zip(records, makers, strict=True)}
        if len(self._makers) < len(records):
            raise ValueError(
                f"suite {name} needs tasks of different ids, got {len(records)} of {len(self._makers)} ids"
            )

    def make_task(self, task_id: str) -> PageTask:
        """A new object of the task with this id.

        Raises:
            ValueError: If there is none; the message names near ones.
        """
        return self._makers[self.get(task_id).task_id]()

    def solve(self, task: Task, page: PageView) -> Oracle:
        """Begins a task's oracle on its first page."""
        return self.make_task(task.task_id).solve(page)

    def only(self, sites: Iterable[Site]) -> TaskSuite:
        """Refused: the tasks need none of the embedded sites."""
        names = ", ".join(sorted(site.value for site in sites))
        raise ValueError(f"suite {self.name} has pages of its own; it cannot be cut down to the sites {names}")


def _task_problems(task: PageTask) -> Iterator[str]:
    """What is wrong with what a task's author has written as its attributes."""
    name = type(task).__name__
    task_id: object = getattr(task, "task_id", None)
    if not isinstance(task_id, str) or not task_id:
        yield f"{name}.task_id must be a text, got {task_id!r}"
    urls: object = getattr(task, "start_urls", None)
    # A text is a tuple of letters to Python, each an address.
    if not urls or not _are_texts(urls):
        yield f"{name}.start_urls must be a tuple of addresses, got {urls!r}"
    if not _are_texts(task.tags):
        yield f"{name}.tags must be a tuple of words, got {task.tags!r}"
    limit: object = task.max_steps
    if not isinstance(limit, int) or limit < 1:
        yield f"{name}.max_steps must be a whole number of at least 1, got {limit!r}"


def _are_texts(given: object) -> bool:
    return isinstance(given, tuple | list) and all(isinstance(text, str) for text in given)


def _origin_problems(origin: str, on_loopback: bool) -> Iterator[str]:
    parts = urlsplit(origin)
    is_whole = bool(parts.netloc) and "@" not in parts.netloc and origin == f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in ("http", "https") or not is_whole or not origin_of(origin):
        yield f"an origin is scheme://host[:port], got {origin!r}"
    elif on_loopback and parts.scheme == "https":
        yield f"pages are served without TLS: http://{parts.netloc} in place of {origin}"


def _pages_problems(pages: object) -> Iterator[str]:
    if isinstance(pages, Path) and not pages.is_dir():
        yield f"pages must be a folder that is there, got {str(pages)!r}"
    elif not (pages is None or isinstance(pages, Path) or callable(pages)):
        yield f"pages must be a folder or a WSGI application, got {pages!r}"


def _no_world(number: int) -> WorldReader:
    raise ValueError(f"page tasks have no world {number}")
