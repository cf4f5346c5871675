"""Files of benchmarks and training runs, whole and broken, as parts of a report."""

import dataclasses
import json

from agents.actors import FixedAgent
from agents.labelling import ConfusionMatrix
from agents.metrics import JsonlWriter
from agents.panel import PanelFolder, run_agent
from agents.report.sources import load_agreement, load_attempts, load_metrics, load_panel_folders
from agents.trajectory_io import trajectory_to_dict, write_trajectories
from tests.agents.report.parts import picture
from tests.agents.toy_env import COLOURS, ToyEnv, demonstration, toy_task
from webrl_gym.types import OutcomeVerdict, VerdictStatus


def test_result_folders_are_read_in_panel_order_with_pictures_and_values(tmp_path):
    tasks = [toy_task(colour, 0) for colour in COLOURS]
    folder = tmp_path / "run"
    env = ToyEnv()
    run_agent(env, FixedAgent("no"), PanelFolder(folder, "do_nothing", tasks))
    extended = dataclasses.replace(toy_task("Red", 0), instruction="again")
    again = dataclasses.replace(demonstration(extended).trajectory, task=extended)
    (folder / "a.png").write_bytes(picture())
    (tmp_path / "secret.png").write_bytes(picture())
    infos = [{"value": 0.5, "screenshot": "a.png"}, {"value": "high", "screenshot": "../secret.png"}]
    steps = tuple(dataclasses.replace(step, info=info) for step, info in zip(again.steps, infos, strict=True))
    with (folder / "trajectories.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(trajectory_to_dict(dataclasses.replace(again, steps=steps))) + "\nhalf a li")
    lines = (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "results.jsonl").write_text("\n".join([lines[1], lines[0], "{", '{"task_id": 1}']), encoding="utf-8")

    loaded = load_panel_folders({"nobody": folder, "absent": tmp_path / "nothing"})
    assert [item.task_id for item in loaded.results["nobody"]] == [tasks[0].task_id, tasks[1].task_id]
    assert list(loaded.results) == ["nobody"]
    assert [item.agent for item in loaded.trajectories] == ["nobody"] * 3
    first = next(item for item in loaded.trajectories if item.trajectory.task.instruction == "again")
    assert first.values == (0.5, None)
    assert list(first.screenshots) == [0]
    notes = "\n".join(loaded.notes)
    assert "nobody: 1 lines of results.jsonl cannot be read" in notes
    assert "nobody: a line of results.jsonl is no result" in notes
    assert "nobody: 1 of 3 tasks have no finished episode" in notes
    assert "nobody: trajectories.jsonl: line 6" in notes
    assert "absent: begun, no episode finished." in notes


def test_a_separator_inside_an_answer_ends_no_line(tmp_path):
    tasks = [toy_task(colour, 0) for colour in COLOURS]
    results = run_agent(ToyEnv(), FixedAgent("one\u2028two\u0085three"), PanelFolder(tmp_path, "odd", tasks))
    path = tmp_path / "results.jsonl"
    # Written by another program: JSON allows these characters as they are.
    lines = [
        json.dumps(json.loads(line), ensure_ascii=False) for line in path.read_text(encoding="utf-8").split("\n")[:-1]
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "\u2028" in path.read_text(encoding="utf-8")
    loaded = load_panel_folders({"odd": tmp_path})
    assert loaded.results["odd"] == results
    assert loaded.notes == []


def test_attempts_stand_in_panel_order_however_they_ended(tmp_path):
    tasks = [toy_task(colour, 0) for colour in COLOURS]
    run_agent(ToyEnv(), FixedAgent("no"), PanelFolder(tmp_path, "nobody", tasks))
    for name, header in (("results.jsonl", 0), ("trajectories.jsonl", 1)):
        lines = (tmp_path / name).read_text(encoding="utf-8").split("\n")[:-1]
        turned = [*lines[:header], *reversed(lines[header:])]
        (tmp_path / name).write_text("\n".join(turned) + "\n", encoding="utf-8")
    loaded = load_panel_folders({"nobody": tmp_path})
    assert [item.trajectory.task for item in loaded.trajectories] == tasks
    assert [item.task_id for item in loaded.results["nobody"]] == [task.task_id for task in tasks]


def test_metrics_of_a_run_are_read_and_the_last_line_of_a_phase_counts(tmp_path):
    writer = JsonlWriter(tmp_path / "metrics.jsonl")
    writer.write(10, {"phase": 1, "critic/loss": 0.9})
    writer.write(20, {"phase": 2, "critic/loss": 0.8, "curriculum/proposed": 9, "curriculum/kept": 9})
    writer.write(22, {"phase": 2, "critic/loss": float("nan"), "curriculum/proposed": 5, "curriculum/kept": 5})
    with writer.path.open("a", encoding="utf-8") as stream:
        stream.write('{"note": 1}\n[]\n{"phase"')
    loaded = load_metrics(writer.path)
    assert [(row["phase"], row["critic/loss"]) for row in loaded.phases] == [(1, 0.9), (2, None)]
    assert loaded.phases[1]["curriculum/kept"] == 5
    assert loaded.notes == ["metrics: 1 lines of metrics.jsonl cannot be read."]
    assert load_metrics(tmp_path / "none.jsonl").phases == []


def test_attempts_of_a_file_are_judged_by_the_rules_and_else_by_their_label(tmp_path):
    says_no = OutcomeVerdict(VerdictStatus.SCORED, 0.0, "orm", p_yes=0.2)
    unscored = OutcomeVerdict(VerdictStatus.UNSCORED, 0.0, "rules")
    undecided = OutcomeVerdict(VerdictStatus.UNDECIDED, 0.0, "orm")
    first, second, third = (demonstration(toy_task(colour, 0)) for colour in COLOURS)
    by_orm = dataclasses.replace(
        second, label=says_no, trajectory=dataclasses.replace(second.trajectory, rule_verdict=unscored)
    )
    broken = dataclasses.replace(third.trajectory, failure="SiteError: gone")
    nobody = dataclasses.replace(third, label=undecided, trajectory=by_orm.trajectory)
    write_trajectories(tmp_path / "a.jsonl.gz", [dataclasses.replace(first, label=says_no), by_orm, broken])
    write_trajectories(tmp_path / "b.jsonl.gz", [nobody, dataclasses.replace(nobody, label=None)])
    loaded = load_attempts(tmp_path / "a.jsonl.gz", "phase 1", "training")
    assert [(item.agent, item.group) for item in loaded.trajectories] == [("phase 1", "training")] * 3
    assert [(result.status, result.success, result.steps) for result in loaded.results] == [
        ("scored", True, 2),
        ("scored", False, 2),
        ("failed", False, 2),
    ]
    assert [result.status for result in load_attempts(tmp_path / "b.jsonl.gz", "x").results] == ["unscored"] * 2
    assert load_attempts(tmp_path / "none.jsonl", "x").notes == [
        "x: No such file or directory: no trajectories from none.jsonl."
    ]
    (tmp_path / "cut.jsonl.gz").write_bytes((tmp_path / "a.jsonl.gz").read_bytes()[:-20])
    (note,) = load_attempts(tmp_path / "cut.jsonl.gz", "x").notes
    assert "the file is cut or changed" in note


def test_an_agreement_is_read_or_there_is_none(tmp_path):
    path = tmp_path / "orm.json"
    assert load_agreement(path) is None
    path.write_text(json.dumps({"confusion": {"true_yes": 1, "false_yes": 2, "true_no": 3, "false_no": 4}}))
    assert load_agreement(path) == ConfusionMatrix(1, 2, 3, 4)
    for text in ('{"confusion": {"maybe": 1}}', '{"confusion": 3}', "[]", "{"):
        path.write_text(text)
        assert load_agreement(path) is None
