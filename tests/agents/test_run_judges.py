"""Whose labels a training run learns from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.errors import ConfigConflict
from agents.labelling import OrmLabeller
from agents.orm_folder import judge_of, save_orm
from agents.trajectory_io import read_trajectories, write_trajectories
from tests.agents.tiny_models import tiny_model, tiny_policy
from tests.agents.toy_env import demonstration
from tests.agents.toy_training import TOY, Toys, started, toy_configurations
from webrl_gym.orm_prompt import OrmTemplate


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    return toy_configurations(tmp_path, monkeypatch)


def test_a_judge_that_is_there_already_labels_at_the_runs_threshold(toy: Callable[..., dict[str, Any]]) -> None:
    template = OrmTemplate("{instruction}\n{actions}\n{page}")
    save_orm(judge_of(tiny_model(), threshold=0.9, template=template, answers=("NO", "YES")), Path("judge"))
    started(toy(rules=False, name="own"))
    run = started(toy("orm.from=judge", "orm.source=orm", "orm.threshold=0.4", rules=False, name="from"))
    labeller = run._labeller(tiny_policy(), [], [])
    assert isinstance(labeller, OrmLabeller)
    assert (labeller.orm.threshold, labeller.orm.template) == (0.4, template)
    assert not any((run.folder / name).exists() for name in ("orm", "orm.json", "sft"))
    Path("judge.txt").write_text("{page} {instruction} {actions}", encoding="utf-8")
    words = ("orm.prompt_template=judge.txt", "orm.answers=[YES,NO]")
    run = started(toy("orm.from=judge", "orm.source=orm", *words, rules=False, name="words"))
    other = run._labeller(tiny_policy(), [], [])
    assert isinstance(other, OrmLabeller)
    assert other.orm.template.user == "{page} {instruction} {actions}"
    with pytest.raises(ConfigConflict, match=r"orm\.from: nowhere holds no outcome reward model"):
        started(toy("orm.from=nowhere", "orm.source=orm", rules=False))
    with pytest.raises(ConfigConflict, match=r"with orm\.source=rules nobody asks one"):
        started(toy("orm.from=judge"))


def test_awr_of_the_paper_learns_from_the_first_attempts(toy: Callable[..., dict[str, Any]]) -> None:
    settings = [*(setting for setting in TOY if "curriculum" not in setting), "algorithm=awr", "sft.max_rounds=0"]
    config = toy("algorithm.mode=paper", settings=settings)
    folder = Path(config["run"])
    wrong = ['do(action="Click", element="0")', "exit()"]
    tried = [demonstration(task, actions) for task in Toys(orders=1).tasks for actions in (None, wrong)]
    write_trajectories(folder / "attempts.jsonl.gz", tried)
    started(config).train()
    first, second = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert first["rollout/trajectories"] == second["rollout/trajectories"] == len(tried)
    assert first["step"] == second["step"] == 0
    assert not (folder / "rollouts").exists()
    assert not started(toy(name="online", settings=settings))._needs_attempts


def test_attempts_that_an_offline_algorithm_learns_from_are_labelled_by_the_orm_where_it_is_to_label(
    toy: Callable[..., dict[str, Any]],
) -> None:
    save_orm(judge_of(tiny_model(), threshold=0.0), Path("judge"))
    settings = [*(setting for setting in TOY if "curriculum" not in setting), "algorithm=filtered_bc"]
    more = ("algorithm.mode=paper", "sft.max_rounds=0", "orm.source=orm", "orm.from=judge", "orm.threshold=0")
    run = started(toy(*more, rules=False, settings=settings))  # everything is a success
    wrong = ['do(action="Click", element="0")', "exit()"]
    tried = [demonstration(task, wrong) for task in Toys(orders=1).tasks]
    write_trajectories(run.folder / "attempts.jsonl.gz", tried)
    run.train()
    labelled = read_trajectories(run.folder / "attempts_by_orm.jsonl.gz").labelled
    assert [(item.label.success, item.label.source) for item in labelled] == [(True, "orm")] * len(tried)
    first = json.loads((run.folder / "metrics.jsonl").read_text().splitlines()[0])
    assert first["rollout/success_rate"] == 1.0
    by_rules = read_trajectories(run.folder / "attempts.jsonl.gz").labelled
    assert {item.label.source for item in by_rules} == {"rules"}
    assert not all(item.label.success for item in by_rules)


def test_a_model_that_cannot_be_prompted_so_is_told_before_demonstrations_are_made(
    toy: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    save = tmp_path / "other"
    tiny_model().save(save)
    (save / "model.safetensors").write_bytes((save / "model.safetensors").read_bytes()[:-100])
    run = started(toy(f"model.name_or_path={save}", name="cut"))
    (run.folder / "demonstrations.jsonl.gz").unlink()
    with pytest.raises(ConfigConflict, match=r"model\.name_or_path: .*other is no causal language model that can be"):
        run.train()
    assert not (run.folder / "demonstrations.jsonl.gz").exists()
