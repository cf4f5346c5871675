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


def test_characters_that_are_written_as_two_are_read(tmp_path, labelled):
    failed = dataclasses.replace(labelled.trajectory, failure="\N{GRINNING FACE}")
    path = tmp_path / "some.jsonl"
    write_trajectories(path, [])
    with path.open("a") as stream:
        stream.write(json.dumps(trajectory_to_dict(failed)) + "\n")
    assert "\\ud83d\\ude00" in path.read_text()
    assert read_trajectories(path).trajectories == (failed,)


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


def _inner(record, path):
    copy = json.loads(json.dumps(record))
    inner = copy
    for name in path:
        inner = inner[name]
    return copy, inner


def _without(record, *path):
    copy, inner = _inner(record, path[:-1])
    del inner[path[-1]]
    return copy


def _with(record, value, *path):
    copy, inner = _inner(record, path[:-1])
    inner[path[-1]] = value
    return copy


def test_each_kind_of_broken_line_is_named(tmp_path, labelled):
    path = tmp_path / "some.jsonl"
    write_trajectories(path, [labelled])
    record = trajectory_to_dict(labelled)
    broken = {
        "field 'p_yes' is missing": json.dumps(_without(record, "label", "p_yes")),
        "field 'text' is missing": json.dumps(_without(record, "steps", 0, "completion", "text")),
        "NaN is no number of JSON": json.dumps({**record, "label": {**record["label"], "score": float("nan")}}),
        "there is no step": json.dumps({**record, "steps": []}),
        "nested too deeply": "[" * 100_000,
        "field 'text' must be text, got None": json.dumps(_with(record, None, "steps", 0, "completion", "text")),
        "field 'html' must be text, got None": json.dumps(_with(record, None, "steps", 0, "observation", "html")),
        "field 'truncated' must be true or false, got 'false'": json.dumps({**record, "truncated": "false"}),
        "field 'failure' must be text, got {}": json.dumps({**record, "failure": {}}),
        "field 'score' must be a number from 0 to 1, got 7": json.dumps(_with(record, 7, "label", "score")),
        "field 'p_yes' must be a number from 0 to 1, got 'nan'": json.dumps(_with(record, "nan", "label", "p_yes")),
        "string indices": json.dumps({**record, "label": "yes"}),
        "surrogates not allowed": None,
        "'\\ud83d' in position": json.dumps({**record, "failure": "\ud83d"}),
    }
    for line in broken.values():
        with path.open("ab") as stream:
            stream.write((line or "").encode() + (b"" if line else b'{"task": "\xff"}') + b"\n")
    write_trajectories(tmp_path / "more.jsonl", [labelled])
    with path.open("a") as stream:
        stream.write((tmp_path / "more.jsonl").read_text().split("\n")[1] + "\n")
    read = read_trajectories(path)
    assert read.labelled == [labelled, labelled]
    for number, (words, problem) in enumerate(zip(broken, read.problems, strict=True), start=3):
        assert problem.startswith(f"line {number}: ")
        assert words in problem


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_of_a_cut_file_is_read_what_is_there(tmp_path, labelled, share):
    path = tmp_path / "some.jsonl.gz"
    others = [
        dataclasses.replace(labelled, trajectory=dataclasses.replace(labelled.trajectory, phase=number))
        for number in range(400)
    ]
    write_trajectories(path, others)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    read = read_trajectories(path)
    assert 0 < len(read.labelled) < 400
    assert read.labelled == others[: len(read.labelled)]
    assert "all that follow: the file is cut or changed" in read.problems[-1]
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 255
    path.write_bytes(damaged)
    assert read_trajectories(path).problems


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08", b'{"format": "webrl-gym trajectories", "version": 1}\n'])
def test_a_file_that_is_cut_in_its_first_line_or_not_compressed_is_refused(tmp_path, content):
    path = tmp_path / "some.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"cut or changed|not a trajectory file"):
        read_trajectories(path)


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
