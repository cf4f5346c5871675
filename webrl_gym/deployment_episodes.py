"""Official tasks on a real deployment: signed in by code, put back where that is possible, changing ones alone."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from webrl_gym.deployment.client import SiteClient, verified_by
from webrl_gym.deployment.landmarks import reach
from webrl_gym.deployment.leases import CLEAN, DIRTY, UNKNOWN, Lease
from webrl_gym.deployment.logins import SIGN_INS, colliding, shared_sessions
from webrl_gym.deployment.settings import DeploymentSettings
from webrl_gym.engines import EngineSettings
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.engines.protocol import EvaluationPage
from webrl_gym.errors import BrowserError, EvaluationError, ResetFailed, SiteError
from webrl_gym.evaluation import FuzzyJudge, RestShop, evaluate_rules
from webrl_gym.http_client import http_client
from webrl_gym.tasks.record import Task
from webrl_gym.types import OutcomeVerdict, Semantics, Site

_log = logging.getLogger(__name__)
_READING = frozenset(("GET", "HEAD", "OPTIONS"))
_LOOK = (
    "[location.href, "
    + json.dumps(sorted({steps.user_field for steps in SIGN_INS.values()}))
    + ".filter((name) => document.querySelector(`form input[name='${name}']`))]"
)
"""The page's address, and the account fields of the sign-in forms on it."""
_HEALTH_EVERY = 2.0
_TELL_AFTER = 10.0
_TRIES = 5


class DeploymentEpisodes:
    """Tasks on a deployment.

    Attributes:
        engine: A browser that is kept inside the deployment.
        world: None.
    """

    world: None = None

    def __init__(
        self,
        engine: EngineSettings,
        settings: DeploymentSettings,
        semantics: str = Semantics.VAB,
        judge: FuzzyJudge | None = None,
    ) -> None:
        """Starts the browser; asks no site yet.

        Args:
            engine: For ``chromium``; nothing else runs the sites' scripts.
            settings: The deployment.
            semantics: Whose evaluators score.
            judge: Decides fuzzy answers that no rule can.

        Raises:
            ValueError: If another engine is asked for.
            BrowserMissing: If no browser is found.
        """
        if engine.name != "chromium":
            raise ValueError(f'sites="urls" needs engine="chromium": real sites run JavaScript; got {engine.name!r}')
        self._settings = settings
        self._deployment = settings.deployment
        self._sessions = shared_sessions(settings.deployment, settings.accounts, settings.answer_seconds)
        self._lease = Lease(settings.deployment.keys, patience=settings.lease_seconds)
        self._semantics = semantics
        self._judge = judge
        self._client = http_client(trust_env=False, verify=verified_by(self._deployment.urls.get(Site.SHOPPING, "")))
        self._task: Task | None = None
        self._signed_in: tuple[Site, ...] = ()
        self._state = UNKNOWN
        self._acted = False
        self._left: set[Site] = set()
        self._doubted: set[Site] = set()
        self.engine = ChromiumEngine(
            None,
            executable=engine.chromium_path,
            origins=self._deployment.origins,
            profile=engine.profile,
            headed=engine.headed,
            load_limit=settings.answer_seconds,
        )
        self._page = self.engine.task_page()

    def begin(self, task: Task, rng: np.random.Generator) -> Task:  # noqa: ARG002 - nothing is left to chance here
        """Waits for the deployment, puts it back if it can and must be, signs in and opens the start pages."""
        self._leave()
        lacking = self._deployment.lacks(task)
        if lacking:
            raise ValueError(f"{task.task_id} needs {' and '.join(lacking)}, which this deployment does not have")
        try:
            self._state = self._make_ready(task)
            self._task, self._acted = task, False
            self._doubted.clear()
            asked = task.sites if task.signed_in is None else task.signed_in
            self._signed_in = tuple(site for site in asked if site in SIGN_INS)
            cookies = {site: self._sessions.cookies(site, self._lease.renewal(site)) for site in self._signed_in}
            for one, other, name in colliding(cookies):
                raise SiteError(
                    f"the sessions of {one} and {other} cannot live in one browser: both are a cookie {name!r} of the "
                    "same host, and ports do not count; give the sites host names of their own"
                )
            urls = [self._deployment.resolve(url) for url in task.start_urls]
            # Whatever status a start page has: it is what published scores on such deployments rest on.
            self.engine.start(urls, [cookie for site in self._signed_in for cookie in cookies[site]])
            self._require_session(*self._looked())
            if is_changing(task):
                # Written down before the first action, so that a process that dies leaves it so; and not before there
                # can be one, or an account that is refused would cost a reset at each try.
                self._lease.note(task.sites, DIRTY)
        except BaseException:
            self._lease.release()
            raise
        return task

    def is_over(self, action: str) -> bool:  # noqa: ARG002 - what the pages sent says more than words
        """Never; but a sign-in page that the agent did not ask for is a failure of its site."""
        self._acted = True
        self._watch()
        self._require_session(*self._looked())
        return False

    def judge(self, answer: str, last_url: str) -> OutcomeVerdict:
        """What WebArena's rules say."""
        assert self._task is not None, "begin() comes first"
        self._acted = True
        try:
            return evaluate_rules(
                self._task,
                answer,
                last_url,
                self,
                self._deployment.resolve,
                semantics=self._semantics,
                shop=self._shop(),
                judge=self._judge,
            )
        finally:
            self._lease.release()

    @contextmanager
    def evaluation_page(self, *, at_end: bool) -> Iterator[EvaluationPage]:
        """A page for the evaluators on which a sign-in form is a failure of its site, not an empty find."""
        with self.engine.evaluation_page(at_end=at_end) as page:
            yield _WatchedPage(page, self)

    @property
    def site_state(self) -> str:
        """What the episode found; once something may have been changed nobody can tell."""
        if self._task is None or self._state != CLEAN:
            return self._state
        may_differ = (self._acted and is_changing(self._task)) or not self._doubted.isdisjoint(self._task.sites)
        return UNKNOWN if may_differ else CLEAN

    def abandon(self) -> None:
        """Lets others in."""
        self._leave()

    def close(self) -> None:
        """Frees the browser and the deployment; may be called twice."""
        self._leave()
        self._client.close()
        self.engine.close()

    def refuse_sign_in_page(self, page: EvaluationPage) -> None:
        """Raises ``SiteError`` if an evaluator's page is the sign-in page of a site that was signed in to."""
        site = self._deployment.site_of(page.url)
        if site in SIGN_INS:
            field = SIGN_INS[site].user_field
            with suppress(EvaluationError):
                page.locate(f"document.querySelector('form input[name=\"{field}\"]').name")
                self._require_session(page.url, [field])

    def _shop(self) -> RestShop | None:
        """The shop's REST interface, which knows the account of the back office."""
        root, account = self._deployment.urls.get(Site.SHOPPING), self._settings.accounts[Site.SHOPPING_ADMIN]
        return (
            None
            if root is None
            else RestShop(self._client, root, account.user, account.password, self._settings.answer_seconds)
        )

    def _leave(self) -> None:
        """Ends the last episode's hold on deployment and session."""
        self._lease.release()
        # The agent has signed itself out, and with it every other user of the session.
        self._sessions.forget(self._left)
        self._left.clear()

    def _watch(self) -> None:
        """Takes down where the agent has signed itself out, and what it may have changed."""
        for method, url in self.engine.sent():
            site = self._deployment.site_of(url)
            if site in SIGN_INS and f"{url}/".startswith(f"{self._deployment.urls[site]}{SIGN_INS[site].out}/"):
                self._left.add(site)
            elif site is not None and method not in _READING and site not in self._doubted:
                self._doubted.add(site)
                self._lease.doubt(site)

    def _make_ready(self, task: Task) -> str:
        """Takes the lease; puts the task's sites back where they are not known to be clean; their state then."""
        changing = is_changing(task)
        for _ in range(_TRIES):
            self._lease.take(alone=changing)
            if not self._to_reset(task):
                return self._state_of(task)
            self._lease.take(alone=True)
            # Somebody else may have done it meanwhile.
            if wanted := self._to_reset(task):
                self._reset(task, wanted)
            if not changing:
                self._lease.take(alone=False)
            if not self._to_reset(task):
                return self._state_of(task)
        raise ResetFailed(f"others have changed {' and '.join(task.sites)} after every one of {_TRIES} resets")

    def _to_reset(self, task: Task) -> list[Site]:
        """The task's sites that are not known to be clean and can be put back."""
        states = self._lease.states()
        return [site for site in task.sites if states[site] != CLEAN and self._settings.reset.covers(site)]

    def _state_of(self, task: Task) -> str:
        states = self._lease.states()
        found = {states[site] for site in task.sites}
        return DIRTY if DIRTY in found else UNKNOWN if UNKNOWN in found else CLEAN

    def _reset(self, task: Task, wanted: list[Site]) -> None:
        self._lease.note(wanted, DIRTY)
        deadline = time.monotonic() + self._settings.reset_seconds
        _log.info("%s: putting %s back", task.task_id, " and ".join(wanted))
        renewed = self._settings.reset.reset(wanted) & set(self._deployment.urls)
        for site in sorted(renewed):
            self._await_health(site, deadline)
        self._sessions.forget(renewed)
        self._lease.note_renewal(renewed)

    def _await_health(self, site: Site, deadline: float) -> None:
        """Waits until a site answers as it should: a server may say that it is ready before its sites are."""
        client = SiteClient(site, self._deployment.urls[site], seconds=self._settings.answer_seconds)
        tell_at = time.monotonic() + _TELL_AFTER
        try:
            while True:
                try:
                    reach(client)
                except SiteError as error:
                    if time.monotonic() > tell_at:
                        tell_at = deadline
                        left = deadline - time.monotonic()
                        _log.warning("%s is waited for, %.0f s at most: %s", site, left, error)
                    if time.monotonic() + _HEALTH_EVERY > deadline:
                        raise ResetFailed(f"{site} did not come back after the reset: {error}") from error
                    time.sleep(_HEALTH_EVERY)
                else:
                    return
        finally:
            client.close()

    def _looked(self) -> tuple[str, list[str]]:
        """Address of the current page, and the account fields of sign-in forms on it."""
        try:
            url, fields = self._page.evaluate(_LOOK)
        except EvaluationError as error:
            raise BrowserError(f"the page cannot be looked at: {error}") from error
        return str(url), [str(field) for field in fields]

    def _require_session(self, url: str, fields: list[str]) -> None:
        site = self._deployment.site_of(url)
        if site is None or site not in self._signed_in or site in self._left or SIGN_INS[site].user_field not in fields:
            return
        self._sessions.forget([site])
        raise SiteError(f"{site} shows its sign-in page at {url.partition('?')[0]}: its session is over")


class _WatchedPage:
    """An evaluators' page that looks for sign-in forms wherever it goes."""

    def __init__(self, page: EvaluationPage, episodes: DeploymentEpisodes) -> None:
        self._page = page
        self._episodes = episodes

    @property
    def url(self) -> str:
        return self._page.url

    def goto(self, url: str) -> None:
        self._page.goto(url)
        self._episodes.refuse_sign_in_page(self._page)

    def content(self) -> str:
        return self._page.content()

    def locate(self, expression: str) -> str:
        return self._page.locate(expression)


def is_changing(task: Task) -> bool:
    """Whether a task changes what its sites store."""
    return "changing" in task.tags
