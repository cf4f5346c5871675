"""``webrl-train`` from the command line, on the real sites."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.errors import CheckpointMismatch
from agents.hydra_entry import compose_config
from agents.run_folder import claim
from agents.train import main, train
from tests.agents.small_llama import small_llama
from tests.completion_server import completion_server


def test_a_run_on_the_real_sites_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any model in a folder, the real environment, and the whole supervised part."""
    monkeypatch.chdir(tmp_path)
    small_llama().save(tmp_path / "base")
    overrides = [
        "debug=smoke",
        "algorithm=sft",
        "experiment=pretrained",
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


@pytest.mark.parametrize(
    ("words", "ignored"),
    [
        (["algorithm.phases=3"], ["algorithm.phases is 7 in the run, 3 was given"]),
        (["env=static", "algorithm.phases=7"], ["env.engine is 'chromium' in the run, 'static' was given"]),
        (
            ["seed=0", "name=webrl"],
            ["seed is 4 in the run, 0 was given", "name is 'mine' in the run, 'webrl' was given"],
        ),
        (["seed=4", "algorithm.phases=8"], ["algorithm.phases is 7 in the run, 8 was given"]),
    ],
)
def test_a_value_named_beside_resume_is_not_ignored_where_it_is_the_default(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    ignored: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    overrides = ["name=mine", "seed=4", "algorithm.phases=7", "env.engine=chromium"]
    claim(Path("runs/mine"), compose_config("train", overrides), "")
    monkeypatch.setattr("sys.argv", ["webrl-train", "resume=runs/mine", *words])
    assert main() == 2
    said = capsys.readouterr().err.strip()
    assert sorted(said.partition("configuration: ")[2].split("; ")) == sorted(ignored)


def test_a_run_is_told_where_its_server_is_when_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither query nor user of an address is kept; and a server may move."""
    monkeypatch.chdir(tmp_path)
    llm = ["curriculum=llm", "curriculum.model=m"]
    patient = ["curriculum.parallel=3", "curriculum.base_url='http://me:pw@there/v1?version=1'"]
    claim(Path("runs/mine"), compose_config("train", ["name=mine", *llm, *patient]), "")
    Path("runs/mine/demonstrations.jsonl.gz").touch()
    monkeypatch.setattr("sys.argv", ["webrl-train", "resume=runs/mine"])
    assert main() == 2
    said = capsys.readouterr().err
    assert "curriculum.base_url is 'http://<left out>@there/v1?<left out>'" in said
    assert "beside resume= with curriculum=llm curriculum.model=m" in said
    with completion_server() as server:
        server.answers = [(401, b"{}")]
        address = f"curriculum.base_url='{server.url}?version=2'"
        words = ["resume=runs/mine", *llm, "curriculum.parallel=3", address, "curriculum.timeout_s=7"]
        monkeypatch.setattr("sys.argv", ["webrl-train", *words])
        assert main() == 2
        assert [request["path"] for request in server.requests] == ["/v1/chat/completions?version=2"]
    noted = json.loads(Path("runs/mine/config.json").read_text(encoding="utf-8"))["curriculum"]
    assert (noted["base_url"], noted["timeout_s"]) == (f"{server.url}?<left out>", 7)


def test_what_a_model_cannot_read_is_told_with_every_other_conflict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["webrl-train", "algorithm.lam=2", "model.max_prompt_tokens=999999"])
    assert main() == 2
    said = capsys.readouterr().err
    assert "algorithm.lam" in said
    assert "model.max_prompt_tokens must be at most the model's context of 4096 tokens, got 999999" in said


def test_the_run_of_a_version_that_knew_less_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    older = compose_config("train", ["algorithm=digirl"])
    del older["env"]["task_file"], older["model"]["cut"]
    Path("runs/old").mkdir(parents=True)
    claim(Path("runs/old"), older, "")
    monkeypatch.setattr("sys.argv", ["webrl-train", "resume=runs/old"])
    assert main() == 2
    said = "runs/old is the run of a version that did not know env.task_file, model.cut: go on with it there"
    assert said in capsys.readouterr().err


def test_a_named_judge_that_cannot_be_loaded_is_found_out_at_once(tmp_path: Path) -> None:
    small_llama().save(tmp_path / "judge")
    (tmp_path / "judge" / "model.safetensors").write_bytes(b"cut")
    overrides = [f"orm.from={tmp_path / 'judge'}", f"run={tmp_path / 'run'}"]
    with pytest.raises(CheckpointMismatch, match="judge is no causal language model"):
        train(compose_config("train", overrides))
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"config.json"}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_smoke_preset_goes_through_every_part_on_the_nano_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert train(compose_config("train", ["debug=smoke", "threads=1"])) == 0
    assert (tmp_path / "runs" / "smoke" / "policy" / "model.safetensors").exists()
