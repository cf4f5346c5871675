"""One cell of the table: an arm learns with a seed, then acts greedily on both test panels.

<work>/start-<seed>/            demonstrations, supervised policy, attempts, ORM: the same for every arm of a seed
<work>/<arm>-<seed>/            checkpoints of the phases, episodes of the panels; a stopped cell goes on here
results/learning/<arm>-<seed>.json    what came out, task by task
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.vec_env import VecEnv

from agents.algorithms import PhaseAlgorithm, algorithm_class
from agents.algorithms.base import PhaseMetrics
from agents.atomic_file import replacing
from agents.console import ConsoleProgress
from agents.environments import make_vec_env, suite_of
from agents.errors import TrainingStopped
from agents.hydra_entry import compose_config
from agents.labelling import Labeller, RuleLabeller, SplitLabeller, label_trajectories
from agents.look_log import log_look
from agents.panel import PanelFolder, run_policy
from agents.policy import LLMPolicy
from agents.preparation import Start, choose_evenly
from agents.results import EpisodeResult, Rate
from agents.rollout import RolloutCollector
from agents.run_card import commit, machine, package_versions
from agents.training_run import TrainingRun
from agents.trajectory_io import read_trajectories, write_trajectories
from agents.types import LabelledTrajectory
from benchmarks.learning.arms import EPOCHS_OF_ALL, PHASES, TEMPERATURE, TRAJECTORIES, UPDATES_PER_TRAJECTORY, Arm
from benchmarks.record import FOLDER
from webrl_gym.tasks.record import Task

RESULTS = FOLDER / "learning"
LOOKS = FOLDER / "practice_test_log.jsonl"
VALID, PANELS = "practice-valid", ("practice-test", "practice-test-large")
_OFFLINE_SEED = 7919
"""Offset of the seed with which offline trajectories are collected."""


@dataclass(frozen=True, slots=True)
class Cell:
    """An arm with a seed."""

    arm: Arm
    seed: int

    @property
    def name(self) -> str:
        """In file names."""
        return f"{self.arm.name}-{self.seed}"

    @property
    def result_path(self) -> Path:
        """Where its result goes; there is one when it is done."""
        return RESULTS / f"{self.name}.json"

    def result(self) -> dict[str, Any]:
        """What came out of it, once it is done."""
        return dict(json.loads(self.result_path.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Learned:
    """What came out of learning: the policy, and the numbers of its phases.

    Attributes:
        policy: After the last phase that was finished.
        history: Of the finished phases.
        stopped: Why a guard ended it before its last phase; empty if none did.
    """

    policy: LLMPolicy
    history: list[PhaseMetrics]
    stopped: str = ""


class Workbench:
    """The folder where cells are worked on, and what they share."""

    def __init__(self, folder: Path, overrides: Sequence[str] = ()) -> None:
        """Works in ``folder``.

        Args:
            folder: Made when it is not there.
            overrides: Changes of the training configuration, as on the command line of ``webrl-train``.
        """
        self.folder = folder
        self._overrides = tuple(overrides)

    def finish(self, cell: Cell, learning_rate: float | None) -> dict[str, Any]:
        """Learns and acts on the test panels; what was done before a stop is not done again.

        Args:
            cell: Arm and seed.
            learning_rate: Of the policy; None for an arm that does not learn.

        Returns:
            What is written to ``cell.result_path``.
        """
        began = time.monotonic()
        learned = self.learn(cell, learning_rate)
        learned_at = time.monotonic()
        scores = {panel: self.score(learned.policy, panel, self.folder / cell.name / panel) for panel in PANELS}
        result = {
            "arm": cell.arm.name,
            "seed": cell.seed,
            "date": datetime.now(UTC).date().isoformat(),
            "commit": commit(),
            "machine": machine(),
            "packages": package_versions(),
            "model_sha256": policy_sha256(learned.policy),
            "learning_rate": learning_rate,
            "settings": {**cell.arm.settings, "labels": cell.arm.labels, "data": cell.arm.data},
            "seconds": {
                # phases that were done before a stop are counted, too
                "learning": round(max(learned_at - began, sum(_phase_seconds(learned.history))), 1),
                "acting": round(time.monotonic() - learned_at, 1),
            },
            "stopped": learned.stopped,
            "phases": [_short(metrics) for metrics in learned.history],
            "outcomes": {panel: outcome_text(results) for panel, results in scores.items()},
        }
        RESULTS.mkdir(parents=True, exist_ok=True)
        with replacing(cell.result_path) as temporary:
            temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        return result

    def prepare(self, cell: Cell, *, offline: bool) -> None:
        """Does what all arms of a seed share, or goes on with it.

        Args:
            cell: An arm that learns, with the seed.
            offline: Collect the attempts of the arms that learn offline too.
        """
        config = self._config(cell)
        with closing(self._run(cell, config)) as run:
            start = run.prepare()
        if offline:
            with closing(make_vec_env(config["suite"], (), config["env"])) as env:
                self._offline(cell, start, env)

    def learn(self, cell: Cell, learning_rate: float | None, phases: int | None = None) -> Learned:
        """Does a cell's learning, or goes on with it.

        Args:
            cell: Arm and seed.
            learning_rate: Of the policy; None for an arm that does not learn.
            phases: Phases after which it stops; all of the arm's when None.

        Raises:
            ValueError: If the arm learns and no rate is given.
        """
        config = self._config(cell)
        if not cell.arm.learns:
            with closing(self._run(cell, config)) as run:
                return Learned(run.supervise(), [])
        if learning_rate is None:
            raise ValueError(f"Expected a learning rate for {cell.arm.name}; --grid chooses one.")
        with closing(self._run(cell, config)) as run:
            start = run.prepare()
        with closing(make_vec_env(config["suite"], (), config["env"])) as env:
            algorithm = self._algorithm(cell, start, env, learning_rate, phases)
            algorithm.resume()
            try:
                algorithm.learn()
            except TrainingStopped as error:
                last_good = self._algorithm(cell, start, env, learning_rate, phases)
                last_good.resume()
                return Learned(last_good.policy, last_good.history, str(error))
        return Learned(algorithm.policy, algorithm.history)

    def score(self, policy: LLMPolicy, suite: str, folder: Path) -> list[EpisodeResult]:
        """Greedy episodes of a whole suite.

        Args:
            policy: Acts.
            suite: Its name.
            folder: Keeps finished episodes.
        """
        tasks = suite_of(suite).tasks
        with closing(make_vec_env(suite, (), compose_config("train", self._overrides)["env"])) as env:
            panel = PanelFolder(folder, "policy", tasks, {"model_sha256": policy_sha256(policy)})
            return run_policy(RolloutCollector(env, policy), panel, progress=ConsoleProgress(f"{suite}: "))

    def _config(self, cell: Cell) -> dict[str, Any]:
        everything = [f"demonstrations={len(suite_of('practice-train'))}", f"sft.epochs_per_round={EPOCHS_OF_ALL}"]
        chosen = everything if cell.arm.demonstrations == "all" else []
        return compose_config("train", [f"seed={cell.seed}", "orm.source=orm", *chosen, *self._overrides])

    def _run(self, cell: Cell, config: dict[str, Any]) -> TrainingRun:
        return TrainingRun(self._start_folder(cell), config, ConsoleProgress(f"start of seed {cell.seed}: "))

    def _start_folder(self, cell: Cell) -> Path:
        kind = "start-all" if cell.arm.demonstrations == "all" else "start"
        return self.folder / f"{kind}-{cell.seed}"

    def _algorithm(
        self, cell: Cell, start: Start, env: VecEnv, learning_rate: float, phases: int | None
    ) -> PhaseAlgorithm:
        shipped = _shipped_settings(cell.arm) if cell.arm.shipped else {}
        settings: dict[str, Any] = {**shipped, **cell.arm.settings, "policy_learning_rate": learning_rate}
        if phases is not None:
            settings["phases"] = min(phases, settings["phases"])
        if cell.arm.algorithm == "webrl":
            settings["demonstrations"] = start.demonstrations
            settings["protected"] = [task for suite in (VALID, *PANELS) for task in suite_of(suite)]
        if settings.get("begin_with_attempts"):
            settings["attempts"] = start.attempts
        if cell.arm.data != "rollouts":
            given = start.demonstrations if cell.arm.data == "demonstrations" else self._offline(cell, start, env)
            settings["attempts"] = given
            settings["updates_per_trajectory"] = _updates(phases) / len(given)
        return algorithm_class(cell.arm.algorithm)(
            start.policy,
            env,
            labeller=_labeller(cell.arm, start),
            suite=suite_of("practice-train"),
            seed=cell.seed,
            checkpoint_folder=self.folder / cell.name / f"checkpoints-{learning_rate:g}",
            progress=ConsoleProgress(f"{cell.name}: "),
            **settings,
        )

    def _offline(self, cell: Cell, start: Start, env: VecEnv) -> list[LabelledTrajectory]:
        """As many attempts of the supervised policy as an online arm makes in all phases, labelled like those."""
        path = self._start_folder(cell) / "offline.jsonl.gz"
        if not path.exists():
            seed = cell.seed + _OFFLINE_SEED
            tasks: list[Task] = choose_evenly(suite_of("practice-train").tasks, PHASES * TRAJECTORIES, seed)
            rollout = RolloutCollector(env, start.policy).collect(
                tasks,
                phase=0,
                temperature=TEMPERATURE,
                seed=seed,
                progress=ConsoleProgress("offline "),
            )
            write_trajectories(path, label_trajectories(start.labeller, rollout.trajectories).labelled)
        return list(read_trajectories(path).labelled)


def _phase_seconds(history: Sequence[PhaseMetrics]) -> list[float]:
    return [metrics.get("time/phase_s") or 0.0 for metrics in history]


def is_logged(cell: Cell) -> bool:
    """Whether ``LOOKS`` has lines of a cell.

    Args:
        cell: Arm and seed.
    """
    lines = LOOKS.read_text(encoding="utf-8").splitlines() if LOOKS.exists() else []
    wanted = (_agent(cell.arm.name), cell.seed)
    return any((look["agent"], look["seed"]) == wanted for look in map(json.loads, lines))


def _agent(arm: str) -> str:
    return f"learning/{arm}"


def log_looks(result: Mapping[str, Any]) -> None:
    """Adds a line to ``LOOKS`` for each test panel of a finished cell.

    Args:
        result: What ``Workbench.finish`` returned.
    """
    for panel, letters in result["outcomes"].items():
        config = {"suite": panel, "agent": _agent(result["arm"]), "model": None}
        card = {"config": config, "seeds": [result["seed"]], **{key: result[key] for key in ("commit", "model_sha256")}}
        log_look(LOOKS, card, Rate(letters.count("1"), len(letters) - letters.count("-")))


def policy_sha256(policy: LLMPolicy) -> str:
    """Of its weights, as hexadecimal digits: episodes of another policy are not taken for its own.

    Args:
        policy: Any.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(policy.language_model.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _shipped_settings(arm: Arm) -> dict[str, Any]:
    settings = dict(compose_config("train", [f"algorithm={arm.algorithm}"])["algorithm"])
    del settings["name"]
    return settings


def _labeller(arm: Arm, start: Start) -> Labeller:
    rules = RuleLabeller()
    return {"rules": rules, "orm": start.labeller, "both": SplitLabeller(rules, start.labeller)}[arm.labels]


def _updates(phases: int | None) -> float:
    """Optimizer steps of the policy in so many phases of an online arm."""
    return UPDATES_PER_TRAJECTORY * TRAJECTORIES * (PHASES if phases is None else min(phases, PHASES))


def outcome_text(results: Sequence[EpisodeResult]) -> str:
    """One letter a task, in the suite's order: 1 done, 0 not done, - not counted.

    Args:
        results: Of a whole suite.
    """
    return "".join(("1" if item.success else "0") if item.status == "scored" else "-" for item in results)


def _short(metrics: Mapping[str, float | int | None]) -> dict[str, float | int | None]:
    return {
        name: round(value, 5) if isinstance(value, float) else value
        for name, value in metrics.items()
        if not name.startswith("time/") or name == "time/phase_s"
    }
