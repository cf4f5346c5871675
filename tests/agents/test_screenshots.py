"""Pictures beside the steps of recorded attempts; the toy site stands for the browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.panel import PanelFolder
from agents.results import EpisodeResult
from agents.screenshots import FOLDER, add_screenshots
from agents.trajectory_io import read_trajectories
from tests.agents.toy_env import ToyEnv, ToySuite, demonstration
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import InfrastructureError

TASKS = ToySuite(orders=1).tasks


class Camera(ToyEnv):
    """The toy site with pictures that say which page they show."""

    def screenshot(self) -> bytes:
        return f"{self.task.parameters['colour']}: {self._page or 'Home'}".encode()

    def get_wrapper_attr(self, name: str):
        return getattr(self, name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A result folder of three attempts of two steps."""
    panel = PanelFolder(tmp_path, "toy", TASKS)
    for task in TASKS:
        panel.add(EpisodeResult(task.task_id, "OSS", "scored", True, 2), demonstration(task).trajectory)
    return tmp_path


def named(folder: Path) -> list[list[str | None]]:
    """Names of the pictures by attempt and step."""
    attempts = read_trajectories(folder / "trajectories.jsonl").trajectories
    return [[step.info.get("screenshot") for step in attempt.steps] for attempt in attempts]


def test_each_page_of_the_chosen_attempts_gets_its_picture(folder: Path) -> None:
    before = read_trajectories(folder / "trajectories.jsonl").trajectories
    assert add_screenshots(folder, Camera(), [TASKS[0].task_id, TASKS[2].task_id]) == 4
    pictures = named(folder)
    assert pictures[1] == [None, None]
    shown = [[(folder / name).read_text(encoding="utf-8") for name in pictures[place] if name] for place in (0, 2)]
    assert shown == [["Red: Home", "Red: Red"], ["Blue: Home", "Blue: Blue"]]
    after = read_trajectories(folder / "trajectories.jsonl").trajectories
    assert [attempt.task for attempt in after] == [attempt.task for attempt in before]
    assert len(list((folder / FOLDER).iterdir())) == 4


def test_more_pictures_can_be_added_later(folder: Path) -> None:
    add_screenshots(folder, Camera(), [TASKS[0].task_id])
    add_screenshots(folder, Camera(), [TASKS[1].task_id])
    assert [[name is not None for name in names] for names in named(folder)] == [[True] * 2, [True] * 2, [False] * 2]
    assert len(list((folder / FOLDER).iterdir())) == 4


def test_where_the_pages_differ_there_is_no_picture(folder: Path) -> None:
    class Elsewhere(Camera):
        def step(self, action: str):
            observation, *result = super().step(action)
            return {**observation, "html": "another page"}, *result

    assert add_screenshots(folder, Elsewhere(), [TASKS[0].task_id]) == 1
    assert [name is not None for name in named(folder)[0]] == [True, False]


def test_an_episode_that_breaks_in_the_middle_keeps_the_pictures_before_it(folder: Path) -> None:
    class Breaks(Camera):
        def step(self, action: str):
            observation, reward, _, _, info = super().step(action)
            return observation, reward, False, True, {**info, "failure": "BrowserError: gone"}

    assert add_screenshots(folder, Breaks(), [TASKS[0].task_id]) == 1


@pytest.mark.parametrize("error", [InfrastructureError("gone"), KeyboardInterrupt()])
def test_what_stops_it_leaves_the_folder_as_it_was(folder: Path, error: BaseException) -> None:
    class Stops(Camera):
        def screenshot(self) -> bytes:
            if self.task == TASKS[1]:
                raise error
            return super().screenshot()

    before = (folder / "trajectories.jsonl").read_bytes()
    with pytest.raises(type(error)):
        add_screenshots(folder, Stops(), [task.task_id for task in TASKS])
    assert (folder / "trajectories.jsonl").read_bytes() == before
    assert not (folder / FOLDER).exists()
    assert add_screenshots(folder, Camera(), [task.task_id for task in TASKS]) == 6
    assert len(list((folder / FOLDER).iterdir())) == 6


def test_an_engine_without_pictures_is_refused(folder: Path, env: WebArenaLiteEnv, tmp_path: Path) -> None:
    task = env.suite.tasks[0]
    observation, _ = env.reset(options={"task": task})
    attempt = demonstration(TASKS[0]).trajectory
    steps = tuple(
        type(step)(observation, step.prompt, step.completion, step.reward, step.info) for step in attempt.steps[:1]
    )
    panel = PanelFolder(tmp_path / "static", "x", [task])
    changed = type(attempt)(task, steps, observation, 0, False, None, attempt.rule_verdict)
    panel.add(EpisodeResult(task.task_id, "OSS", "scored", False, 1), changed)
    with pytest.raises(ValueError, match="chromium engine"):
        add_screenshots(panel.folder, env, [task.task_id])
