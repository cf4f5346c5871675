"""How suite ``miniwob`` treats its pages, shown on a page of our own that has their protocol."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import TaskFileError
from webrl_gym.tasks.miniwob.suite import FOLDER_VARIABLE, miniwob_suite

CORE = """
var WOB_DONE_GLOBAL = false, WOB_RAW_REWARD_GLOBAL = 0;
const core = {
  EPISODE_MAX_TIME: 100,
  cover_div: null,
  mode: "default",
  startEpisode() {
    core.cover_div = document.createElement("div");
    core.cover_div.textContent = "START";
    document.body.append(core.cover_div);
  },
  startEpisodeReal() {
    genProblem();
    WOB_DONE_GLOBAL = false;
    core.timer = setInterval(() => { document.getElementById("reward-display").textContent += "."; }, 10);
    setTimeout(() => core.endEpisode(-1), core.EPISODE_MAX_TIME);
  },
  clearTimer() { clearInterval(core.timer); },
  endEpisode(reward) {
    WOB_RAW_REWARD_GLOBAL = reward;
    WOB_DONE_GLOBAL = true;
    core.startEpisode();
  },
  setDataMode(mode) { core.mode = mode; },
  getUtterance: () => document.getElementById("query").textContent,
};
Math.seedrandom = (state) => {
  Math.random = () => (state = state * 16807 % 2147483647) / 2147483647;
};
"""
PAGE = """<!DOCTYPE html><title>Two boxes</title><script src="../core/core.js"></script>
<div id="query"></div><div id="area"></div><div id="reward-display">Time left</div><script>
function genProblem() {
  const wanted = Math.random() < 0.5 ? "red" : "blue";
  document.getElementById("query").textContent = `In ${core.mode}: click on ${wanted}.`;
  document.getElementById("area").innerHTML =
    '<span data-color="red"></span><span class="blue"></span><div id="half">Half</div><section><p>Text</p></section>';
  const rewards = { red: wanted === "red" ? 1 : -1, blue: wanted === "blue" ? 1 : -1, half: 0.5 };
  for (const box of document.querySelectorAll("#area > *")) {
    box.style = "display: inline-block; width: 40px; height: 40px;";
    const name = box.dataset.color || box.className || box.id;
    if (name) box.addEventListener("click", () => core.endEpisode(rewards[name]));
    else box.addEventListener("click", () => { location.reload(); });
  }
}
onload = () => core.startEpisode();
</script>"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "core").mkdir()
    (tmp_path / "miniwob").mkdir()
    (tmp_path / "core" / "core.js").write_text(CORE, encoding="utf-8")
    (tmp_path / "miniwob" / "two-boxes.html").write_text(PAGE, encoding="utf-8")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture
def env(folder: Path) -> Iterator[WebArenaLiteEnv]:
    made = WebArenaLiteEnv(suite="miniwob", engine="chromium")
    yield made
    made.close()


@pytest.mark.browser
def test_a_page_begins_without_cover_and_clock_and_names_what_listens(env: WebArenaLiteEnv) -> None:
    observation, info = env.reset(seed=4)
    assert info["task"].task_id == "miniwob/two-boxes"
    lines = observation["html"].split("\n")
    assert lines[0] == observation["instruction"]
    assert lines[0].startswith("In train: click on ")
    assert lines[1:] == [
        '<button id="0"> red </button> <button id="1"> blue </button>',
        '<button id="2"> Half </button>',
        "Text",
    ]
    assert env.reset(seed=4)[0] == observation
    assert len({env.reset(seed=seed)[0]["instruction"] for seed in range(8)}) == 2


@pytest.mark.browser
@pytest.mark.parametrize(("choice", "score"), [("right", 1.0), ("wrong", 0.0), ("half", 0.5)])
def test_the_pages_reward_ends_and_scores_the_episode(env: WebArenaLiteEnv, choice: str, score: float) -> None:
    observation, _ = env.reset(seed=4)
    right = "0" if "red" in observation["instruction"] else "1"
    element = {"right": right, "wrong": "1" if right == "0" else "0", "half": "2"}[choice]
    observation, reward, terminated, _, info = env.step(f'do(action="Click", element="{element}")')
    assert (reward, terminated, info["verdict"].score) == (float(score == 1.0), True, score)
    assert "START" not in observation["html"]


@pytest.mark.browser
def test_the_pages_clock_ends_nothing(env: WebArenaLiteEnv) -> None:
    env.reset(seed=4)
    assert env.step('do(action="Wait")')[2] is False
    _, reward, terminated, _, info = env.step("exit()")
    assert (reward, terminated, info["verdict"].score) == (0.0, True, 0.0)


def test_the_suite_holds_the_pages_that_are_there(folder: Path) -> None:
    suite = miniwob_suite()
    assert [(task.task_id, task.instruction) for task in suite] == [("miniwob/two-boxes", "MiniWoB++ two-boxes")]
    (folder / "core" / "core.js").unlink()
    with pytest.raises(TaskFileError, match=r"there is no core/core.js"):
        miniwob_suite()


def test_what_is_not_installed_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(TaskFileError, match="pip install --no-deps miniwob"):
        miniwob_suite()
