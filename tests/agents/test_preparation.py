"""What a run starts from: chosen tasks, demonstrations, the supervised start."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from stable_baselines3.common.vec_env import DummyVecEnv

from agents.errors import TrainingStopped
from agents.preparation import choose_evenly, demonstrate, greedy_success
from agents.results import Rate
from agents.rollout import RolloutCollector
from tests.agents.toy_env import ToyEnv, ToySuite
from tests.agents.toy_runs import TASKS, started_policy
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import SiteError
from webrl_gym.suites import load_suite
from webrl_gym.types import OutcomeVerdict, VerdictStatus


def test_every_template_is_chosen_as_often_as_the_others() -> None:
    tasks = load_suite("practice-train").tasks
    templates = {task.template for task in tasks}
    chosen = choose_evenly(tasks, 2 * len(templates), seed=0)
    counts, available = (Counter(task.template for task in some) for some in (chosen, tasks))
    assert all(counts[name] >= min(2, available[name]) for name in templates)
    assert len({task.task_id for task in chosen}) == len(chosen)
    assert {site for task in chosen for site in task.sites} == {site for task in tasks for site in task.sites}


def test_the_seed_decides_the_choice() -> None:
    tasks = load_suite("practice-train").tasks
    assert choose_evenly(tasks, 50, seed=1) == choose_evenly(tasks, 50, seed=1)
    assert choose_evenly(tasks, 50, seed=1) != choose_evenly(tasks, 50, seed=2)
    assert sorted(task.task_id for task in choose_evenly(tasks, 1000, seed=1)) == sorted(t.task_id for t in tasks)


@pytest.mark.parametrize("count", [0, -1, 1001])
def test_only_tasks_that_there_are_can_be_chosen(count: int) -> None:
    with pytest.raises(ValueError, match=f"from 1 to 1000 tasks.*got {count}"):
        choose_evenly(load_suite("practice-train").tasks, count, seed=0)


def test_demonstrations_are_the_oracles_and_all_succeed(env: WebArenaLiteEnv) -> None:
    tasks = choose_evenly(load_suite("practice-train").tasks, 6, seed=0)
    shown = demonstrate(env, tasks)
    assert [item.trajectory.task for item in shown] == tasks
    assert all(item.label.success and item.label.source == "rules" for item in shown)
    assert all(len(item.trajectory.steps) >= 2 for item in shown)


def test_a_demonstration_that_the_infrastructure_breaks_is_repeated_once(
    env: WebArenaLiteEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = load_suite("practice-train").tasks[:1]
    whole = env.step
    breaks = [1]

    def step(action: str):
        if breaks[0]:
            breaks[0] -= 1
            raise SiteError("gone")
        return whole(action)

    monkeypatch.setattr(env, "step", step)
    assert len(demonstrate(env, tasks)) == 1
    breaks[0] = 2
    with pytest.raises(TrainingStopped, match=r"demonstration of practice-train/.* failed: SiteError: gone"):
        demonstrate(env, tasks)


def test_greedy_success_counts_scored_attempts_only() -> None:
    class Unscored(ToyEnv):
        """Cannot tell whether the first task was done."""

        def step(self, action: str):
            *result, info = super().step(action)
            if info["verdict"] is not None and self.task == TASKS[0]:
                info = {**info, "verdict": replace(info["verdict"], status=VerdictStatus.UNSCORED)}
            return (*result, info)

    policy = started_policy()
    plain = greedy_success(RolloutCollector(DummyVecEnv([lambda: ToyEnv(orders=1)]), policy), TASKS)
    assert plain.trials == len(TASKS)
    partly = greedy_success(RolloutCollector(DummyVecEnv([lambda: Unscored(orders=1)]), policy), TASKS)
    assert partly.trials == len(TASKS) - 1
    broken = ToyEnv(broken_resets={TASKS[0].task_id: 2})
    assert greedy_success(RolloutCollector(DummyVecEnv([lambda: broken]), policy), TASKS).trials == len(TASKS) - 1
    assert greedy_success(RolloutCollector(DummyVecEnv([ToyEnv]), policy), []) == Rate(0, 0)
    assert OutcomeVerdict(VerdictStatus.UNSCORED, 1.0, "rules").success is False
    assert len(ToySuite(orders=1).tasks) == len(TASKS)
