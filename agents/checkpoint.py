"""Phase checkpoints: one folder a phase, whole or not there, without pickle.

A checkpoint is a folder ``phase-0003`` that holds safetensors, JSON and JSON-lines files and, written when these are on
the disk, a ``manifest.json`` with the size and SHA-256 of each. A folder without a manifest is an unfinished one and is
passed over, so a crash, ``kill -9`` or a full disk leaves the checkpoint before as it was.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from agents.atomic_file import replacing, sync_file, sync_folder
from agents.errors import CheckpointCorrupt, CheckpointError, CheckpointMismatch

VERSION = 3
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that a run needs to go on after a phase.

    Attributes:
        phase: The phase that was finished.
        configuration: What the run was configured with, JSON-ready.
        tensors: Named groups of tensors (``policy``, ``critic`` …), one safetensors file each.
        records: Named JSON documents (``counters``, ``curriculum`` …).
        lines: Named lists of JSON records (``experience`` …), one JSON-lines file each.
    """

    phase: int
    configuration: Mapping[str, Any]
    tensors: Mapping[str, Mapping[str, Tensor]] = field(default_factory=dict)
    records: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, Iterable[Mapping[str, Any]]] = field(default_factory=dict)


class CheckpointFolder:
    """The checkpoints of one run."""

    def __init__(self, folder: Path, keep: int | None = 2) -> None:
        """Keeps checkpoints in ``folder``, which is made when the first one is written.

        Args:
            folder: Where the phases' folders go.
            keep: How many finished checkpoints stay, >= 1; older ones are removed after a new one is whole, so one more
                is on the disk for a moment. None keeps all.

        Raises:
            ValueError: If ``keep`` is below 1.
        """
        if keep is not None and keep < 1:
            raise ValueError(f"Expected keep >= 1 or None, got {keep}.")
        self.folder = folder
        self.keep = keep

    def finished(self) -> list[Path]:
        """Folders of all finished checkpoints, the oldest first."""
        return list(filter(is_finished, self._folders()))

    def write(self, checkpoint: Checkpoint) -> Path:
        """Writes a checkpoint; the ones before stay as they are until it is whole.

        Args:
            checkpoint: What to write. An unfinished folder of the same phase is replaced.

        Returns:
            Its folder.

        Raises:
            CheckpointError: If the phase has a finished checkpoint already, or this one cannot be written (a full
                disk, no permission); nothing is left of it then.
        """
        target = self.folder / f"phase-{checkpoint.phase:04d}"
        if is_finished(target):
            raise CheckpointError(f"{target} is a finished checkpoint and is not overwritten.")
        write_checkpoint(target, checkpoint)
        self.prune()
        return target

    def prune(self) -> None:
        """Removes finished checkpoints beyond those that stay, and what a killed process wrote or removed half-way."""
        kept = self.finished()[-self.keep :] if self.keep is not None else self.finished()
        for folder in self._folders():
            if folder not in kept:
                (folder / _MANIFEST).unlink(missing_ok=True)  # first: half a folder must not look like a whole one
                shutil.rmtree(folder, ignore_errors=True)

    def _folders(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("phase-*") if path.name.removeprefix("phase-").isdecimal())

    def read_latest(self) -> Checkpoint | None:
        """The newest finished checkpoint, verified; None without one.

        Raises:
            CheckpointCorrupt: If a file of it is missing, cut or changed; the message names the file.
        """
        finished = self.finished()
        return read_checkpoint(finished[-1]) if finished else None


def is_finished(folder: Path) -> bool:
    """Whether a checkpoint's folder was written to its end.

    Args:
        folder: It need not be there.
    """
    return (folder / _MANIFEST).exists()


def write_checkpoint(target: Path, checkpoint: Checkpoint, *, is_flushed: bool = True) -> None:
    """Writes one checkpoint's folder: its files, then the manifest, without which it counts as unfinished.

    Args:
        target: The folder; an unfinished one is replaced.
        checkpoint: What to write.
        is_flushed: Whether it is on the disk afterwards. Otherwise it survives the end of this process, but a power cut
            may damage it, which reading it shows.

    Raises:
        CheckpointError: If it cannot be written (a full disk, no permission); nothing is left of it then.
    """
    try:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        _write_files(target, checkpoint, is_flushed)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise CheckpointError(f"The checkpoint {target} cannot be written: {error}") from error
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _write_files(target: Path, checkpoint: Checkpoint, is_flushed: bool) -> None:
    for name, tensors in checkpoint.tensors.items():
        plain = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
        save_file(plain, str(target / f"{name}.safetensors"))
    for name, record in checkpoint.records.items():
        (target / f"{name}.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    for name, lines in checkpoint.lines.items():
        with (target / f"{name}.jsonl").open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(line) + "\n" for line in lines)
    files = {}
    for path in sorted(target.iterdir()):
        if is_flushed:
            sync_file(path)
        files[path.name] = _fingerprint(path)
    manifest = {
        "version": VERSION,
        "phase": checkpoint.phase,
        "configuration": checkpoint.configuration,
        "files": files,
    }
    with replacing(target / _MANIFEST) as temporary:
        temporary.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    sync_folder(target.parent)


def read_checkpoint(folder: Path) -> Checkpoint:
    """Reads a finished checkpoint and verifies every file of it.

    Args:
        folder: The folder of one phase.

    Raises:
        CheckpointCorrupt: If a file is missing, cut or changed; the message names it.
    """
    manifest = _read_manifest(folder)
    tensors: dict[str, Mapping[str, Tensor]] = {}
    records: dict[str, Any] = {}
    lines: dict[str, list[Mapping[str, Any]]] = {}
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file() or _fingerprint(path) != expected:
            raise CheckpointCorrupt(
                f"{path} is missing, cut or changed; remove {folder} to go on from the checkpoint before it."
            )
        if path.suffix == ".safetensors":
            tensors[path.stem] = load_file(str(path))
        elif path.suffix == ".jsonl":
            with path.open(encoding="utf-8") as stream:
                lines[path.stem] = [json.loads(line) for line in stream]
        else:
            records[path.stem] = json.loads(path.read_text(encoding="utf-8"))
    return Checkpoint(manifest["phase"], manifest["configuration"], tensors, records, lines)


def require_same_configuration(stored: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    """Refuses to go on with another configuration.

    Args:
        stored: The checkpoint's configuration.
        current: This run's, over the same keys.

    Raises:
        CheckpointMismatch: If they differ; the message lists every key that does.
    """
    plain = json.loads(json.dumps(dict(current)))
    differing = [
        f"{key}: checkpoint {stored.get(key)!r}, now {plain.get(key)!r}"
        for key in sorted(set(stored) | set(plain))
        if stored.get(key) != plain.get(key)
    ]
    if differing:
        raise CheckpointMismatch("The checkpoint belongs to another configuration; " + "; ".join(differing))


def module_tensors(module: nn.Module) -> dict[str, Tensor]:
    """What training changes of a module, and its persistent buffers, by name.

    A tensor that has two names is listed under the first. The base of adapters is left out: it is never trained.

    Args:
        module: Any module.
    """
    trained = {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}
    known = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    buffers = {name: tensor for name, tensor in module.state_dict().items() if name not in known}
    return {**trained, **buffers}


def load_module_tensors(module: nn.Module, tensors: Mapping[str, Tensor], name: str) -> None:
    """Copies stored values into a module in place, so that tied weights stay tied.

    Args:
        module: The module to fill.
        tensors: What ``module_tensors`` gave.
        name: What the module is, for messages.

    Raises:
        CheckpointMismatch: If names or shapes differ; the message says which. The module is then untouched.
    """
    own = module_tensors(module)
    missing, extra = sorted(set(own) - set(tensors)), sorted(set(tensors) - set(own))
    if missing or extra:
        raise CheckpointMismatch(
            f"The checkpoint's {name} is another model: it lacks {missing[:3] or 'nothing'} "
            f"and has {extra[:3] or 'nothing'} beyond it."
        )
    for key, tensor in own.items():
        if tensor.shape != tensors[key].shape or tensor.dtype != tensors[key].dtype:
            raise CheckpointMismatch(
                f"The checkpoint's {name} is another model: {key} is {tuple(tensors[key].shape)} {tensors[key].dtype}, "
                f"expected {tuple(tensor.shape)} {tensor.dtype}."
            )
    with torch.no_grad():
        for key, tensor in own.items():
            tensor.copy_(tensors[key])


def random_states() -> tuple[dict[str, Any], dict[str, Tensor]]:
    """States of the global generators of Python, NumPy and torch.

    Returns:
        A JSON-ready record and a group of tensors.
    """
    version, words, gauss = random.getstate()
    numpy_state: dict[str, Any] = np.random.get_state(legacy=False)
    inner = numpy_state["state"]
    record = {
        "python": [version, list(words), gauss],
        "numpy": {**numpy_state, "state": {"key": inner["key"].tolist(), "pos": inner["pos"]}},
    }
    tensors = {"torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors.update({f"cuda{index}": state for index, state in enumerate(torch.cuda.get_rng_state_all())})
    return record, tensors


def restore_random_states(record: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Puts the global generators back to what ``random_states`` gave.

    Args:
        record: The JSON part.
        tensors: The tensors; states of CUDA devices that this machine lacks are passed over.
    """
    version, words, gauss = record["python"]
    random.setstate((version, tuple(words), gauss))
    inner = record["numpy"]["state"]
    key = np.asarray(inner["key"], dtype=np.uint32)
    np.random.set_state({**record["numpy"], "state": {"key": key, "pos": inner["pos"]}})
    torch.set_rng_state(tensors["torch"])
    for index in range(torch.cuda.device_count()):
        if f"cuda{index}" in tensors:
            torch.cuda.set_rng_state(tensors[f"cuda{index}"], index)


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        version = manifest["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointCorrupt(f"{folder / _MANIFEST} cannot be read: {error}") from error
    if version != VERSION:
        raise CheckpointMismatch(f"{folder} has version {version} of the checkpoint format; expected {VERSION}.")
    return dict(manifest)


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
