"""Tasks of one's own: a small class with set-up, instruction, score and, if wanted, an oracle, on any pages.

::

    class Greet(PageTask):
        task_id = "mine/greet"
        start_urls = ("http://mine.test/form",)

        def set_up(self, page, rng):
            self.name = rng.choice(["Ada", "Grace"])
            return f"Send a greeting to {self.name}."

        def score(self, page, answer):
            return float(page.evaluate("document.querySelector('h1')?.innerText") == f"Hello {self.name}")

    suite = PageSuite("mine", [Greet], origins=["http://mine.test"], pages=my_wsgi_app)
    env = WebArenaLiteEnv(suite=suite, engine="chromium")

``pages`` is a WSGI application or a folder of files that answers for ``origins`` on loopback; without it ``origins``
are real addresses. A suite that is registered by name is made in worker processes too::

    register_suite("mine", "my_package.my_module:make_suite")
    env = gymnasium.make("webrl_gym:webrl_gym/WebArenaLite-v0", suite="mine", engine="chromium")
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import numpy as np

from webrl_gym.actions import leave
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.record import OWN_SCORE, Task


class TaskPage(Protocol):
    """The agent's current tab, for a task's set-up and score. The agent sees what is done to it, not the doing."""

    @property
    def url(self) -> str:
        """Address of the page."""

    def goto(self, url: str) -> None:
        """Opens ``url`` in the tab and waits until the page is quiet.

        Raises:
            SiteError: If it does not answer, or lies outside the suite's origins.
        """

    def evaluate(self, javascript: str) -> Any:
        """Value of a JavaScript expression among the page's own scripts, as JSON has it; a promise is waited for.

        Raises:
            EvaluationError: If the script fails.
        """


class PageTask(ABC):
    """One task on pages with JavaScript. An environment has an object of its own for each, used again and again.

    Attributes:
        task_id: Unique within its suite, ``<suite>/<name>`` by custom.
        start_urls: Absolute addresses opened at the start, one a tab; the first is current. One that answers with a
            status of 400 or more is a failure of its site; a task about such a page opens it in ``set_up``.
        max_steps: Steps after which the episode is truncated and scored.
        summary: What the task is about, for lists; the episode's instruction comes from ``set_up``.
        tags: Words for reports.
        waits_for_rest: True if ``set_up`` begins when the start page has stopped changing, False if already when it is
            loaded. The agent always reads a page at rest.
    """

    task_id: str
    start_urls: tuple[str, ...]
    max_steps: int = 15
    summary: str = ""
    tags: tuple[str, ...] = ()
    waits_for_rest: bool = True

    @abstractmethod
    def set_up(self, page: TaskPage, rng: np.random.Generator) -> str:
        """Prepares an episode on the open start page, before the agent reads it.

        Args:
            page: The first start page.
            rng: The only source of chance: the same seed must give the same episode.

        Returns:
            The instruction.
        """

    def is_over(self, page: TaskPage) -> bool:  # noqa: ARG002 - for subclasses
        """True when the task has ended by itself; asked after each action. By default the agent ends it."""
        return False

    @abstractmethod
    def score(self, page: TaskPage, answer: str) -> float:
        """Judges the end, once.

        Args:
            page: The agent's current tab as it left it.
            answer: What it said when it left; empty if it did not.

        Returns:
            0.0 to 1.0; only 1.0 is success.

        Raises:
            EvaluationError: If it cannot tell; the episode is then unscored.
        """

    def solve(self, page: PageView) -> Oracle:  # noqa: ARG002 - for subclasses
        """The scripted oracle, a generator (see ``tasks.page_view``); by default it leaves at once."""
        yield leave()

    def record(self, suite: str) -> Task:
        """The task as plain data, for lists, results and trajectories."""
        return Task(
            task_id=self.task_id,
            sites=(),
            instruction=self.summary or self.task_id,
            start_urls=tuple(self.start_urls),
            evaluation={"eval_types": [OWN_SCORE]},
            max_steps=self.max_steps,
            suite=suite,
            tags=tuple(self.tags),
        )
