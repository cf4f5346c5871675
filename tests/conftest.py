"""Fixtures for all tests: real parts, no network, nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.sites.worlds import World


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
