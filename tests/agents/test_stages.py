"""Stages of a phase: kept in a row, done again where one is damaged, gone with the phase."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from agents.checkpoint import Checkpoint
from agents.stages import PhaseStages, finished_stages


def kept(value: int) -> Checkpoint:
    return Checkpoint(3, {}, {"policy": {"weight": torch.tensor([float(value)])}}, lines={"result": [value]})


def done(checkpoints: Path, names: str, phase: int = 3) -> None:
    """A phase that was stopped after these stages."""
    stages = PhaseStages(checkpoints)
    stages.begin(phase, is_resumed=False)
    for place, name in enumerate(names.split()):
        stages.next(name)[0].write(kept(place))


def found(checkpoints: Path, names: str, phase: int = 3) -> list[int | None]:
    """What a process that goes on finds of each stage."""
    stages = PhaseStages(checkpoints)
    stages.begin(phase, is_resumed=True)
    values: list[int | None] = []
    for name in names.split():
        checkpoint = stages.next(name)[1]
        values.append(None if checkpoint is None else next(iter(checkpoint.lines["result"])))
    return values


def test_finished_stages_are_found_again_in_order(tmp_path: Path) -> None:
    done(tmp_path, "instructions collection")
    assert finished_stages(tmp_path, 3) == ["instructions", "collection"]
    assert found(tmp_path, "instructions collection critic") == [0, 1, None]
    assert finished_stages(tmp_path, 4) == []


def test_a_damaged_stage_and_all_after_it_are_done_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    done(tmp_path, "instructions collection critic")
    path = tmp_path / "phase-0003.stages" / "02-collection" / "result.jsonl"
    path.write_text("cut", encoding="utf-8")
    assert found(tmp_path, "instructions collection critic") == [0, None, None]
    assert "02-collection/result.jsonl is missing, cut or changed" in caplog.text
    assert finished_stages(tmp_path, 3) == ["instructions"]


def test_a_stage_of_another_name_does_not_count(tmp_path: Path) -> None:
    done(tmp_path, "instructions collection")
    assert found(tmp_path, "attempts collection") == [None, None]


def test_stages_of_other_phases_go(tmp_path: Path) -> None:
    done(tmp_path, "collection", phase=2)
    assert found(tmp_path, "collection") == [None]
    assert not (tmp_path / "phase-0002.stages").exists()


def test_a_run_that_is_not_resumed_finds_nothing(tmp_path: Path) -> None:
    done(tmp_path, "collection")
    PhaseStages(tmp_path).begin(3, is_resumed=False)
    assert found(tmp_path, "collection") == [None]


def test_a_scratch_file_stays_until_its_stage_is_finished(tmp_path: Path) -> None:
    stages = PhaseStages(tmp_path)
    stages.begin(1, is_resumed=False)
    stages.next("instructions")[0].write(kept(0))
    path = stages.next("collection")[0].scratch_file("actions.jsonl")
    path.write_text("half", encoding="utf-8")
    again = PhaseStages(tmp_path)
    again.begin(1, is_resumed=True)
    again.next("instructions")
    stage, _ = again.next("collection")
    assert stage.scratch_file("actions.jsonl").read_text(encoding="utf-8") == "half"
    stage.write(kept(1))
    assert not path.exists()
