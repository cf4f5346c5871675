"""Fixtures for all tests: real parts, no network, nothing left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from webrl_gym.engines.driver_client import DriverClient, acquire_driver, release_driver
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.sites.worlds import World

# Two workers share two cores: threads of torch, also of programs that tests start, would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full-install", action="store_true", help="run the slow installation tests")


@pytest.fixture
def world() -> Iterator[World]:
    opened = World(0)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def env() -> Iterator[WebArenaLiteEnv]:
    made = WebArenaLiteEnv()
    yield made
    made.close()


class WarmBrowser:
    """Uses the browser that engines share, so that it does not end with each test's last engine: a start takes 2 s."""

    def __init__(self) -> None:
        self._driver: DriverClient | None = None

    def keep(self) -> None:
        if self._driver is None or not self._driver.alive:
            self.end()
            self._driver = acquire_driver(None)

    def end(self) -> None:
        if self._driver is not None:
            release_driver(self._driver)
            self._driver = None


@pytest.fixture(scope="session")
def _warm_browser() -> Iterator[WarmBrowser]:
    kept = WarmBrowser()
    yield kept
    kept.end()


@pytest.fixture(autouse=True)
def _browser_outlives_the_test(request: pytest.FixtureRequest, _warm_browser: WarmBrowser) -> None:
    marks = {mark.name for mark in request.node.iter_markers()}
    if "cold_browser" in marks:
        _warm_browser.end()
    elif "browser" in marks:
        _warm_browser.keep()
