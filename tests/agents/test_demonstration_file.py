"""Demonstrations of one's own: successes are taken, everything else is named, skipped and counted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agents import training_run
from agents.curriculum import PROTECTED_SUITES
from agents.demonstration_file import take_demonstrations
from agents.errors import TrainingStopped
from agents.hydra_entry import compose_config
from agents.metrics import SilentProgress
from agents.training_run import TrainingRun
from agents.trajectory_io import read_trajectories, write_trajectories
from agents.transitions import to_transitions
from agents.types import Completion, Prompt
from tests.agents.tiny_models import tiny_model, tiny_policy
from tests.agents.toy_env import demonstration, toy_task
from tests.agents.toy_training import Toys

HELD_OUT = ("practice-valid", "practice-test")
GOOD = demonstration(toy_task("Blue", 1))
FAILED = demonstration(toy_task("Red", 0), ['exit(message="")'])
TEST_TASK = demonstration(toy_task("Green", 2, "practice-test"))


def test_what_can_be_learned_from_is_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source, target = tmp_path / "mine.jsonl", tmp_path / "demonstrations.jsonl.gz"
    broken_off = replace(GOOD.trajectory, failure="SiteError: gone")
    write_trajectories(source, [GOOD, FAILED, TEST_TASK, GOOD.trajectory, broken_off])
    with source.open("a", encoding="utf-8") as stream:
        stream.write('{"task": {}\n')
    take_demonstrations(source, target, HELD_OUT)
    assert read_trajectories(target).labelled == [GOOD, GOOD]
    record = json.loads((tmp_path / "demonstrations.json").read_text(encoding="utf-8"))
    assert (record["taken"], record["skipped"]) == (2, 4)
    reasons = "\n".join(record["reasons"])
    assert record["reasons"][0].startswith("line 7: ")
    assert "toy-train/Red/0: it is no success" in reasons
    assert "practice-test/Green/2: tasks of practice-test are never learned from" in reasons
    assert "2 demonstrations taken, 4 skipped; first: line 7" in caplog.text


def test_what_holds_a_completion_that_is_no_action_is_skipped(tmp_path: Path) -> None:
    source, target = tmp_path / "mine.jsonl", tmp_path / "demonstrations.jsonl.gz"
    first, *rest = GOOD.trajectory.steps
    talk = replace(first, completion=Completion("I think I should click"))
    write_trajectories(source, [GOOD, replace(GOOD, trajectory=replace(GOOD.trajectory, steps=(first, talk, *rest)))])
    take_demonstrations(source, target, HELD_OUT)
    assert read_trajectories(target).labelled == [GOOD]
    (reason,) = json.loads((tmp_path / "demonstrations.json").read_text(encoding="utf-8"))["reasons"]
    assert reason.startswith("toy-train/Blue/1: the completion of step 2 is no action: ")


def test_a_test_task_under_another_name_is_known_by_template_and_parameters(tmp_path: Path) -> None:
    source, target = tmp_path / "mine.jsonl", tmp_path / "demonstrations.jsonl.gz"
    hidden = toy_task("Green", 2, "mine")
    write_trajectories(source, [GOOD, demonstration(hidden)])
    take_demonstrations(source, target, HELD_OUT, [TEST_TASK.trajectory.task])
    assert read_trajectories(target).labelled == [GOOD]
    (reason,) = json.loads((tmp_path / "demonstrations.json").read_text(encoding="utf-8"))["reasons"]
    assert reason == "mine/Green/2: it is a validation or test task by template and parameters"


def test_what_another_model_did_is_learned_from_in_the_runs_own_tokens(tmp_path: Path) -> None:
    source, target = tmp_path / "mine.jsonl", tmp_path / "demonstrations.jsonl.gz"
    steps = tuple(
        replace(step, prompt=Prompt((7, 8), "other"), completion=Completion(step.completion.text, (9,), (-0.5,)))
        for step in GOOD.trajectory.steps
    )
    write_trajectories(source, [replace(GOOD, trajectory=replace(GOOD.trajectory, steps=steps))])
    take_demonstrations(source, target, HELD_OUT)
    own = to_transitions(read_trajectories(target).labelled, tiny_policy().renderer)
    assert own == to_transitions([GOOD], tiny_policy().renderer)
    assert len(own.steps) == len(steps)


@pytest.mark.parametrize(("items", "reason"), [([], "it is empty"), ([FAILED], "it is no success")])
def test_a_file_without_any_is_refused(tmp_path: Path, items: list, reason: str) -> None:
    source, target = tmp_path / "mine.jsonl", tmp_path / "demonstrations.jsonl.gz"
    write_trajectories(source, items)
    with pytest.raises(TrainingStopped, match=f"no demonstration to learn from .*{reason}"):
        take_demonstrations(source, target, HELD_OUT)
    assert not target.exists()


def test_a_run_takes_them_instead_of_the_oracles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_run, "suite_of", lambda *_: Toys(orders=1))
    tiny_model().save(tmp_path / "base")
    mine = tmp_path / "mine.jsonl"
    kept_apart = [toy_task("Green", number, suite) for number, suite in enumerate(sorted(PROTECTED_SUITES), start=2)]
    write_trajectories(mine, [GOOD, FAILED, *map(demonstration, kept_apart), demonstration(Toys(orders=1).tasks[0])])
    given = [f"demonstrations={mine}", "model=local", f"model.name_or_path={tmp_path / 'base'}", "sft.max_rounds=0"]
    config = compose_config("train", ["experiment=pretrained", *given, f"run={tmp_path / 'run'}"])
    run = TrainingRun(tmp_path / "run", config, SilentProgress())
    run.supervise()
    assert read_trajectories(run.folder / "demonstrations.jsonl.gz").labelled == [GOOD]
    assert json.loads((run.folder / "demonstrations.json").read_text(encoding="utf-8"))["skipped"] == 6
    mine.unlink()  # the run has its own copy
    assert len(TrainingRun(tmp_path / "run", config, SilentProgress())._demonstrations()) == 1
