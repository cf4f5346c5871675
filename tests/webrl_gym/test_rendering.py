"""Pictures and page texts: which engine gives which, video, and what is left after an end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import RecordVideo

import webrl_gym
from webrl_gym.engines.driver_client import acquire_driver, release_driver
from webrl_gym.env import WebArenaLiteEnv

SHAPE = (720, 1280, 3)
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in DISPLAYS:
        monkeypatch.delenv(name, raising=False)


def test_static_renders_the_page_as_text() -> None:
    env = gymnasium.make(webrl_gym.ENV_ID, render_mode="ansi")
    assert env.metadata["render_modes"] == ["ansi"]
    observation, _ = env.reset(seed=0)
    assert env.render() == f"{observation['url']}\n{observation['html']}"
    observation = env.step("exit()")[0]
    assert env.render() == f"{observation['url']}\n{observation['html']}"
    env.close()


def test_nothing_is_rendered_without_a_mode(env: WebArenaLiteEnv) -> None:
    env.reset(seed=0)
    assert env.render() is None


@pytest.mark.parametrize(
    ("engine", "mode", "says"),
    [
        ("static", "rgb_array", "the static engine renders 'ansi' only, got 'rgb_array'"),
        ("static", "human", "the static engine renders 'ansi' only, got 'human'"),
        ("chromium", "ansi", "the chromium engine renders 'rgb_array' only, got 'ansi'"),
        ("chromium", "human", "needs a display, but neither DISPLAY nor WAYLAND_DISPLAY is set"),
    ],
)
@pytest.mark.usefixtures("no_display")
def test_other_modes_are_refused(engine: str, mode: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        WebArenaLiteEnv(engine=engine, render_mode=mode)


@pytest.mark.parametrize("name", DISPLAYS)
@pytest.mark.usefixtures("no_display")
@pytest.mark.browser
def test_a_display_brings_the_human_mode(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, ":99")
    env = WebArenaLiteEnv(engine="chromium")
    env.close()
    assert env.metadata["render_modes"] == ["rgb_array", "human"]


@pytest.mark.skipif(not any(os.environ.get(name) for name in DISPLAYS), reason="there is no display")
@pytest.mark.browser
def test_human_shows_a_window() -> None:
    windowed = gymnasium.make(webrl_gym.ENV_ID, engine="chromium", render_mode="human")
    hidden = gymnasium.make(webrl_gym.ENV_ID, engine="chromium")
    assert windowed.reset(seed=0)[0] == hidden.reset(seed=0)[0]
    assert windowed.render() is None
    windowed.close()
    hidden.close()


@pytest.mark.browser
def test_every_moment_has_its_picture() -> None:
    env = gymnasium.make(webrl_gym.ENV_ID, engine="chromium", render_mode="rgb_array_list")
    env.reset(seed=0)
    env.step('do(action="Click", element="1")')
    env.step("exit()")
    frames = env.render()
    env.close()
    assert isinstance(frames, list)
    assert [(frame.shape, frame.dtype) for frame in frames] == [(SHAPE, np.uint8)] * 3
    assert not np.array_equal(frames[0], frames[1])
    assert np.array_equal(frames[1], frames[2])


@pytest.mark.browser
def test_the_last_picture_outlives_the_browser() -> None:
    env = WebArenaLiteEnv(engine="chromium", render_mode="rgb_array")
    env.reset(seed=0)
    before = env.render()
    driver = acquire_driver(None)
    os.kill(driver.pid, signal.SIGKILL)
    info = env.step('do(action="Wait")')[4]
    release_driver(driver)
    assert info["failure"]
    assert np.array_equal(env.render(), before)
    env.reset(seed=0)
    assert np.array_equal(env.render(), before)
    env.close()


@pytest.mark.browser
@pytest.mark.slow
def test_gymnasiums_own_wrapper_records_a_video(tmp_path: Path) -> None:
    pytest.importorskip("moviepy", reason="RecordVideo writes files by MoviePy")
    env = gymnasium.make(webrl_gym.ENV_ID, engine="chromium", render_mode="rgb_array")
    env = RecordVideo(env, str(tmp_path / "videos"), episode_trigger=lambda _: True)
    env.reset(seed=0)
    env.step('do(action="Click", element="1")')
    env.step("exit()")
    env.close()
    (video,) = (tmp_path / "videos").iterdir()
    # An ISO media file names its type after the length of its first box.
    assert video.read_bytes()[4:8] == b"ftyp"
