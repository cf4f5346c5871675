import dataclasses
import json

import pytest

from agents.trajectory_io import read_trajectories, trajectory_from_dict, trajectory_to_dict, write_trajectories
from agents.types import Completion, Prompt
from tests.agents.toy_env import demonstration, toy_task
from webrl_gym.types import OutcomeVerdict, VerdictStatus


@pytest.fixture
def labelled():
    item = demonstration(toy_task("Blue", 1))
    step = dataclasses.replace(
        item.trajectory.steps[0],
        prompt=Prompt((5, 6, 7), 'ein Wunsch — 漢字 \u2028 "x"', 12),
        completion=Completion("exit()", (8, 9), (-0.25, -1.5)),
        info={"timing": {"act": 0.5}},
    )
    trajectory = dataclasses.replace(item.trajectory, steps=(step, *item.trajectory.steps[1:]))
    return dataclasses.replace(item, trajectory=trajectory)


@pytest.mark.parametrize("name", ["some.jsonl", "some.jsonl.gz"])
def test_what_is_written_is_read_back(tmp_path, labelled, name):
    failed = dataclasses.replace(labelled.trajectory, failure="SiteError: gone", rule_verdict=None, steps=())
    orm = dataclasses.replace(labelled, label=OutcomeVerdict(VerdictStatus.SCORED, 0.0, "orm", p_yes=0.25))
    assert write_trajectories(tmp_path / name, [labelled, failed, orm]) == 3
    read = read_trajectories(tmp_path / name)
    assert read.trajectories == (labelled.trajectory, failed, orm.trajectory)
    assert read.labels == (labelled.label, None, orm.label)
    assert read.labelled == [labelled, orm]
    assert read.problems == ()


def test_records_are_plain_json(labelled):
    record = json.loads(json.dumps(trajectory_to_dict(labelled)))
    assert trajectory_from_dict(record) == labelled.trajectory


def test_broken_lines_are_named_skipped_and_counted(tmp_path, labelled, caplog):
    path = tmp_path / "some.jsonl"
    write_trajectories(path, [labelled])
    record = trajectory_to_dict(labelled)
    lacking = {key: value for key, value in record.items() if key != "steps"}
    wrong_status = {**record, "label": {**record["label"], "status": "maybe"}}
    no_site = {**record, "task": {**record["task"], "sites": ["nowhere"]}}
    with path.open("a") as stream:
        for line in ("{half of a", json.dumps(lacking), json.dumps(wrong_status), json.dumps(no_site), "[]", ""):
            stream.write(line + "\n")
        stream.write(json.dumps(record) + "\n")
    read = read_trajectories(path)
    assert len(read.trajectories) == 2
    assert [problem.split(":")[0] for problem in read.problems] == [f"line {number}" for number in range(3, 8)]
    assert "'steps' is missing" in read.problems[1]
    assert "nowhere" in read.problems[3]
    assert "skipped 5 lines" in caplog.text


@pytest.mark.parametrize(
    ("first_line", "message"),
    [("", "not a trajectory file"), ("[1]", "not a trajectory file"), ('{"format": "x"}', "not a trajectory file")],
)
def test_other_files_are_refused(tmp_path, first_line, message):
    path = tmp_path / "other.jsonl"
    path.write_text(first_line + "\n")
    with pytest.raises(ValueError, match=message):
        read_trajectories(path)


def test_another_version_is_refused_by_number(tmp_path):
    path = tmp_path / "new.jsonl"
    path.write_text('{"format": "webrl-gym trajectories", "version": 7}\n')
    with pytest.raises(ValueError, match="version 7"):
        read_trajectories(path)


def test_an_interrupted_write_leaves_the_old_file(tmp_path, labelled):
    path = tmp_path / "some.jsonl"
    write_trajectories(path, [labelled])
    before = path.read_bytes()

    def interrupted():
        yield labelled
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_trajectories(path, interrupted())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
