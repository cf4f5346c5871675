import pytest
import torch

from agents.errors import TrainingStopped
from agents.rollout import RolloutCollector
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_env import demonstration
from tests.agents.toy_runs import TASKS, demonstrations, environments, sft, weights


def success_rate(policy):
    rollout = RolloutCollector(environments(3), policy).collect(TASKS, phase=0, temperature=0.0)
    return sum(trajectory.rule_verdict.success for trajectory in rollout.trajectories) / len(TASKS)


def test_sft_learns_the_demonstrations():
    policy = tiny_policy()
    assert success_rate(policy) < 1.0
    algorithm = sft(policy, epochs=150)
    algorithm.learn()
    assert success_rate(policy) == 1.0
    assert algorithm.num_timesteps == 0
    assert algorithm.history[0]["data/steps"] == 6


def test_only_successes_are_imitated():
    failure = demonstration(TASKS[0], ['exit(message="")'])
    algorithm = sft(tiny_policy(), demonstrations=[failure, *demonstrations()], epochs=1)
    algorithm.learn()
    assert algorithm.history[0]["data/trajectories"] == 3
    with pytest.raises(TrainingStopped, match="sft: there is no training example"):
        sft(tiny_policy(), demonstrations=[failure]).learn()


def test_one_seed_gives_one_result():
    first, again, other = tiny_policy(), tiny_policy(), tiny_policy()
    for policy, seed in ((first, 0), (again, 0), (other, 1)):
        sft(policy, epochs=2, tokens_per_batch=64, seed=seed).learn()
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="schedule"):
        sft(tiny_policy(), schedule="steps")
