"""What the kinds of tasks need of an environment: to begin an episode, to know its end, and to judge it.

``SiteEpisodes``: tasks on the embedded sites, which are put back for each, judged by rules. ``PageEpisodes``: tasks of
one's own (``tasks.page_task``), which prepare and judge their own pages. ``deployment_episodes.DeploymentEpisodes``:
the official tasks on real sites.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import httpx
import numpy as np

from webrl_gym.engines import EngineSettings, make_engine
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.engines.protocol import Engine
from webrl_gym.errors import EvaluationError, InfrastructureError, SiteError
from webrl_gym.evaluation import FuzzyJudge, RestShop, evaluate_rules, make_judge
from webrl_gym.sites.dispatch import SiteDispatcher
from webrl_gym.sites.folder import FolderApp
from webrl_gym.sites.server import SiteServer
from webrl_gym.sites.web import ACCOUNTS, signed_in_cookie
from webrl_gym.sites.worlds import World
from webrl_gym.spaces import TEXT_LIMIT
from webrl_gym.tasks.page_suite import PageSuite
from webrl_gym.tasks.page_task import PageTask
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import EMBEDDED_URLS, OutcomeVerdict, Semantics, Site, VerdictStatus

if TYPE_CHECKING:
    from webrl_gym.deployment.settings import DeploymentSettings

_THREADS = 8
"""Requests answered at the same time: a page may ask for many files at once."""


class Episodes(Protocol):
    """One kind of tasks in one environment."""

    @property
    def engine(self) -> Engine:
        """Carries the pages."""

    @property
    def world(self) -> World | None:
        """The embedded sites' data, this environment's own; None when the tasks are not about them."""

    def begin(self, task: Task, rng: np.random.Generator) -> Task:
        """Opens the task's start pages.

        Args:
            task: What to begin.
            rng: Decides whatever the task leaves to chance.

        Returns:
            The task with the instruction of this episode.

        Raises:
            InfrastructureError: If sites or browser fail.
            TypeError: If a task of one's own gives no instruction.
        """

    def is_over(self, action: str) -> bool:
        """True when the task has ended by itself.

        Args:
            action: What the agent has just done, in words (``describe_action``).

        Raises:
            InfrastructureError: If that cannot be told, or the site is no longer as it should be.
        """

    def judge(self, answer: str, last_url: str) -> OutcomeVerdict:
        """The verdict of the task's own rules on the end of the episode.

        Args:
            answer: What the agent said when it left; empty if it did not.
            last_url: Address of its last page.
        """

    @property
    def site_state(self) -> str:
        """``clean`` if what the sites store is as it was when they were new, ``dirty`` if not, else ``unknown``."""

    def abandon(self) -> None:
        """Called when an infrastructure failure has ended the episode, which nobody will judge; may be called twice."""

    def close(self) -> None:
        """Frees engine and data; may be called twice."""


class SiteEpisodes:
    """Tasks on the embedded sites.

    Attributes:
        engine: Either engine.
        world: The sites' data, this environment's own.
    """

    def __init__(
        self, settings: EngineSettings, semantics: str = Semantics.VAB, judge: FuzzyJudge | None = None
    ) -> None:
        """Prepares the sites and an engine over them.

        Args:
            settings: For the engine.
            semantics: Whose evaluators score.
            judge: Decides fuzzy answers that no rule can.
        """
        self.world = World(0)
        self.engine = make_engine(settings, self.world)
        self._semantics = semantics
        self._judge = judge
        within = httpx.Client(transport=httpx.WSGITransport(app=SiteDispatcher(self.world)))
        self._shop = RestShop(within, EMBEDDED_URLS[Site.SHOPPING], *ACCOUNTS[Site.SHOPPING_ADMIN])
        self._task: Task | None = None

    def begin(self, task: Task, rng: np.random.Generator) -> Task:  # noqa: ARG002 - nothing is left to chance here
        """Puts the world back and opens the start pages, signed in."""
        self._task = task
        self.world.switch(task.world)
        urls = [resolve_url(url) for url in task.start_urls]
        sites = Site if task.signed_in is None else task.signed_in
        cookies = [(EMBEDDED_URLS[site], *pair) for site in sites if (pair := signed_in_cookie(site)) is not None]
        self.world.reset()
        self.engine.start(urls, cookies, must_exist=True)
        return task

    def is_over(self, action: str) -> bool:  # noqa: ARG002 - see below
        """Never: the agent or the step limit ends these tasks."""
        return False

    def judge(self, answer: str, last_url: str) -> OutcomeVerdict:
        """What WebArena's rules say."""
        assert self._task is not None, "begin() comes first"
        return evaluate_rules(
            self._task,
            answer,
            last_url,
            self.engine,
            resolve_url,
            semantics=self._semantics,
            shop=self._shop,
            judge=self._judge,
        )

    @property
    def site_state(self) -> str:
        """``dirty`` once a site's database was written to."""
        return "dirty" if self.world.changed_sites else "clean"

    def abandon(self) -> None:
        """Nothing is held that others wait for."""

    def close(self) -> None:
        """Frees the engine and the databases."""
        self._shop.client.close()
        self.engine.close()
        self.world.close()


class PageEpisodes:
    """Page tasks, on Chromium.

    Attributes:
        engine: A browser that is kept inside the suite's origins.
        world: None.
    """

    world: None = None

    def __init__(self, suite: PageSuite, settings: EngineSettings) -> None:
        """Serves the suite's pages.

        Args:
            suite: Tasks and pages.
            settings: For ``chromium``; nothing else runs the pages' scripts.

        Raises:
            ValueError: If another engine is asked for.
            BrowserMissing: If no browser is found.
        """
        if settings.name != "chromium":
            raise ValueError(
                f'suite {suite.name} needs engine="chromium": its pages run JavaScript; got {settings.name!r}'
            )
        server = None
        if suite.pages is not None:
            app = FolderApp(suite.pages) if isinstance(suite.pages, Path) else suite.pages
            server = SiteServer(app, [urlsplit(origin).netloc for origin in suite.origins], threads=_THREADS)
        self.engine = ChromiumEngine(
            None,
            executable=settings.chromium_path,
            server=server,
            origins=suite.origins,
            profile=settings.profile,
            headed=settings.headed,
        )
        self._page = self.engine.task_page()
        self._suite = suite
        self._tasks: dict[str, PageTask] = {}
        self._task: PageTask | None = None

    def begin(self, task: Task, rng: np.random.Generator) -> Task:
        """Opens the start pages and lets the task set up the first."""
        page_task = self._task = self._tasks.get(task.task_id) or self._suite.make_task(task.task_id)
        self._tasks[task.task_id] = page_task
        seed = int(rng.integers(2**63))
        self.engine.start(task.start_urls, (), must_exist=True, still=page_task.waits_for_rest)
        try:
            instruction: object = page_task.set_up(self._page, np.random.default_rng(seed))
        except EvaluationError as error:
            raise SiteError(f"{task.task_id} could not be set up: {error}") from error
        name = type(page_task).__name__
        if not isinstance(instruction, str):
            raise TypeError(f"{name}.set_up must return the instruction as a text, got {instruction!r}")
        if len(instruction) > TEXT_LIMIT:
            raise ValueError(
                f"{name}.set_up returned an instruction of {len(instruction)} characters; "
                f"an observation holds {TEXT_LIMIT}"
            )
        return replace(task, instruction=instruction)

    def is_over(self, action: str) -> bool:  # noqa: ARG002 - the page tells
        """Asks the task; whatever its own code raises says that it cannot tell."""
        try:
            return self._current.is_over(self._page)
        except InfrastructureError:
            raise
        except Exception as error:
            raise SiteError(f"{self._current.task_id} cannot tell whether it is over: {error}") from error

    def judge(self, answer: str, last_url: str) -> OutcomeVerdict:  # noqa: ARG002 - the task reads its page itself
        """The task's own score; whatever its own code raises leaves the episode unscored."""
        try:
            score = float(self._current.score(self._page, answer))
            if not 0.0 <= score <= 1.0:
                raise ValueError(f"a score is 0.0 to 1.0, got {score}")
        except InfrastructureError:
            raise
        except Exception as error:
            return OutcomeVerdict(VerdictStatus.UNSCORED, 0.0, "rules", detail=f"{type(error).__name__}: {error}")
        return OutcomeVerdict(VerdictStatus.SCORED, score, "rules", detail=f"the task's own score is {score:g}")

    @property
    def site_state(self) -> str:
        """``clean`` for a folder of files, which stores nothing; ``unknown`` for what an application may store."""
        return "clean" if isinstance(self._suite.pages, Path) else "unknown"

    def abandon(self) -> None:
        """Nothing is held that others wait for."""

    def close(self) -> None:
        """Frees the engine and its server."""
        self.engine.close()

    @property
    def _current(self) -> PageTask:
        assert self._task is not None, "begin() comes first"
        return self._task


def make_episodes(
    suite: TaskSuite,
    settings: EngineSettings,
    semantics: str = Semantics.VAB,
    judge: FuzzyJudge | Mapping[str, Any] | None = None,
    deployment: DeploymentSettings | None = None,
) -> Episodes:
    """What the tasks of ``suite`` need, over such an engine.

    Args:
        suite: The tasks.
        settings: The engine.
        semantics: Whose evaluators score.
        judge: Decides fuzzy answers that no rule can, or says how to make what does.
        deployment: Real sites instead of the embedded ones.

    Raises:
        ValueError: If the suite needs another engine.
        BrowserMissing: If ``chromium`` finds no browser.
    """
    if isinstance(judge, Mapping):
        judge = make_judge(judge)
    if deployment is not None:
        # Imported here: most environments need no HTTP client and no file locks.
        from webrl_gym.deployment_episodes import DeploymentEpisodes

        return DeploymentEpisodes(settings, deployment, semantics, judge)
    if isinstance(suite, PageSuite):
        return PageEpisodes(suite, settings)
    return SiteEpisodes(settings, semantics, judge)


def resolve_url(url: str) -> str:
    """Replaces the placeholder of an embedded site by its root; the admin's root is its back office."""
    for site, root in EMBEDDED_URLS.items():
        suffix = "/admin" if site is Site.SHOPPING_ADMIN else ""
        url = url.replace(site.placeholder, root + suffix)
    return url
