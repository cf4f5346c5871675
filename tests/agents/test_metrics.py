import json
import math

import pytest

from agents.metrics import JsonlWriter, MetricGroup, SilentProgress, TensorBoardWriter


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_jsonl_lines_append_and_carry_only_json(tmp_path):
    path = tmp_path / "deep" / "metrics.jsonl"
    JsonlWriter(path).write(3, {"policy/loss": 0.5, "critic/loss": math.nan, "rollout/success_rate": None})
    JsonlWriter(path).write(4, {"policy/kl": math.inf, "rollout/steps": 7})
    assert lines(path) == [
        {"step": 3, "policy/loss": 0.5, "critic/loss": None, "rollout/success_rate": None},
        {"step": 4, "policy/kl": None, "rollout/steps": 7},
    ]


def test_a_writer_without_a_place_warns_once_and_never_raises(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    jsonl = JsonlWriter(tmp_path / "file" / "metrics.jsonl")
    board = TensorBoardWriter(tmp_path / "file" / "board")
    for step in range(3):
        jsonl.write(step, {"a/b": 1.0})
        board.write(step, {"a/b": 1.0})
    board.close()
    assert len(caplog.records) == 2


@pytest.mark.parametrize("value", ["text", object(), [1]])
def test_values_that_are_no_numbers_never_raise(tmp_path, value):
    JsonlWriter(tmp_path / "m.jsonl").write(0, {"a/b": value})
    board = TensorBoardWriter(tmp_path)
    board.write(0, {"a/b": value})
    board.close()


def test_tensorboard_gets_the_defined_numbers(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = TensorBoardWriter(tmp_path)
    board.write(5, {"policy/loss": 0.25, "policy/kl": None})
    board.close()
    board.write(6, {"policy/loss": 9.0})
    events = EventAccumulator(str(tmp_path)).Reload()
    assert events.Tags()["scalars"] == ["policy/loss"]
    assert [(event.step, event.value) for event in events.Scalars("policy/loss")] == [(5, 0.25)]


def test_a_group_leaves_out_a_writer_that_raises(tmp_path, caplog):
    class Broken:
        def write(self, _step, _values):
            raise RuntimeError("no")

        def close(self):
            raise RuntimeError("still no")

    path = tmp_path / "metrics.jsonl"
    group = MetricGroup([Broken(), JsonlWriter(path)])
    group.write(1, {"a/b": 1.0})
    group.write(2, {"a/b": 2.0})
    MetricGroup([Broken()]).close()
    group.close()
    assert [line["step"] for line in lines(path)] == [1, 2]
    assert len(caplog.records) == 2


WRITTEN = [(3, {"policy/loss": 0.5}), (7, {"policy/loss": 0.25, "critic/loss": None})]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text,
        lambda text: text[:0],
        lambda text: text[:-1],
        lambda text: text[: len(text) // 2 - 3],
        lambda text: text + text.splitlines(keepends=True)[-1],
        lambda text: text + '{"step": 9, "policy/loss": 0.1}\n',
    ],
)
def test_a_restored_file_has_each_line_once(tmp_path, damage):
    path = tmp_path / "metrics.jsonl"
    writer = JsonlWriter(path)
    for step, values in WRITTEN:
        writer.write(step, values)
    whole = path.read_text()
    path.write_text(damage(whole))
    JsonlWriter(path).restore(WRITTEN)
    assert path.read_text() == whole


def test_a_file_that_is_not_there_is_restored_only_if_there_were_lines(tmp_path):
    path = tmp_path / "deep" / "metrics.jsonl"
    JsonlWriter(path).restore([])
    assert not path.exists()
    JsonlWriter(path).restore(WRITTEN)
    assert [line["step"] for line in lines(path)] == [3, 7]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_restored_tensorboard_shows_each_step_once(tmp_path, count):
    """The last step may have been written or not, and a run may go on from an older checkpoint."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = TensorBoardWriter(tmp_path)
    for step, values in [*WRITTEN, (9, {"policy/loss": 9.0})][:count]:
        board.write(step, values)
    board.close()
    again = TensorBoardWriter(tmp_path)
    again.restore(WRITTEN)
    again.write(12, {"policy/loss": 0.125})
    again.close()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(event.step, event.value) for event in events.Scalars("policy/loss")] == [(3, 0.5), (7, 0.25), (12, 0.125)]


def test_restored_tensorboard_keeps_all_phases_that_stand_at_one_step(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    again = TensorBoardWriter(tmp_path)
    again.write(0, {"phase": 1, "policy/loss": 0.5})
    again.write(0, {"phase": 2, "policy/loss": 0.25})
    again.close()
    again = TensorBoardWriter(tmp_path)
    again.restore([(0, {"phase": 1, "policy/loss": 0.5}), (0, {"phase": 2, "policy/loss": 0.25})])
    again.close()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [event.value for event in events.Scalars("policy/loss")] == [0.5, 0.25]


def test_restoring_what_was_never_written_does_nothing(tmp_path):
    TensorBoardWriter(tmp_path / "board").restore([])
    assert not (tmp_path / "board").exists()


def test_silent_progress_takes_everything():
    progress = SilentProgress()
    progress.begin("rollout", 3)
    progress.advance()
    progress.end()
