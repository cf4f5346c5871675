import pytest
import torch

from agents.algorithms import DigiRL
from agents.errors import TrainingStopped
from agents.inference import state_values
from agents.labelling import RuleLabeller
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_env import demonstration
from tests.agents.toy_runs import TASKS, Interrupting, digirl, environments, started_policy, weights, without_times

FAILED = ['do(action="Click", element="1")', "exit()"]
HEAD = {"critic_trunk": False}


def critic_weights(algorithm):
    critics = (algorithm.critic, algorithm.instruction_critic)
    return torch.cat([tensor.detach().flatten() for critic in critics for tensor in critic.parameters()])


@pytest.mark.slow
def test_digirl_learns_the_toy_site():
    algorithm = digirl(started_policy(epochs=50), phases=5, instructions_per_phase=36, critic_trunk=False)
    algorithm.learn()
    rates = [metrics["rollout/success_rate"] for metrics in algorithm.history]
    assert rates[0] < 0.5
    assert rates[-1] > rates[0] + 0.3


def test_every_phase_attempts_the_instructions_of_the_first():
    attempted = []

    class Recording(RuleLabeller):
        def judge(self, trajectories):
            attempted.append([item.task.key for item in trajectories])
            return super().judge(trajectories)

    algorithm = digirl(
        started_policy(), environments(orders=4), labeller=Recording(), instructions_per_phase=8, critic_trunk=False
    )
    algorithm.learn()
    assert attempted[0] == attempted[1]
    assert len(set(attempted[0])) == 8
    other = digirl(started_policy(), environments(orders=4), seed=1, instructions_per_phase=8)
    assert [task.key for task in other.sample_tasks(8, 1, 0)] != attempted[0]


def test_a_phase_reports_what_it_did_and_keeps_every_attempt():
    algorithm = digirl(started_policy(), critic_trunk=False)
    algorithm.learn()
    first, second = algorithm.history
    assert (first["replay/trajectories"], second["replay/trajectories"]) == (12, 24)
    assert len(algorithm.replay) == second["replay/steps"] == first["rollout/steps"] + second["rollout/steps"]
    assert {item.label.success for item in algorithm.replay.items} == {True, False}
    assert (first["replay/chosen"], second["replay/chosen"]) == (4, 7)
    assert 0.0 < first["advantage/helpful_share"] <= 1.0
    assert 0.0 < first["instruction_critic/value_mean"] < 1.0
    assert first["instruction_critic/loss"] > 0.0
    assert first["policy/updates"] > 0


def test_successes_at_hard_instructions_are_chosen_first():
    """Each colour was tried four times: Red was done always, Green one time in four, Blue never."""
    done = {"Red": 4, "Green": 1, "Blue": 0}
    algorithm = digirl(started_policy(), trajectory_share=1 / 12, critic_trunk=False)
    for task in TASKS:
        successes = done[task.parameters["colour"]]
        wrong = ['do(action="Click", element="0")', "exit()"] if task.parameters["colour"] != "Red" else FAILED
        algorithm.replay.add(demonstration(task, None if place < successes else wrong) for place in range(4))
    assert sum(item.label.success for item in algorithm.replay.items) == 5
    (chosen,) = algorithm._best_attempts(algorithm.replay.items, 1, {})
    assert (chosen.trajectory.task.parameters["colour"], chosen.label.success) == ("Green", True)
    prompts = {item.trajectory.task.parameters["colour"]: item for item in algorithm.replay.items}
    values = {
        colour: state_values(algorithm.instruction_critic, [algorithm._instruction_prompt(item)], 1000)[0]
        for colour, item in prompts.items()
    }
    assert values == pytest.approx({"Red": 1.0, "Green": 0.25, "Blue": 0.0}, abs=0.1)


def test_the_instruction_critic_reads_no_page():
    algorithm = digirl(started_policy())
    one, other = demonstration(TASKS[0]), demonstration(TASKS[1])
    ids = algorithm._instruction_prompt(one)
    assert len(ids) < len(algorithm.policy.renderer.render(one.trajectory.steps[0].observation, ()).token_ids)
    assert ids != algorithm._instruction_prompt(other)
    assert ids == algorithm._instruction_prompt(demonstration(TASKS[0], FAILED))


@pytest.mark.parametrize(
    ("stage", "times", "settings"),
    [
        ("instruction critic", 2, {"critic_epochs": 1, "epochs": 1}),
        ("policy", 2, {**HEAD, "epochs": 2, "renamed_share": 0.7, "schedule": "run", "averaged_share": 0.5}),
    ],
)
def test_a_run_that_was_interrupted_ends_bit_equal(tmp_path, stage, times, settings):
    straight = digirl(started_policy(), **settings)
    straight.learn()
    interrupted = digirl(started_policy(), checkpoint_folder=tmp_path, progress=Interrupting(stage, times), **settings)
    with pytest.raises(KeyboardInterrupt):
        interrupted.learn()
    resumed = digirl(tiny_policy(seed=5), checkpoint_folder=tmp_path, **settings)
    assert resumed.resume()
    assert resumed.phase == 1
    resumed.learn()
    assert torch.equal(weights(resumed.policy), weights(straight.policy))
    assert torch.equal(critic_weights(resumed), critic_weights(straight))
    assert list(resumed.replay.as_records()) == list(straight.replay.as_records())
    assert without_times(resumed.history) == without_times(straight.history)


def test_a_phase_that_is_begun_again_keeps_its_attempts_once():
    algorithm = digirl(started_policy(), phases=1, progress=Interrupting("policy"))
    with pytest.raises(KeyboardInterrupt):
        algorithm.learn()
    algorithm.learn()
    (metrics,) = algorithm.history
    assert metrics["replay/trajectories"] == metrics["rollout/trajectories"] == algorithm.replay.trajectories


def test_what_is_saved_comes_back(tmp_path):
    algorithm = digirl(started_policy(), phases=1, critic_trunk=False)
    algorithm.learn()
    algorithm.save(tmp_path / "digirl")
    loaded = DigiRL.load(tmp_path / "digirl")
    assert (loaded.phase, loaded.trajectory_share) == (1, 0.3)
    assert torch.equal(weights(loaded.policy), weights(algorithm.policy))
    assert torch.equal(critic_weights(loaded), critic_weights(algorithm))


def test_a_phase_without_a_success_or_without_a_step_that_helped_stops():
    with pytest.raises(TrainingStopped, match="no success: none of 3"):
        digirl(tiny_policy(), instructions_per_phase=3).learn()
    with pytest.raises(TrainingStopped, match="best attempts has an advantage above step_threshold=1"):
        digirl(started_policy(), step_threshold=1.0, critic_trunk=False).learn()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"trajectory_share": 0.0}, "trajectory_share"),
        ({"step_threshold": 2.0}, "step_threshold"),
        ({"replay_capacity": 0}, "capacity"),
        ({"discount": -0.1}, "discount"),
        ({"critic_learning_rate": 0.0}, "learning_rate"),
        ({"temperature": 0.0}, "temperature"),
    ],
)
def test_settings_out_of_range_are_refused_before_anything_runs(changes, named):
    with pytest.raises(ValueError, match=named):
        digirl(tiny_policy(), **changes)


def test_learning_needs_an_environment():
    with pytest.raises(ValueError, match="DigiRL needs an environment"):
        DigiRL(tiny_policy(), None).learn()
