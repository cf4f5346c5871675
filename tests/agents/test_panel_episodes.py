"""Episodes of a panel: played as the page decides, with seeds that a stop does not change, and counted as their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stable_baselines3.common.vec_env import DummyVecEnv

from agents.actors import FixedAgent, TaskInfo
from agents.panel import PanelFolder, play_task, run_policy
from agents.prompting import PromptRenderer
from agents.results import CompletionCounts
from agents.rollout import RolloutCollector
from agents.trajectory_io import read_trajectories
from agents.types import Completion, Prompt
from tests.agents.tiny_models import ToyFormatted
from tests.agents.toy_env import ToyEnv, ToySuite

TASKS = ToySuite(orders=2).tasks


class FixedPolicy:
    """Leaves every page at once; Ctrl-C is pressed at batch ``stops_at``."""

    def __init__(self, stops_at: int = 1000) -> None:
        self.renderer = PromptRenderer(ToyFormatted(), 512)
        self.left = stops_at

    def act(self, prompts: Sequence[Prompt], **sampling: Any) -> list[Completion]:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return [Completion('exit(message="")') for _ in prompts]


class Deciding(ToyEnv):
    """Decides of its task at the start, and ends after two steps."""

    @property
    def step_limit(self) -> int:
        return 2

    def reset(self, **given: Any) -> Any:
        observation, info = super().reset(**given)
        self.task = replace(self.task, instruction="Decided now")
        return observation, {**info, "task": self.task}


def seeds(folder: Path) -> dict[str, int]:
    found = read_trajectories(folder / "trajectories.jsonl").trajectories
    return {item.task.task_id: item.steps[0].info["seed"] for item in found}


def test_a_policys_episodes_have_the_same_seeds_after_a_stop(tmp_path: Path) -> None:
    run_policy(RolloutCollector(DummyVecEnv([ToyEnv] * 2), FixedPolicy()), PanelFolder(tmp_path / "whole", "x", TASKS))
    with pytest.raises(KeyboardInterrupt):
        run_policy(RolloutCollector(DummyVecEnv([ToyEnv]), FixedPolicy(2)), PanelFolder(tmp_path / "cut", "x", TASKS))
    assert len(seeds(tmp_path / "cut")) == 2
    run_policy(RolloutCollector(DummyVecEnv([ToyEnv]), FixedPolicy()), PanelFolder(tmp_path / "cut", "x", TASKS))
    assert seeds(tmp_path / "cut") == seeds(tmp_path / "whole")
    assert len(set(seeds(tmp_path / "cut").values())) == len(TASKS)


def test_the_counts_of_the_last_episode_are_not_the_next_ones() -> None:
    class Counting(FixedAgent):
        completion_counts = CompletionCounts(unfinished=7, cut_pages=3)

    env = ToyEnv(broken_resets={TASKS[0].task_id: 1})
    played = [play_task(env, Counting(""), TASKS[0], 0)[0] for _ in range(2)]
    assert [(one.status, one.unfinished, one.cut_pages) for one in played] == [("failed", 0, 0), ("scored", 7, 3)]


def test_actions_of_another_language_are_counted() -> None:
    class Foreign(FixedAgent):
        def act(self, _observation: Any) -> str:
            self.said = getattr(self, "said", 0) + 1
            return "click [1]" if self.said < 3 else 'do(action="Click", element="900")' if self.said < 4 else "exit()"

    result, _ = play_task(ToyEnv(), Foreign(""), TASKS[0], 0)
    assert (result.steps, result.unreadable, result.first_unreadable) == (4, 2, "click [1]")


def test_an_agent_is_told_what_the_page_decided_and_the_environments_limit() -> None:
    class Noting(FixedAgent):
        def reset(self, task_info: TaskInfo) -> None:
            self.told = task_info

    agent = Noting("")
    _, trajectory = play_task(Deciding(), agent, TASKS[0], 0)
    assert (agent.told["instruction"], agent.told["max_steps"]) == ("Decided now", 2)
    assert (trajectory.task.instruction, trajectory.task.task_id) == ("Decided now", TASKS[0].task_id)


def test_a_policys_attempts_hold_what_the_page_decided() -> None:
    rolled = RolloutCollector(DummyVecEnv([Deciding]), FixedPolicy()).collect(TASKS[:1], phase=0)
    assert rolled.trajectories[0].task.instruction == "Decided now"
