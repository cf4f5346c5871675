import dataclasses
import os
import re
import signal

import pytest
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

from agents.environments import ReportedResets, environment_seed
from agents.errors import GenerationFailed, PromptTooLong
from agents.prompting import PromptRenderer
from agents.rollout import RolloutCollector
from agents.types import Completion
from tests.agents.tiny_models import ToyFormatted
from tests.agents.toy_env import ORDERS, ToyEnv, ToySuite, demonstration, toy_task
from webrl_gym.errors import InfrastructureError

TASKS = ToySuite().tasks


class WordPolicy:
    """Clicks the link with the task's word, but always the first one when the word is Green; leaves elsewhere."""

    def __init__(self, max_tokens=512):
        self.renderer = PromptRenderer(ToyFormatted(), max_tokens)
        self.batches = []

    def act(self, prompts, *, temperature, generator):
        self.batches.append((len(prompts), temperature))
        return [Completion(self.answer(prompt.text), (3, 1), (-0.5, -0.1)) for prompt in prompts]

    @staticmethod
    def answer(text):
        word = re.search(r"task: Open (\w+)", text)[1]
        link = re.search(rf'<a id="(\d)"> {"[A-Z]" if word == "Green" else word}', text)
        home = "<h1> Home </h1>" in text
        return f'do(action="Click", element="{link[1]}")' if link and home else 'exit(message="")'


class Shown:
    def __init__(self):
        self.events = []

    def begin(self, stage, total):
        self.events.append((stage, total))

    def advance(self, count=1):
        self.events.append(count)

    def end(self):
        self.events.append("end")


def dummy(slots, **broken):
    return DummyVecEnv([lambda: ToyEnv(**broken) for _ in range(slots)])


def without_timing(rollout):
    def bare(trajectory):
        return dataclasses.replace(
            trajectory, steps=tuple(dataclasses.replace(step, info={}) for step in trajectory.steps)
        )

    return tuple(bare(trajectory) for trajectory in rollout.trajectories)


def test_a_rollout_holds_one_trajectory_a_task_in_order():
    shown, steps = Shown(), []
    rollout = RolloutCollector(dummy(4), WordPolicy()).collect(
        TASKS, phase=3, temperature=0.0, progress=shown, on_steps=lambda results: steps.append(len(results))
    )
    assert [trajectory.task for trajectory in rollout.trajectories] == list(TASKS)
    assert {trajectory.phase for trajectory in rollout.trajectories} == {3}
    assert rollout.failures == ()
    assert rollout.steps == sum(steps) == sum(len(trajectory.steps) for trajectory in rollout.trajectories)
    assert shown.events == [("rollout", 18), *[1] * 18, "end"]
    for trajectory in rollout.trajectories:
        colour, order = trajectory.task.parameters["colour"], int(trajectory.task.parameters["order"])
        assert trajectory.rule_verdict.success is (colour != "Green" or ORDERS[order][0] == "Green")
        assert not trajectory.truncated


def test_steps_hold_what_was_read_written_and_given():
    trajectory = RolloutCollector(dummy(1), WordPolicy()).collect([TASKS[0]], phase=1).trajectories[0]
    expected = demonstration(TASKS[0]).trajectory
    assert [step.observation for step in trajectory.steps] == [step.observation for step in expected.steps]
    assert [step.completion.text for step in trajectory.steps] == [step.completion.text for step in expected.steps]
    assert [step.reward for step in trajectory.steps] == [0.0, 1.0]
    assert trajectory.final_observation == expected.final_observation
    assert trajectory.steps[0].completion.token_ids == (3, 1)
    assert 'Click "Red"' in trajectory.steps[1].prompt.text
    assert set(trajectory.steps[0].info) == {"timing", "site_state", "seed"}
    assert trajectory.steps[0].info["site_state"] == "clean"  # as it was found: the first step says it, and no other
    assert set(trajectory.steps[1].info) == {"timing"}


@pytest.mark.parametrize("slots", [1, 3, 18, 40])
def test_the_number_of_slots_changes_nothing_but_the_batches(slots):
    policy = WordPolicy()
    rollout = RolloutCollector(dummy(slots), policy).collect(TASKS, phase=1, temperature=0.0)
    alone = RolloutCollector(dummy(1), WordPolicy()).collect(TASKS, phase=1, temperature=0.0)
    assert without_timing(rollout) == without_timing(alone)
    assert max(size for size, _ in policy.batches) == min(slots, len(TASKS))
    assert {temperature for _, temperature in policy.batches} == {0.0}


def test_a_slot_takes_the_next_task_as_soon_as_one_ends():
    class Slow(WordPolicy):
        @staticmethod
        def answer(text):
            return "no action" if "Open Red" in text else 'exit(message="")'

    policy = Slow()
    tasks = [toy_task("Red", 0), *(toy_task("Blue", order) for order in range(4))]
    rollout = RolloutCollector(dummy(2), policy).collect(tasks, phase=1)
    assert [size for size, _ in policy.batches] == [2, 2, 2, 2]
    assert [trajectory.truncated for trajectory in rollout.trajectories] == [True, False, False, False, False]
    assert rollout.trajectories[0].steps[0].info["action_error"]
    assert not rollout.trajectories[0].rule_verdict.success


def test_every_attempt_is_told_as_soon_as_it_ends():
    class Late(WordPolicy):
        """Leaves at once, apart from the first task, which goes on to its step limit."""

        def act(self, prompts, *, temperature, generator):
            told_before_batch.append(len(told))
            return super().act(prompts, temperature=temperature, generator=generator)

        @staticmethod
        def answer(text):
            return "no action" if "Open Red" in text else 'exit(message="")'

    told, told_before_batch = [], []
    tasks = [toy_task("Red", 0), *(toy_task("Blue", order) for order in range(3)), toy_task("Green", 0)]
    collector = RolloutCollector(dummy(2, broken_resets={tasks[4].task_id: 2}), Late())
    rollout = collector.collect(tasks, phase=1, on_trajectory=told.append)
    assert told_before_batch == [0, 1, 2, 3]
    assert [tasks.index(trajectory.task) for trajectory in told] == [1, 2, 3, 0, 4]
    assert sorted(told, key=lambda item: tasks.index(item.task)) == [*rollout.trajectories, *rollout.failures]


def test_what_the_listener_raises_ends_the_rollout():
    def stop(trajectory):
        raise KeyboardInterrupt

    shown = Shown()
    with pytest.raises(KeyboardInterrupt):
        RolloutCollector(dummy(2), WordPolicy()).collect(TASKS, phase=1, progress=shown, on_trajectory=stop)
    assert shown.events == [("rollout", 18), "end"]


@pytest.mark.parametrize("where", ["broken_resets", "broken_steps"])
def test_infrastructure_failures_are_retried_once_and_recorded_apart(where):
    once, twice = TASKS[1], TASKS[4]
    vec_env = dummy(1, **{where: {once.task_id: 1, twice.task_id: 2}})
    rollout = RolloutCollector(vec_env, WordPolicy()).collect(TASKS[:6], phase=1, temperature=0.0)
    assert [trajectory.task for trajectory in rollout.trajectories] == [*TASKS[:4], TASKS[5]]
    assert [trajectory.task for trajectory in rollout.failures] == [twice]
    assert rollout.retries == 2
    assert "toy site" in rollout.failures[0].failure
    assert rollout.failures[0].rule_verdict is None


def test_a_prompt_that_is_too_long_is_a_failure_without_a_retry():
    rollout = RolloutCollector(dummy(2), WordPolicy(max_tokens=5)).collect(TASKS[:2], phase=1)
    assert rollout.retries == 0
    assert [trajectory.failure.split(":")[0] for trajectory in rollout.failures] == ["PromptTooLong"] * 2


def test_a_policy_whose_history_outgrows_its_prompt_has_failed(monkeypatch):
    def render(observation, history, render=PromptRenderer.render):
        if history:
            raise PromptTooLong("900 tokens")
        return render(policy.renderer, observation, history)

    policy = WordPolicy()
    monkeypatch.setattr(policy.renderer, "render", render)
    rollout = RolloutCollector(dummy(2), policy).collect(TASKS[:2], phase=1)
    assert rollout.failures == ()
    for trajectory in rollout.trajectories:
        assert (len(trajectory.steps), trajectory.truncated) == (1, True)
        verdict = trajectory.rule_verdict
        assert (verdict.status, verdict.success, verdict.detail) == ("scored", False, "PromptTooLong: 900 tokens")


def test_wrapped_resets_report_failures_instead_of_raising():
    env = ReportedResets(ToyEnv(broken_resets={TASKS[0].task_id: 1}))
    observation, info = env.reset(options={"task": TASKS[0]})
    assert observation["html"] == ""
    assert info["failure"] == "InfrastructureError: the toy site did not answer"
    assert env.reset(options={"task": TASKS[0]})[0]["instruction"] == "Open Red"


def test_start_observations_open_every_task():
    vec_env = dummy(2, broken_resets={TASKS[2].task_id: 1})
    observations = RolloutCollector(vec_env, WordPolicy()).start_observations(TASKS[:5])
    assert observations[2] is None
    expected = [demonstration(task).trajectory.steps[0].observation for task in TASKS[:5]]
    assert [found for found in observations if found] == [*expected[:2], *expected[3:]]
    assert RolloutCollector(vec_env, WordPolicy()).start_observations([]) == []


def test_a_monitored_environment_works_too():
    vec_env = DummyVecEnv([lambda: Monitor(ToyEnv())])
    assert len(RolloutCollector(vec_env, WordPolicy()).collect(TASKS[:3], phase=1).trajectories) == 3


def test_a_policy_that_cannot_answer_ends_the_rollout_and_the_next_one_works():
    class Silent(WordPolicy):
        def act(self, prompts, *, temperature, generator):
            raise GenerationFailed("no server")

    vec_env, shown = dummy(2), Shown()
    with pytest.raises(GenerationFailed):
        RolloutCollector(vec_env, Silent()).collect(TASKS, phase=1, progress=shown)
    assert shown.events[-1] == "end"
    assert len(RolloutCollector(vec_env, WordPolicy()).collect(TASKS, phase=1).trajectories) == 18


def test_environment_seeds_belong_to_places():
    seeds = [environment_seed(0, index) for index in range(20)] + [environment_seed(1, 0)]
    assert len(set(seeds)) == 21


class DyingEnv(ToyEnv):
    """Its process ends in the middle of one task."""

    def step(self, action):
        if self.task.task_id == TASKS[1].task_id:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step(action)

    def reset(self, *, seed=None, options=None):
        return super().reset(seed=seed, options=options)


@pytest.mark.slow
def test_processes_give_the_same_and_may_die():
    vec_env = SubprocVecEnv([lambda: ReportedResets(DyingEnv()) for _ in range(2)], start_method="forkserver")
    try:
        collector = RolloutCollector(vec_env, WordPolicy())
        rollout = collector.collect([TASKS[0], *TASKS[2:6]], phase=1, temperature=0.0)
        alone = RolloutCollector(dummy(1), WordPolicy()).collect([TASKS[0], *TASKS[2:6]], phase=1, temperature=0.0)
        assert without_timing(rollout) == without_timing(alone)
        with pytest.raises(InfrastructureError, match="All 2 environment processes"):
            collector.collect(TASKS[:4], phase=1)
    finally:
        for process in vec_env.processes:
            process.kill()
