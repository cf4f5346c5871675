import os
import subprocess
import sys

import pytest

from agents.atomic_file import new_folder, remove_leftovers, replacing


def test_the_file_is_replaced_when_everything_is_written(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.parent == tmp_path
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_error_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write_half(temporary):
        temporary.write_text("half")
        raise error

    with pytest.raises(error), replacing(path) as temporary:
        write_half(temporary)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_nothing_is_an_error_and_leaves_what_was_there(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), replacing(path):
        pass
    assert path.read_text() == "old"


def fill(folder):
    folder.mkdir()
    (folder / "one.txt").write_text("1")


def test_a_folder_is_there_when_everything_is_in_it(tmp_path):
    with new_folder(tmp_path / "model") as temporary:
        fill(temporary)
        fill(temporary / "deep")
        assert not (tmp_path / "model").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model" / "deep" / "one.txt").read_text() == "1"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_error_leaves_no_half_folder(tmp_path, error):
    def fill_half(folder):
        fill(folder)
        raise error

    with pytest.raises(error), new_folder(tmp_path / "model") as temporary:
        fill_half(temporary)
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_dead_processes_go(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "deep").mkdir()
    for name in ("metrics.jsonl", ".env", ".notes.tmp", f".config.json.{os.getppid()}.tmp"):
        (tmp_path / "deep" / name).write_text("stays")
    for process in (ended.pid, os.getpid()):
        (tmp_path / "deep" / f".config.json.{process}.tmp").write_text("half")
        fill(tmp_path / f".model.{process}.tmp")
    remove_leftovers(tmp_path)
    names = sorted(path.name for path in tmp_path.rglob("*"))
    assert names == [f".config.json.{os.getppid()}.tmp", ".env", ".notes.tmp", "deep", "metrics.jsonl"]
