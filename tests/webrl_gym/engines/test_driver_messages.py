"""How long each part of a browser's way waits for the one behind it."""

from __future__ import annotations

import pytest

from webrl_gym.engines.browser_session import BrowserSession
from webrl_gym.engines.driver_messages import LOAD_LIMIT, request_limit


async def nobody() -> object:
    raise AssertionError("no browser is asked for")


@pytest.mark.parametrize("load_limit", [0.5, LOAD_LIMIT, 60.0, 600.0])
def test_whoever_waits_for_others_waits_longer(load_limit: float) -> None:
    session = BrowserSession(nobody, print, "http://127.0.0.1:9", [], True, "full", load_limit)  # type: ignore[arg-type]  # never asked
    assert load_limit < session._patience < request_limit(load_limit)
    assert session._patience >= 25.0
    assert request_limit(load_limit) >= 90.0
