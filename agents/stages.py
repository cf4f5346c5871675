"""The finished stages of the phase under way: what a stopped run need not do again (docs/resume.md).

They stand beside the checkpoints, in ``phase-0003.stages``, numbered as they were done: ``01-instructions``,
``02-collection`` … Each is a checkpoint of its own, whole or not there. They count only as a row without a gap from the
first one on, and all go when the next phase begins.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from agents.checkpoint import Checkpoint, is_finished, read_checkpoint, write_checkpoint
from agents.errors import CheckpointCorrupt

_log = logging.getLogger(__name__)
_SUFFIX = ".stages"


class Stage:
    """One stage of a phase on the disk."""

    def __init__(self, folder: Path) -> None:
        """A stage in ``folder``, which need not be there."""
        self.folder = folder

    def read(self) -> Checkpoint | None:
        """What was kept of the stage; None where it was not finished, or is damaged: then it is done again."""
        if not is_finished(self.folder):
            return None
        try:
            return read_checkpoint(self.folder)
        except CheckpointCorrupt as error:
            _log.warning("A stage is done again: %s", error)
            return None

    def write(self, checkpoint: Checkpoint) -> None:
        """Keeps the finished stage; what ``scratch_file`` held goes.

        Args:
            checkpoint: What to keep.

        Raises:
            CheckpointError: If it cannot be written.
        """
        write_checkpoint(self.folder, checkpoint, is_flushed=False)  # a damaged one is done again
        for path in self.folder.parent.glob(f"{self.folder.name}.*"):
            path.unlink()

    def scratch_file(self, name: str) -> Path:
        """A file for what the stage wants to find again if it is stopped half-way.

        Args:
            name: Its name, with a suffix.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        return self.folder.with_name(f"{self.folder.name}.{name}")


class PhaseStages:
    """All stages of the phase under way, in order."""

    def __init__(self, checkpoints: Path) -> None:
        """Keeps them in a folder in ``checkpoints``."""
        self._checkpoints = checkpoints
        self._folder = checkpoints
        self._place = 0

    def begin(self, phase: int, *, is_resumed: bool) -> None:
        """Opens a phase's stages; those of other phases are removed.

        Args:
            phase: The phase that begins.
            is_resumed: Whether the run is as the checkpoint before the phase says, so that stages that were finished
                after it count; otherwise they are removed too.
        """
        self._folder = self._checkpoints / f"phase-{phase:04d}{_SUFFIX}"
        self._place = 0
        for folder in self._checkpoints.glob(f"phase-*{_SUFFIX}"):
            if folder != self._folder or not is_resumed:
                shutil.rmtree(folder, ignore_errors=True)

    def next(self, name: str) -> tuple[Stage, Checkpoint | None]:
        """The next stage of the phase, and what was kept of it; if that is nothing, later ones are removed.

        Args:
            name: What the stage does.
        """
        self._place += 1
        stage = Stage(self._folder / f"{self._place:02d}-{name}")
        kept = stage.read()
        if kept is None:
            for path in self._folder.glob("[0-9][0-9]-*"):
                if path.is_file() and not path.name.startswith(f"{stage.folder.name}."):
                    path.unlink()
                elif path.is_dir() and int(path.name[:2]) >= self._place:
                    shutil.rmtree(path)
        return stage, kept


def finished_stages(checkpoints: Path, phase: int) -> list[str]:
    """Names of the finished stages of a phase, in order; for messages.

    Args:
        checkpoints: Folder of the run's checkpoints.
        phase: The phase.
    """
    folders = sorted((checkpoints / f"phase-{phase:04d}{_SUFFIX}").glob("[0-9][0-9]-*"))
    return [folder.name.partition("-")[2] for folder in folders if is_finished(folder)]
