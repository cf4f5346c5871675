"""A training run in its folder: each part once, resumed anywhere, refused when it is another's."""

from __future__ import annotations

import json
import os
import resource
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from stable_baselines3.common.vec_env import DummyVecEnv
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents import run_models, training_run
from agents.adapters import is_adapter
from agents.algorithms import accepted_arguments, algorithm_class
from agents.checkpoint import read_checkpoint
from agents.errors import CheckpointCorrupt, CheckpointError, CheckpointMismatch, ConfigConflict, TrainingStopped
from agents.hydra_entry import compose_config
from agents.labelling import RuleLabeller
from agents.models import load_model
from agents.proposers import LanguageModelProposer
from agents.run_folder import run_lock
from agents.train import train
from agents.training_run import TrainingRun
from agents.trajectory_io import read_trajectories, write_trajectories
from agents.values import load_critic
from tests.agents.killing import operations_until_killed
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_env import ToyEnv, demonstration, toy_task
from tests.agents.toy_runs import weights
from tests.agents.toy_training import Toys, started, toy_configurations
from webrl_gym.errors import ServerRefused, TaskFileError


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    return toy_configurations(tmp_path, monkeypatch)


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
    base = {parameter.data_ptr() for parameter in run._models._base.model.parameters()}
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


def finished_files(folder: Path) -> dict[str, Any]:
    """What a run leaves, without times."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    events = EventAccumulator(str(folder / "tensorboard")).Reload()
    scalars = {tag: events.Scalars(tag) for tag in events.Tags()["scalars"] if not tag.startswith("time/")}
    models = {path: load_file(path) for path in folder.glob("*/model.safetensors")}
    return {
        "metrics": [{name: value for name, value in line.items() if not name.startswith("time/")} for line in lines],
        "tensorboard": {tag: [(event.step, event.value) for event in found] for tag, found in scalars.items()},
        "models": {
            path.parent.name: {name: tensor.tolist() for name, tensor in tensors.items()}
            for path, tensors in models.items()
        },
        "labels": [item.label for item in read_trajectories(folder / "rollouts" / "phase-0002.jsonl.gz").labelled],
        "names": sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if "tensorboard" not in path.parts),
    }


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_run_that_is_killed_again_and_again_leaves_the_same_files(toy: Callable[..., dict[str, Any]]) -> None:
    evolving = {"curriculum": "true", "retried_share": 0, "value_low": 0, "value_high": 1, "min_action_probability": 0}
    settings = ["orm.optimizer=adamw", "orm.threshold=0"]  # whose judge takes all that evolved for done
    settings += [f"algorithm.{name}={value}" for name, value in evolving.items()]
    started(toy(*settings, rules=False, name="whole")).train()
    config = toy(*settings, rules=False, name="killed")
    folder = Path(config["run"])
    kills = 0
    while operations_until_killed(lambda: started(config).train(), folder.resolve(), kill_at=20 + 13 * kills) is None:
        kills += 1
    assert kills >= 5
    assert finished_files(folder) == finished_files(Path("runs/whole"))


@pytest.mark.parametrize("name", ["demonstrations", "attempts"])
def test_a_file_of_the_runs_own_that_was_cut_is_not_gone_on_with(toy: Callable[..., dict[str, Any]], name: str) -> None:
    run = started(toy())
    write_trajectories(run.folder / "attempts.jsonl.gz", run._demonstrations())
    path = run.folder / f"{name}.jsonl.gz"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - 40])
    with pytest.raises(CheckpointCorrupt, match=rf"{name}\.jsonl\.gz is cut or changed .*; remove it to have it made"):
        started(toy()).prepare()


def test_a_second_process_is_refused_in_one_sentence(toy: Callable[..., dict[str, Any]]) -> None:
    config = toy()
    folder = Path(config["run"])
    refusal = rf"RunInUse: runs/toy is in use by process {os.getpid()} on \S+: wait until it ends, or stop it first\.$"
    with run_lock(folder), pytest.raises(AssertionError, match=refusal):
        operations_until_killed(started(config).supervise, folder)
    assert operations_until_killed(started(config).supervise, folder.resolve(), kill_at=9) is None  # it held the lock
    with run_lock(folder):
        assert (folder / "run.lock").read_text(encoding="utf-8").startswith(f"process {os.getpid()} on ")


def test_a_run_that_goes_on_says_where(
    toy: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started(toy())
    monkeypatch.setattr(TrainingRun, "train", lambda _: None)
    assert train(compose_config("train", ["resume=runs/toy"])) == 0
    assert capsys.readouterr().out.startswith("Going on with runs/toy after the demonstrations.\n")


def test_an_orm_is_trained_once_and_reported(
    toy: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = toy("orm.optimizer=adamw", "orm.epochs=3", "algorithm.curriculum=true", rules=False, name="orm")
    run = started(config)
    assert run.orm_summary == ""
    policy = run.supervise()
    failed = demonstration(Toys(orders=1).tasks[2], ['do(action="Click", element="0")', "exit()"])
    loads: list[str] = []
    monkeypatch.setattr(run_models, "load_model", lambda name, **how: loads.append(name) or load_model(name, **how))
    labeller = run._labeller(policy, run._demonstrations(), [failed])
    assert loads == [str(run.folder / "sft")]  # becomes the judge; the held-out attempts are the policy's that is there
    report = json.loads((run.folder / "orm.json").read_text(encoding="utf-8"))
    assert set(report) >= {"balanced_accuracy", "confusion", "examples", "successes", "held_out"}
    assert set(report["held_out"]["at"]) == {"0.5", "0.85"}
    assert run.orm_summary.startswith("ORM against the rules: balanced accuracy ")
    before = (run.folder / "orm.json").stat().st_mtime_ns
    again = started(config)._labeller(policy, [], [])
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
    own = accepted_arguments(algorithm_class(algorithm))
    config["algorithm"] = {"name": algorithm} | {
        key: config["algorithm"][key] for key in config["algorithm"] if key in own
    }
    assert isinstance(started(config)._labeller(tiny_policy(), [], []), RuleLabeller)
    asked = started(toy("orm.source=orm", rules=False, name=f"{algorithm}-orm"))
    asked.supervise()
    with pytest.raises(TrainingStopped, match="the ORM needs successes and failures"):
        asked._labeller(tiny_policy(), [], [])
    asked.close()


def test_a_proposers_server_is_asked_before_anything_is_done(toy: Callable[..., dict[str, Any]]) -> None:
    server = ["curriculum=llm", "curriculum.base_url=http://127.0.0.1:9/v1", "curriculum.model=m"]
    run = started(toy(*server, "curriculum.attempts=1", "algorithm.curriculum=true", rules=False, name="llm"))
    with pytest.raises(ServerRefused, match=r"nobody answers at http://127\.0\.0\.1:9"):
        run.train()
    assert not (run.folder / "sft").exists()


def test_a_language_model_is_shown_start_pages_and_kept_from_what_is_protected(
    toy: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = ["curriculum=llm", "curriculum.base_url=http://127.0.0.1:9/v1", "curriculum.model=m"]
    run = started(toy(*server, "algorithm.curriculum=true", rules=False, name="llm"))
    parts = run._curriculum_parts(tiny_policy())
    assert isinstance(parts.proposer, LanguageModelProposer)
    assert parts.proposer._page_of(toy_task("Red", 0)).startswith("<h1> Home </h1>")
    assert len(run._protected_tasks()) == 12

    def suite_of(name: str, *_: object) -> Toys:
        if name == "webarena-lite":
            raise TaskFileError("the official file is not installed")
        return Toys(orders=1)

    monkeypatch.setattr(training_run, "suite_of", suite_of)
    assert len(run._protected_tasks()) == 9
    assert "not compared with the official tasks: the official file is not installed" in caplog.text
    run.config["curriculum"] = {"proposer": "grammar"}
    assert len(run._protected_tasks()) == 9
    run.close()


def test_a_changed_configuration_is_refused_by_name(toy: Callable[..., dict[str, Any]]) -> None:
    started(toy())
    Path("runs/toy/demonstrations.jsonl.gz").touch()
    with pytest.raises(CheckpointMismatch) as caught:
        started(toy("seed=5", "algorithm.kl_coef=0.25"))
    said = str(caught.value)
    assert "seed: 0 there, 5 now" in said
    assert "algorithm.kl_coef: 0.05 there, 0.25 now" in said
    assert "resume=runs/toy" in said
    assert "sft" not in said
    started(toy())


def test_resume_takes_no_other_settings(toy: Callable[..., dict[str, Any]]) -> None:
    started(toy())
    with pytest.raises(ConfigConflict, match=r"own configuration: seed is 0 in the run, 5 was given$"):
        train(compose_config("train", ["resume=runs/toy", "seed=5", "demonstrations=2"]))
    with pytest.raises(ConfigConflict, match=r"own configuration: algorithm\.phases is 2 in the run, 7 was given$"):
        train(compose_config("train", ["resume=runs/toy", "algorithm.phases=7"]))


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
    assert not any(path.name in ("sft", "policy") or path.name.endswith(".tmp") for path in run.folder.iterdir())
    started(config).train()
    assert (run.folder / "policy").exists()


def test_more_demonstrations_than_tasks_are_refused(tmp_path: Path) -> None:
    config = compose_config("train", ["only_sites=[map]", "demonstrations=900", f"run={tmp_path / 'run'}"])
    with pytest.raises(ConfigConflict, match="demonstrations must be at most 1"):
        started(config)
    assert not (tmp_path / "run").exists()
