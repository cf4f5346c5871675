"""The demo in small: few tasks, a model of a few thousand weights, every part of the page."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agents import benchmark, training_run
from agents.demo import demo
from agents.errors import CheckpointMismatch, ConfigConflict
from agents.hydra_entry import compose_config
from tests.agents.small_llama import small_llama
from webrl_gym.suites import load_suite, open_reader
from webrl_gym.tasks.suite import TaskSuite


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Configurations of a demo on every 80th task."""

    def suite_of(name: str, only_sites: Sequence[str] = (), settings: Any = None) -> TaskSuite:
        assert not only_sites
        return TaskSuite(name, load_suite(name).tasks[::80], open_reader)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(benchmark, "suite_of", suite_of)
    monkeypatch.setattr(training_run, "suite_of", suite_of)
    model = small_llama()
    model.model.config.max_position_embeddings = 1024  # so that guide and history fit
    model.save(tmp_path / "base")
    given = [
        "model=local",
        "model.name_or_path=base",
        "model.max_prompt_tokens=700",
        "algorithm=sft",
        "demonstrations=1",
    ]
    given += [
        "sft.optimizer=adamw",
        "sft.learning_rate=1e-4",
        "sft.epochs_per_round=1",
        "sft.max_rounds=1",
        "env.num_envs=2",
        "threads=1",
    ]
    return lambda *overrides: compose_config("demo", [*given, *overrides])


def test_what_the_demo_cannot_use_is_told_before_it_begins(small: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(ConfigConflict) as refused:
        demo(small("screenshot_tasks=many", "resume=runs/other"))
    words = str(refused.value).splitlines()
    assert [word.partition(" ")[0] for word in words] == ["screenshot_tasks", "resume=runs/other"]
    assert not Path("runs").exists()


@pytest.mark.slow
@pytest.mark.cold_browser
def test_the_demo_makes_table_report_and_log_once(
    small: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBRL_GYM_CHROMIUM", "/nowhere/chromium")
    assert demo(small()) == 0
    said = capsys.readouterr()
    assert "| oracle |" in said.out
    assert "The report has no screenshots" in said.err
    folder = Path("runs/demo")
    printed = (folder / "summary.md").read_text(encoding="utf-8")
    assert printed in said.out
    rows = {line.split(" | ")[0].strip("| "): line.split(" | ")[-1] for line in printed.splitlines() if "|" in line}
    assert list(rows)[2:] == ["do_nothing", "random", "oracle", "SFT", "WebRL"]
    assert rows["do_nothing"].startswith("0.0 [")
    assert rows["oracle"].startswith("100.0 [")
    assert "\nSFT and WebRL: " in printed
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")
    log = [json.loads(line) for line in Path("runs/practice_test_log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["agent"] for line in log] == [
        "do_nothing",
        "random",
        "oracle",
        "runs/demo/sft",
        "runs/demo/policy",
    ]
    assert [line["trials"] for line in log] == [3] * 5

    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["success"]["practice-test"]["oracle"].startswith("100.0 [")
    assert list(summary["seconds_from_the_start"].values()) == sorted(summary["seconds_from_the_start"].values())

    once = [*folder.rglob("results.jsonl"), folder / "summary.json", folder / "report.html"]
    results = {path: path.stat().st_mtime_ns for path in once}
    assert len(results) == 12
    assert demo(small()) == 0  # looks again for a browser to take screenshots with
    assert "Finished before" not in capsys.readouterr().out
    with monkeypatch.context() as without_work:
        without_work.setitem(sys.modules, "agents.demo_run", None)
        assert demo(small("screenshot_tasks=0")) == 0
    said = capsys.readouterr().out
    assert printed in said
    assert "Finished before, shown again. The report: " in said
    assert {path: path.stat().st_mtime_ns for path in results} == results
    with pytest.raises(CheckpointMismatch, match="seed: 0 there, 1 now"):
        demo(small("screenshot_tasks=0", "seed=1"))
    (folder / "report.html").unlink()
    assert demo(small()) == 0
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")
    assert len(Path("runs/practice_test_log.jsonl").read_text(encoding="utf-8").splitlines()) == 5


def test_a_wrong_configuration_is_refused_before_anything_runs(small: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(ConfigConflict, match="seed must be"):
        demo(small("seed=-1"))
    assert not Path("runs").exists()
