"""A deployment of lookalikes on loopback ports, and one of the embedded sites."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.webrl_gym.deployment.lookalikes import Lookalike, serve
from webrl_gym.engines.driver_client import acquire_driver, release_driver
from webrl_gym.sites.hosting import HostedSites
from webrl_gym.types import Site

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

Lookalikes = dict[Site, Lookalike]


@pytest.fixture(scope="module")
def browser() -> Iterator[None]:
    """Keeps the browser from one test to the next."""
    driver = acquire_driver(None)
    yield
    release_driver(driver)


@pytest.fixture(scope="module")
def places() -> Iterator[tuple[dict[Site, str], dict[Site, WSGIApplication]]]:
    """A root for each site, and what answers there now."""
    apps: dict[Site, WSGIApplication] = {}
    with ExitStack() as stack:
        roots = {}
        for site in Site:
            roots[site], stop = serve(lambda environ, start, site=site: apps[site](environ, start))
            stack.callback(stop)
        yield roots, apps


@pytest.fixture
def lookalikes(places: tuple[dict[Site, str], dict[Site, WSGIApplication]]) -> Lookalikes:
    """One of each site, served at its ``root``; new for every test."""
    roots, apps = places
    made = {site: Lookalike(site) for site in Site}
    for site, lookalike in made.items():
        apps[site] = lookalike.app()
        lookalike.root = roots[site] + lookalike.base
    return made


@pytest.fixture
def urls(lookalikes: Lookalikes) -> dict[str, str]:
    """Their addresses by name, as an environment is told them."""
    return {site.value: lookalike.root for site, lookalike in lookalikes.items()}


@pytest.fixture(autouse=True)
def apart(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases of their own, and no variables of whoever runs the tests."""
    monkeypatch.setattr("webrl_gym.deployment.leases.cache_folder", lambda: tmp_path)
    for site in Site:
        for name in (site.name, f"WA_{site.name}", f"WEBRL_GYM_{site.name}_USER", f"WEBRL_GYM_{site.name}_PASSWORD"):
            monkeypatch.delenv(name, raising=False)
    for name in ("WA_FULL_RESET", "WEBRL_GYM_EXTRA_ORIGINS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hosted() -> Iterator[HostedSites]:
    """The embedded sites of world 0 over HTTP, with their reset server."""
    sites = HostedSites(0, dict.fromkeys(Site, 0), 0)
    yield sites
    sites.close()


@pytest.fixture
def replica(hosted: HostedSites) -> dict[str, str]:
    """Their addresses by name, as an environment is told them."""
    variables = hosted.client_variables()
    return {site.value: variables[site.name] for site in Site}
