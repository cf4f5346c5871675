"""The parts of a report that are plain values: tables, charts, the choice and packing of trajectories, and sources."""

import base64
import dataclasses
import gzip
import io
import itertools
import json
import math
import random

import pytest
from PIL import Image

from agents.actors import FixedAgent
from agents.curriculum import CurriculumReport
from agents.labelling import ConfusionMatrix
from agents.metrics import JsonlWriter
from agents.panel import PanelFolder, run_agent
from agents.report.charts import Series, curriculum_bar, learning_charts, line_chart, nice_ticks, value_text
from agents.report.sources import load_metrics, load_panel_folders
from agents.report.tables import card_groups, matrix_view, suite_table
from agents.report.viewer import ShownTrajectory, small_picture, viewer_payload
from agents.results import EpisodeResult
from agents.trajectory_io import trajectory_to_dict
from tests.agents.toy_env import COLOURS, ToyEnv, demonstration, toy_task
from webrl_gym.types import OutcomeVerdict, VerdictStatus


def result(index, success, status="scored", column="OSS", tags=()):
    return EpisodeResult(f"task/{index}", column, status, success, 3, tags)


def picture(noise=0.0):
    stream = io.BytesIO()
    Image.effect_noise((1280, 720), noise).save(stream, "PNG")
    return stream.getvalue()


def attempt(number=0, agent="sft", success=True, **changes):
    trajectory = demonstration(toy_task("Blue", 1, task_id=f"toy/{number}")).trajectory
    verdict = OutcomeVerdict(VerdictStatus.SCORED, float(success), "rules")
    return ShownTrajectory(agent, dataclasses.replace(trajectory, rule_verdict=verdict), **changes)


def unpacked(payload):
    text = gzip.decompress(base64.b64decode(payload.text)).decode() if payload.compressed else payload.text
    return json.loads(text)


def test_a_suite_table_names_the_best_learned_agent_and_what_does_not_count():
    sft = [result(0, True), result(1, False), result(2, False, "unscored"), result(3, True, column="Map")]
    webrl = [result(0, True), result(1, True), result(3, False, tags=("novel",)), result(2, False, "failed")]
    rows = {"oracle": [result(number, True) for number in range(3)], "sft": sft, "webrl": webrl}
    table = suite_table("practice-test", rows, {"oracle"})
    assert [(row.agent, row.role) for row in table.rows] == [
        ("oracle", "yardstick"),
        ("sft", "best"),
        ("webrl", "learned"),
    ]
    assert [heading for heading, _ in table.sites] == ["Reddit", "GitLab", "CMS", "Map", "OSS", "All"]
    assert dict(table.sites) == {"Reddit": 0, "GitLab": 0, "CMS": 0, "Map": 1, "OSS": 3, "All": 3}
    assert dict(table.slices) == {"seen templates": 3, "unseen templates": 0, "unseen words": 1}
    overall = table.overall(table.best)
    assert (overall.percent, overall.successes, overall.trials) == ("66.7", 2, 3)
    assert overall.low < 66.7 < overall.high
    assert [cell.partial for cell in table.rows[1].cells] == [
        False,
        False,
        False,
        False,
        True,
        False,
        False,
        False,
        True,
    ]
    assert table.rows[0].cells[0].percent == ""
    assert table.not_counted == (
        "sft: 1 unscored, of 4 episodes",
        "webrl: 1 broken by the infrastructure, of 4 episodes",
    )


def test_an_agent_without_a_scored_episode_is_never_the_best():
    table = suite_table("s", {"sft": [result(0, False, "failed")], "oracle": [result(0, True)]}, {"oracle"})
    assert table.best is None


def test_the_scores_of_a_confusion_matrix():
    scores = {label: value for label, value, _ in matrix_view("held out", ConfusionMatrix(40, 10, 120, 10)).scores}
    assert scores["balanced accuracy"] == "86.2"
    assert scores["base rate"] == "27.8"
    assert scores["always NO"] == "72.2"
    assert all(value == "" for _, value, _ in matrix_view("empty", ConfusionMatrix()).scores)


def test_a_run_card_becomes_groups_of_facts():
    groups = card_groups({"commit": "abc", "seeds": [0, 1], "config": {"env": {"engine": "static"}}, "not_scored": {}})
    assert [(group.heading, group.facts) for group in groups] == [
        ("run", (("commit", "abc"), ("seeds", "0, 1"))),
        ("config", (("env.engine", "static"),)),
        ("not scored", (("none", ""),)),
    ]


@pytest.mark.parametrize("low", [-3.0, 0.0, 0.2, 1234.5])
@pytest.mark.parametrize("spread", [0.0, 1e-6, 0.03, 0.9, 17.0, 4e5])
def test_ticks_cover_the_values_in_even_steps(low, spread):
    ticks = nice_ticks(low, low + spread)
    assert ticks[0] <= low + 1e-9
    assert ticks[-1] >= low + spread - 1e-9
    assert 2 <= len(ticks) <= 8
    steps = [after - before for before, after in itertools.pairwise(ticks)]
    assert all(math.isclose(step, steps[0], rel_tol=1e-3) for step in steps)


def test_metrics_are_grouped_into_charts_and_none_is_lost():
    phases = [
        {"step": 10, "phase": 1, "rollout/success_rate": 0.2, "rollout/rule_success_rate": 0.3, "critic/loss": None},
        {"step": 20, "phase": 2, "rollout/success_rate": 0.4, "critic/loss": 0.5, "own/thing": float("nan")},
        {"step": 30, "phase": 3, "own/thing": 7.0, "curriculum/kept": 4, "never/known": float("inf")},
    ]
    charts, more = learning_charts(phases)
    assert [(chart.title, chart.labels) for chart in charts] == [
        ("Success", ("rollout: success rate", "rollout: rule success rate")),
        ("Critic loss", ()),
    ]
    assert [chart.title for chart in more] == ["own: thing"]
    assert "rollout: success rate from 20.0 % to 40.0 %" in charts[0].svg
    assert charts[0].svg.count("<title>") == 3
    assert "phase 2: 40.0 %" in charts[0].svg
    assert learning_charts([]) == ([], [])


def test_a_curve_is_broken_where_a_value_is_missing_and_names_are_escaped():
    series = Series("a/<b>", (0.1, 0.2, None, 0.3, 0.4, None, 0.5))
    svg = line_chart('"x" & y', [series], list(map(float, range(7))))
    assert svg.count("<polyline") == 2
    assert svg.count("<title>") == 5
    assert "<b>" not in svg
    assert "&lt;b&gt;" in svg


def test_numbers_as_people_read_them():
    assert [value_text(value) for value in (None, float("nan"), 3.0, 12_345.0, 0.123456, 2e-7)] == [
        "–",
        "–",
        "3",
        "12,345",
        "0.1235",
        "2e-07",
    ]
    assert value_text(0.125, is_share=True) == "12.5 %"


def test_the_bar_of_a_phase_is_as_wide_as_its_proposals():
    bar = curriculum_bar(CurriculumReport(proposed=10, kept=5, too_hard=3, repeated=2))
    assert 'class="end-kept" x="0.000" width="50.000"' in bar
    assert 'class="end-repeated" x="80.000" width="20.000"' in bar
    assert "end-protected" not in bar
    assert "<rect" not in curriculum_bar(CurriculumReport())


def test_a_choice_of_trajectories_is_fair_and_says_what_it_left_out():
    items = [attempt(number, "random", success=False) for number in range(40)]
    items += [attempt(number, "sft", success=number in (3, 17)) for number in range(40)]
    payload = viewer_payload(items, max_trajectories=20, max_bytes=10**6)
    shown = unpacked(payload)["trajectories"]
    assert payload.shown == len(shown) == 20
    assert payload.left_out == {"random": 30, "sft": 30}
    assert [item["agent"] for item in shown] == ["random"] * 10 + ["sft"] * 10
    assert [item["task"] for item in shown if item["outcome"] == "success"] == ["toy/3", "toy/17"]
    assert viewer_payload(items, max_trajectories=0, max_bytes=10**6).shown == 0
    with pytest.raises(ValueError, match="at least 0, got -1"):
        viewer_payload(items, max_trajectories=-1, max_bytes=10**6)


def test_the_same_page_is_kept_once():
    record = unpacked(viewer_payload([attempt(number) for number in range(5)], 300, 10**6))
    assert len(record["texts"]) == len(set(record["texts"])) < 5
    first = record["trajectories"][0]
    assert record["texts"][first["steps"][0]["page"]] == attempt().trajectory.steps[0].observation["html"]


def noisy_attempt(number, characters):
    """An attempt whose pages repeat nothing, so that nothing makes them smaller."""
    item = attempt(number)
    rng = random.Random(number)
    steps = tuple(
        dataclasses.replace(
            step, observation={**step.observation, "html": "".join(rng.choices("abcdefghijkl <>é\n", k=characters))}
        )
        for step in item.trajectory.steps
    )
    return dataclasses.replace(item, trajectory=dataclasses.replace(item.trajectory, steps=steps))


def test_what_is_packed_stays_within_its_size():
    items = [noisy_attempt(number, 6_000) for number in range(20)]
    whole = viewer_payload(items, 300, 10**7)
    small = viewer_payload(items, 300, 60_000)
    assert whole.compressed
    assert whole.shown == 20
    assert len(small.text) <= 60_000 < len(whole.text)
    assert 0 < small.shown < 20
    assert small.left_out == {"sft": 20 - small.shown}
    assert viewer_payload(items, 300, 10).shown == 0


def test_pictures_are_made_small_kept_once_and_left_out_when_there_is_no_room():
    white = picture()
    shots = {0: white, 1: b"no picture", 2: white}
    payload = viewer_payload([attempt(0, screenshots=shots), attempt(1, screenshots={0: white})], 300, 10**6)
    record = unpacked(payload)
    assert len(record["shots"]) == 1
    assert record["shots"][0].startswith("data:image/webp;base64,")
    assert [item["steps"][0]["shot"] for item in record["trajectories"]] == [0, 0]
    assert record["trajectories"][0]["steps"][1]["shot"] is None
    assert record["trajectories"][0]["final"]["shot"] == 0
    assert payload.pictures_left_out == 1
    crowded = viewer_payload([attempt(0, screenshots={0: picture(noise=90.0), 1: white})], 300, 20_000)
    assert (crowded.shown, crowded.pictures_left_out) == (1, 2)
    with Image.open(io.BytesIO(small_picture(white))) as made:
        assert (made.format, made.size) == ("WEBP", (960, 540))


def test_actions_values_and_verdicts_of_a_step():
    item = attempt(0, success=False, values=(0.25, float("nan")))
    orm = OutcomeVerdict(VerdictStatus.SCORED, 1.0, "orm", p_yes=0.9)
    steps = list(item.trajectory.steps)
    steps[-1] = dataclasses.replace(
        steps[-1],
        completion=dataclasses.replace(steps[-1].completion, text="I am lost"),
        info={"action_error": "not an action"},
    )
    trajectory = dataclasses.replace(item.trajectory, steps=tuple(steps))
    shown = unpacked(viewer_payload([dataclasses.replace(item, trajectory=trajectory, label=orm)], 1, 10**6))
    record = shown["trajectories"][0]
    assert record["outcome"] == "failure"
    assert (record["rules"]["success"], record["label"]["success"], record["label"]["p_yes"]) == (False, True, 0.9)
    assert record["steps"][0]["words"] == 'Click "Blue"'
    assert record["steps"][0]["value"] == 0.25
    last = record["steps"][-1]
    assert (last["action"], last["words"], last["value"]) == ("I am lost", None, None)
    assert last["error"] == "not an action"


@pytest.mark.parametrize("status", [VerdictStatus.UNSCORED, VerdictStatus.UNDECIDED])
def test_an_attempt_without_a_counted_verdict_is_no_failure(status):
    item = attempt()
    unscored = dataclasses.replace(item.trajectory, rule_verdict=OutcomeVerdict(status, 0.0, "rules"))
    broken = dataclasses.replace(item.trajectory, failure="SiteError: gone")
    assert dataclasses.replace(item, trajectory=unscored).outcome == "not counted"
    assert dataclasses.replace(item, trajectory=broken).outcome == "not counted"
    label = OutcomeVerdict(VerdictStatus.SCORED, 1.0, "orm", p_yes=0.7)
    assert dataclasses.replace(item, trajectory=unscored, label=label).outcome == "success"


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
    assert loaded.results["absent"] == []
    assert [item.agent for item in loaded.trajectories] == ["nobody"] * 3
    first = next(item for item in loaded.trajectories if item.trajectory.task.instruction == "again")
    assert first.values == (0.5, None)
    assert list(first.screenshots) == [0]
    notes = "\n".join(loaded.notes)
    assert "nobody: 1 lines of results.jsonl cannot be read" in notes
    assert "nobody: a line of results.jsonl is no result" in notes
    assert "nobody: 1 of 3 tasks have no finished episode" in notes
    assert "nobody: trajectories.jsonl: line 6" in notes
    assert "absent: results.jsonl cannot be read" in notes
    assert "no trajectories from trajectories.jsonl" in notes


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
    assert loaded.curriculum == {2: CurriculumReport(proposed=5, kept=5)}
    assert loaded.notes == ["metrics: 1 lines of metrics.jsonl cannot be read."]
    assert load_metrics(tmp_path / "none.jsonl").phases == []
