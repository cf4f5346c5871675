import random
from dataclasses import fields, replace
from statistics import fmean

import pytest
import torch

from agents.algorithms import WebRL
from agents.errors import CheckpointMismatch, TrainingStopped
from agents.labelling import OrmLabeller
from agents.proposers import GrammarProposer
from agents.transitions import to_transitions
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_env import ToySuite, demonstration
from tests.agents.toy_runs import TASKS, Interrupting, environments, started_policy, webrl, weights, without_times
from webrl_gym.reward import OutcomeRewardModel
from webrl_gym.types import VerdictStatus

FAILED = ['do(action="Click", element="1")', "exit()"]


def critic_weights(algorithm):
    return torch.cat([tensor.detach().flatten() for tensor in algorithm.critic.parameters()])


@pytest.mark.slow
def test_webrl_learns_the_toy_site():
    algorithm = webrl(started_policy(epochs=50), phases=8, instructions_per_phase=48, curriculum=False)
    algorithm.learn()
    rates = [metrics["rollout/success_rate"] for metrics in algorithm.history]
    assert rates[0] < 0.5
    assert fmean(rates[-2:]) > rates[0] + 0.25  # of two phases: one has a standard error of 7 points


def test_a_phase_reports_what_it_did():
    algorithm = webrl(started_policy(), seed=1)
    assert (len(algorithm.experience), algorithm.experience.trajectories) == (6, 3)
    algorithm.learn()
    first, second = algorithm.history
    assert first["rollout/trajectories"] == 12
    assert first["rollout/rule_success_rate"] == first["rollout/success_rate"]
    assert first["label/balanced_accuracy"] is None  # the rules labelled, and are not measured by themselves
    assert first["experience/drawn"] <= 2 * first["data/steps"]
    assert algorithm.experience.trajectories == 3 + round(12 * first["rollout/success_rate"]) + round(
        12 * second["rollout/success_rate"]
    )
    assert algorithm.num_timesteps == first["rollout/steps"] + second["rollout/steps"]
    assert first["policy/divergence"] > 0
    proposed = {name: second[f"curriculum/{name}"] for name in dataclass_names()}
    assert proposed.pop("proposed") == sum(proposed.values())
    assert second["curriculum/kept"] + second["curriculum/from_suite"] == 12
    assert not any(name.startswith("curriculum/") for name in first)


def dataclass_names():
    from agents.curriculum import CurriculumReport

    return [field.name for field in fields(CurriculumReport)]


def test_new_instructions_evolve_from_failures_inside_the_value_window():
    class Recording(GrammarProposer):
        failed = ()

        def propose(self, failed, count, rng):
            Recording.failed = {task.task_id for task in failed}
            return super().propose(failed, count, rng)

    policy = started_policy()
    algorithm = webrl(policy, proposer=Recording(ToySuite(orders=1).evolve), value_low=0.0, value_high=1.0, seed=1)
    attempted = []
    collect = algorithm.collector.collect

    def recorded(tasks, **arguments):
        rollout = collect(tasks, **arguments)
        attempted.append(rollout.trajectories)
        return rollout

    algorithm.collector.collect = recorded
    algorithm.learn()
    lost = {item.task.task_id for item in attempted[0] if not item.rule_verdict.success}
    evolved = [item.task for item in attempted[1] if item.task.suite == "evolved"]
    assert Recording.failed == lost
    assert evolved
    assert {task.parent for task in evolved} <= lost
    assert len({task.key for task in evolved}) == len(evolved)


@pytest.fixture
def shown(monkeypatch):
    """Instructions of the trajectories that become training examples, in order."""
    read = []

    def recording(labelled, renderer):
        read.extend(item.trajectory.task.instruction for item in labelled)
        return to_transitions([], renderer)

    monkeypatch.setattr("agents.algorithms.online.to_transitions", recording)
    return read


def wordy_demonstrations(copies=1):
    tasks = [replace(task, instruction=f'Now be so kind and {task.instruction} in "Brass Lantern"') for task in TASKS]
    return [demonstration(task) for task in tasks for _ in range(copies)]


def test_each_phase_shows_its_trajectories_under_other_names(shown):
    items = wordy_demonstrations(copies=10)
    webrl(started_policy()).show(items, 1, 0)
    assert all('"Brass Lantern"' in instruction for instruction in shown)
    renaming = webrl(started_policy(), renamed_share=0.5)
    seen = []
    for phase in (1, 1, 2):
        shown.clear()
        renaming.show(items, phase, 0)
        seen.append(list(shown))
    first, again, other_phase = seen
    assert first == again
    assert 0.2 < sum('"Brass Lantern"' in instruction for instruction in first) / len(first) < 0.8
    assert other_phase != first
    shown.clear()
    showings = renaming.showings(items, 1, 0)
    next(showings), next(showings)
    assert shown[: len(items)] == first != shown[len(items) :]
    with pytest.raises(ValueError, match=r"renamed_share and word_dropout in \[0, 1\], got 1.5 and 0.0"):
        webrl(started_policy(), renamed_share=1.5)


def test_each_phase_shows_its_trajectories_under_other_instructions(shown):
    items = [demonstration(task) for task in TASKS for _ in range(20)]
    rephrasing = webrl(started_policy(), rephrased_share=0.5)
    seen = []
    for phase in (1, 1, 2):
        shown.clear()
        rephrasing.show(items, phase, 0)
        seen.append(list(shown))
    first, again, other_phase = seen
    assert first == again != other_phase
    for item, instruction in zip(items, first, strict=True):
        colour = item.trajectory.task.parameters["colour"]
        assert instruction in {f"Open {colour}", f"I want to see {colour}", f"Where is {colour}?"}
    assert 0.3 < sum(instruction.startswith("Open ") for instruction in first) / len(first) < 0.7
    with pytest.raises(ValueError, match=r"rephrased_share in \[0, 1\], got 0.0 and 2"):
        webrl(started_policy(), rephrased_share=2)


def test_what_is_shown_lacks_words_of_the_instruction(shown):
    items = wordy_demonstrations(copies=8)
    plain, short = (webrl(started_policy(), renamed_share=1.0, word_dropout=share) for share in (0.0, 0.5))
    plain.show(items, 1, 0)
    assert all(instruction.startswith("Now be so kind and ") for instruction in shown)
    shown.clear()
    short.show(items, 1, 0)
    assert len(shown) == len(items)
    lacking = sum(not instruction.startswith("Now be so kind and ") for instruction in shown)
    assert 0.2 < lacking / len(shown) < 0.8
    with pytest.raises(ValueError, match=r"word_dropout in \[0, 1\], got .* and 2.0"):
        webrl(started_policy(), word_dropout=2.0)


def test_without_failures_the_policy_learns_from_successes_only():
    every, successes = webrl(started_policy(), phases=1), webrl(started_policy(), phases=1, failures=False)
    every.learn()
    successes.learn()
    assert every.history[0]["rollout/success_rate"] == successes.history[0]["rollout/success_rate"] < 1
    assert successes.history[0]["advantage/mean"] > every.history[0]["advantage/mean"]
    assert successes.history[0]["policy/tokens"] < every.history[0]["policy/tokens"]


def test_the_orm_labels_and_is_compared_with_the_rules():
    class RedOnly:
        def p_yes(self, prompts):
            return [0.6 if "<h1> Red </h1>" in prompt.text else 0.1 for prompt in prompts]

    labeller = OrmLabeller(OutcomeRewardModel(RedOnly()))
    algorithm = webrl(started_policy(), labeller=labeller, phases=1, instructions_per_phase=24)
    algorithm.learn()
    metrics = algorithm.history[0]
    assert metrics["rollout/success_rate"] != metrics["rollout/rule_success_rate"]
    assert metrics["label/accuracy"] < 1.0


def test_without_replay_only_the_phase_is_trained_on():
    algorithm = webrl(started_policy(), replay_ratio=0.0)
    algorithm.learn()
    assert [metrics["experience/drawn"] for metrics in algorithm.history] == [0, 0]


def test_the_rate_falls_over_the_run_and_weights_are_averaged():
    every_phase = webrl(started_policy(), policy_learning_rate=1e-3)
    over_the_run = webrl(started_policy(), policy_learning_rate=1e-3, schedule="run")
    averaged = webrl(started_policy(), policy_learning_rate=1e-3, schedule="run", averaged_share=0.5)
    assert [every_phase.policy_fit(phase).learning_rate for phase in (1, 2)] == [1e-3, 1e-3]
    assert [over_the_run.policy_fit(phase).learning_rate for phase in (1, 2)] == [1e-3, 5e-4]
    ends = []
    for algorithm in (every_phase, over_the_run, averaged):
        algorithm.learn()
        ends.append(weights(algorithm.policy))
    assert not torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[1], ends[2])


def test_a_tiny_learning_rate_stays_at_the_reference_of_each_phase():
    algorithm = webrl(started_policy(), policy_learning_rate=1e-9)
    algorithm.learn()
    assert all(metrics["policy/divergence"] < 1e-8 for metrics in algorithm.history)


NANO = {
    "rephrased_share": 0.5,
    "retried_share": 0.5,
    "begin_with_attempts": True,
    "attempts": [demonstration(TASKS[0]), demonstration(TASKS[1], FAILED)],
    "renamed_share": 0.7,
    "word_dropout": 0.2,
    "critic_examples": 9,
    "failures": False,
    "schedule": "run",
    "averaged_share": 0.5,
}
"""What conf/algorithm/webrl.yaml sets for the nano model."""


@pytest.mark.parametrize(
    ("stage", "times", "finished", "settings"),
    [
        ("rollout", 3, 2, {}),
        ("critic", 2, 1, {}),
        ("policy", 3, 2, {}),
        ("rollout", 1, 0, NANO),
        ("policy", 2, 0, NANO),  # once before the first phase
        ("policy", 3, 1, NANO),
    ],
)
def test_a_run_that_was_interrupted_ends_bit_equal(tmp_path, stage, times, finished, settings):
    settings = {**settings, "phases": 3, "epochs": 1, "critic_epochs": 1, "instructions_per_phase": 8}
    straight = webrl(started_policy(), **settings)
    straight.learn()
    folder = tmp_path / "run"
    interrupted = webrl(started_policy(), checkpoint_folder=folder, progress=Interrupting(stage, times), **settings)
    with pytest.raises(KeyboardInterrupt):
        interrupted.learn()
    # another process, its generators anywhere
    policy = tiny_policy(seed=5)
    random.seed(99)
    resumed = webrl(policy, checkpoint_folder=folder, progress=(watching := Interrupting()), **settings)
    assert resumed.resume()
    assert resumed.phase == finished
    resumed.learn()
    assert watching.begun[0] == stage  # what was finished in the phase is not done again
    assert torch.equal(weights(resumed.policy), weights(straight.policy))
    assert torch.equal(critic_weights(resumed), critic_weights(straight))
    assert without_times(resumed.history) == without_times(straight.history)
    assert list(resumed.experience.as_records()) == list(straight.experience.as_records())
    assert resumed.num_timesteps == straight.num_timesteps


def test_resuming_the_same_object_after_ctrl_c_works_too(tmp_path):
    straight = webrl(started_policy())
    straight.learn()
    algorithm = webrl(started_policy(), checkpoint_folder=tmp_path, progress=Interrupting("policy", 2))
    with pytest.raises(KeyboardInterrupt):
        algorithm.learn()
    assert algorithm.resume()
    algorithm.learn()
    assert torch.equal(weights(algorithm.policy), weights(straight.policy))


def test_a_finished_run_can_be_given_more_phases(tmp_path):
    straight = webrl(started_policy(), phases=3)
    straight.learn()
    webrl(started_policy(), phases=2, checkpoint_folder=tmp_path).learn()
    longer = webrl(tiny_policy(), phases=3, checkpoint_folder=tmp_path)
    assert longer.resume()
    longer.learn()
    assert torch.equal(weights(longer.policy), weights(straight.policy))


def test_phases_cannot_be_added_where_the_rate_falls_over_the_run(tmp_path):
    webrl(started_policy(), phases=1, checkpoint_folder=tmp_path, schedule="run").learn()
    with pytest.raises(CheckpointMismatch, match="phases: checkpoint 1, now 2"):
        webrl(started_policy(), phases=2, checkpoint_folder=tmp_path, schedule="run").resume()


def test_a_checkpoint_of_another_configuration_is_refused_by_name(tmp_path):
    webrl(started_policy(), phases=1, checkpoint_folder=tmp_path).learn()
    with pytest.raises(CheckpointMismatch, match=r"kl_coef: checkpoint 0\.2, now 0\.7"):
        webrl(started_policy(), checkpoint_folder=tmp_path, kl_coef=0.7).resume()
    with pytest.raises(CheckpointMismatch, match="earlier run"):
        webrl(started_policy(), checkpoint_folder=tmp_path).learn()


def stopped(algorithm, match):
    with pytest.raises(TrainingStopped, match=match) as caught:
        algorithm.learn()
    return str(caught.value)


def test_a_phase_without_a_success_stops():
    message = stopped(webrl(tiny_policy(), instructions_per_phase=3), "Phase 1: no success: none of 3")
    assert "no checkpoint" in message


def test_a_single_update_that_runs_away_is_noticed():
    # its own log-ratios, taken before it, are all 0
    message = stopped(webrl(started_policy(), tokens_per_batch=100_000, policy_learning_rate=1.0), "KL ceiling")
    assert "more than 50" in message


def test_a_policy_that_runs_away_stops_and_the_last_good_checkpoint_stays(tmp_path):
    algorithm = webrl(started_policy(), checkpoint_folder=tmp_path, kl_ceiling=1e-6)
    assert "phase-0000" in stopped(algorithm, "KL ceiling")
    assert algorithm.resume()
    assert torch.equal(weights(algorithm.policy), weights(started_policy()))


def test_a_policy_that_is_sure_of_everything_stops(tmp_path):
    algorithm = webrl(started_policy(), checkpoint_folder=tmp_path, entropy_floor=5.0)
    assert "phase-0000" in stopped(algorithm, "collapsed entropy: .* less than the floor of 5")


@pytest.mark.parametrize("loss", ["released", "reinforce"])
def test_other_losses_can_stand_in_for_the_papers(loss):
    paper, other = webrl(started_policy(), phases=1), webrl(started_policy(), phases=1, policy_loss=loss)
    paper.learn()
    other.learn()
    assert paper.history[0]["rollout/success_rate"] == other.history[0]["rollout/success_rate"]
    assert not torch.equal(weights(paper.policy), weights(other.policy))
    assert other.history[0]["policy/entropy"] > 0.0


def test_a_phase_multiplies_in_bfloat16_over_weights_of_float32():
    single, half = webrl(started_policy(), phases=1), webrl(started_policy(), phases=1)
    half.policy.language_model.autocast = True
    single.learn()
    half.learn()
    (expected,), (found,) = single.history, half.history
    assert found["policy/updates"] > 0
    assert found["critic/loss"] == pytest.approx(expected["critic/loss"], rel=0.02)
    assert all(weight.dtype == torch.float32 for weight in half.policy.language_model.model.parameters())


def test_a_loss_that_is_not_a_number_stops():
    algorithm = webrl(started_policy())
    torch.nn.init.constant_(algorithm.critic.value_head.weight, float("nan"))
    stopped(algorithm, "critic: update 1 of .* has loss nan")


def test_a_phase_that_only_broke_stops():
    env = environments(2, broken_resets={task.task_id: 99 for task in TASKS})
    stopped(webrl(started_policy(), env, instructions_per_phase=2), "empty batch: no attempt came to an end.*toy site")


def test_a_phase_that_nobody_can_label_stops():
    class Undecided(OrmLabeller):
        def judge(self, trajectories):
            return [replace(verdict, status=VerdictStatus.UNDECIDED) for verdict in super().judge(trajectories)]

    class Half:
        def p_yes(self, prompts):
            return [0.5] * len(prompts)

    labeller = Undecided(OutcomeRewardModel(Half()))
    stopped(webrl(started_policy(), labeller=labeller), "empty batch: none of 12 trajectories")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"lam": 1.5}, "lam"),
        ({"kl_coef": 0.0}, "kl_coef"),
        ({"kl_ceiling": 0.0}, "kl_ceiling"),
        ({"entropy_floor": -1.0}, "entropy_floor"),
        ({"policy_loss": "ppo"}, "policy_loss"),
        ({"policy_loss": "released", "critic_advantage": False}, "critic_advantage"),
        ({"policy_learning_rate": 0.0}, "learning_rate"),
        ({"critic_epochs": 0}, "epochs"),
        ({"perplexity_low": 5.0}, "perplexity"),
        ({"replay_ratio": -1.0}, "replay_ratio"),
        ({"instructions_per_phase": 0}, "instructions_per_phase"),
        ({"temperature": 0.0}, "temperature"),
        ({"value_low": 0.9}, "value_low"),
    ],
)
def test_settings_out_of_range_are_refused_before_anything_runs(changes, named):
    with pytest.raises(ValueError, match=named):
        webrl(tiny_policy(), **changes)


def test_learning_needs_an_environment():
    with pytest.raises(ValueError, match="WebRL needs an environment"):
        WebRL(tiny_policy(), None).learn()
