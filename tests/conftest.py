"""Fixtures for all tests: real parts, no network, nothing left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

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
