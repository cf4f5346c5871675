"""``webrl-orm`` on the toy site: every part once, resumed anywhere, reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents import memory, orm_run, rate_conflicts, train_orm
from agents.adapters import has_adapters
from agents.errors import CheckpointMismatch, ConfigConflict, NotEnoughMemory
from agents.hydra_entry import compose_config
from agents.metrics import SilentProgress
from agents.orm_conflicts import orm_conflicts
from agents.orm_folder import load_orm
from agents.orm_metrics import sliced_records
from agents.orm_report import markdown_report
from agents.orm_run import OrmRun
from agents.trajectory_io import read_trajectories, write_trajectories
from agents.types import LabelledTrajectory
from tests.agents.tiny_models import tiny_model
from tests.agents.toy_env import ToyEnv, demonstration, toy_task
from tests.agents.toy_runs import environments, started_policy
from tests.agents.toy_training import Toys
from webrl_gym.types import OutcomeVerdict, VerdictStatus

FAILED = ['do(action="Click", element="1")', "exit()"]
TOY = [
    "model=local",
    "model.max_prompt_tokens=200",
    "orm.epochs=2",
    "orm.tokens_per_batch=512",
    "orm.renamed_share=0",
    "orm.near_misses_per_success=0",
    "orm.changed_variables_per_success=0",
    "calibration_share=0.2",
    "attempts.temperature=1.0",
    "evaluation.temperature=1.0",
]


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Makes configurations on the toy site; ``mine.jsonl`` has successes and failures of six orders."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(orm_run, "suite_of", lambda name, *_: Learned() if name == "practice-train" else Toys(orders=1))
    monkeypatch.setattr(orm_run, "make_vec_env", lambda *_: environments(4))
    monkeypatch.setattr(rate_conflicts, "is_nano", lambda _: True)  # it has learned nothing yet
    tiny_model().save(tmp_path / "base")
    write_trajectories(tmp_path / "mine.jsonl", attempts())

    def made(*overrides: str, source: str = "trajectories=[mine.jsonl]") -> dict[str, Any]:
        given = [*TOY, f"model.name_or_path={tmp_path / 'base'}", source, *overrides]
        return compose_config("train_orm", [text for text in given if text])

    return made


class Learned(Toys):
    """Tasks of five orders; the judge is measured on those of another."""

    def __init__(self) -> None:
        super().__init__(orders=6)
        self.tasks = self.tasks[3:]


def attempts() -> list[LabelledTrajectory]:
    tasks = Learned().tasks
    return [demonstration(task, actions) for task in tasks for actions in (None, FAILED)]


def run(config: dict[str, Any]) -> dict[str, Any]:
    return OrmRun(Path(config["output"]), config, SilentProgress()).train()


def test_a_run_does_every_part_and_then_nothing_more(toy: Callable[..., dict[str, Any]]) -> None:
    config = toy()
    report = run(config)
    folder = Path(config["output"])
    names = {path.name for path in folder.iterdir()}
    assert names == {"config.json", "orm", "orm.json", "judged", "orm_report.json", "orm_report.md", "run.lock"}
    training = report["training"]
    assert training["attempts"] + report["calibration"]["attempts"] == len(attempts())
    assert report["calibration"]["attempts"] > 0
    assert report["threshold_from"] == "the best on calibration tasks"
    judged = report["judged"]["the policy"]
    assert set(judged) == {"all", "seen templates", "OSS"}
    assert judged["all"]["attempts"] == 3
    assert (folder / "orm_report.md").read_text(encoding="utf-8") == markdown_report(report)
    assert f"Model: {report['model']}.\n" in markdown_report(report)
    content = read_trajectories(folder / "judged" / "the policy.jsonl.gz")
    assert [label.source for label in content.labels if label is not None] == ["orm"] * 3
    orm = load_orm(folder)
    assert orm.threshold == report["threshold"]
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert run(config) == report
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == times


def test_a_stopped_run_goes_on_with_what_is_not_done(
    toy: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(ToyEnv):
        def step(self, action: str):
            raise KeyboardInterrupt

    config = toy("threshold=0.7")
    with monkeypatch.context() as patch:
        patch.setattr(orm_run, "make_vec_env", lambda *_: environments_of(Interrupted))
        with pytest.raises(KeyboardInterrupt):
            run(config)
    folder = Path(config["output"])
    weights = (folder / "orm" / "model.safetensors").stat().st_mtime_ns
    assert not (folder / "orm_report.json").exists()
    report = run(config)
    assert (folder / "orm" / "model.safetensors").stat().st_mtime_ns == weights
    assert (report["threshold"], report["threshold_from"]) == (0.7, "given")


def test_what_is_left_of_a_run_is_counted_and_refused_where_it_cannot_fit(
    toy: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = toy(source="")
    opened = OrmRun(Path(config["output"]), config, SilentProgress())
    before = {part.name: part for part in opened.memory.parts}
    assert list(before) == ["attempts", "ORM", "judging", "attempts of the policy"]
    assert before["attempts of the policy"].weights == 2 * before["attempts"].weights > 0
    assert before["ORM"].gradients > 0
    monkeypatch.setattr(memory, "available_memory", lambda _: 100)
    with pytest.raises(NotEnoughMemory, match=r"\(attempts of the policy\), and .* Less is needed with"):
        opened.train()
    assert {path.name for path in Path(config["output"]).iterdir()} == {"config.json"}
    monkeypatch.undo()
    monkeypatch.chdir(Path(config["model"]["name_or_path"]).parent)
    (Path(config["output"]) / "judged").mkdir()
    (Path(config["output"]) / "judged" / "the policy.jsonl.gz").touch()
    (Path(config["output"]) / "attempts.jsonl.gz").touch()
    assert [part.name for part in opened.memory.parts] == ["ORM", "judging"]


def environments_of(kind: type[ToyEnv]) -> Any:
    from stable_baselines3.common.vec_env import DummyVecEnv

    return DummyVecEnv([lambda: kind(orders=1)] * 2)


def test_the_folder_of_another_run_is_refused(toy: Callable[..., dict[str, Any]]) -> None:
    OrmRun(Path("runs/orm"), toy(), SilentProgress())
    Path("runs/orm/attempts.jsonl.gz").touch()
    with pytest.raises(CheckpointMismatch, match=r"seed: 0 there, 5 now\)\. Choose another folder") as caught:
        OrmRun(Path("runs/orm"), toy("seed=5"), SilentProgress())
    assert "trajectories" not in str(caught.value)
    tiny_model().save(Path("runs/model"))
    with pytest.raises(CheckpointMismatch, match="runs/model holds a run of another configuration"):
        OrmRun(Path("runs/model"), toy(), SilentProgress())


def test_all_conflicts_are_reported_at_once(toy: Callable[..., dict[str, Any]]) -> None:
    Path("judge.txt").write_text("{instruction} {actions}", encoding="utf-8")
    config = toy(
        "suite=practice-test",
        "evaluation.suite=practice-test",
        "calibration_share=0",
        "orm.prompt_template=judge.txt",
        "orm.answers=[YES,YES]",
        "orm.epochs=0",
        "orm.rephrased_share=2",
        "evaluation.attempts=0",
        "run=nowhere",
        "phases=true",
        "policies.a.b=base",
        "held_out_templates=7",
        "trajectories=[3]",
        "only_sites=[myspace]",
        "env.max_steps=0",
    )
    with pytest.raises(ConfigConflict) as caught:
        run(config)
    lines = str(caught.value).splitlines()
    words = (
        "both practice-test",
        "final report only",
        "calibration_share must be above 0",
        "phases=true learns from the phases of run",
        "judge.txt: .*{page} is missing",
        "orm.answers must be two different",
        "orm.epochs",
        "orm.rephrased_share",
        "evaluation.attempts",
        "run: nowhere holds no training run",
        "policies.a must be the folder of a policy",
        "held_out_templates must be a list of names, as in [shopping.search,map.phone], got 7",
        "trajectories must be a list",
        "only_sites: there is no site 'myspace'",
        "env.max_steps",
    )
    assert len(lines) == len(words)
    assert not Path(config["output"]).exists()
    for word in words:
        assert any(all(part in line for part in word.split(".*")) for line in lines), word


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        (["suite=practice-test-large"], "practice-test-large is for the final report only"),
        (["evaluation.suite=practice-test-large"], "practice-test-large is for the final report only"),
        (["suite=webarena-lite"], "webarena-lite is for the final report only"),
        (["suite=practice-valid", "evaluation.suite=practice-train"], "suite is practice-valid"),
    ],
)
def test_nothing_is_learned_from_or_judged_on_tasks_that_are_kept_apart(
    toy: Callable[..., dict[str, Any]], overrides: list[str], problem: str
) -> None:
    (found,) = orm_conflicts(toy(*overrides))
    assert found.startswith(problem)


def test_without_trajectories_the_policy_attempts_the_suite(
    toy: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orm_run, "make_vec_env", lambda *_: environments(4, orders=6))
    started_policy().language_model.save("started")
    config = toy("policy=started", "attempts.count=15", "calibration_share=0.1", source="")
    report = run(config)
    collected = read_trajectories(Path(config["output"]) / "attempts.jsonl.gz")
    assert len({item.task.task_id for item in collected.trajectories}) == 15
    assert report["training"]["attempts"] + report["calibration"]["attempts"] == 15


def test_the_models_settings_hold_for_attempts_and_for_the_judge(toy: Callable[..., dict[str, Any]]) -> None:
    pytest.importorskip("peft")
    settings = ("model.max_new_tokens=2", "model.lora={rank: 2}", "model.master_weights=false")
    config = toy(*settings, "model.gradient_checkpointing=true")
    run = OrmRun(Path(config["output"]), config, SilentProgress())
    attempted = run._collect("base", Toys(orders=1).tasks, 1.0, run.folder / "attempts.jsonl.gz")
    assert {len(step.completion.token_ids) for one in attempted for step in one.steps} <= {1, 2}
    judge = run._learner("base")
    assert has_adapters(judge.model)
    assert any(getattr(layer, "gradient_checkpointing", False) for layer in judge.model.modules())
    assert not judge.master_weights
    (problem,) = orm_conflicts(toy("model.lora={rank: 0}"))
    assert problem.startswith("model.lora: rank")
    (problem,) = orm_conflicts(toy("model.dtype=float16"))
    assert problem.startswith("model.dtype: expected bfloat16 or float32 for weights that are trained")
    assert not orm_conflicts(toy("model.dtype=float16", "model.lora={rank: 2}"))


def test_a_training_run_gives_everything(toy: Callable[..., dict[str, Any]]) -> None:
    source = Path("runs/webrl")
    (source / "rollouts").mkdir(parents=True)
    (source / "config.json").write_text('{"demonstrations": 1}', encoding="utf-8")
    write_trajectories(source / "demonstrations.jsonl.gz", attempts()[:2])
    write_trajectories(source / "attempts.jsonl.gz", attempts()[2:])
    started = started_policy().language_model
    started.save(source / "sft")
    started.save(source / "policy")
    own = demonstration(toy_task("Red", 1), phase=1)
    evolved = replace(own.trajectory, task=replace(own.trajectory.task, parent="toy-train/Red/1"))
    by_orm = OutcomeVerdict(VerdictStatus.SCORED, 0.0, "orm", p_yes=0.2)
    write_trajectories(source / "rollouts" / "phase-0001.jsonl.gz", [own, LabelledTrajectory(evolved, by_orm)])
    report = run(toy("run=runs/webrl", "evaluation.attempts=2", source=""))
    assert set(report["judged"]) == {"SFT", "final"}
    assert report["judged"]["final"]["all"]["attempts"] == 6
    assert set(report["phases"]) == {"phase 1, evolved tasks", "phase 1, tasks of the suite"}
    assert report["training"]["attempts"] + report["calibration"]["attempts"] == len(attempts())
    said = markdown_report(report)
    assert "## Attempts of SFT at practice-valid" in said
    assert "| phase 1, evolved tasks | 1 |" in said
    nothing = {"SFT": sliced_records([], [0.5])}
    assert "| all | 0 |" in markdown_report({**report, "judged": nothing})
    for words in (["phases=true"], ["trajectories=[runs/webrl/attempts.jsonl.gz,runs/webrl/rollouts]"]):
        report = run(toy("run=runs/webrl", f"name=all-{len(words[0])}", *words, source=""))
        assert "runs/webrl/rollouts/phase-0001.jsonl.gz" in report["files"]
        assert report["training"]["attempts"] + report["calibration"]["attempts"] >= len(attempts())
        assert report["phases"] == {}
        assert "Attempts of the run's phases" not in markdown_report(report)


def test_templates_may_be_held_out(toy: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    others = [demonstration(toy_task("Red", 1, template="toy.other", task_id="other"), way) for way in (None, FAILED)]
    write_trajectories(Path("more.jsonl"), others)

    class Both(Toys):
        def __init__(self) -> None:
            super().__init__(orders=1)
            self.tasks = (*self.tasks, toy_task("Red", 0, template="toy.other", task_id="judged"))

    monkeypatch.setattr(orm_run, "suite_of", lambda *_: Both())
    sources = "trajectories=[mine.jsonl,more.jsonl]"
    report = run(toy("held_out_templates=[toy.other]", source=sources))
    assert report["held_out_templates"] == ["toy.other"]
    assert report["training"]["attempts"] + report["calibration"]["attempts"] == len(attempts())
    assert report["judged"]["the policy"]["templates left out"]["attempts"] == 1
    with pytest.raises(ValueError, match=r"no attempt of the templates toy\.third"):
        run(toy("held_out_templates=[toy.third]", "name=third", source=sources))
    with pytest.raises(ConfigConflict, match=r"held_out_templates: the suite has no template toy\.third"):
        run(toy("held_out_templates=[toy.third]", "name=third", source=""))


def test_somebodys_labels_choose_the_threshold_where_there_are_no_rules(toy: Callable[..., dict[str, Any]]) -> None:
    labelled = [
        LabelledTrajectory(replace(item.trajectory, rule_verdict=None), replace(item.label, source="human"))
        for item in attempts()
    ]
    write_trajectories(Path("human.jsonl"), labelled)
    report = run(toy(source="trajectories=[human.jsonl]"))
    assert report["calibration"]["attempts"] > 0
    assert report["threshold_from"] == "the best on calibration tasks"


def test_a_template_file_and_other_answers_go_with_the_judge(toy: Callable[..., dict[str, Any]]) -> None:
    Path("judge.txt").write_text("[user]\n{instruction}\n{actions}\n{page}\n", encoding="utf-8")
    config = toy("orm.prompt_template=judge.txt", "orm.answers=[NO,YES]", "orm.epochs=1")
    run(config)
    orm = load_orm(config["output"])
    assert orm.template.user == "{instruction}\n{actions}\n{page}"
    assert orm.scorer.answers == ("NO", "YES")


def test_from_the_command_line(
    toy: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [*TOY, "model.name_or_path=base", "trajectories=[mine.jsonl]", "policies.Tiny=base", "orm.epochs=1"]
    monkeypatch.setattr("sys.argv", ["webrl-orm", *given])
    assert train_orm.main() == 0
    said = capsys.readouterr().out
    assert "## Attempts of Tiny at practice-valid" in said
    assert "use it with: webrl-train orm.from=runs/orm" in said
    monkeypatch.setattr("sys.argv", ["webrl-orm", "orm.epoch=1"])
    assert train_orm.main() == 2
    assert "did you mean 'orm.epochs'?" in capsys.readouterr().err
