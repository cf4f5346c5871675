"""Training runs on the toy site."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from agents import rate_conflicts, training_run
from agents.hydra_entry import compose_config
from agents.metrics import SilentProgress
from agents.training_run import TrainingRun
from agents.trajectory_io import write_trajectories
from tests.agents.tiny_models import tiny_model
from tests.agents.toy_env import ToySuite, demonstration
from tests.agents.toy_runs import environments

TOY = [
    "model=local",
    "model.max_prompt_tokens=200",
    "model.max_new_tokens=6",
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


def toy_configurations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Makes configurations of runs on the toy site, whose demonstrations are there already."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training_run, "suite_of", lambda *_: Toys(orders=1))
    monkeypatch.setattr(training_run, "make_vec_env", lambda *_: environments(4))
    monkeypatch.setattr(rate_conflicts, "is_nano", lambda _: True)  # it has learned nothing yet
    tiny_model().save(tmp_path / "base")

    def made(*overrides: str, name: str = "toy", rules: bool = True, settings: Sequence[str] = TOY) -> dict[str, Any]:
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "demonstrations.jsonl.gz").exists():
            shown = [demonstration(task) for task in Toys(orders=1).tasks[:2]]
            write_trajectories(folder / "demonstrations.jsonl.gz", shown)
        source = ["orm.source=rules"] if rules else []
        given = [*settings, f"model.name_or_path={tmp_path / 'base'}", f"name={name}", *source, *overrides]
        return compose_config("train", given)

    return made


def started(config: dict[str, Any]) -> TrainingRun:
    return TrainingRun(Path(config["run"]), config, SilentProgress())
