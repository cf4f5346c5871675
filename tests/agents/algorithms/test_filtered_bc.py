from statistics import fmean

import pytest
import torch

from agents.errors import TrainingStopped
from agents.trajectory_io import read_trajectories
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_env import demonstration
from tests.agents.toy_runs import TASKS, environments, filtered_bc, started_policy, weights, without_times


def test_imitating_successes_raises_the_success_rate():
    algorithm = filtered_bc(started_policy(epochs=50), phases=6, instructions_per_phase=36)
    algorithm.learn()
    rates = [metrics["rollout/success_rate"] for metrics in algorithm.history]
    assert rates[0] < 0.5
    assert fmean(rates[-2:]) > rates[0] + 0.2  # one phase has a standard error of 8 points


def test_a_phase_without_a_success_stops():
    with pytest.raises(TrainingStopped, match="no success: none of 3"):
        filtered_bc(tiny_policy(), instructions_per_phase=3).learn()


def test_a_resumed_run_ends_bit_equal(tmp_path):
    straight = filtered_bc(started_policy(), phases=3)
    straight.learn()
    filtered_bc(started_policy(), phases=2, checkpoint_folder=tmp_path).learn()
    resumed = filtered_bc(tiny_policy(), phases=3, checkpoint_folder=tmp_path)
    assert resumed.resume()
    resumed.learn()
    assert torch.equal(weights(resumed.policy), weights(straight.policy))
    assert without_times(resumed.history) == without_times(straight.history)


def test_trajectories_of_each_phase_are_written(tmp_path):
    broken = {TASKS[0].task_id: 99}
    algorithm = filtered_bc(
        started_policy(), environments(broken_resets=broken), phases=2, trajectory_folder=tmp_path / "rollouts"
    )
    algorithm.learn()
    files = sorted((tmp_path / "rollouts").iterdir())
    assert [path.name for path in files] == ["phase-0001.jsonl.gz", "phase-0002.jsonl.gz"]
    for path, metrics in zip(files, algorithm.history, strict=True):
        read = read_trajectories(path)
        assert len(read.labelled) == metrics["rollout/trajectories"]
        failed = [trajectory for trajectory in read.trajectories if trajectory.failure]
        assert len(failed) == metrics["rollout/infrastructure_failures"] > 0


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="epochs"):
        filtered_bc(tiny_policy(), epochs=0)
    with pytest.raises(ValueError, match="mode online or paper, got 'offline'"):
        filtered_bc(tiny_policy(), mode="offline")
    with pytest.raises(ValueError, match="updates_per_trajectory"):
        filtered_bc(tiny_policy(), updates_per_trajectory=0.0)


def test_as_in_the_paper_it_learns_from_the_starting_policys_attempts_alone():
    attempts = [demonstration(TASKS[0]), demonstration(TASKS[1], ["exit()"])]
    algorithm = filtered_bc(started_policy(), mode="paper", attempts=attempts, phases=2)
    algorithm.learn()
    assert algorithm.num_timesteps == 0
    assert [metrics["rollout/success_rate"] for metrics in algorithm.history] == [0.5, 0.5]
    with pytest.raises(TrainingStopped, match="no success: none of 1"):
        filtered_bc(started_policy(), mode="paper", attempts=attempts[1:]).learn()
    with pytest.raises(TrainingStopped, match="empty batch: no attempt"):
        filtered_bc(started_policy(), mode="paper").learn()


def test_updates_are_counted_by_trajectory():
    algorithm = filtered_bc(started_policy(), phases=2, updates_per_trajectory=1.5)
    algorithm.learn()
    assert [metrics["policy/updates"] for metrics in algorithm.history] == [18, 18]
