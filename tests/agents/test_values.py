"""The critic's values beside recorded steps: computed as in training, kept in the file, shown by the report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from agents.checkpoint import Checkpoint, CheckpointFolder, module_tensors
from agents.critics import ValueCritic
from agents.errors import CheckpointCorrupt, CheckpointMismatch
from agents.inference import state_values
from agents.panel import PanelFolder
from agents.prompting import PromptRenderer
from agents.report.sources import load_panel_folders
from agents.report.viewer import viewer_payload
from agents.results import EpisodeResult
from agents.trajectory_io import read_trajectories, write_trajectories
from agents.transitions import to_transitions
from agents.values import add_values, has_values, load_critic, value_run
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_env import ToySuite, demonstration
from tests.agents.toy_runs import webrl

NAME = "trajectories.jsonl"
TASKS = ToySuite(orders=1).tasks
MODEL = tiny_nano()
RENDERER = PromptRenderer(MODEL, 256)


def some_critic(seed: int) -> ValueCritic:
    """A critic with an opinion."""
    critic = ValueCritic(MODEL).eval()
    torch.manual_seed(seed)
    torch.nn.init.normal_(critic.value_head.weight)
    return critic


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A result folder of three attempts of two steps."""
    panel = PanelFolder(tmp_path / "panel", "toy", TASKS)
    for task in TASKS:
        panel.add(EpisodeResult(task.task_id, "OSS", "scored", True, 2), demonstration(task).trajectory)
    return panel.folder


def stored(folder: Path) -> list[float | None]:
    attempts = read_trajectories(folder / NAME).trajectories
    return [step.info["value"] for attempt in attempts for step in attempt.steps]


def test_values_are_those_that_training_reads_and_the_report_shows_them(folder: Path) -> None:
    critic = some_critic(0)
    assert not has_values(folder / NAME)
    values = add_values(folder / NAME, critic, RENDERER)
    assert has_values(folder / NAME)
    assert stored(folder) == values
    steps = to_transitions([demonstration(task) for task in TASKS], RENDERER).steps
    assert values == state_values(critic, [step.prompt_ids for step in steps], 16_384)
    assert len(set(values)) == len(steps) == 6
    shown = json.loads(viewer_payload(load_panel_folders({"WebRL": folder}).trajectories, 3, 10**6).text)
    seen = [step["value"] for attempt in shown["trajectories"] for step in attempt["steps"]]
    assert seen == pytest.approx(values, abs=1e-4)


def test_everything_else_in_the_file_stays(folder: Path) -> None:
    path = folder / NAME
    first, second, third = read_trajectories(path).trajectories
    labelled = demonstration(TASKS[1])
    pictured = replace(third, steps=tuple(replace(step, info={"screenshot": "a.png"}) for step in third.steps))
    write_trajectories(path, [first, replace(labelled, trajectory=second), pictured])
    add_values(folder / NAME, some_critic(0), RENDERER)
    after = read_trajectories(path)
    assert after.labels == (None, labelled.label, None)
    assert [step.info["screenshot"] for step in after.trajectories[2].steps] == ["a.png", "a.png"]
    plain = [
        replace(item, steps=tuple(replace(step, info={}) for step in item.steps)) for item in after.trajectories[:2]
    ]
    assert plain == [first, second]


def test_another_critics_values_take_the_place_of_the_first_ones(folder: Path) -> None:
    before = add_values(folder / NAME, some_critic(0), RENDERER)
    after = add_values(folder / NAME, some_critic(1), RENDERER)
    assert stored(folder) == after != before


def test_a_state_that_does_not_fit_has_no_value(folder: Path) -> None:
    path = folder / NAME
    attempts = list(read_trajectories(path).trajectories)
    long = {**attempts[1].steps[1].observation, "instruction": "Open " * 600}
    attempts[1] = replace(attempts[1], steps=(attempts[1].steps[0], replace(attempts[1].steps[1], observation=long)))
    write_trajectories(path, attempts)
    values = add_values(folder / NAME, some_critic(0), RENDERER)
    assert stored(folder) == [*values[:3], None, *values[3:]]
    assert has_values(folder / NAME)


def test_what_stops_it_leaves_the_file_as_it_was(folder: Path) -> None:
    path = folder / NAME
    before = path.read_bytes()
    broken = some_critic(0)
    torch.nn.init.constant_(broken.value_head.bias, float("nan"))
    with pytest.raises(ValueError, match="not JSON compliant"):
        add_values(folder / NAME, broken, RENDERER)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir() if file.name.endswith(".tmp")] == []


def test_the_critic_of_the_newest_phase_is_loaded(tmp_path: Path) -> None:
    checkpoints = CheckpointFolder(tmp_path / "checkpoints")
    critics = [some_critic(seed) for seed in range(2)]
    for phase, critic in enumerate(critics):
        checkpoints.write(Checkpoint(phase, {}, {"critic": module_tensors(critic)}))
    before = module_tensors(MODEL.model)["embedding.weight"].clone()
    loaded = load_critic(tmp_path, MODEL)
    assert loaded is not None
    assert not loaded.training
    prompts = [(7, 300, 301, 12), (7, 305, 12)]
    assert state_values(loaded, prompts, 100) == state_values(critics[1], prompts, 100)
    with torch.no_grad():
        next(iter(loaded.trunk.parameters())).add_(1.0)
    assert torch.equal(module_tensors(MODEL.model)["embedding.weight"], before)


def test_the_critic_is_found_where_webrl_keeps_it(tmp_path: Path) -> None:
    policy = tiny_policy()
    algorithm = webrl(policy, checkpoint_folder=tmp_path / "checkpoints")
    torch.nn.init.normal_(algorithm.critic.value_head.weight)
    algorithm.learn(total_timesteps=0)
    loaded = load_critic(tmp_path, policy.language_model)
    assert loaded is not None
    prompts = [(3, 4, 5), (6, 7)]
    assert state_values(loaded, prompts, 100) == state_values(algorithm.critic, prompts, 100) != [0.5, 0.5]


def test_a_run_without_a_critic_gives_none(tmp_path: Path) -> None:
    assert load_critic(tmp_path, MODEL) is None
    CheckpointFolder(tmp_path / "checkpoints").write(Checkpoint(0, {}, {"policy": module_tensors(MODEL.model)}))
    assert load_critic(tmp_path, MODEL) is None


def test_a_critic_that_is_broken_or_of_another_model_is_refused(tmp_path: Path) -> None:
    tensors = {"critic": module_tensors(some_critic(0))}
    made = CheckpointFolder(tmp_path / "checkpoints").write(Checkpoint(0, {}, tensors))
    with pytest.raises(CheckpointMismatch, match="critic is another model"):
        load_critic(tmp_path, small_llama())
    (made / "critic.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointCorrupt, match=r"critic\.safetensors"):
        load_critic(tmp_path, MODEL)


def test_a_finished_runs_attempts_and_results_are_valued_once(tmp_path: Path) -> None:
    run = tmp_path / "run"
    model = {"device": "cpu", "dtype": "float32", "autocast": "auto", "max_prompt_tokens": 256, "max_new_tokens": 8}
    (run / "rollouts").mkdir(parents=True)
    (run / "config.json").write_text(json.dumps({"demonstrations": 1, "model": model}), encoding="utf-8")
    attempts = run / "rollouts" / "phase-0001.jsonl.gz"
    write_trajectories(attempts, [demonstration(task) for task in TASKS])
    panel = PanelFolder(run / "scores" / "toy-valid" / "WebRL", "toy", TASKS)
    panel.add(EpisodeResult(TASKS[0].task_id, "OSS", "scored", True, 2), demonstration(TASKS[0]).trajectory)
    with pytest.raises(ValueError, match="no finished training run"):
        value_run(run)
    MODEL.save(run / "policy")
    with pytest.raises(ValueError, match="has no critic"):
        value_run(run)
    critic = some_critic(0)
    CheckpointFolder(run / "checkpoints").write(Checkpoint(2, {}, {"critic": module_tensors(critic)}))
    assert value_run(run) == 2 * len(TASKS) + 2
    assert has_values(attempts)
    expected = add_values(panel.folder / NAME, critic, RENDERER)
    assert stored(panel.folder) == pytest.approx(expected)
    assert value_run(run) == 0
