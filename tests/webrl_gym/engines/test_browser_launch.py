from __future__ import annotations

from pathlib import Path

import pytest

from webrl_gym.engines.browser_launch import CHROMIUM_VARIABLE, chromium_flags, find_chromium
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.errors import BrowserMissing
from webrl_gym.sites.worlds import World


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An executable called chromium, which is not on PATH yet, on a machine that has no other."""
    monkeypatch.delenv(CHROMIUM_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    path = tmp_path / "bin" / "chromium"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\nexit 3\n")
    path.chmod(0o755)
    return path


def test_a_named_path_wins(browser: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHROMIUM_VARIABLE, "/not/there")
    assert find_chromium(str(browser), None) == str(browser)


def test_then_the_variable_then_the_download_then_path(browser: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    downloaded = browser.with_name("downloaded")
    downloaded.write_text("")
    downloaded.chmod(0o755)
    monkeypatch.setenv("PATH", str(browser.parent))
    assert find_chromium(None, "/not/there") == str(browser)
    assert find_chromium(None, str(downloaded)) == str(downloaded)
    monkeypatch.setenv(CHROMIUM_VARIABLE, str(browser))
    assert find_chromium(None, str(downloaded)) == str(browser)


def test_none_at_all_says_what_was_tried_and_how_to_get_one(browser: Path) -> None:
    with pytest.raises(BrowserMissing) as caught:
        find_chromium(None, "/cache/chrome")
    message = str(caught.value)
    for part in ("/cache/chrome", "google-chrome (on PATH)", "playwright install chromium", "apt-get", "package"):
        assert part in message


def test_a_named_path_that_is_not_there_is_not_replaced_by_another(
    browser: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(browser.parent))
    with pytest.raises(BrowserMissing, match="/not/there"):
        find_chromium("/not/there", None)


@pytest.mark.parametrize("root", [True, False])
def test_the_sandbox_is_off_for_root_only(root: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    assert ("--no-sandbox" in chromium_flags()) is root


@pytest.mark.browser
@pytest.mark.parametrize("named", ["/not/there/chromium", "broken"])
def test_an_engine_without_a_browser_fails_when_it_is_made(world: World, browser: Path, named: str) -> None:
    path = str(browser) if named == "broken" else named
    with pytest.raises(BrowserMissing, match=path):
        ChromiumEngine(world, executable=path)
