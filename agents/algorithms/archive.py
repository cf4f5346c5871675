"""One algorithm in one file: a zip of JSON and safetensors, written whole or not at all, read without pickle.

``algorithm.json`` says what it is and how it was configured, ``model/`` holds the language model as Hugging Face
writes it, and every other tensor group is a safetensors file of its own.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from safetensors.torch import load, save
from torch import Tensor

from agents.atomic_file import replacing
from agents.errors import CheckpointCorrupt, CheckpointMismatch
from agents.models import LanguageModel, load_model

FORMAT = "webrl-gym algorithm"
VERSION = 3
_RECORD = "algorithm.json"
_MODEL = "model/"
_LOADING = ("dtype", "gradient_checkpointing")
"""What loading a model must be told of how it computes; the rest is set afterwards."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What a file held.

    Attributes:
        record: The JSON part.
        language_model: The policy's language model.
        tensors: The other tensor groups by name.
    """

    record: Mapping[str, Any]
    language_model: LanguageModel
    tensors: Mapping[str, Mapping[str, Tensor]]


def write_archive(
    target: str | Path | IO[bytes],
    record: Mapping[str, Any],
    language_model: LanguageModel,
    tensors: Mapping[str, Mapping[str, Tensor]],
) -> None:
    """Writes an algorithm; a file that stands there is replaced only when everything is written.

    Args:
        target: A path (``.zip`` is added to one without a suffix) or an open binary file.
        record: JSON-ready facts.
        language_model: The policy's language model.
        tensors: Further tensor groups by name.

    Raises:
        OSError: If the file cannot be written.
    """
    if isinstance(target, str | Path):
        path = _with_suffix(Path(target))
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as stream:
            _write(stream, record, language_model, tensors)
    else:
        _write(target, record, language_model, tensors)


def _write(
    stream: IO[bytes],
    record: Mapping[str, Any],
    language_model: LanguageModel,
    tensors: Mapping[str, Mapping[str, Tensor]],
) -> None:
    full = {"format": FORMAT, "version": VERSION, "model": language_model.name, **record}
    full["arithmetic"] = _arithmetic(language_model)
    with zipfile.ZipFile(stream, "w") as archive, tempfile.TemporaryDirectory() as folder:
        archive.writestr(_RECORD, json.dumps(full, indent=1))
        language_model.save(folder)
        for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            archive.write(path, _MODEL + path.relative_to(folder).as_posix())
        for name, group in tensors.items():
            plain = {key: tensor.detach().cpu().contiguous() for key, tensor in group.items()}
            archive.writestr(f"{name}.safetensors", save(plain))


def read_archive(source: str | Path | IO[bytes], algorithm: str, device: str) -> Archive:
    """Reads an algorithm.

    Args:
        source: A path (``.zip`` may be left out) or an open binary file.
        algorithm: Name of the algorithm that is expected.
        device: Where the weights go.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointCorrupt: If it is no such archive, or cut or changed.
        CheckpointMismatch: If it holds another algorithm or another version; the message says which.
    """
    shown = str(source) if isinstance(source, str | Path) else "the file"
    with _opened(source) as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                return _read(archive, shown, algorithm, device)
        except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
            raise CheckpointCorrupt(f"{shown} is no saved algorithm, or cut or changed: {error}") from error


def _read(archive: zipfile.ZipFile, shown: str, algorithm: str, device: str) -> Archive:
    record = json.loads(archive.read(_RECORD))
    found = (record.get("format"), record.get("version"), record.get("algorithm"))
    if found != (FORMAT, VERSION, algorithm):
        raise CheckpointMismatch(f"{shown} holds {found}, expected {(FORMAT, VERSION, algorithm)}.")
    tensors: dict[str, Mapping[str, Tensor]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in archive.namelist():
            if name.startswith(_MODEL):
                target = (Path(folder) / name.removeprefix(_MODEL)).resolve()
                if not target.is_relative_to(Path(folder).resolve()):
                    raise CheckpointCorrupt(f"{shown} is no saved algorithm: it holds a file outside of itself, {name}")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
            elif name.endswith(".safetensors"):
                tensors[name.removesuffix(".safetensors")] = load(archive.read(name))
        language_model = _load_model(folder, record, device)
    return Archive(record, language_model, tensors)


def _arithmetic(language_model: LanguageModel) -> dict[str, Any]:
    """How a model computes, which its folder does not tell."""
    names = (*_LOADING[1:], "autocast", "autocast_learning", "master_weights")
    dtype = str(language_model.model.dtype).removeprefix("torch.")
    return {"dtype": dtype, **{name: getattr(language_model, name) for name in names}}


def _load_model(folder: str, record: Mapping[str, Any], device: str) -> LanguageModel:
    arithmetic = dict(record["arithmetic"])
    loading = {key: arithmetic.pop(key) for key in _LOADING}
    return replace(load_model(folder, device=device, **loading), name=record["model"], **arithmetic)


def _with_suffix(path: Path) -> Path:
    return path if path.suffix else path.with_suffix(".zip")


@contextmanager
def _opened(source: str | Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if isinstance(source, str | Path):
        path = Path(source)
        with (path if path.exists() else _with_suffix(path)).open("rb") as stream:
            yield stream
    else:
        yield source
