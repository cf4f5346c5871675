"""Trajectories that a judge may learn from: which files, and whose word is believed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agents.errors import ConfigConflict
from agents.orm_sources import known_outcome, phase_files, read_labelled, run_files, trajectory_files
from agents.trajectory_io import write_trajectories
from agents.types import LabelledTrajectory
from tests.agents.toy_env import demonstration, toy_task
from webrl_gym.types import OutcomeVerdict, VerdictStatus

DONE = demonstration(toy_task("Red", 0))
FAILED = demonstration(toy_task("Blue", 0), ['do(action="Click", element="0")', "exit()"])
BY_ORM = OutcomeVerdict(VerdictStatus.SCORED, 0.0, "orm", p_yes=0.1)
BY_HAND = OutcomeVerdict(VerdictStatus.SCORED, 0.0, "human")


def test_folders_are_searched_for_trajectories_alone(tmp_path: Path) -> None:
    inner = tmp_path / "rollouts"
    inner.mkdir()
    for path in (tmp_path / "b.jsonl", inner / "a.jsonl.gz"):
        write_trajectories(path, [DONE])
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n', encoding="utf-8")
    (tmp_path / "broken.jsonl.gz").write_bytes(b"no gzip")
    files = trajectory_files([tmp_path, inner / "a.jsonl.gz"])
    assert files == [tmp_path / "b.jsonl", inner / "a.jsonl.gz"]
    assert len(read_labelled(files, []).labelled) == 2
    assert trajectory_files(str(tmp_path)) == trajectory_files(tmp_path) == files[:2]


def test_all_places_without_trajectories_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigConflict, match=r"empty holds no trajectory file; .*gone\.jsonl is not there"):
        trajectory_files([tmp_path / "empty", tmp_path / "gone.jsonl"])


def test_a_run_gives_demonstrations_and_attempts_and_rollouts_where_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "rollouts").mkdir()
    write_trajectories(tmp_path / "rollouts" / "phase-0001.jsonl.gz", [DONE])
    write_trajectories(tmp_path / "demonstrations.jsonl.gz", [DONE])
    with pytest.raises(ConfigConflict, match="has no attempts of its supervised policy yet"):
        run_files(tmp_path)
    write_trajectories(tmp_path / "attempts.jsonl.gz", [FAILED])
    assert [path.name for path in run_files(tmp_path)] == ["demonstrations.jsonl.gz", "attempts.jsonl.gz"]
    assert run_files(tmp_path, phases=True)[2:] == phase_files(tmp_path) == [tmp_path / "rollouts/phase-0001.jsonl.gz"]
    (tmp_path / "rollouts" / "phase-0001.jsonl.gz").unlink()
    with pytest.raises(ConfigConflict, match="no finished phase yet"):
        run_files(tmp_path, phases=True)


@pytest.mark.parametrize(
    ("changes", "label", "known"),
    [
        ({}, None, True),
        ({}, BY_ORM, True),
        ({}, BY_HAND, False),
        ({"rule_verdict": None}, BY_HAND, False),
        ({"rule_verdict": None}, BY_ORM, "outcome unknown"),
        ({"rule_verdict": OutcomeVerdict(VerdictStatus.UNSCORED, 0.0, "rules")}, None, "outcome unknown"),
        ({"failure": "SiteError: gone"}, None, "broken by the infrastructure"),
    ],
)
def test_a_judges_word_is_no_truth(changes: dict[str, object], label: OutcomeVerdict | None, known: object) -> None:
    found = known_outcome(replace(DONE.trajectory, **changes), label)
    assert (found.success if isinstance(found, OutcomeVerdict) else found) == known


def test_what_cannot_be_used_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    unknown = replace(DONE.trajectory, rule_verdict=None)
    write_trajectories(path, [DONE, LabelledTrajectory(unknown, BY_ORM), FAILED])
    with path.open("a", encoding="utf-8") as stream:
        stream.write("{broken\n")
    source = read_labelled([path], [])
    assert [item.label.success for item in source.labelled] == [True, False]
    assert source.left_out == {"outcome unknown": 1}
    (problem,) = source.problems
    assert problem.startswith(f"{path}, line 5: ")


def test_nothing_is_learned_from_protected_tasks(tmp_path: Path) -> None:
    path = tmp_path / "valid.jsonl"
    write_trajectories(path, [demonstration(toy_task("Red", 0, suite="practice-valid"))])
    with pytest.raises(ConfigConflict, match=r"valid\.jsonl holds .* of practice-valid, on which nothing"):
        read_labelled([path], ["practice-valid", "practice-test"])


def test_a_protected_task_under_another_name_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    apart, own = toy_task("Red", 0, suite="practice-valid"), demonstration(toy_task("Red", 1))
    renamed = demonstration(replace(apart, suite="mine", task_id="mine/1"))
    retold = demonstration(replace(apart, suite="mine", task_id="mine/2", template=None, instruction="Please open Red"))
    write_trajectories(path, [own, renamed, retold])
    source = read_labelled([path], ["practice-valid"], [apart])
    assert [item.trajectory.task.task_id for item in source.labelled] == [own.trajectory.task.task_id]
    assert source.left_out == {"a validation or test task": 2}
