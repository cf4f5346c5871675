"""Looks sites over before any task: do they answer, sign us in, search and route, and what can be played on them."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urljoin

import httpx

from webrl_gym.deployment.accounts import find_accounts
from webrl_gym.deployment.addresses import Deployment
from webrl_gym.deployment.client import Answer, SiteClient, verified_by
from webrl_gym.deployment.landmarks import LANDMARKS, reach, search_address
from webrl_gym.deployment.leases import CLEAN, Lease
from webrl_gym.deployment.logins import SIGN_INS, colliding, has_sign_in_form, own_sessions
from webrl_gym.deployment.resets import NoReset
from webrl_gym.deployment.settings import DeploymentSettings, read_settings
from webrl_gym.engines import EngineSettings, make_engine
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.engines.protocol import Engine
from webrl_gym.errors import BrowserMissing, EvaluationError, InfrastructureError, SiteError, TaskFileError
from webrl_gym.evaluation import RestShop
from webrl_gym.http_client import http_client
from webrl_gym.sites.dispatch import SiteDispatcher
from webrl_gym.sites.worlds import World
from webrl_gym.suites import find_suite
from webrl_gym.tasks.official.suite import NAME as OFFICIAL
from webrl_gym.tasks.record import Task
from webrl_gym.types import EMBEDDED_URLS, Site
from webrl_gym.web_address import origin_of

_ROUTE = "/directions?engine=fossgis_osrm_car&route=40.4443,-79.9436;40.4406,-79.9959"
_DISTANCE = re.compile(r"Distance:\s*(?!0m)[\d.,]+\s*k?m\b")
_ORDERS = "orders"
_NEWEST_ORDER = "shopping_get_latest_order_url"
"""What asks the shop's REST interface in an official record."""
_UNCONFINED = (Site.SHOPPING_ADMIN, Site.WIKIPEDIA)
"""Sites whose root is a page of theirs, beside which others lie."""
_SHOWN = 4


class Verdict(StrEnum):
    """What came of a check."""

    OK = "ok"
    NOTE = "note"
    """Works, but somebody should know."""
    FAILED = "FAIL"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report.

    Attributes:
        verdict: What came of it.
        about: The site, or what else was looked at.
        name: What was checked.
        detail: Figures, or what is wrong.
    """

    verdict: Verdict
    about: str
    name: str
    detail: str

    def __str__(self) -> str:
        return f"{self.verdict:4}  {self.about:14}  {self.name:8}  {self.detail}"


def examine(
    sites: str = "embedded", engine: str | None = None, options: Mapping[str, Any] | None = None
) -> Iterator[Check]:
    """Checks all sites, one after the other; no check takes longer than its time budget.

    Args:
        sites: ``embedded`` or ``urls``.
        engine: ``static`` or ``chromium``; by default what environments use there.
        options: For ``urls``; see ``deployment.settings.read_settings``.

    Raises:
        ValueError: If there are no such sites or engine, or the options cannot be used.
    """
    with ExitStack() as stack:
        if sites == "urls":
            if engine == "static":
                raise ValueError("real sites need engine chromium: they run JavaScript")
            settings, world, transport = read_settings(options), None, None
        elif sites == "embedded":
            world = stack.enter_context(closing(World(0)))
            settings, transport = _embedded(), httpx.WSGITransport(app=SiteDispatcher(world))
        else:
            raise ValueError(f"sites must be embedded or urls, got {sites!r}")
        browser: Engine | None = None
        try:
            if world is None:
                origins, limit = settings.deployment.origins, settings.answer_seconds
                browser = stack.enter_context(closing(ChromiumEngine(None, origins=origins, load_limit=limit)))
            else:
                browser = stack.enter_context(closing(make_engine(EngineSettings(engine or "static"), world)))
        except BrowserMissing as error:
            yield Check(Verdict.FAILED, "browser", "starts", str(error))
        yield from _Visit(settings, browser, transport).checks()


def _embedded() -> DeploymentSettings:
    roots = {site: url + ("/admin" if site is Site.SHOPPING_ADMIN else "") for site, url in EMBEDDED_URLS.items()}
    return DeploymentSettings(Deployment(roots), find_accounts(environ={}), NoReset())


class _Visit:
    """One round through a deployment."""

    def __init__(
        self, settings: DeploymentSettings, engine: Engine | None, transport: httpx.BaseTransport | None
    ) -> None:
        self._settings = settings
        self._deployment = settings.deployment
        self._engine = engine
        self._transport = transport
        self._sessions = own_sessions(
            settings.deployment, settings.accounts, seconds=settings.answer_seconds, transport=transport
        )
        self._cookies: dict[Site, list[tuple[str, str, str]]] = {}
        self._broken: dict[Site, str] = {}
        self._tells_orders = True

    def checks(self) -> Iterator[Check]:
        for site in Site:
            if site in self._deployment.urls:
                yield from self._checks_of(site)
            else:
                yield Check(Verdict.NOTE, site, "address", f"there is none: set {site.name}")
        collisions = colliding(self._cookies)
        for one, other, name in collisions:
            yield Check(Verdict.NOTE, one, "session", f"shares its cookie {name!r} with {other}: same host, other port")
        if self._transport is None:
            yield self._state()
        yield from self._reset()
        self._sessions.forget(list(self._cookies))
        yield from self._playable({frozenset(pair[:2]) for pair in collisions})

    def _checks_of(self, site: Site) -> Iterator[Check]:
        """A site's checks; after the first one that fails the others would only fail, too."""
        root = self._deployment.urls[site]
        steps = [("answers", self._answers)]
        steps += [("signs in", self._signs_in)] if site in SIGN_INS else []
        steps += [("links", self._links)]
        steps += [("opens", self._opens)] if self._engine is not None else []
        steps += [("searches", self._searches)] if self._engine is not None and LANDMARKS[site].field else []
        steps += [("routes", self._routes)] if self._engine is not None and site is Site.MAP else []
        steps += [(_ORDERS, self._orders)] if site is Site.SHOPPING else []
        with closing(
            SiteClient(site, root, seconds=self._settings.answer_seconds, transport=self._transport)
        ) as client:
            for name, step in steps:
                began = time.perf_counter()
                try:
                    verdict, said = step(client)
                except InfrastructureError as error:
                    verdict, said = Verdict.FAILED, str(error)
                yield Check(verdict, site, name, f"{said} ({1000 * (time.perf_counter() - began):.0f} ms)")
                if verdict is Verdict.FAILED and name == _ORDERS:
                    self._tells_orders = False
                elif verdict is Verdict.FAILED:
                    self._broken.setdefault(site, name)
                    if name in ("answers", "signs in", "opens"):
                        return

    def _answers(self, client: SiteClient) -> tuple[Verdict, str]:
        reach(client)
        return Verdict.OK, client.root

    def _links(self, client: SiteClient) -> tuple[Verdict, str]:
        """Whether a start page leads out of the deployment, where the browser will refuse to go or find no site."""
        page = self._visitor(client).get()
        away, home = foreign_links(page, self._deployment, client.site)
        if not away:
            return Verdict.OK, f"all {home} lead to the deployment"
        places = ", ".join(f"{place} ({count})" for place, count in away.most_common(_SHOWN))
        if away.total() > home:
            return Verdict.FAILED, f"most lead away, to {places}: the site does not know that it is at {client.root}"
        return Verdict.NOTE, f"{away.total()} of {away.total() + home} lead away, to {places}; nobody can follow them"

    def _signs_in(self, client: SiteClient) -> tuple[Verdict, str]:
        self._cookies[client.site] = self._sessions.cookies(client.site)
        return Verdict.OK, "the account is taken"

    def _opens(self, client: SiteClient) -> tuple[Verdict, str]:
        engine = self._require_engine()
        engine.start([f"{client.root}/"], self._cookies.get(client.site, []))
        page = engine.snapshot()
        with engine.evaluation_page(at_end=True) as view:
            source = Answer(view.url, 200, view.content())
        if client.site in self._cookies and has_sign_in_form(source, client.site):
            raise SiteError(f"{client.site} asks the browser to sign in, though its session is good elsewhere")
        return Verdict.OK, f"as {' '.join(page.title.split())[:60]!r}"

    def _searches(self, client: SiteClient) -> tuple[Verdict, str]:
        site, words = client.site, LANDMARKS[client.site].words
        address = search_address(self._visitor(client))
        page = self._page(address)
        links = page.document.cssselect("a[href]")
        found = sum(words.lower() in " ".join(link.text_content().split()).lower() for link in links)
        if not found:
            raise SiteError(f"{site} finds nothing for {words!r} at {address}")
        return Verdict.OK, f"{found} links for {words!r}"

    def _routes(self, client: SiteClient) -> tuple[Verdict, str]:
        found = _DISTANCE.search(self._page(client.root + _ROUTE).document.text_content())
        if found is None:
            raise SiteError(
                "the map shows no route by car: where its router lies at another address, name that in "
                "WEBRL_GYM_EXTRA_ORIGINS"
            )
        return Verdict.OK, " ".join(found[0].split())

    def _orders(self, client: SiteClient) -> tuple[Verdict, str]:
        """Whether the evaluators of some tasks get an answer, which no page tells."""
        account = self._settings.accounts[Site.SHOPPING_ADMIN]
        with http_client(transport=self._transport, trust_env=False, verify=verified_by(client.root)) as carrier:
            shop = RestShop(carrier, client.root, account.user, account.password, self._settings.answer_seconds)
            try:
                return Verdict.OK, f"the newest is at {shop.latest_order_url()}"
            except EvaluationError as error:
                return Verdict.NOTE, str(error)

    def _visitor(self, stranger: SiteClient) -> SiteClient:
        """Who is signed in, where that is possible."""
        return self._sessions.client(stranger.site) if stranger.site in self._cookies else stranger

    def _page(self, address: str) -> Answer:
        """A page as the browser sees it, its scripts done."""
        with self._require_engine().evaluation_page(at_end=False) as page:
            page.goto(address)
            return Answer(page.url, 200, page.content())

    def _require_engine(self) -> Engine:
        assert self._engine is not None, "checks that need a browser are left out without one"
        return self._engine

    def _state(self) -> Check:
        """What is known of the state that the sites are in."""
        states = Lease(self._deployment.keys, patience=0.0).states()
        found: dict[str, list[str]] = {}
        for site in self._deployment.urls:
            found.setdefault(states[site], []).append(site)
        verdict = Verdict.OK if set(found) == {CLEAN} else Verdict.NOTE
        said = "; ".join(f"{state}: {', '.join(sites)}" for state, sites in sorted(found.items()))
        return Check(verdict, "deployment", "state", said)

    def _reset(self) -> Iterator[Check]:
        """What is known of resets, where there are any."""
        strategy = self._settings.reset
        left = [site for site in self._deployment.urls if not strategy.covers(site)]
        if len(left) == len(self._deployment.urls):
            return
        problem = strategy.problem()
        verdict, said = (Verdict.FAILED, problem) if problem else (Verdict.OK, "nothing speaks against one")
        yield Check(verdict, "deployment", "reset", said)
        if left:
            yield Check(Verdict.NOTE, "deployment", "reset", f"nothing puts back {', '.join(left)}")

    def _playable(self, collisions: set[frozenset[Site]]) -> Iterator[Check]:
        """How many of the official tasks can run, and why the others cannot."""
        try:
            suite = find_suite(OFFICIAL)
        except TaskFileError as error:
            yield Check(Verdict.FAILED, OFFICIAL, "tasks", str(error))
            return
        reasons: dict[str, list[str]] = {}
        for task in suite:
            reason = self._obstacle(task, collisions)
            if reason:
                reasons.setdefault(reason, []).append(task.task_id.rpartition("/")[2])
        kept = len(suite) - sum(map(len, reasons.values()))
        verdict = Verdict.OK if kept == len(suite) else Verdict.NOTE if kept else Verdict.FAILED
        yield Check(verdict, OFFICIAL, "tasks", f"{kept} of {len(suite)} can run")
        for reason, ids in reasons.items():
            yield Check(Verdict.NOTE, OFFICIAL, "tasks", f"{len(ids)} cannot, since {reason}: {_some(ids)}")

    def _obstacle(self, task: Task, collisions: set[frozenset[Site]]) -> str:
        if self._engine is None:
            return "there is no browser"
        if lacking := self._deployment.lacks(task):
            return f"{' and '.join(sorted(lacking))} {'has' if len(lacking) == 1 else 'have'} no address"
        broken = [f"{site} fails ({self._broken[site]})" for site in task.sites if site in self._broken]
        if broken:
            return " and ".join(broken)
        if not self._tells_orders and _asks_for_orders(task):
            return f"shopping does not tell its newest order ({_ORDERS})"
        if any(pair <= set(task.signed_in or ()) for pair in collisions):
            return "its sites' sessions cannot live in one browser"
        return ""


def foreign_links(page: Answer, deployment: Deployment, site: Site) -> tuple[Counter[str], int]:
    """Where a site's page leads: places outside with their numbers of links and forms, and the number that stay.

    A place is another host, or whatever lies on a site's own host and below no root: a site that was put below a path
    and does not know that leads there.
    """
    away: Counter[str] = Counter()
    home = 0
    root = deployment.urls[site]
    confined = site not in _UNCONFINED and root != origin_of(root)
    for element, attribute in [("a", "href"), ("form", "action")]:
        for found in page.document.cssselect(f"{element}[{attribute}]"):
            try:
                target = urljoin(page.url, found.get(attribute, "").strip())
            except ValueError:
                # Written by users; the browser goes nowhere by it, either.
                continue
            if not target.startswith(("http://", "https://")):
                continue
            place = origin_of(target)
            if confined and place == origin_of(root) and deployment.site_of(target) is None:
                away[f"addresses outside {root}"] += 1
            elif place in deployment.origins:
                home += 1
            elif place:
                away[place] += 1
    return away, home


def _asks_for_orders(task: Task) -> bool:
    return any(_NEWEST_ORDER in str(place.get("url")) for place in task.evaluation.get("program_html") or ())


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:12]) + (" …" if len(ids) > 12 else "")
