"""A run's folder from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.errors import CheckpointCorrupt, CheckpointMismatch, RunInUse
from agents.run_folder import claim, last_finished, require_same, run_lock, stored_config


def test_the_last_finished_part_is_named_in_words(tmp_path: Path) -> None:
    assert last_finished(tmp_path / "none") == ""
    said = [last_finished(tmp_path)]
    rounds = json.dumps({"scores": [0.1, 0.2]})
    for name, content in (
        ("config.json", "{}"),
        ("demonstrations.jsonl.gz", ""),
        ("sft_rounds/report.json", rounds),
        ("sft/model.safetensors", ""),
        ("attempts.jsonl.gz", ""),
        ("orm/model.safetensors", ""),
        ("checkpoints/phase-0000/manifest.json", "{}"),
        ("checkpoints/phase-0001.stages/01-instructions/manifest.json", "{}"),
        ("checkpoints/phase-0001.stages/02-collection/manifest.json", "{}"),
        ("checkpoints/phase-0001/manifest.json", "{}"),
        ("policy/model.safetensors", ""),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
        said.append(last_finished(tmp_path))
    assert said == [
        *("", "", "the demonstrations", "round 2 of fine-tuning", "fine-tuning", "the first attempts", "the ORM"),
        *("the ORM", "instructions in phase 1", "collection in phase 1", "phase 1", "the last phase"),
    ]


@pytest.mark.parametrize("content", [None, '{"model_type": "llama"}'])
def test_a_folder_without_a_run_cannot_be_resumed(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="holds no training run"):
        stored_config(tmp_path)


def test_a_configuration_that_was_cut_is_named(tmp_path: Path) -> None:
    config = {"demonstrations": 80, "seed": 0}
    claim(tmp_path, config, "")
    content = (tmp_path / "config.json").read_text(encoding="utf-8")
    (tmp_path / "config.json").write_text(content[:20], encoding="utf-8")
    for read in (lambda: claim(tmp_path, config, ""), lambda: stored_config(tmp_path)):
        with pytest.raises(CheckpointCorrupt, match=r"config\.json is cut or changed"):
            read()


def test_another_configuration_is_refused_by_the_values_that_differ(tmp_path: Path) -> None:
    config = {"seed": 0, "algorithm": {"name": "webrl", "phases": 3, "lam": 0.5}, "model": {"lora": None}}
    claim(tmp_path, config, "")
    claim(tmp_path, config, "")
    (tmp_path / "demonstrations.jsonl.gz").touch()
    other = {**config, "algorithm": {"name": "webrl", "phases": 4}, "model": {"lora": {"rank": 2}}}
    with pytest.raises(CheckpointMismatch) as refused:
        claim(tmp_path, other, "Take another.")
    changes = "algorithm.lam: 0.5 there, None now; algorithm.phases: 3 there, 4 now; model.lora.rank: None there, 2 now"
    assert str(refused.value) == f"{tmp_path} holds a run of another configuration ({changes}). Take another."


def test_a_run_goes_on_with_a_server_that_moved(tmp_path: Path) -> None:
    def config(base_url: str, **changes: object) -> dict[str, object]:
        return {"demonstrations": 80, "curriculum": {"base_url": base_url, "timeout_s": 60, "model": "m", **changes}}

    claim(tmp_path, config("http://here/v1"), "")
    (tmp_path / "demonstrations.jsonl.gz").touch()
    claim(tmp_path, config("http://there/v1?key=secret", timeout_s=90), "")
    require_same(tmp_path, config("http://here/v1"), "")
    assert stored_config(tmp_path) == config("http://there/v1?<left out>", timeout_s=90)
    with pytest.raises(CheckpointMismatch, match=r"configuration \(curriculum\.model: 'm' there, 'n' now\)"):
        claim(tmp_path, config("http://here/v1", model="n"), "")


def test_a_folder_with_nothing_finished_in_it_takes_another_configuration(tmp_path: Path) -> None:
    first, second = {"seed": 0, "demonstrations": 80}, {"seed": 1, "demonstrations": 80}
    claim(tmp_path, first, "")
    (tmp_path / "curriculum_answers" / "none").mkdir(parents=True)
    with run_lock(tmp_path), pytest.raises(RunInUse):  # somebody is about to finish something
        claim(tmp_path, second, "")
    assert stored_config(tmp_path) == first
    claim(tmp_path, second, "")
    assert stored_config(tmp_path) == second
    # Whoever claimed it before finds out when he has the lock.
    with pytest.raises(CheckpointMismatch, match=r"seed: 1 there, 0 now\)\. Take another\."):
        require_same(tmp_path, first, "Take another.")
    (tmp_path / "curriculum_answers" / "none" / "a.json").touch()
    with pytest.raises(CheckpointMismatch, match="seed: 1 there, 0 now"):
        claim(tmp_path, first, "")


def test_a_file_of_this_name_that_is_no_claim_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    with pytest.raises(CheckpointMismatch, match="model_type: 'llama' there, None now"):
        claim(tmp_path, {"seed": 0}, "")
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
