"""Suites of page tasks: which tasks, and where their pages come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from webrl_gym.tasks.page_task import PageTask
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.tasks.template import WorldReader
from webrl_gym.types import Site

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


class PageSuite(TaskSuite):
    """A named, ordered, fixed set of page tasks; needs the chromium engine.

    Attributes:
        origins: Scheme, host and port of every address that its pages may open.
        pages: What answers for ``origins`` on loopback: a WSGI application, or a folder of files. None when they are
            real addresses.
    """

    def __init__(
        self,
        name: str,
        task_types: Iterable[Callable[[], PageTask]],
        *,
        origins: Sequence[str],
        pages: WSGIApplication | Path | None = None,
    ) -> None:
        """Gathers tasks.

        Args:
            name: The suite's name.
            task_types: Makes each task, mostly its class; called anew for every environment.
            origins: See above.
            pages: See above.

        Raises:
            ValueError: If there is no task, two share an id, or an origin is none.
        """
        makers = list(task_types)
        records = [make().record(name) for make in makers]
        super().__init__(name, records, _no_world)
        self._makers = {record.task_id: make for record, make in zip(records, makers, strict=True)}
        if not records or len(self._makers) < len(records):
            raise ValueError(
                f"suite {name} needs tasks of different ids, got {len(records)} of {len(self._makers)} ids"
            )
        for origin in origins:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or not parts.netloc
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ValueError(f"an origin is scheme://host[:port], got {origin!r}")
        self.origins = tuple(origins)
        self.pages = pages

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


def _no_world(number: int) -> WorldReader:
    raise ValueError(f"page tasks have no world {number}")
