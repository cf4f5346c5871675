"""A report from folders alone: runs and results in any mixture, whole and in pieces."""

import dataclasses
import json
import re

import pytest

from agents.actors import FixedAgent
from agents.analyses.curves import MAX_SERIES
from agents.metrics import JsonlWriter
from agents.panel import PanelFolder, run_agent
from agents.report import __main__ as command
from agents.report import render_report
from agents.report.folders import load_report
from agents.report.viewer import viewer_payload
from agents.results import as_record
from agents.trajectory_io import write_trajectories
from agents.values import NoCritic
from tests.agents.report.parts import unpacked
from tests.agents.toy_env import ToyEnv, ToySuite, demonstration
from webrl_gym.types import OutcomeVerdict, VerdictStatus

TASKS = ToySuite(orders=1).tasks


def panel(folder, name, answer="no", suite="toy-valid", **card):
    """Results of an agent that does the same at every task."""
    results = run_agent(ToyEnv(orders=1), FixedAgent(answer), PanelFolder(folder / name, name, TASKS))
    record = {"commit": "0123abc", "engine": "static", "seeds": [0], "config": {"suite": suite}, **card}
    (folder / name / "card.json").write_text(json.dumps({**record, **as_record(results)}), encoding="utf-8")


def labelled(item, phase, yes):
    label = OutcomeVerdict(VerdictStatus.SCORED, float(yes), "orm", p_yes=0.5)
    return dataclasses.replace(item, label=label, trajectory=dataclasses.replace(item.trajectory, phase=phase))


def training_run(folder):
    """What a run of two phases leaves."""
    folder.mkdir(parents=True)
    config = {"demonstrations": 3, "valid_suite": "toy-valid", "seed": 0}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    demonstrations = [demonstration(task) for task in TASKS]
    write_trajectories(folder / "demonstrations.jsonl.gz", demonstrations)
    failed = demonstration(TASKS[0], ["hm", "hm", "hm", "hm"])
    write_trajectories(folder / "attempts.jsonl.gz", [failed, demonstrations[1]])
    (folder / "rollouts").mkdir()
    for phase in (1, 2):
        items = [labelled(demonstrations[phase], phase, yes=True), labelled(failed, phase, yes=phase == 2)]
        write_trajectories(folder / "rollouts" / f"phase-{phase:04d}.jsonl.gz", items)
    writer = JsonlWriter(folder / "metrics.jsonl")
    for phase in (1, 2):
        writer.write(phase, {"phase": phase, "rollout/success_rate": 0.5, "curriculum/kept": 3})
    confusion = {"true_yes": 1, "false_yes": 2, "true_no": 3, "false_no": 4}
    (folder / "orm.json").write_text(json.dumps({"confusion": confusion}), encoding="utf-8")


def test_a_training_run_alone(tmp_path):
    training_run(tmp_path / "run")
    data = load_report([tmp_path / "run"])
    assert data.title == "webrl-gym: run"
    assert data.notes == []
    run = data.runs["run"]
    assert [row["phase"] for row in run.phases] == [1, 2]
    assert {phase: [result.success for result in results] for phase, results in run.sampled.items()} == {
        0: [False, True],
        1: [True, False],
        2: [True, False],
    }
    assert {name: matrix.total for name, matrix in data.orm.items()} == {
        "attempts of the supervised policy at toy-valid": 10,
        "attempts that it labelled while training": 4,
    }
    assert {item.agent for item in data.trajectories} == {"oracle", "first attempts", "phase 1", "phase 2"}
    assert data.run_card == {"seeds": 0, "config": {"demonstrations": 3, "valid_suite": "toy-valid", "seed": 0}}
    text = render_report(data)
    for words in ("sampled while training", "no reasonable attempt", "critic loss (critic/loss)", 'id="curriculum"'):
        assert words in text


def test_a_run_with_results_in_it_as_the_demo_leaves_one(tmp_path):
    training_run(tmp_path / "run")
    scores = tmp_path / "run" / "scores"
    for agent in ("WebRL", "SFT", "random", "do_nothing"):
        panel(scores / "practice-test", agent, suite="practice-test")
        panel(scores / "practice-valid", agent, suite="practice-valid", commit=agent)
    data = load_report([tmp_path / "run"], "The demo")
    assert data.title == "The demo"
    assert {suite: list(results) for suite, results in data.suites.items()} == {
        name: ["do_nothing", "random", "SFT", "WebRL"] for name in ("practice-valid", "practice-test")
    }
    assert {item.group for item in data.trajectories} == {
        "practice-valid",
        "practice-test",
        "attempts while training",
    }
    assert "random" not in {item.agent for item in data.trajectories}
    assert data.run_card["commit"] == "0123abc"
    assert data.run_card["config"]["demonstrations"] == 3


def test_runs_and_results_side_by_side(tmp_path):
    training_run(tmp_path / "a" / "webrl")
    training_run(tmp_path / "b" / "webrl")
    panel(tmp_path / "a" / "webrl" / "scores", "WebRL")
    panel(tmp_path / "b" / "webrl" / "scores", "WebRL", replica=True)
    panel(tmp_path / "b" / "webrl" / "scores", "random")
    panel(tmp_path, "random", 'do(action="Click", element="0")')
    panel(tmp_path, "mine")
    folders = [tmp_path / "a" / "webrl", tmp_path / "b" / "webrl", tmp_path / "random", tmp_path / "mine"]
    data = load_report(folders)
    assert list(data.suites["toy-valid"]) == ["random", "a/webrl: WebRL", "b/webrl: WebRL", "mine"]
    assert list(data.runs) == ["a/webrl", "b/webrl"]
    assert list(data.run_card) == ["a/webrl", "b/webrl", "random", "mine"]
    assert any("not comparable with published scores" in note for note in data.notes)
    text = render_report(data)
    assert "The runs side by side" in text
    assert "a/webrl, phase 1" in text


def test_what_models_stand_behind_the_names_is_told(tmp_path):
    small = "SmolLM2-135M-Instruct (from Q4_1 GGUF)"
    training_run(tmp_path / "run")
    (tmp_path / "run" / "sft").mkdir()
    record = {"webrl_gym": {"description": small}}
    (tmp_path / "run" / "sft" / "config.json").write_text(json.dumps(record), encoding="utf-8")
    panel(tmp_path / "scores", "WebRL", model=small)
    panel(tmp_path / "scores", "SFT", suite="toy-test", model=small)
    panel(tmp_path / "scores", "other", model="nano")
    panel(tmp_path / "scores", "random", model=None)
    data = load_report([tmp_path / "run", tmp_path / "scores"])
    told = [note for note in data.notes if note.startswith("Model of")]
    assert told == [f"Model of scores: SFT, scores: WebRL, run: {small}.", "Model of scores: other: nano."]
    assert small in render_report(data)


def test_attempts_of_several_runs_are_told_apart(tmp_path):
    for name in ("smoke", "reinforce"):
        training_run(tmp_path / name)
    panel(tmp_path, "mine")
    own = ("oracle", "first attempts", "phase 1", "phase 2")
    both = load_report([tmp_path / name for name in ("smoke", "reinforce", "mine")]).trajectories
    assert {item.name for item in both} == {f"{run}: {agent}" for run in ("smoke", "reinforce") for agent in own} | {
        "mine"
    }
    shown = unpacked(viewer_payload(both, max_trajectories=300, max_bytes=10**6))["trajectories"]
    assert [item["agent"] for item in shown] == [item.name for item in both]
    assert set(viewer_payload(both, 0, 10**6).left_out) == {item.name for item in both}
    alone = load_report([tmp_path / name for name in ("smoke", "mine")]).trajectories
    assert {item.name for item in alone} == {*own, "mine"}


def test_only_agents_that_cannot_read_are_shown_where_nobody_else_is(tmp_path):
    panel(tmp_path, "random")
    assert {item.agent for item in load_report([tmp_path]).trajectories} == {"random"}
    panel(tmp_path, "oracle")
    assert {item.agent for item in load_report([tmp_path]).trajectories} == {"oracle"}


def test_without_a_card_the_folder_above_names_the_suite(tmp_path):
    panel(tmp_path / "toy-test", "mine")
    (tmp_path / "toy-test" / "mine" / "card.json").unlink()
    data = load_report([tmp_path])
    assert list(data.suites) == ["toy-test"]
    assert data.run_card == {"config": {}}


def test_what_is_broken_or_missing_becomes_a_note(tmp_path):
    training_run(tmp_path / "run")
    (tmp_path / "run" / "rollouts" / "phase-0002.jsonl.gz").write_bytes(b"no gzip")
    (tmp_path / "run" / "demonstrations.jsonl.gz").unlink()
    (tmp_path / "run" / "orm.json").write_text("{")
    with (tmp_path / "run" / "metrics.jsonl").open("a") as stream:
        stream.write('{"phase"')
    data = load_report([tmp_path / "run"])
    assert list(data.runs["run"].sampled) == [0, 1, 2]
    assert list(data.orm) == ["attempts that it labelled while training"]
    notes = "\n".join(data.notes)
    assert re.search("phase 2: .*not a gzipped file.*no trajectories from phase-0002", notes, re.IGNORECASE)
    assert "metrics: 1 lines of metrics.jsonl cannot be read" in notes
    render_report(data)


def test_the_command_writes_the_page_beside_the_only_run(tmp_path, capsys):
    training_run(tmp_path / "run")
    assert command.main([str(tmp_path / "run"), "--title", "My run"]) == 0
    assert str(tmp_path / "run" / "report.html") in capsys.readouterr().out
    assert "<title>My run</title>" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    panel(tmp_path, "mine")
    output = tmp_path / "new" / "both.html"
    assert command.main([str(tmp_path / "run"), str(tmp_path / "mine"), "-o", str(output)]) == 0
    assert output.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: expected a folder of webrl-train"),
        (["run", "--values"], "run holds no finished training run"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    training_run(tmp_path / "run")
    assert command.main(arguments) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run" / "report.html").exists()


def test_nothing_is_lost_where_names_are_the_same(tmp_path):
    for name in ("modelA/lite", "modelB/lite", "deep/one/more/lite", "deep/two/more/lite"):
        panel(tmp_path, name)
    both = load_report([tmp_path / "modelA" / "lite", tmp_path / "modelB" / "lite"])
    assert list(both.suites["toy-valid"]) == ["modelA/lite", "modelB/lite"]
    data = load_report([tmp_path / "modelA", tmp_path / "modelB"])
    assert list(data.suites["toy-valid"]) == ["modelA: lite", "modelB: lite"]
    below = load_report([tmp_path / "deep"])
    assert list(below.suites["toy-valid"]) == ["one/…/lite", "two/…/lite"]
    assert list(below.run_card) == ["one/…/lite (toy-valid)", "two/…/lite (toy-valid)"]


def test_runs_of_two_checkouts_are_both_there(tmp_path):
    for checkout in ("a", "b"):
        training_run(tmp_path / checkout / "runs" / "webrl")
        panel(tmp_path / checkout / "runs" / "webrl" / "scores", "SFT")
    data = load_report([tmp_path / checkout / "runs" / "webrl" for checkout in ("a", "b")])
    assert list(data.runs) == ["a/…/webrl", "b/…/webrl"]
    assert list(data.suites["toy-valid"]) == ["a/…/webrl: SFT", "b/…/webrl: SFT"]


def test_who_learns_nothing_is_known_by_what_played_and_not_by_its_folder(tmp_path):
    panel(tmp_path / "x", "oracle")
    (tmp_path / "x" / "oracle").rename(tmp_path / "x" / "oracle-lite")
    panel(tmp_path / "y", "mine")
    (tmp_path / "y" / "mine").rename(tmp_path / "y" / "random")
    for place, limit in (("many", 3), ("few", 2), ("again", 2)):
        folder = tmp_path / place / "random"
        run_agent(ToyEnv(orders=1), FixedAgent(""), PanelFolder(folder, "random", TASKS[:limit], suite="toy-valid"))
    data = load_report([tmp_path])
    assert list(data.suites) == ["toy-valid"]
    rows = data.suites["toy-valid"]
    assert [(name, len(results)) for name, results in rows.items() if name.startswith("random")] == [
        ("random (again/random)", 2),
        ("random (many/random)", 3),
    ]
    assert "oracle" in rows
    assert "mine" in rows
    assert {"oracle", "random (again/random)"} <= set(data.yardsticks)
    assert "mine" not in data.yardsticks


def test_instructions_that_only_a_floor_was_given_are_known(tmp_path):
    for agent, tasks in (("mine", TASKS[:1]), ("random", TASKS)):
        run_agent(ToyEnv(orders=1), FixedAgent(""), PanelFolder(tmp_path / agent, agent, tasks, suite="toy-valid"))
    data = load_report([tmp_path])
    assert {item.agent for item in data.trajectories} == {"mine"}
    assert data.tasks == {task.task_id: task for task in TASKS}
    assert data.notes == []


def test_results_under_other_conditions_are_not_ranked_without_a_word(tmp_path):
    def played(name, **settings):
        panel_folder = PanelFolder(tmp_path / name, name, TASKS, settings, "toy-valid")
        run_agent(ToyEnv(orders=1), FixedAgent(""), panel_folder)

    played("a", engine="static")
    played("b", engine="static")
    PanelFolder(tmp_path / "begun", "begun", TASKS, {"engine": "chromium"}, "toy-valid")
    assert load_report([tmp_path]).unlike == {"toy-valid": []}
    played("c", engine="chromium")
    text = render_report(load_report([tmp_path]))
    assert "Not like for like: engine (c: chromium; others: static)." in text


@pytest.mark.parametrize("card", [{"config": None}, {"config": {"env": "static"}}, []])
def test_a_card_of_another_make_is_no_reason_to_write_no_report(tmp_path, card):
    panel(tmp_path, "random")
    (tmp_path / "random" / "card.json").write_text(json.dumps(card), encoding="utf-8")
    assert "random" in render_report(load_report([tmp_path]))


def test_a_panel_that_never_began_is_one_note_and_no_row(tmp_path):
    PanelFolder(tmp_path / "openai_my-model", "openai", TASKS, suite="toy-valid")
    assert load_report([tmp_path]).suites == {"toy-valid": {}}
    panel(tmp_path, "random")
    data = load_report([tmp_path])
    assert list(data.suites["toy-valid"]) == ["random"]
    assert {item.agent for item in data.trajectories} == {"random"}
    assert data.notes == ["openai_my-model: begun, no episode finished."]


def test_a_panel_that_was_stopped_says_itself_which_suite_it_is(tmp_path):
    folder = tmp_path / "out" / "mine"
    run_agent(ToyEnv(orders=1), FixedAgent(""), PanelFolder(folder, "mine", TASKS, suite="toy-valid"))
    assert list(load_report([tmp_path]).suites) == ["toy-valid"]


def test_values_come_from_wherever_there_is_a_critic(tmp_path, monkeypatch, capsys):
    def value(folder):
        if folder.name == "mine":
            raise NoCritic(f"{folder} has no critic")
        return 7

    training_run(tmp_path / "run")
    panel(tmp_path, "mine")
    monkeypatch.setattr(command, "value_run", value)
    assert (
        command.main([str(tmp_path / "mine"), str(tmp_path / "run"), "--values", "-o", str(tmp_path / "x.html")]) == 0
    )
    shown = capsys.readouterr()
    assert f"{tmp_path / 'run'}: 7 steps valued" in shown.out
    assert "mine has no critic" in shown.err
    assert command.main([str(tmp_path / "mine"), "--values"]) == 2


def test_more_runs_than_curves_is_a_note(tmp_path):
    for number in range(MAX_SERIES + 2):
        training_run(tmp_path / f"run{number}")
    data = load_report([tmp_path / f"run{number}" for number in range(MAX_SERIES + 2)])
    assert f"Side by side are the curves of the first {MAX_SERIES} of {MAX_SERIES + 2} runs." in data.notes
