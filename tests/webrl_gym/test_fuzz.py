"""Whatever an agent writes, a step gives an observation of the space and a reason, and never an exception."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webrl_gym.actions import Action, ActionKind, format_action
from webrl_gym.env import WebArenaLiteEnv

_STEP_CAP_S = 30

ANY_TEXT = st.text(st.one_of(st.characters(), st.sampled_from('\ud800\udcff\x00\u202e"\\')), max_size=80)
"""Lone surrogates and control characters included."""
ACTIONS = st.builds(
    lambda kind, element, argument: format_action(Action(kind, element=element, argument=argument)),
    st.sampled_from([kind for kind in ActionKind if kind is not ActionKind.EXIT]),
    st.one_of(st.integers(0, 40).map(str), ANY_TEXT),
    st.one_of(st.none(), ANY_TEXT),
)


@pytest.fixture(
    scope="module", params=["static", pytest.param("chromium", marks=pytest.mark.browser)], ids=["static", "chromium"]
)
def fuzzed(request: pytest.FixtureRequest) -> Iterator[WebArenaLiteEnv]:
    env = WebArenaLiteEnv(engine=request.param, max_steps=10_000)
    yield env
    env.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 50), st.lists(st.one_of(ACTIONS, ACTIONS, ANY_TEXT), min_size=1, max_size=6))
def test_no_action_raises_or_hangs(fuzzed: WebArenaLiteEnv, seed: int, actions: list[str]) -> None:
    fuzzed.reset(seed=seed)
    for action in actions:
        began = time.monotonic()
        observation, reward, terminated, truncated, info = fuzzed.step(action)
        assert time.monotonic() - began < _STEP_CAP_S
        assert observation in fuzzed.observation_space
        assert (reward, terminated, truncated, info["failure"]) == (0.0, False, False, None)


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[WebArenaLiteEnv, WebArenaLiteEnv]]:
    envs = (WebArenaLiteEnv(max_steps=10_000), WebArenaLiteEnv(engine="chromium", max_steps=10_000))
    yield envs
    for env in envs:
        env.close()


@pytest.mark.browser
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 200), st.lists(ACTIONS, min_size=1, max_size=6))
def test_any_action_goes_the_same_on_both_engines(
    both: tuple[WebArenaLiteEnv, WebArenaLiteEnv], seed: int, actions: list[str]
) -> None:
    static, chromium = both
    here, _ = static.reset(seed=seed)
    there, _ = chromium.reset(seed=seed)
    assert there == here
    for action in actions:
        here = static.step(action)[0]
        there = chromium.step(action)[0]
        assert there == here, action
