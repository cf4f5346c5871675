"""The folder of a training run (``agents.training_run``): its lock, its configuration, its models, how far it is."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from agents.atomic_file import new_folder, replacing
from agents.checkpoint import CheckpointFolder
from agents.errors import CheckpointCorrupt, CheckpointError, CheckpointMismatch, RunInUse
from agents.flat_settings import differences
from agents.models import LanguageModel
from agents.run_card import without_secrets
from agents.stages import finished_stages
from agents.supervised import rounds_done
from agents.trajectory_io import TrajectoryFile, read_trajectories

MAY_MOVE = frozenset({"curriculum.base_url", "curriculum.timeout_s"})
"""Keys that a run may go on with other values of: where a server is found, and how patiently it is asked."""
_CLAIM = frozenset({Path("config.json"), Path("run.lock")})
"""The files of a run in which nothing was finished."""


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Keeps other processes out of a run's folder: two would write over each other's files.

    The file ``run.lock`` says who has it. The system gives the lock back when that process dies, however that happens,
    so none grows stale.

    Args:
        folder: The folder; it must exist.

    Raises:
        RunInUse: If another process has it, or another call in this process.
    """
    descriptor = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
            raise RunInUse(f"{folder} is in use by {holder}: wait until it ends, or stop it first.") from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def claim(folder: Path, config: Mapping[str, Any], advice: str) -> None:
    """Makes a run's folder and notes its configuration there, or finds that it is this run's already.

    A folder in which nothing was finished takes another configuration of the same command: a command that was refused
    or stopped before its first part holds no name. Values of ``MAY_MOVE`` are noted anew.

    Args:
        folder: Of the run.
        config: What it is configured with, as plain data; secrets are left out.
        advice: What to do if the folder is another's, a sentence.

    Raises:
        CheckpointMismatch: If it holds a run of another configuration, or something else; the message names what
            differs.
        CheckpointCorrupt: If its configuration is cut or changed.
        RunInUse: If it holds nothing yet, and another process is about to change that.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.json"
    if not path.exists():
        write_json(path, _noted(config))
        return
    try:
        require_same(folder, config, advice)
    except CheckpointMismatch:
        # Another program may keep a file of this name alone in a folder, so it must be one of this command.
        if not _is_bare(folder) or _read_config(path).keys() != _noted(config).keys():
            raise
        with run_lock(folder):
            if not _is_bare(folder):  # the process that had the lock until now has finished something
                raise
            write_json(path, _noted(config))
    else:
        if _read_config(path) != _noted(config):
            write_json(path, _noted(config))


def require_same(folder: Path, config: Mapping[str, Any], advice: str) -> None:
    """Refuses a folder that was claimed with another configuration.

    Args:
        folder: Of a run; it was claimed.
        config: As for ``claim``.
        advice: As for ``claim``.

    Raises:
        CheckpointMismatch: If its configuration is another, ``MAY_MOVE`` apart; the message names what differs.
        CheckpointCorrupt: If its configuration is cut or changed.
    """
    changes = differences(_read_config(folder / "config.json"), _noted(config), MAY_MOVE)
    if changes:
        raise CheckpointMismatch(f"{folder} holds a run of another configuration ({'; '.join(changes)}). {advice}")


def _noted(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as its file holds it."""
    return dict(json.loads(json.dumps(without_secrets(config))))


def _is_bare(folder: Path) -> bool:
    """Whether a run's folder holds nothing but its claim: no file, however deep, beside configuration and lock."""
    return {path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir()} <= _CLAIM


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Writes a file that people read too; it is there whole or not at all.

    Args:
        path: The file.
        record: JSON-ready data.
    """
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def stored_config(folder: Path) -> dict[str, Any]:
    """The configuration of the run in ``folder``.

    Raises:
        FileNotFoundError: If there is no run.
        CheckpointCorrupt: If its configuration is cut or changed.
    """
    path = folder / "config.json"
    stored = _read_config(path) if path.exists() else {}
    if "demonstrations" not in stored:  # a model's folder has a file of this name too
        raise FileNotFoundError(f"{folder} holds no training run (there is no {path.name} of one)")
    return stored


def _read_config(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise CheckpointCorrupt(f"{path} is cut or changed: {error}") from error


def read_own(path: Path) -> TrajectoryFile:
    """A trajectory file that the run itself wrote: with less in it, the run would quietly become another.

    Args:
        path: The file.

    Raises:
        CheckpointCorrupt: If a part of it cannot be read.
    """
    content = read_trajectories(path)
    if content.problems:
        raise CheckpointCorrupt(f"{path} is cut or changed ({content.problems[0]}); remove it to have it made anew.")
    return content


def save_model(language_model: LanguageModel, folder: Path) -> None:
    """Saves a model so that its folder is there whole or not at all.

    Args:
        language_model: The model.
        folder: Where to; it must not be there.

    Raises:
        CheckpointError: If it cannot be written (a full disk, no permission); nothing is left of it then.
    """
    try:
        with new_folder(folder) as unfinished:
            language_model.save(unfinished)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"The model {folder} cannot be written: {error}") from error


def last_finished(folder: Path) -> str:
    """What of a run is finished last, in words for people; empty where nothing is.

    Args:
        folder: The run's folder.
    """
    has = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    checkpoints = folder / "checkpoints"
    phases = [int(path.name.removeprefix("phase-")) for path in CheckpointFolder(checkpoints).finished()]
    if "policy" in has:
        return "the last phase"
    if phases:
        stages = finished_stages(checkpoints, phases[-1] + 1)
        if stages:
            return f"{stages[-1]} in phase {phases[-1] + 1}"
        if phases[-1]:
            return f"phase {phases[-1]}"
    for name, words in (("orm", "the ORM"), ("attempts.jsonl.gz", "the first attempts"), ("sft", "fine-tuning")):
        if name in has:
            return words
    rounds = rounds_done(folder / "sft_rounds")
    if rounds:
        return f"round {rounds} of fine-tuning"
    return "the demonstrations" if "demonstrations.jsonl.gz" in has else ""
