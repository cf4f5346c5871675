"""Checkpoints of an algorithm: finished phases, and the finished stages of the one under way.

A phase is the unit of a checkpoint, a stage the unit of work: picked instructions, a collection, a fitted critic. A run
that is stopped anywhere, ``kill -9`` included, does at most the stage under way twice (docs/resume.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor

from agents.checkpoint import (
    Checkpoint,
    CheckpointFolder,
    load_module_tensors,
    module_tensors,
    random_states,
    require_same_configuration,
    restore_random_states,
)
from agents.errors import CheckpointMismatch
from agents.metrics import MetricGroup
from agents.policy import LLMPolicy
from agents.stages import PhaseStages, Stage

_log = logging.getLogger(__name__)

PhaseMetrics = dict[str, float | int | None]
"""Numbers of one phase by name, ``group/name``."""
Result = TypeVar("Result")


def _as_line(result: Any) -> list[Any]:
    return [result]


def _from_line(lines: Sequence[Any]) -> Any:
    return lines[0]


class Checkpointing:
    """What an algorithm needs to be stopped and resumed."""

    setting_names: ClassVar[tuple[str, ...]] = ()
    """Constructor arguments that decide the result: kept in checkpoints and files, compared on resuming."""

    policy: LLMPolicy
    seed: int | None
    num_timesteps: int
    metrics: MetricGroup

    def _set_up_checkpoints(self, folder: Path | str | None, keep: int | None) -> None:
        self.phase = 0
        self.history: list[PhaseMetrics] = []
        self._timesteps: list[int] = []  # at the end of each phase
        self.checkpoints = None if folder is None else CheckpointFolder(Path(folder), keep)
        self._stages = None if folder is None else PhaseStages(Path(folder))
        self._stage: Stage | None = None  # the one under way
        self._is_resumed = False
        self._last_written: int | None = None  # phase of the last checkpoint that this object wrote

    def stage(
        self,
        name: str,
        work: Callable[[], Result],
        *,
        changes: Collection[str] = (),
        to_lines: Callable[[Result], Iterable[Any]] = _as_line,
        from_lines: Callable[[Sequence[Any]], Result] = _from_line,
    ) -> Result:
        """Does a stage of the phase, or takes it from a run that was stopped after it.

        The result, the tensors that the stage changes, the number of timesteps and the states of the global generators
        are kept until the phase ends. A stage must not change anything else, or put it into its result. Stages do not
        nest, and a phase has the same ones in the same order each time. The last one needs none: the phase's
        checkpoint follows it.

        Args:
            name: What is done, one word.
            work: Does it.
            changes: Groups of tensors that it changes: ``policy``, or one of the algorithm's own.
            to_lines: Makes a result JSON-ready, in any number of lines; by default it is so already.
            from_lines: Makes the result of what ``to_lines`` gave, exactly.

        Returns:
            The result of ``work``, from now or from then.

        Raises:
            CheckpointError: If the stage cannot be written.
            RuntimeError: If it stands within another stage.
        """
        if self._stages is None:
            return work()
        if self._stage is not None:
            raise RuntimeError(f"Stage {name} stands within another stage.")
        self._stage, kept = self._stages.next(name)
        try:
            if kept is not None:
                self._take_back(kept)
                return from_lines(list(kept.lines["result"]))
            result = work()
            generators, states = random_states()
            tensors = {group: members for group, members in self._all_tensors().items() if group in changes}
            self._stage.write(
                Checkpoint(
                    phase=self.phase + 1,
                    configuration=self.configuration(),
                    tensors={**tensors, "generators": states},
                    records={"counters": {"num_timesteps": self.num_timesteps}, "generators": generators},
                    lines={"result": to_lines(result)},
                )
            )
        finally:
            self._stage = None
        return result

    def scratch_file(self, name: str) -> Path | None:
        """A file that the stage under way finds again if it was stopped half-way; None where nothing is kept.

        Args:
            name: Its name, with a suffix.
        """
        return None if self._stage is None else self._stage.scratch_file(name)

    def _take_back(self, kept: Checkpoint) -> None:
        require_same_configuration(kept.configuration, self.configuration())
        tensors = {name: group for name, group in kept.tensors.items() if name not in ("policy", "generators")}
        if "policy" in kept.tensors:
            load_module_tensors(self.policy.language_model.model, kept.tensors["policy"], "policy")
        if tensors:
            self._load_tensors({**self._state_tensors(), **tensors})
        self.num_timesteps = kept.records["counters"]["num_timesteps"]
        restore_random_states(kept.records["generators"], kept.tensors["generators"])

    def configuration(self) -> dict[str, Any]:
        """What decides the result, JSON-ready: algorithm, model and the arguments in ``setting_names``."""
        return {
            "algorithm": type(self).__name__,
            "model": self.policy.language_model.name,
            "max_prompt_tokens": self.policy.renderer.max_tokens,
            "max_new_tokens": getattr(self.policy.backend, "max_new_tokens", None),
            "seed": self.seed,
            **{name: getattr(self, name) for name in self.setting_names},
        }

    def _state_tensors(self) -> dict[str, Mapping[str, Tensor]]:
        """Tensor groups beyond the policy's."""
        return {}

    def _state_records(self) -> dict[str, Any]:
        """JSON documents."""
        return {}

    def _state_lines(self) -> dict[str, Iterable[Mapping[str, Any]]]:
        """Lists of JSON records."""
        return {}

    def _restore(self, checkpoint: Checkpoint) -> None:
        """Takes back what the three methods above gave.

        Args:
            checkpoint: A verified checkpoint of the same configuration.
        """

    def _load_tensors(self, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Takes back what ``_state_tensors`` gave.

        Args:
            tensors: Tensor groups by name.
        """

    def _all_tensors(self) -> dict[str, Mapping[str, Tensor]]:
        return {"policy": module_tensors(self.policy.language_model.model), **self._state_tensors()}

    def _counters(self) -> dict[str, Any]:
        return {
            "num_timesteps": self.num_timesteps,
            "phase": self.phase,
            "history": self.history,
            "timesteps": self._timesteps,
        }

    def _take_counters(self, record: Mapping[str, Any]) -> None:
        self.num_timesteps = record["num_timesteps"]
        self.phase = record["phase"]
        self.history = record["history"]
        self._timesteps = record["timesteps"]

    def _begin_checkpoints(self) -> None:
        """Writes the checkpoint before the first phase, unless a run goes on, and opens the next phase's stages."""
        if self.checkpoints is None or self._stages is None:
            return
        if not self._is_resumed:
            found = self.checkpoints.finished()
            newest = int(found[-1].name.removeprefix("phase-")) if found else None
            is_own = newest == self._last_written
            # a file that was loaded brings its phase along
            if newest is not None and not is_own and (self.phase == 0 or newest > self.phase):
                raise CheckpointMismatch(
                    f"{found[-1]} is a checkpoint of an earlier run: resume it or use another folder."
                )
            if newest is None:
                self._write_checkpoint()
        self.checkpoints.prune()
        self._stages.begin(self.phase + 1, is_resumed=self._is_resumed)
        self._is_resumed = False

    def _end_phase(self, phase: int, metrics: PhaseMetrics) -> None:
        """Counts the phase as finished and writes its checkpoint."""
        self.phase = phase
        self.history.append(metrics)
        self._timesteps.append(self.num_timesteps)
        self._write_checkpoint()
        if self._stages is not None:
            self._stages.begin(phase + 1, is_resumed=False)

    def _write_checkpoint(self) -> None:
        if self.checkpoints is None:
            return
        generators, states = random_states()
        self.checkpoints.write(
            Checkpoint(
                phase=self.phase,
                configuration=self.configuration(),
                tensors={**self._all_tensors(), "generators": states},
                records={
                    "counters": self._counters(),
                    "generators": generators,
                    "threads": torch.get_num_threads(),
                    **self._state_records(),
                },
                lines=self._state_lines(),
            )
        )
        self._last_written = self.phase

    def resume(self) -> bool:
        """Takes the last finished phase from the checkpoint folder, if there is one; ``learn`` then goes on after it.

        Stages that were finished after it are taken over as well, and metrics that were not written any more are.

        Returns:
            Whether there was a checkpoint.

        Raises:
            CheckpointCorrupt: If a file of it is missing, cut or changed.
            CheckpointMismatch: If it belongs to another model or configuration; the message lists what differs.
        """
        checkpoint = None if self.checkpoints is None else self.checkpoints.read_latest()
        if checkpoint is None:
            return False
        require_same_configuration(checkpoint.configuration, self.configuration())
        load_module_tensors(self.policy.language_model.model, checkpoint.tensors["policy"], "policy")
        self._restore(checkpoint)
        self._take_counters(checkpoint.records["counters"])
        threads, now = checkpoint.records["threads"], torch.get_num_threads()
        if threads != now:
            _log.warning("The run used %d threads and goes on with %d: it will not end bit-equal.", threads, now)
        restore_random_states(checkpoint.records["generators"], checkpoint.tensors["generators"])
        self.metrics.restore(
            [
                (step, {"phase": phase, **metrics})
                for phase, (step, metrics) in enumerate(zip(self._timesteps, self.history, strict=True), start=1)
            ]
        )
        self._is_resumed = True
        return True

    def _last_checkpoint_text(self) -> str:
        found = [] if self.checkpoints is None else self.checkpoints.finished()
        return f"The last good checkpoint is {found[-1]}." if found else "There is no checkpoint."
