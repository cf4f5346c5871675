"""Supervised fine-tuning in rounds, kept and gone on with."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agents.errors import CheckpointCorrupt, CheckpointError, CheckpointMismatch, TrainingStopped
from agents.policy import LLMPolicy
from agents.supervised import SupervisedReport, rounds_done, supervised_start
from agents.types import Completion
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_runs import demonstrations, weights

SETTINGS = {
    "learning_rate": 5e-3,
    "optimizer": "adamw",
    "epochs_per_round": 1,
    "tokens_per_batch": 256,
    "renamed_share": 0.0,
    "word_dropout": 0.2,
    "schedule": "linear",
    "warmup_share": 0.0,
    "examples_per_update": None,
    "seed": 0,
    "max_rounds": 9,
    "patience": 2,
}


def start(policy: LLMPolicy, evaluate: Callable[[], float], folder: Path, **changes: int) -> SupervisedReport:
    return supervised_start(policy, demonstrations(), evaluate, folder, **{**SETTINGS, **changes})


def test_the_best_rounds_weights_are_kept(tmp_path: Path) -> None:
    policy = tiny_policy()
    scores = iter([0.25, 0.5, 0.25, 0.5])
    seen = []

    def evaluate() -> float:
        seen.append(weights(policy))
        return next(scores)

    report = start(policy, evaluate, tmp_path)
    assert (report.scores, report.best_round) == ((0.25, 0.5, 0.25, 0.5), 2)
    assert report.steps == sum(len(item.trajectory.steps) for item in demonstrations())
    assert len(report.losses) == 4
    assert report.updates >= 4
    assert weights(policy).equal(seen[1])
    assert not weights(policy).equal(seen[3])
    assert sorted(path.name for path in tmp_path.glob("round-*")) == ["round-2.safetensors", "round-4.safetensors"]


def test_steps_that_do_not_fit_are_counted_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, *others = demonstrations()
    endless = [replace(step, completion=Completion("exit\n" * 300)) for step in first.trajectory.steps[1:]]
    trajectory = replace(first.trajectory, steps=(first.trajectory.steps[0], *endless))
    settings = {**SETTINGS, "max_rounds": 1}
    items = [replace(first, trajectory=trajectory), *others]
    report = supervised_start(tiny_policy(), items, lambda: 0.0, tmp_path, **settings)
    assert report.left_out == len(endless) == 1
    assert report.steps == sum(len(item.trajectory.steps) for item in demonstrations()) - 1
    told = f"1 of the demonstrations' {report.steps + 1} steps are left out: 1 are longer than model.max_prompt_tokens"
    assert told in caplog.text
    nothing = [replace(first, trajectory=replace(trajectory, steps=tuple(endless)))]
    with pytest.raises(TrainingStopped, match="has nothing to learn from: of the demonstrations' steps, 1 are longer"):
        supervised_start(tiny_policy(), nothing, lambda: 0.0, tmp_path / "nothing", **settings)


def test_it_ends_at_its_last_round(tmp_path: Path) -> None:
    report = start(tiny_policy(), lambda: 0.0, tmp_path, max_rounds=2, patience=5)
    assert (len(report.scores), report.best_round) == (2, 1)


def test_a_stopped_one_goes_on_after_its_last_finished_round(tmp_path: Path) -> None:
    whole, stopped, resumed = tiny_policy(), tiny_policy(), tiny_policy(seed=9)
    expected = start(whole, itertools.count(0.0, 0.1).__next__, tmp_path / "whole", max_rounds=3)
    scores = iter([0.0, 0.1])

    def evaluate_twice() -> float:
        try:
            return next(scores)
        except StopIteration:
            raise KeyboardInterrupt from None

    with pytest.raises(KeyboardInterrupt):
        start(stopped, evaluate_twice, tmp_path / "stopped", max_rounds=3)
    report = start(resumed, itertools.count(0.2, 0.1).__next__, tmp_path / "stopped", max_rounds=3)
    assert report == expected
    assert weights(resumed).equal(weights(whole))


def test_rounds_of_another_model_are_refused(tmp_path: Path) -> None:
    start(tiny_policy(), lambda: 0.0, tmp_path, max_rounds=1)
    other = tiny_policy()
    other.language_model.model.resize_token_embeddings(300)
    with pytest.raises(CheckpointMismatch, match="fine-tuning round 1 is another model"):
        start(other, lambda: 0.0, tmp_path, max_rounds=2)


@pytest.mark.parametrize("name", ["round-1.safetensors", "report.json"])
def test_a_damaged_round_is_named(tmp_path: Path, name: str) -> None:
    start(tiny_policy(), lambda: 0.0, tmp_path, max_rounds=1)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointCorrupt, match=rf"{name} is missing, cut or changed .*; remove .* to begin"):
        start(tiny_policy(), lambda: 0.0, tmp_path, max_rounds=2)
    assert rounds_done(tmp_path) == (0 if name == "report.json" else 1)


def test_a_round_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    policy = tiny_policy()

    def evaluate() -> float:
        (tmp_path / "rounds").rmdir()
        return 0.5

    with pytest.raises(CheckpointError, match=r"Round 1 of the fine-tuning cannot be written: .*No such file"):
        start(policy, evaluate, tmp_path / "rounds")
