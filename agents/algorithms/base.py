"""What every algorithm shares: learning phase by phase, checkpoints and resuming, saving and loading without pickle.

**phase** > **rollout** (all trajectories of a phase) > **trajectory** (one attempt at one task) > **step** (one
action). One timestep of Stable-Baselines3 is one environment step. ``learn`` stops at the phase boundary after
``total_timesteps``. Every draw of a phase comes from generators derived of (seed, phase, purpose), and optimizers live
for one phase, so a run that was stopped anywhere and resumed ends, on a CPU, bit-equal to one that was never stopped
(``agents.algorithms.checkpointing``).
"""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
from stable_baselines3.common import utils
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from agents.algorithms.archive import read_archive, write_archive
from agents.algorithms.checkpointing import Checkpointing, PhaseMetrics
from agents.errors import TrainingStopped
from agents.generation import DEFAULT_MAX_NEW_TOKENS, InProcess
from agents.metrics import MetricGroup, MetricWriter, Progress, SilentProgress
from agents.optimizers import require_trainable
from agents.policy import LLMPolicy
from webrl_gym.spaces import UnicodeText

__all__ = ["PhaseAlgorithm", "PhaseMetrics"]

_log = logging.getLogger(__name__)


class _StopRequested(Exception):
    """A callback asked to stop; the phase that was under way is not counted."""


class PhaseAlgorithm(Checkpointing, BaseAlgorithm):  # type: ignore[misc]  # stable-baselines3 is untyped here
    """An algorithm that learns phase by phase.

    A new algorithm sets ``setting_names``, and writes ``_run_phase``; long parts of a phase go through ``stage``. State
    beyond the policy's weights goes through ``_state_tensors``, ``_state_records`` and ``_state_lines`` and comes back
    through ``_restore``.
    """

    def __init__(
        self,
        policy: LLMPolicy,
        env: Any,
        *,
        learning_rate: float,
        phases: int,
        seed: int = 0,
        checkpoint_folder: Path | str | None = None,
        kept_checkpoints: int | None = 2,
        metrics: Iterable[MetricWriter] = (),
        progress: Progress | None = None,
        verbose: int = 0,
        tensorboard_log: str | None = None,
    ) -> None:
        """Sets up what all algorithms share.

        Args:
            policy: Is trained in place.
            env: A ``VecEnv`` or an environment; None for an algorithm that needs none, or to predict only.
            learning_rate: Of the policy, > 0.
            phases: Phases after which ``learn`` ends, however many steps they took, >= 1.
            seed: Decides everything that is drawn, >= 0.
            checkpoint_folder: Where finished phases and stages are written; None writes none.
            kept_checkpoints: Newest finished phases that stay there, >= 1; None keeps all.
            metrics: Writers of the phases' numbers.
            progress: Shows how far a stage is.
            verbose: As in Stable-Baselines3.
            tensorboard_log: As in Stable-Baselines3.

        Raises:
            ValueError: If a number is out of its range.
            TypeError: If the policy is none of ours, or the environment has no tasks or takes no text.
        """
        if not isinstance(policy, LLMPolicy):
            raise TypeError(f"{type(self).__name__} trains an agents.policy.LLMPolicy, got {policy!r}")
        if phases < 1 or seed < 0:
            raise ValueError(f"Expected phases >= 1 and seed >= 0, got {phases} and {seed}.")
        super().__init__(
            policy=type(policy),
            env=env,
            learning_rate=learning_rate,
            verbose=verbose,
            device=policy.language_model.device,
            support_multi_env=True,
            seed=seed,
            tensorboard_log=tensorboard_log,
        )
        self._require_tasks_and_text()
        self.policy = policy
        self.phases = phases
        self._set_up_checkpoints(checkpoint_folder, kept_checkpoints)
        self.metrics = MetricGroup(list(metrics))
        self.progress = progress or SilentProgress()
        self._callback: BaseCallback | None = None
        self._setup_model()

    def _require_tasks_and_text(self) -> None:
        if self.env is None:
            return
        takes = self.env.action_space
        if not isinstance(takes, UnicodeText):
            raise TypeError(f"{type(self).__name__} writes actions as text; the environment takes {takes}")
        if not self.env.has_attr("suite"):
            raise TypeError(
                f"{type(self).__name__} attempts the tasks of an environment's suite; this one has none, as "
                "webrl_gym/WebArenaLite-v0 has"
            )

    def _setup_model(self) -> None:
        """Seeds the global generators, as Stable-Baselines3's own algorithms do."""
        self._setup_lr_schedule()
        if self.env is None:
            self.observation_space = self.policy.observation_space
            self.action_space = self.policy.action_space
            self.n_envs = 1
        self.set_random_seed(self.seed)

    @abstractmethod
    def _run_phase(self, phase: int) -> PhaseMetrics:
        """Does the work of one phase.

        Args:
            phase: Its number, from 1.

        Returns:
            Its numbers, by name.
        """

    def learn(
        self,
        total_timesteps: int | None = None,
        callback: Any = None,
        log_interval: int = 1,
        tb_log_name: str | None = None,
        reset_num_timesteps: bool = True,
        progress_bar: bool = False,
    ) -> Self:
        """Learns phase by phase.

        Args:
            total_timesteps: Environment steps after which no further phase begins; None for no limit but ``phases``.
                When all phases are done nothing happens, and a warning says so.
                After ``resume`` the steps from before count towards it.
            callback: As in Stable-Baselines3; ``on_step`` is called once for each batch of environment steps. When it
                asks to stop, the phase under way is not counted.
            log_interval: Phases between two outputs of the Stable-Baselines3 logger.
            tb_log_name: Name of its TensorBoard run; the algorithm's when None.
            reset_num_timesteps: Count steps from 0; phases go on being counted. Means nothing right after ``resume``.
            progress_bar: As in Stable-Baselines3.

        Returns:
            Itself.

        Raises:
            TrainingStopped: If a guard stops; the message names the reason and the last good checkpoint.
            CheckpointMismatch: If the checkpoint folder holds another run's checkpoints.
            CheckpointError: If a checkpoint cannot be written; the one before is as it was.
            ValueError: If weights that are to be trained are of float16, which nothing here trains.
        """
        for network in self._networks():
            require_trainable(network)
        if self.phase >= self.phases and not self._is_resumed:
            _log.warning("all %d phases are done: nothing is learned; with more phases it goes on", self.phases)
            return self
        limit = self._begin(total_timesteps, reset_num_timesteps)
        if not self._custom_logger:
            name = tb_log_name or type(self).__name__
            self._logger = utils.configure_logger(self.verbose, self.tensorboard_log, name, reset_num_timesteps)
        self._callback = self._init_callback(callback, progress_bar)
        self._callback.on_training_start({"self": self, "total_timesteps": limit}, globals())
        try:
            while self.phase < self.phases and self.num_timesteps < limit:
                self._learn_phase(log_interval)
        except _StopRequested:
            self.logger.info("A callback stopped training.")
        except TrainingStopped as error:
            raise TrainingStopped(f"Phase {self.phase + 1}: {error} {self._last_checkpoint_text()}") from error
        self._callback.on_training_end()
        return self

    def _networks(self) -> list[nn.Module]:
        """What is trained."""
        return [self.policy.network]

    def _begin(self, total_timesteps: int | None, reset_num_timesteps: bool) -> float:
        """Counters and the first checkpoint; returns the step after which no further phase begins."""
        limit = float("inf") if total_timesteps is None else float(total_timesteps)
        if not self._is_resumed:
            if reset_num_timesteps:
                self.num_timesteps = 0
            else:
                limit += self.num_timesteps
        self._begin_checkpoints()
        self.start_time = time.time_ns()
        self._num_timesteps_at_start = self.num_timesteps
        self._total_timesteps = int(limit) if total_timesteps is not None else 0
        return limit

    def _learn_phase(self, log_interval: int) -> None:
        number = self.phase + 1
        began = time.perf_counter()
        metrics = self._run_phase(number)
        metrics["time/phase_s"] = time.perf_counter() - began
        self._end_phase(number, metrics)
        self.metrics.write(self.num_timesteps, {"phase": number, **metrics})
        for name, value in metrics.items():
            self.logger.record(name, value)
        if number % log_interval == 0:
            self.logger.dump(self.num_timesteps)

    def _on_steps(self, results: Sequence[Any]) -> None:
        """Counts environment steps and gives callbacks their turn, with the local names that they look for."""
        self.num_timesteps += len(results)
        if self._callback is None:
            return
        whole = [result for result in results if not isinstance(result, Exception)]
        rewards = np.array([reward for _, reward, *_ in whole], dtype=np.float32)
        dones = np.array([terminated or truncated for *_, terminated, truncated, _ in whole], dtype=bool)
        self._callback.update_locals({"rewards": rewards, "dones": dones, "infos": [info for *_, info in whole]})
        if not self._callback.on_step():
            raise _StopRequested

    def phase_rng(self, phase: int, purpose: int) -> np.random.Generator:
        """A generator that belongs to one purpose of one phase.

        Args:
            phase: The phase.
            purpose: Any number; the same one gives the same draws.
        """
        return np.random.default_rng((int(self.seed or 0), phase, purpose))

    def phase_seed(self, phase: int, purpose: int) -> int:
        """A seed that belongs to one purpose of one phase.

        Args:
            phase: The phase.
            purpose: Any number; the same one gives the same seed.
        """
        return int(self.phase_rng(phase, purpose).integers(2**31))

    def save(
        self, path: str | Path | IO[bytes], exclude: Iterable[str] | None = None, include: Iterable[str] | None = None
    ) -> None:
        """Writes one zip of JSON and safetensors: model, critics, settings, counters; no pickle.

        As in Stable-Baselines3, what was collected is not in it (experience, replay, what the curriculum remembers): an
        algorithm that is loaded goes on with what its constructor is given. A checkpoint folder keeps all of it.

        Args:
            path: Where to; ``.zip`` is added to a path without a suffix.
            exclude: Not used: what is saved is listed, not guessed.
            include: Not used.

        Raises:
            OSError: If the file cannot be written.
        """
        del exclude, include
        record = {
            "algorithm": type(self).__name__,
            "settings": {"seed": self.seed, **{name: getattr(self, name) for name in self.setting_names}},
            "phases": self.phases,
            **self._counters(),
            "max_tokens": self.policy.renderer.max_tokens,
            "max_new_tokens": getattr(self.policy.backend, "max_new_tokens", DEFAULT_MAX_NEW_TOKENS),
            "temperature": self.policy.temperature,
        }
        write_archive(path, record, self.policy.language_model, self._state_tensors())

    @classmethod
    def load(
        cls,
        path: str | Path | IO[bytes],
        env: VecEnv | Any | None = None,
        device: Any = "auto",
        custom_objects: dict[str, Any] | None = None,
        print_system_info: bool = False,
        force_reset: bool = True,
        **arguments: Any,
    ) -> Self:
        """Builds an algorithm from a file that ``save`` wrote.

        Args:
            path: The file.
            env: Environment to go on with; None to predict only.
            device: Where the weights go.
            custom_objects: Not used: a file holds no objects.
            print_system_info: As in Stable-Baselines3.
            force_reset: Not used: every task begins with a reset.
            **arguments: Constructor arguments; those that are given replace the saved ones.

        Raises:
            FileNotFoundError: If there is no such file.
            CheckpointCorrupt: If it is no such file, or cut or changed.
            CheckpointMismatch: If it holds another algorithm.
        """
        del custom_objects, force_reset
        if print_system_info:
            utils.get_system_info()
        archive = read_archive(path, cls.__name__, str(utils.get_device(device)))
        record = archive.record
        backend = InProcess(archive.language_model, max_new_tokens=record["max_new_tokens"])
        limits = {"max_tokens": record["max_tokens"], "temperature": record["temperature"]}
        policy = LLMPolicy(archive.language_model, backend=backend, **limits)
        algorithm = cls(policy, env, **{"phases": record["phases"], **record["settings"], **arguments})
        algorithm._load_tensors(archive.tensors)
        algorithm._take_counters(record)
        return algorithm
