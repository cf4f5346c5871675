"""What a run starts from: chosen tasks, demonstrations, the supervised start, the ORM."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from stable_baselines3.common.vec_env import DummyVecEnv

from agents.errors import TrainingStopped
from agents.preparation import choose_evenly, demonstrate, greedy_success, train_orm, under_other_instructions
from agents.results import Rate
from agents.rollout import RolloutCollector
from agents.scorers import LanguageModelScorer
from tests.agents.tiny_models import tiny_model
from tests.agents.toy_env import ToyEnv, ToySuite, demonstration
from tests.agents.toy_runs import TASKS, demonstrations, started_policy
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import SiteError
from webrl_gym.suites import load_suite
from webrl_gym.types import OutcomeVerdict, VerdictStatus

FAILED = ['do(action="Click", element="1")', "exit()"]
SETTINGS = {
    "learning_rate": 5e-3,
    "optimizer": "adamw",
    "epochs_per_round": 1,
    "tokens_per_batch": 256,
    "seed": 0,
}


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


def test_a_success_is_a_failure_under_another_instruction() -> None:
    done = demonstrations()
    failed = replace(done[0], label=OutcomeVerdict(VerdictStatus.SCORED, 0.0, "rules"))
    made = under_other_instructions([*done, failed], TASKS, seed=0)
    assert len(made) == len(done)
    for item, source in zip(made, done, strict=True):
        assert not item.label.success
        assert item.trajectory.steps == source.trajectory.steps
        assert item.trajectory.task in TASKS
        assert item.trajectory.task.evaluation != source.trajectory.task.evaluation
    assert under_other_instructions(done, TASKS, seed=0) == made
    assert under_other_instructions(done[:1], [done[0].trajectory.task], seed=0) == []


def test_the_orm_learns_to_tell_successes_from_failures() -> None:
    done = demonstrations()
    not_done = [demonstration(task, FAILED) for task in TASKS]
    not_done = [item for item in not_done if not item.label.success]
    scorer = LanguageModelScorer(tiny_model())
    held_out = [item.trajectory for item in (*done, *not_done)]
    report = train_orm(
        scorer,
        [*done, *not_done],
        held_out,
        learning_rate=5e-3,
        optimizer="adamw",
        epochs=40,
        tokens_per_batch=512,
        renamed_share=0.0,
        near_misses_per_success=0.0,
        threshold=0.5,
        seed=0,
    )
    assert (report.examples, report.successes) == (len(done) + len(not_done), len(done))
    assert report.held_out.total == len(held_out)
    assert report.held_out.balanced_accuracy == 1.0


@pytest.mark.parametrize(("threshold", "share_of_yes"), [(0.0, 1), (0.999, 0)])
def test_the_threshold_decides_what_the_report_counts_as_yes(threshold: float, share_of_yes: int) -> None:
    items = [*demonstrations(), *(demonstration(task, FAILED) for task in TASKS)]
    report = train_orm(
        LanguageModelScorer(tiny_model()),
        items,
        [item.trajectory for item in items],
        learning_rate=1e-6,
        optimizer="adamw",
        epochs=1,
        tokens_per_batch=512,
        renamed_share=1.0,
        near_misses_per_success=1.5,
        threshold=threshold,
        seed=0,
    )
    assert report.held_out.true_yes + report.held_out.false_yes == share_of_yes * len(items)
    assert report.held_out.total == len(items)


@pytest.mark.parametrize("outcome", [True, False])
def test_an_orm_needs_both_outcomes(outcome: bool) -> None:
    items = [*demonstrations(), *(demonstration(task, FAILED) for task in TASKS)]
    one_sided = [item for item in items if item.label.success is outcome]
    with pytest.raises(TrainingStopped, match="needs successes and failures, got"):
        train_orm(
            LanguageModelScorer(tiny_model()),
            one_sided,
            [],
            learning_rate=1e-3,
            optimizer="adamw",
            epochs=1,
            tokens_per_batch=512,
            renamed_share=0.0,
            near_misses_per_success=0.0,
            threshold=0.5,
            seed=0,
        )


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
