"""A training run in its folder: each part once, resumed anywhere, refused when it is another's."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from stable_baselines3.common.vec_env import DummyVecEnv

from agents import training_run
from agents.adapters import is_adapter
from agents.checkpoint import read_checkpoint
from agents.errors import CheckpointError, CheckpointMismatch, ConfigConflict, TrainingStopped
from agents.hydra_entry import compose_config
from agents.labelling import RuleLabeller
from agents.metrics import SilentProgress
from agents.models import load_model
from agents.train import main, train
from agents.training_run import TrainingRun, stored_config
from agents.trajectory_io import read_trajectories, write_trajectories
from agents.values import load_critic
from tests.agents.small_llama import small_llama
from tests.agents.tiny_models import tiny_model
from tests.agents.toy_env import ToyEnv, ToySuite, demonstration
from tests.agents.toy_runs import environments, weights

TOY = [
    "model=local",
    "model.max_prompt_tokens=200",
    "demonstrations=2",
    "sft.optimizer=adamw",
    "sft.learning_rate=5e-3",
    "sft.epochs_per_round=60",
    "sft.max_rounds=1",
    "sft.tokens_per_batch=256",
    "sft.valid_every=1",
    "sft.renamed_share=0",
    "attempts.count=8",
    "orm.renamed_share=0",
    "algorithm.phases=2",
    "algorithm.instructions_per_phase=8",
    "algorithm.curriculum=false",
    "algorithm.policy_learning_rate=2e-3",
    "algorithm.renamed_share=0",
    "algorithm.tokens_per_batch=256",
]


class Toys(ToySuite):
    """The toy suite with what a run asks of a suite."""

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tasks)


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Makes configurations of runs on the toy site, whose demonstrations are there already."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training_run, "suite_of", lambda *_: Toys(orders=1))
    monkeypatch.setattr(training_run, "make_vec_env", lambda *_: environments(4))
    tiny_model().save(tmp_path / "base")

    def made(*overrides: str, name: str = "toy", rules: bool = True) -> dict[str, Any]:
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "demonstrations.jsonl.gz").exists():
            shown = [demonstration(task) for task in Toys(orders=1).tasks[:2]]
            write_trajectories(folder / "demonstrations.jsonl.gz", shown)
        source = ["orm.source=rules"] if rules else []
        given = [*TOY, f"model.name_or_path={tmp_path / 'base'}", f"name={name}", *source, *overrides]
        return compose_config("train", given)

    return made


def started(config: dict[str, Any]) -> TrainingRun:
    return TrainingRun(Path(config["run"]), config, SilentProgress())


def test_a_run_does_every_part_and_then_nothing_more(toy: Callable[..., dict[str, Any]]) -> None:
    config = toy()
    policy = started(config).train()
    folder = Path(config["run"])
    names = {path.name for path in folder.iterdir()}
    parts = (
        "config.json",
        "sft",
        "sft.json",
        "attempts.jsonl.gz",
        "checkpoints",
        "rollouts",
        "metrics.jsonl",
        "policy",
    )
    assert names >= set(parts)
    attempts = read_trajectories(folder / "attempts.jsonl.gz").trajectories
    assert [item.task.task_id for item in attempts] == [Toys(orders=1).tasks[2].task_id]
    assert not any(name.startswith(".") for name in names)
    phases = [json.loads(line)["phase"] for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert phases == [1, 2]
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = started(config).train()
    assert weights(again).equal(weights(policy))
    assert again.renderer.max_tokens == policy.renderer.max_tokens == 200
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == times
    assert load_model(str(folder / "policy")).context == policy.language_model.context


def test_a_run_with_adapters_keeps_them_alone_over_one_set_of_base_weights(toy: Callable[..., dict[str, Any]]) -> None:
    pytest.importorskip("peft")
    plain = toy(name="plain")
    started(plain).supervise()
    base_folder = f"model.name_or_path={plain['run']}/sft"
    config = toy(base_folder, "model.lora={rank: 4, alpha: 16}", "sft.max_rounds=0", "algorithm.phases=1")
    run = started(config)
    policy = run.train()
    folder = Path(config["run"])
    for part in ("sft", "policy"):
        assert {path.name for path in (folder / part).glob("*.safetensors")} == {"adapter_model.safetensors"}
    base = {parameter.data_ptr() for parameter in run._base.model.parameters()}
    frozen = {parameter.data_ptr() for parameter in policy.network.parameters() if not parameter.requires_grad}
    assert frozen == base
    checkpoint = read_checkpoint(sorted(folder.glob("checkpoints/phase-*"))[-1])
    for name in ("policy", "critic"):
        assert all(is_adapter(key) or "value_head" in key for key in checkpoint.tensors[name])
    shutil.rmtree(folder / "policy")
    again = started(config).train()
    assert weights(again).equal(weights(policy))
    assert load_critic(folder, load_model(str(folder / "policy"))) is not None


@pytest.mark.parametrize("stopped_at", [pytest.param("sft", marks=pytest.mark.slow), "phase"])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    toy: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, stopped_at: str
) -> None:
    whole = started(toy(name="whole")).train()
    calls = [0]

    class Interrupted(ToyEnv):
        def step(self, action: str):
            calls[0] += 1
            folder = Path("runs/stopped")
            done = len(list(folder.glob("checkpoints/phase-*/manifest.json")))
            if (stopped_at == "sft" and not (folder / "sft").exists()) or (stopped_at == "phase" and done == 2):
                raise KeyboardInterrupt
            return super().step(action)

    with monkeypatch.context() as patch:
        vec_env = DummyVecEnv([lambda: Interrupted(orders=1)] * 4)
        patch.setattr(training_run, "make_vec_env", lambda *_: vec_env)
        with pytest.raises(KeyboardInterrupt):
            started(toy(name="stopped")).train()
    folder = Path("runs/stopped")
    assert (folder / "sft").exists() is (stopped_at == "phase")
    assert not (folder / "policy").exists()
    assert train(compose_config("train", ["resume=runs/stopped"])) == 0
    resumed = load_model(str(folder / "policy")).model
    for one, other in zip(resumed.parameters(), whole.language_model.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_an_orm_is_trained_once_and_reported(toy: Callable[..., dict[str, Any]]) -> None:
    config = toy("orm.optimizer=adamw", "orm.epochs=3", "algorithm.curriculum=true", rules=False, name="orm")
    run = started(config)
    assert run.orm_summary == ""
    policy = run.supervise()
    failed = demonstration(Toys(orders=1).tasks[2], ['do(action="Click", element="0")', "exit()"])
    labeller = run._labeller(run._demonstrations(), [failed])
    report = json.loads((run.folder / "orm.json").read_text(encoding="utf-8"))
    assert set(report) >= {"balanced_accuracy", "confusion", "examples", "successes"}
    assert run.orm_summary.startswith("ORM against the rules: balanced accuracy ")
    before = (run.folder / "orm.json").stat().st_mtime_ns
    again = started(config)._labeller([], [])
    own = demonstration(Toys(orders=1).tasks[0]).trajectory
    evolved = replace(own, task=replace(own.task, parent=own.task.task_id))
    assert [verdict.source for verdict in again.judge([own, evolved])] == ["rules", "orm"]
    assert again.judge([evolved])[0].p_yes == pytest.approx(labeller.judge([evolved])[0].p_yes, abs=1e-5)
    assert (run.folder / "orm.json").stat().st_mtime_ns == before
    assert policy.language_model.context == 256
    run.close()


@pytest.mark.parametrize("algorithm", ["webrl", "filtered_bc"])
def test_where_nothing_evolves_the_rules_label_and_no_orm_is_trained(
    toy: Callable[..., dict[str, Any]], algorithm: str
) -> None:
    config = toy(rules=False, name=algorithm)
    config["algorithm"]["name"] = algorithm
    assert isinstance(started(config)._labeller([], []), RuleLabeller)
    asked = started(toy("orm.source=orm", rules=False, name=f"{algorithm}-orm"))
    asked.supervise()
    with pytest.raises(TrainingStopped, match="the ORM needs successes and failures"):
        asked._labeller([], [])
    asked.close()


def test_a_changed_configuration_is_refused_by_name(toy: Callable[..., dict[str, Any]]) -> None:
    started(toy())
    with pytest.raises(CheckpointMismatch) as caught:
        started(toy("seed=5", "algorithm.kl_coef=0.25"))
    said = str(caught.value)
    assert "seed: 0 there, 5 now" in said
    assert "algorithm: " in said
    assert "resume=runs/toy" in said
    assert "sft" not in said
    started(toy())


def test_resume_takes_no_other_settings(toy: Callable[..., dict[str, Any]]) -> None:
    started(toy())
    with pytest.raises(ConfigConflict, match=r"own configuration: seed is 0 in the run, 5 was given$"):
        train(compose_config("train", ["resume=runs/toy", "seed=5", "demonstrations=2"]))


@pytest.mark.parametrize("content", [None, '{"model_type": "llama"}'])
def test_a_folder_without_a_run_cannot_be_resumed(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="holds no training run"):
        stored_config(tmp_path)


def test_a_full_disk_leaves_no_half_model_and_the_run_goes_on(toy: Callable[..., dict[str, Any]]) -> None:
    config = {**toy(), "algorithm": {"name": "sft"}}
    run = started(config)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, before[1]))
    try:
        with pytest.raises(CheckpointError, match=r"Round 1 of the fine-tuning cannot be written"):
            run.train()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not any(path.name in ("sft", ".sft.unfinished", "policy") for path in run.folder.iterdir())
    started(config).train()
    assert (run.folder / "policy").exists()


def test_all_conflicts_are_reported_at_once(tmp_path: Path) -> None:
    config = compose_config(
        "train",
        [
            "suite=practice-test",
            "valid_suite=practice-test",
            "orm.source=me",
            "demonstrations=0",
            "env.num_envs=many",
            "algorithm.perplexity_low=2000",
            "algorithm.value_high=0",
            "algorithm.phases=0",
            "sft.valid_every=0",
            "seed=-1",
            "sft.renamed_share=2",
            "sft.word_dropout=1.5",
            "algorithm.word_dropout=-0.1",
            "algorithm.rephrased_share=two",
            "algorithm.retried_share=7",
            "orm.optimizer=lion",
            "algorithm.critic_optimizer=lion",
            "algorithm.schedule=cosine",
            "orm.threshold=high",
            "algorithm.critic_examples=0",
        ],
    )
    with pytest.raises(ConfigConflict) as caught:
        TrainingRun(tmp_path / "run", config, SilentProgress())
    lines = str(caught.value).splitlines()
    assert len(lines) == 20
    words = (
        "both practice-test",
        "final report only",
        "orm.source",
        "demonstrations",
        "env.num_envs",
        "perplexity_low",
    )
    words += ("value_low", "algorithm.phases", "sft.valid_every", "seed")
    words += (
        "sft.renamed_share",
        "sft.word_dropout",
        "algorithm.word_dropout",
        "algorithm.rephrased_share",
        "algorithm.retried_share",
        "orm.optimizer",
        "critic_optimizer must be one of adamw, muon",
        "algorithm.schedule",
        "orm.threshold",
        "algorithm.critic_examples",
    )
    assert all(any(word in line for line in lines) for word in words)
    assert "got 'many'" in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_more_demonstrations_than_tasks_are_refused(tmp_path: Path) -> None:
    small_llama().save(tmp_path / "base")
    config = compose_config("train", ["only_sites=[map]", "demonstrations=900", f"run={tmp_path / 'run'}"])
    with pytest.raises(ConfigConflict, match="demonstrations must be at most 1"):
        started(config).supervise()


def test_a_run_on_the_real_sites_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any model in a folder, the real environment, and the whole supervised part."""
    monkeypatch.chdir(tmp_path)
    small_llama().save(tmp_path / "base")
    overrides = [
        "debug=smoke",
        "algorithm=sft",
        "model=local",
        "model.name_or_path=base",
        "model.max_prompt_tokens=400",
    ]
    sizes = ["demonstrations=2", "sft.epochs_per_round=1", "sft.valid_every=20", "env.num_envs=2"]
    monkeypatch.setattr("sys.argv", ["webrl-train", *overrides, *sizes])
    assert main() == 0
    assert "score it with: webrl-benchmark agent=runs/smoke" in capsys.readouterr().out
    report = json.loads(Path("runs/smoke/sft.json").read_text(encoding="utf-8"))
    assert len(report["scores"]) == 1
    assert report["valid_tasks"] >= 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_smoke_preset_goes_through_every_part_on_the_nano_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert train(compose_config("train", ["debug=smoke", "threads=1"])) == 0
    assert (tmp_path / "runs" / "smoke" / "policy" / "model.safetensors").exists()
