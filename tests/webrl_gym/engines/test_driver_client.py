"""Life and death of the browser driver, its browser and their parents, with real processes."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.webrl_gym.engines.conftest import ROOT, make_engine
from webrl_gym.engines import driver_client
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.engines.driver_client import acquire_driver, release_driver
from webrl_gym.errors import BrowserError

pytestmark = [
    pytest.mark.browser,
    pytest.mark.cold_browser,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the process table under /proc"),
]
_PATIENCE = 20


def parents() -> dict[int, int]:
    """Parent of every process of this machine that has not ended."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                found[int(entry.name)] = int(parent)
    return found


def descendants(root: int) -> set[int]:
    table = parents()
    found: set[int] = set()
    front = {root}
    while front:
        front = {pid for pid, parent in table.items() if parent in front} - found
        found |= front
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def await_end(pids: set[int]) -> set[int]:
    """Processes among ``pids`` that are still there after a while."""
    deadline = time.monotonic() + _PATIENCE
    while (left := pids & parents().keys()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


@pytest.fixture
def engine() -> Iterator[ChromiumEngine]:
    made = make_engine()
    made.start([f"{ROOT}/page/second.html"], [])
    yield made
    made.close()


def driver_pid() -> int:
    """Process of the driver that the running engines share."""
    driver = acquire_driver(None)
    try:
        return driver.pid
    finally:
        release_driver(driver)


def wait_until_it_fails(engine: ChromiumEngine) -> None:
    """Uses the page until the news of a killed process has come through."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        engine.snapshot()
        time.sleep(0.02)


def test_closing_the_last_engine_leaves_no_process(engine: ChromiumEngine) -> None:
    other = make_engine()
    pid = driver_pid()
    started = descendants(pid) | {pid}
    assert any("--type=renderer" in command_of(each) for each in started)
    engine.close()
    other.start([f"{ROOT}/page/second.html"], [])
    assert other.snapshot().title == "Second"
    other.close()
    other.close()
    assert await_end(started) == set()
    with pytest.raises(BrowserError, match="closed"):
        other.start([f"{ROOT}/page/second.html"], [])


@pytest.mark.slow
def test_browsers_with_windows_have_a_driver_of_their_own(
    engine: ChromiumEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    headed = acquire_driver(None, headed=True)
    try:
        assert headed.pid != driver_pid()
        with pytest.raises(BrowserError, match="need a working display"):
            headed.call("windowless", "open", settings={"proxy": None, "origins": []})
        assert "--headed" in command_of(headed.pid).split()  # it has answered, so it is past being started
        assert "--headed" not in command_of(driver_pid()).split()
    finally:
        release_driver(headed)


@pytest.mark.parametrize("victim", ["browser", "driver"])
def test_a_killed_process_fails_the_episode_and_the_next_one_works(engine: ChromiumEngine, victim: str) -> None:
    pid = driver_pid()
    started = descendants(pid) | {pid}
    browser = next(
        each for each in started if "--remote-debugging-pipe" in command_of(each) and "--type=" not in command_of(each)
    )
    os.kill(pid if victim == "driver" else browser, signal.SIGKILL)
    with pytest.raises(BrowserError):
        wait_until_it_fails(engine)
    engine.start([f"{ROOT}/page/second.html"], [])
    assert engine.snapshot().title == "Second"
    if victim == "driver":
        assert await_end(started) == set()


def test_a_crashed_page_fails_the_episode_and_the_next_one_works(engine: ChromiumEngine) -> None:
    for pid in descendants(driver_pid()):
        if "--type=renderer" in command_of(pid):
            os.kill(pid, signal.SIGKILL)
    with pytest.raises(BrowserError, match="crashed"):
        wait_until_it_fails(engine)
    engine.start([f"{ROOT}/page/second.html"], [])
    assert engine.snapshot().title == "Second"


def test_engines_in_threads_share_one_browser(engine: ChromiumEngine) -> None:
    titles: list[str] = []

    def episode() -> None:
        mine = make_engine()
        try:
            mine.start([f"{ROOT}/page/controls.html"], [])
            titles.append(mine.snapshot().title)
        finally:
            mine.close()

    threads = [threading.Thread(target=episode) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert titles == ["Controls of a page"] * 3
    assert engine.snapshot().title == "Second"


def test_forgotten_engines_are_tidied_away_wherever_the_collector_runs(engine: ChromiumEngine) -> None:
    forgotten: list[object] = [make_engine()]
    forgotten.append(forgotten)
    driver = acquire_driver(None)
    del forgotten
    with driver_client._drivers_lock:
        gc.collect()
    release_driver(driver)
    deadline = time.monotonic() + _PATIENCE
    while driver.users > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert driver.users == 1
    assert engine.snapshot().title == "Second"


def test_an_engine_works_inside_a_running_event_loop(engine: ChromiumEngine) -> None:
    async def notebook_cell() -> str:
        engine.start([f"{ROOT}/page/controls.html"], [])
        return engine.snapshot().title

    assert asyncio.run(notebook_cell()) == "Controls of a page"


_PROGRAM = """
import os, sys
from tests.webrl_gym.engines.conftest import ROOT, make_engine
from tests.webrl_gym.engines.test_driver_client import driver_pid, descendants
engine = make_engine()
engine.start([ROOT + "/page/second.html"], [])
print(*descendants(os.getpid()), flush=True)
{end}
"""


def run_program(end: str) -> tuple[subprocess.Popen[str], set[int]]:
    """A Python process with an engine in the middle of an episode, and all processes that it started."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM.format(end=end)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    started = {int(pid) for pid in process.stdout.readline().split()}
    assert len(started) > 3
    return process, started


@pytest.mark.parametrize("end", ["pass", pytest.param("raise SystemExit(3)", marks=pytest.mark.slow), "1 / 0"])
def test_the_end_of_the_interpreter_ends_everything(end: str) -> None:
    process, started = run_program(f"sys.stderr = open(os.devnull, 'w')\n{end}")
    process.communicate(timeout=_PATIENCE)
    assert await_end(started) == set()


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_killed_parent_takes_everything_with_it(number: signal.Signals) -> None:
    process, started = run_program("sys.stdin.read()")
    process.send_signal(number)
    process.communicate(timeout=_PATIENCE)
    assert await_end(started) == set()


def test_a_forked_child_has_a_driver_of_its_own() -> None:
    process, started = run_program(
        "import warnings; warnings.simplefilter('ignore')\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    own = make_engine()\n"
        "    own.start([ROOT + '/page/controls.html'], [])\n"
        "    title = own.snapshot().title\n"
        "    own.close()\n"
        "    os._exit(0 if title == 'Controls of a page' else 1)\n"
        "code = os.waitpid(child, 0)[1]\n"
        "print(code, engine.snapshot().title, flush=True)\n"
    )
    output, _ = process.communicate(timeout=_PATIENCE)
    assert output.strip() == "0 Second"
    assert await_end(started) == set()


def test_a_driver_that_hangs_is_ended_and_the_next_episode_gets_another(
    engine: ChromiumEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_client, "_ROOM", 1.0)
    monkeypatch.setattr(driver_client, "request_limit", lambda _: 0.5)
    pid = driver_pid()
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(BrowserError, match="did not answer 'snapshot' within 2 s"):
        engine.snapshot()
    assert await_end({pid}) == set()
    monkeypatch.undo()
    engine.start([f"{ROOT}/page/second.html"], [])
    assert engine.snapshot().title == "Second"
