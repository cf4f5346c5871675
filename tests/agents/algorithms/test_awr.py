from statistics import fmean

import pytest
import torch

from agents.algorithms import AWR
from agents.errors import CheckpointMismatch, TrainingStopped
from agents.inference import action_log_probs, state_values
from agents.transitions import to_transitions
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_env import demonstration
from tests.agents.toy_runs import TASKS, Interrupting, awr, started_policy, weights, without_times

FAILED = ['do(action="Click", element="1")', "exit()"]
ATTEMPTS = [demonstration(task, actions) for task in TASKS for actions in (None, FAILED)]
OFFLINE = {"mode": "paper", "attempts": ATTEMPTS, "epochs": 2}
HEAD = {"critic_trunk": False, "policy_learning_rate": 3e-3}


def critic_weights(algorithm):
    return torch.cat([tensor.detach().flatten() for tensor in algorithm.critic.parameters()])


@pytest.mark.slow
def test_awr_learns_the_toy_site_online():
    algorithm = awr(started_policy(epochs=50), phases=3, instructions_per_phase=36, critic_trunk=False)
    algorithm.learn()
    rates = [metrics["rollout/success_rate"] for metrics in algorithm.history]
    assert rates[0] < 0.5
    assert rates[-1] > rates[0] + 0.3


def test_offline_the_attempts_are_all_the_data_and_no_environment_is_needed():
    """A temperature of 1,000 tells no action from another: plain imitation of good and bad attempts alike."""
    margins = []
    for temperature in (0.2, 1000.0):
        policy = started_policy()
        algorithm = AWR(policy, None, **OFFLINE, **HEAD, advantage_temperature=temperature, phases=2)
        algorithm.learn()
        steps = to_transitions(ATTEMPTS, policy.renderer).steps
        good, bad = ([step for step in steps if step.outcome == outcome] for outcome in (1.0, 0.0))
        margins.append(fmean(action_log_probs(policy, good, 1000)) - fmean(action_log_probs(policy, bad, 1000)))
    assert margins[0] > margins[1] + 0.5
    assert algorithm.num_timesteps == 0
    first, second = algorithm.history
    assert first["rollout/trajectories"] == second["rollout/trajectories"] == len(ATTEMPTS)
    assert first["data/steps"] == len(steps)
    assert first["rollout/success_rate"] == fmean(item.outcome for item in ATTEMPTS)


def test_the_critic_is_fitted_to_the_discounted_returns():
    values = []
    for discount in (0.5, 1.0):
        algorithm = awr(started_policy(), **OFFLINE, **HEAD, phases=1, discount=discount)
        algorithm.learn()
        steps = to_transitions([demonstration(TASKS[0])], algorithm.policy.renderer).steps
        assert [step.steps_to_go for step in steps] == [1, 0]
        values.append(state_values(algorithm.critic, [step.prompt_ids for step in steps], 1000))
    assert values[0][0] < values[0][1]  # from the start one attempt in two fails, and success is a step away
    assert values[0][0] < values[1][0] - 0.1


def test_a_phase_reports_what_it_did():
    algorithm = awr(started_policy(), **HEAD, phases=1)
    algorithm.learn()
    (metrics,) = algorithm.history
    assert metrics["rollout/trajectories"] == 12
    assert metrics["policy/updates"] > 0
    assert 0.0 < metrics["critic/value_mean"] < 1.0
    assert metrics["advantage/std"] > 0.0
    assert metrics["critic/loss"] > 0.0
    assert algorithm.num_timesteps == metrics["rollout/steps"]


@pytest.mark.parametrize(
    ("stage", "times", "settings"),
    [
        ("policy", 2, {**HEAD, "epochs": 2, "renamed_share": 0.7, "schedule": "run", "averaged_share": 0.5}),
        ("critic", 2, {**OFFLINE, "critic_epochs": 1}),
    ],
)
def test_a_run_that_was_interrupted_ends_bit_equal(tmp_path, stage, times, settings):
    straight = awr(started_policy(), **settings)
    straight.learn()
    interrupted = awr(started_policy(), checkpoint_folder=tmp_path, progress=Interrupting(stage, times), **settings)
    with pytest.raises(KeyboardInterrupt):
        interrupted.learn()
    resumed = awr(tiny_policy(seed=5), checkpoint_folder=tmp_path, **settings)
    assert resumed.resume()
    assert resumed.phase == 1
    resumed.learn()
    assert torch.equal(weights(resumed.policy), weights(straight.policy))
    assert torch.equal(critic_weights(resumed), critic_weights(straight))
    assert without_times(resumed.history) == without_times(straight.history)


def test_what_is_saved_comes_back(tmp_path):
    algorithm = awr(started_policy(), **OFFLINE, **HEAD, phases=1)
    algorithm.learn()
    algorithm.save(tmp_path / "awr")
    loaded = AWR.load(tmp_path / "awr")
    assert (loaded.mode, loaded.phase, loaded.discount) == ("paper", 1, 0.9)
    assert torch.equal(weights(loaded.policy), weights(algorithm.policy))
    assert torch.equal(critic_weights(loaded), critic_weights(algorithm))


def test_a_checkpoint_of_another_mode_is_refused_by_name(tmp_path):
    awr(started_policy(), **OFFLINE, **HEAD, phases=1, checkpoint_folder=tmp_path).learn()
    with pytest.raises(CheckpointMismatch, match="mode: checkpoint 'paper', now 'online'"):
        awr(started_policy(), **HEAD, checkpoint_folder=tmp_path).resume()


def test_offline_attempts_without_a_success_stop():
    lost = [item for item in ATTEMPTS if not item.label.success]
    with pytest.raises(TrainingStopped, match=f"no success: none of {len(lost)}"):
        awr(started_policy(), **{**OFFLINE, "attempts": lost}).learn()
    with pytest.raises(TrainingStopped, match="empty batch: no attempt"):
        awr(started_policy(), mode="paper").learn()


def test_updates_are_counted_by_trajectory():
    algorithm = awr(started_policy(), **OFFLINE, **HEAD, phases=1, updates_per_trajectory=1.5)
    algorithm.learn()
    assert algorithm.history[0]["policy/updates"] == 1.5 * len(ATTEMPTS)


def test_online_learning_needs_an_environment():
    with pytest.raises(ValueError, match="AWR needs an environment"):
        AWR(tiny_policy(), None).learn()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"mode": "offline"}, "mode online or paper, got 'offline'"),
        ({"advantage_temperature": 0.0}, "advantage_temperature"),
        ({"max_weight": 0.0}, "max_weight"),
        ({"discount": 1.5}, "discount"),
        ({"critic_epochs": 0}, "epochs"),
        ({"policy_learning_rate": 0.0}, "learning_rate"),
        ({"critic_optimizer": "lion"}, "got 'lion'"),
        ({"instructions_per_phase": 0}, "instructions_per_phase"),
    ],
)
def test_settings_out_of_range_are_refused_before_anything_runs(changes, named):
    with pytest.raises(ValueError, match=named):
        awr(tiny_policy(), **changes)
