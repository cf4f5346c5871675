import io
import json
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import cloudpickle
import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3.common.callbacks import (
    BaseCallback,
    CheckpointCallback,
    EvalCallback,
    StopTrainingOnMaxEpisodes,
)
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor

from agents.algorithms import ALGORITHMS, SFT, FilteredBC, WebRL, algorithm_class
from agents.algorithms.base import PhaseAlgorithm
from agents.errors import CheckpointCorrupt, CheckpointMismatch
from agents.metrics import JsonlWriter
from agents.models import LanguageModel, load_model
from agents.policy import LLMPolicy
from tests.agents.tiny_models import tiny_model, tiny_policy
from tests.agents.toy_env import ToyEnv, toy_task
from tests.agents.toy_runs import awr, digirl, environments, filtered_bc, sft, started_policy, webrl, weights
from webrl_gym.spaces import UnicodeText, observation_space


class Untold(gymnasium.Env):
    """Text in and out, and no tasks."""

    observation_space = observation_space(100)
    action_space = UnicodeText(100)


@pytest.fixture
def no_pickle(monkeypatch):
    def blocked(*_arguments, **_named):
        raise AssertionError("nothing may be pickled")

    for module in (pickle, cloudpickle):
        for name in ("dump", "dumps", "load", "loads"):
            monkeypatch.setattr(module, name, blocked)
    monkeypatch.setattr(pickle, "Pickler", blocked)
    monkeypatch.setattr(pickle, "Unpickler", blocked)
    monkeypatch.setattr(torch, "load", blocked)
    monkeypatch.setattr(torch, "save", blocked)


def test_learning_stops_at_the_phase_boundary_after_the_timesteps():
    algorithm = filtered_bc(started_policy(), phases=9)
    algorithm.learn(total_timesteps=1)
    assert algorithm.phase == 1
    steps = algorithm.num_timesteps
    assert steps == algorithm.history[0]["rollout/steps"] > 1
    algorithm.learn(total_timesteps=steps + 1, reset_num_timesteps=False)
    assert algorithm.phase >= 2
    assert algorithm.num_timesteps > 2 * steps
    algorithm.learn(total_timesteps=1)
    assert algorithm.num_timesteps < 2 * steps * 2


def test_a_policy_of_float16_is_refused_before_anything_is_attempted(tmp_path):
    policy = tiny_policy()
    policy.network.half()
    algorithm = filtered_bc(policy, phases=1, checkpoint_folder=tmp_path)
    with pytest.raises(ValueError, match="expected bfloat16 or float32 for weights that are trained"):
        algorithm.learn()
    assert algorithm.num_timesteps == 0
    assert not list(tmp_path.iterdir())


def test_a_critic_of_float16_is_refused_before_anything_is_attempted():
    algorithm = webrl(started_policy(), phases=1)
    algorithm.critic.trunk.half()
    with pytest.raises(ValueError, match="expected bfloat16 or float32 for weights that are trained"):
        algorithm.learn()
    assert algorithm.num_timesteps == 0


def test_a_models_folders_are_kept_and_none_outside_of_it(tmp_path, monkeypatch):
    save = LanguageModel.save

    def with_more(model, folder):
        save(model, folder)
        (folder_of := Path(folder, "more")).mkdir()
        (folder_of / "tool.jinja").write_text("a", encoding="utf-8")

    monkeypatch.setattr(LanguageModel, "save", with_more)
    sft(tiny_policy()).save(tmp_path / "toy.zip")
    with zipfile.ZipFile(tmp_path / "toy.zip", "a") as archive:
        assert "model/more/tool.jinja" in archive.namelist()
        SFT.load(tmp_path / "toy.zip")
        archive.writestr("model/../../there", b"a")
    with pytest.raises(CheckpointCorrupt, match=r"a file outside of itself, model/\.\./\.\./there"):
        SFT.load(tmp_path / "toy.zip")


def test_a_resumed_run_counts_the_steps_from_before(tmp_path):
    straight = filtered_bc(started_policy(), phases=9)
    straight.learn(total_timesteps=70)
    filtered_bc(started_policy(), phases=1, checkpoint_folder=tmp_path).learn()
    resumed = filtered_bc(tiny_policy(), phases=9, checkpoint_folder=tmp_path)
    assert resumed.resume()
    resumed.learn(total_timesteps=70)
    assert resumed.num_timesteps == straight.num_timesteps
    assert torch.equal(weights(resumed.policy), weights(straight.policy))


def test_there_is_nothing_to_resume_at_first(tmp_path):
    assert not filtered_bc(tiny_policy(), checkpoint_folder=tmp_path).resume()
    assert not filtered_bc(tiny_policy()).resume()


def test_callbacks_of_stable_baselines3_work(tmp_path):
    evaluation = EvalCallback(
        Monitor(ToyEnv(orders=1)),
        n_eval_episodes=3,
        eval_freq=2,
        best_model_save_path=str(tmp_path / "best"),
        verbose=0,
    )
    saving = CheckpointCallback(save_freq=3, save_path=str(tmp_path / "saved"))
    algorithm = filtered_bc(started_policy())
    algorithm.learn(callback=[evaluation, saving])
    assert evaluation.n_calls > 2
    assert evaluation.best_mean_reward >= 0.0
    assert zipfile.is_zipfile(tmp_path / "best" / "best_model.zip")
    assert list((tmp_path / "saved").glob("*.zip"))


def test_callbacks_that_look_at_what_a_step_returned_work():
    class Watch(BaseCallback):
        rewards = 0.0

        def _on_step(self):
            self.rewards += self.locals["rewards"].sum()
            assert len(self.locals["infos"]) == len(self.locals["dones"])
            return True

    watch, algorithm = Watch(), filtered_bc(started_policy(), phases=9)
    algorithm.learn(callback=[watch, StopTrainingOnMaxEpisodes(3)])
    assert algorithm.phase < 9
    assert watch.rewards > 0


def test_what_a_callback_stopped_in_its_first_phase_goes_on(tmp_path):
    class Stop(BaseCallback):
        def _on_step(self) -> bool:
            return False

    algorithm = filtered_bc(started_policy(), phases=2, checkpoint_folder=tmp_path)
    for _ in range(2):
        assert algorithm.learn(callback=Stop()).phase == 0
    assert algorithm.learn().phase == 2
    with pytest.raises(CheckpointMismatch, match="phase-0002 is a checkpoint of an earlier run"):
        filtered_bc(started_policy(), phases=2, checkpoint_folder=tmp_path).learn()


def test_an_algorithm_that_is_done_says_so_and_keeps_its_count(caplog):
    algorithm = filtered_bc(started_policy(), phases=1).learn()
    steps = algorithm.num_timesteps
    for reset in (True, False):
        caplog.clear()
        assert algorithm.learn(10, reset_num_timesteps=reset).num_timesteps == steps
        assert "all 1 phases are done: nothing is learned" in caplog.text


def test_what_no_algorithm_can_use_is_refused_by_name():
    with pytest.raises(TypeError, match=r"FilteredBC trains an agents\.policy\.LLMPolicy, got 'MlpPolicy'"):
        FilteredBC("MlpPolicy", None)
    with pytest.raises(TypeError, match=r"FilteredBC writes actions as text; the environment takes Discrete\(2\)"):
        FilteredBC(tiny_policy(), gymnasium.make("CartPole-v1"))
    with pytest.raises(TypeError, match="attempts the tasks of an environment's suite; this one has none"):
        FilteredBC(tiny_policy(), Untold())


def test_a_callback_can_stop_and_the_phase_under_way_is_not_counted():
    class Stop(BaseCallback):
        ended = False

        def _on_step(self):
            return self.n_calls < 2

        def _on_training_end(self):
            self.ended = True

    stop, algorithm = Stop(), filtered_bc(started_policy())
    before = weights(algorithm.policy)
    algorithm.learn(callback=stop)
    assert (algorithm.phase, algorithm.history, stop.ended) == (0, [], True)
    assert algorithm.num_timesteps == 16
    assert torch.equal(weights(algorithm.policy), before)


def test_numbers_go_to_the_writers_and_the_logger(tmp_path):
    algorithm = filtered_bc(
        started_policy(), metrics=[JsonlWriter(tmp_path / "m.jsonl")], tensorboard_log=str(tmp_path / "board"), phases=2
    )
    algorithm.learn(tb_log_name="toy")
    lines = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    assert [line["phase"] for line in lines] == [1, 2]
    assert lines[1]["step"] == algorithm.num_timesteps
    assert lines[0]["policy/loss"] == algorithm.history[0]["policy/loss"]
    assert list((tmp_path / "board" / "toy_1").glob("events.out.tfevents.*"))
    algorithm.logger.close()


def test_predict_and_evaluate_policy_work():
    algorithm = filtered_bc(started_policy(epochs=150))
    observations = algorithm.env.reset()
    actions, state = algorithm.predict(observations, deterministic=True)
    assert actions.shape == (8,)
    assert all(isinstance(action, str) for action in actions)
    actions, state = algorithm.predict(observations, state, np.ones(8, dtype=bool), deterministic=True)
    assert [len(history) for history in state] == [1] * 8
    mean, _ = evaluate_policy(algorithm, Monitor(ToyEnv(orders=1)), n_eval_episodes=6)
    assert mean == 1.0


@pytest.mark.parametrize("make", [sft, filtered_bc, awr, digirl, webrl])
def test_saving_and_loading_needs_no_pickle(tmp_path, no_pickle, make):
    algorithm = make(started_policy(epochs=150), seed=3)
    if isinstance(algorithm, WebRL):
        torch.nn.init.normal_(algorithm.critic.value_head.weight)
    algorithm.save(tmp_path / "toy")
    loaded = type(algorithm).load(tmp_path / "toy", env=environments(2))
    assert loaded.configuration() == algorithm.configuration()
    assert torch.equal(weights(loaded.policy), weights(algorithm.policy))
    if isinstance(algorithm, WebRL):
        assert torch.equal(loaded.critic.value_head.weight, algorithm.critic.value_head.weight)
    env = ToyEnv(orders=1)
    observation, _ = env.reset(options={"task": toy_task("Blue", 0)})
    assert loaded.predict(observation, deterministic=True) == algorithm.predict(observation, deterministic=True)


@pytest.mark.parametrize("make", [filtered_bc, digirl, webrl])
def test_what_is_loaded_computes_as_what_was_saved(tmp_path, make):
    tiny_policy().save(tmp_path / "model")
    model = load_model(str(tmp_path / "model"), dtype="bfloat16", gradient_checkpointing=True)
    algorithm = make(LLMPolicy(replace(model, autocast=True, autocast_learning=False, master_weights=False)))
    algorithm.save(tmp_path / "toy")
    loaded = type(algorithm).load(tmp_path / "toy", device="cpu")
    found = loaded.policy.language_model
    assert found.model.dtype == torch.bfloat16
    assert torch.equal(weights(loaded.policy), weights(algorithm.policy))
    assert [is_on for module in found.model.modules() if (is_on := getattr(module, "gradient_checkpointing", False))]
    assert (found.gradient_checkpointing, found.autocast, found.autocast_learning) == (True, True, False)
    assert not found.master_weights
    for name, group in loaded._state_tensors().items():
        for key, saved in algorithm._state_tensors()[name].items():
            assert torch.equal(group[key], saved)
            assert group[key].dtype == saved.dtype


def test_a_policy_and_its_callbacks_save_without_pickle(tmp_path, no_pickle):
    algorithm = filtered_bc(started_policy())
    algorithm.learn(callback=CheckpointCallback(save_freq=2, save_path=str(tmp_path / "saved")))
    for path in (tmp_path / "saved").iterdir():
        assert torch.equal(weights(FilteredBC.load(path).policy), weights(started_policy()))
    algorithm.policy.save(tmp_path / "policy")
    loaded = LLMPolicy.load(tmp_path / "policy", device="cpu")
    assert torch.equal(weights(loaded), weights(algorithm.policy))
    assert {path.suffix for path in (tmp_path / "policy").iterdir()} <= {".json", ".safetensors"}


def test_a_checkpoint_of_another_model_is_refused_by_name(tmp_path):
    filtered_bc(started_policy(), phases=1, checkpoint_folder=tmp_path).learn()
    renamed = tiny_policy()
    renamed.language_model.name = "other"
    with pytest.raises(CheckpointMismatch, match="model: checkpoint 'tiny', now 'other'"):
        filtered_bc(renamed, checkpoint_folder=tmp_path).resume()
    wider = tiny_policy(hidden=64)
    with pytest.raises(CheckpointMismatch, match=r"policy is another model: .* is \(\d+, 32\).*expected \(\d+, 64\)"):
        filtered_bc(wider, checkpoint_folder=tmp_path).resume()
    deeper = tiny_policy(layers=3)
    with pytest.raises(CheckpointMismatch, match=r"it lacks \['model.layers.2"):
        filtered_bc(deeper, checkpoint_folder=tmp_path).resume()


def test_a_checkpoint_of_other_limits_is_refused_by_name(tmp_path):
    filtered_bc(started_policy(), phases=1, checkpoint_folder=tmp_path).learn()
    longer = LLMPolicy(tiny_model(), max_tokens=200)
    with pytest.raises(CheckpointMismatch, match="max_new_tokens: checkpoint 6, now 96; max_prompt_tokens: checkpoint"):
        filtered_bc(longer, checkpoint_folder=tmp_path).resume()


def test_a_loaded_algorithm_goes_on_with_other_arguments():
    algorithm = webrl(started_policy(), phases=1)
    algorithm.learn()
    stream = io.BytesIO()
    algorithm.save(stream)
    loaded = WebRL.load(stream, env=environments(4), phases=2, kl_coef=0.3)
    assert (loaded.phase, loaded.kl_coef, loaded.lam) == (1, 0.3, 0.5)
    loaded.learn(reset_num_timesteps=False)
    assert loaded.phase == 2


def test_files_that_cannot_be_used_are_refused_by_name(tmp_path):
    path = tmp_path / "toy.zip"
    sft(tiny_policy()).save(path)
    with pytest.raises(CheckpointMismatch, match=r"SFT.*FilteredBC"):
        FilteredBC.load(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointCorrupt, match=r"toy\.zip"):
        SFT.load(path)
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(CheckpointCorrupt, match=r"toy\.zip"):
        SFT.load(path)
    with pytest.raises(FileNotFoundError):
        SFT.load(tmp_path / "none.zip")


def test_an_algorithm_of_ones_own_needs_few_lines(tmp_path):
    class Nudge(PhaseAlgorithm):
        setting_names = ("size",)

        def __init__(self, policy, env=None, *, size=0.5, phases=2, **shared):
            super().__init__(policy, env, learning_rate=1.0, phases=phases, **shared)
            self.size = size

        def _run_phase(self, phase):
            with torch.no_grad():
                for weight in self.policy.language_model.model.parameters():
                    weight.add_(self.size)
            return {"nudge/size": self.size}

    policy = tiny_policy()
    before = weights(policy)
    Nudge(policy, checkpoint_folder=tmp_path).learn()
    torch.testing.assert_close(weights(policy), before + 1.0)
    resumed = Nudge(tiny_policy(), checkpoint_folder=tmp_path, phases=3)
    assert resumed.resume()
    assert torch.equal(weights(resumed.policy), weights(policy))


def test_algorithms_are_found_by_name():
    assert algorithm_class("webrl") is ALGORITHMS["webrl"] is WebRL
    with pytest.raises(ValueError, match="did you mean webrl"):
        algorithm_class("webrll")


@pytest.mark.parametrize("wrong", [{"phases": 0}, {"seed": -1}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        sft(tiny_policy(), **wrong)
