import json
import random
import resource
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn

from agents.checkpoint import (
    Checkpoint,
    CheckpointFolder,
    load_module_tensors,
    module_tensors,
    random_states,
    read_checkpoint,
    require_same_configuration,
    restore_random_states,
)
from agents.errors import CheckpointCorrupt, CheckpointError, CheckpointMismatch


def checkpoint(phase=1, size=4):
    return Checkpoint(
        phase=phase,
        configuration={"lam": 0.5, "name": "toy"},
        tensors={"policy": {"weight": torch.arange(float(size)), "odd": torch.tensor([True])}},
        records={"counters": {"steps": 12, "text": "漢"}},
        lines={"experience": [{"a": 1}, {"b": [2]}]},
    )


def test_what_is_written_is_read_back(tmp_path):
    folder = CheckpointFolder(tmp_path / "run")
    assert folder.read_latest() is None
    folder.write(checkpoint())
    read = folder.read_latest()
    assert read is not None
    assert (read.phase, read.configuration) == (1, {"lam": 0.5, "name": "toy"})
    assert torch.equal(read.tensors["policy"]["weight"], torch.arange(4.0))
    assert read.tensors["policy"]["odd"].dtype is torch.bool
    assert read.records == {"counters": {"steps": 12, "text": "漢"}}
    assert read.lines == {"experience": [{"a": 1}, {"b": [2]}]}


def test_only_the_newest_finished_checkpoints_stay(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=2)
    for phase in range(4):
        folder.write(checkpoint(phase))
    assert [path.name for path in folder.finished()] == ["phase-0002", "phase-0003"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["phase-0002", "phase-0003"]


def test_what_a_killed_process_removed_half_way_goes(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=1)
    half = folder.write(checkpoint(1))
    (half / "manifest.json").unlink()
    stages = tmp_path / "phase-0003.stages"
    stages.mkdir()
    folder.write(checkpoint(2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["phase-0002", "phase-0003.stages"]


def test_all_checkpoints_can_be_kept(tmp_path):
    folder = CheckpointFolder(tmp_path, keep=None)
    for phase in range(4):
        folder.write(checkpoint(phase))
    assert len(folder.finished()) == 4
    with pytest.raises(ValueError, match="keep >= 1 or None, got 0"):
        CheckpointFolder(tmp_path, keep=0)


@pytest.mark.parametrize("keep", [1, 2])
def test_never_more_than_one_checkpoint_beyond_those_that_stay(tmp_path, keep, monkeypatch):
    folder = CheckpointFolder(tmp_path, keep=keep)
    seen = []
    prune = folder.prune
    monkeypatch.setattr(folder, "prune", lambda: (seen.append(len(folder.finished())), prune()))
    for phase in range(9):
        folder.write(checkpoint(phase))
    assert max(seen) == keep + 1
    assert len(list(tmp_path.iterdir())) == keep


def test_every_cut_of_a_checkpoint_leaves_the_one_before(tmp_path):
    """As a power cut may leave it: any file is short, or the manifest is."""
    folder = CheckpointFolder(tmp_path)
    folder.write(checkpoint(1))
    written = folder.write(checkpoint(2))
    for path in sorted(written.iterdir()):
        content = path.read_bytes()
        for length in {0, 1, len(content) // 2, len(content) - 1}:
            path.write_bytes(content[:length])
            with pytest.raises(CheckpointCorrupt, match=path.name):
                folder.read_latest()
        path.write_bytes(content)
    shutil.rmtree(written)  # as the message says
    assert folder.read_latest().phase == 1


def test_an_unfinished_checkpoint_is_passed_over_and_replaced(tmp_path):
    folder = CheckpointFolder(tmp_path)
    folder.write(checkpoint(1))
    written = folder.write(checkpoint(2))
    (written / "manifest.json").unlink()
    latest = folder.read_latest()
    assert latest is not None
    assert latest.phase == 1
    folder.write(checkpoint(2))
    assert [path.name for path in folder.finished()] == ["phase-0001", "phase-0002"]


def test_a_finished_checkpoint_is_not_overwritten(tmp_path):
    folder = CheckpointFolder(tmp_path)
    folder.write(checkpoint())
    with pytest.raises(CheckpointError, match="not overwritten"):
        folder.write(checkpoint())


@pytest.mark.parametrize("name", ["policy.safetensors", "counters.json", "experience.jsonl"])
@pytest.mark.parametrize("damage", ["cut", "changed", "removed"])
def test_a_damaged_file_is_named(tmp_path, name, damage):
    written = CheckpointFolder(tmp_path).write(checkpoint())
    path = written / name
    content = path.read_bytes()
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(content[:-1] if damage == "cut" else bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(CheckpointCorrupt, match=name):
        read_checkpoint(written)


def test_a_damaged_manifest_is_named(tmp_path):
    written = CheckpointFolder(tmp_path).write(checkpoint())
    (written / "manifest.json").write_text("{")
    with pytest.raises(CheckpointCorrupt, match="manifest"):
        read_checkpoint(written)


def test_another_format_version_is_refused(tmp_path):
    written = CheckpointFolder(tmp_path).write(checkpoint())
    manifest = json.loads((written / "manifest.json").read_text())
    (written / "manifest.json").write_text(json.dumps({**manifest, "version": 9}))
    with pytest.raises(CheckpointMismatch, match="version 9"):
        read_checkpoint(written)


@contextmanager
def largest_file(size):
    """No file of this process may grow beyond ``size`` bytes: writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [100, 20_000])
def test_a_full_disk_leaves_the_last_checkpoint(tmp_path, size):
    folder = CheckpointFolder(tmp_path)
    folder.write(checkpoint(1))
    with largest_file(size), pytest.raises(CheckpointError, match="cannot be written"):
        folder.write(checkpoint(2, size=10_000))
    latest = folder.read_latest()
    assert latest is not None
    assert latest.phase == 1
    assert [path.name for path in tmp_path.iterdir()] == ["phase-0001"]


def test_an_interruption_while_writing_leaves_the_last_checkpoint(tmp_path):
    folder = CheckpointFolder(tmp_path)
    folder.write(checkpoint(1))

    def interrupted():
        yield {"a": 1}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder.write(Checkpoint(2, {}, lines={"experience": interrupted()}))
    assert [path.name for path in tmp_path.iterdir()] == ["phase-0001"]


def test_another_configuration_is_refused_key_by_key():
    stored = {"lam": 0.5, "kl_coef": 0.5, "sites": ["map"]}
    require_same_configuration(stored, {"lam": 0.5, "kl_coef": 0.5, "sites": ("map",)})
    with pytest.raises(CheckpointMismatch, match=r"kl_coef: checkpoint 0\.5, now 1\.0; lam: checkpoint 0\.5, now None"):
        require_same_configuration(stored, {"kl_coef": 1.0, "sites": ["map"]})


def tied_module():
    module = nn.ModuleDict(
        {"embed": nn.Embedding(5, 3), "head": nn.Linear(3, 5, bias=False), "norm": nn.BatchNorm1d(3)}
    )
    module["head"].weight = module["embed"].weight
    return module


def test_tied_weights_are_stored_once_and_stay_tied():
    torch.manual_seed(0)
    source, target = tied_module(), tied_module()
    tensors = module_tensors(source)
    assert "head.weight" not in tensors
    assert "norm.running_mean" in tensors
    load_module_tensors(target, tensors, "policy")
    assert target["head"].weight is target["embed"].weight
    assert torch.equal(target["head"].weight, source["head"].weight)


def test_another_model_is_refused_and_left_untouched():
    module = nn.Linear(3, 2)
    before = module.weight.detach().clone()
    with pytest.raises(CheckpointMismatch, match=r"policy.*weight is \(2, 4\)"):
        load_module_tensors(module, module_tensors(nn.Linear(4, 2)), "policy")
    with pytest.raises(CheckpointMismatch, match=r"lacks \['bias'\]"):
        load_module_tensors(module, module_tensors(nn.Linear(3, 2, bias=False)), "critic")
    with pytest.raises(CheckpointMismatch, match="float64"):
        load_module_tensors(module, module_tensors(nn.Linear(3, 2).double()), "policy")
    assert torch.equal(module.weight, before)


def test_random_states_survive_json():
    def draw():
        return random.random(), np.random.random(), torch.rand(1).item()

    record, tensors = random_states()
    first = draw()
    restore_random_states(json.loads(json.dumps(record)), tensors)
    assert draw() == first
