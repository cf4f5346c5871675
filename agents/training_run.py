"""A training run in a folder: demonstrations, supervised start, attempts, ORM, phases, policy. Each part is done once.

    <run>/
      config.json              the configuration, secrets left out
      demonstrations.jsonl.gz  the oracle's trajectories
      sft/, sft.json           the policy after supervised fine-tuning, and how that went; sft_rounds/ until then
      attempts.jsonl.gz        that policy's attempts at training tasks, labelled by the rules
      orm/, orm.json           the outcome reward model, and its agreement with the rules
      checkpoints/             one a phase
      rollouts/                labelled trajectories of each phase
      metrics.jsonl, tensorboard/
      policy/                  the policy after the last phase: `webrl-benchmark agent=<run>`

A run that was stopped goes on with the first part that is not finished; within the phases, with the first phase.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from stable_baselines3.common.vec_env import VecEnv

from agents.adapters import lora_settings
from agents.algorithms import PhaseAlgorithm, algorithm_class
from agents.atomic_file import replacing
from agents.config_conflicts import conflicts
from agents.environments import make_vec_env, suite_of
from agents.errors import CheckpointError, CheckpointMismatch, ConfigConflict
from agents.labelling import Labeller, OrmLabeller, RuleLabeller, SplitLabeller, label_trajectories
from agents.memory import MemoryEstimate, estimate_memory
from agents.metrics import JsonlWriter, Progress, TensorBoardWriter
from agents.models import LanguageModel, load_model
from agents.policy import LLMPolicy
from agents.preparation import choose_evenly, demonstrate, greedy_success, train_orm, under_other_instructions
from agents.rollout import RolloutCollector
from agents.run_card import without_secrets
from agents.scorers import LanguageModelScorer
from agents.supervised import supervised_start
from agents.trajectory_io import read_trajectories, write_trajectories
from agents.types import LabelledTrajectory
from webrl_gym.errors import InfrastructureError
from webrl_gym.tasks.suite import TaskSuite

_ATTEMPTS_PURPOSE = 101
"""Seed offset of the supervised policy's first attempts."""


class TrainingRun:
    """One run; ``train`` does whatever is not done yet."""

    def __init__(self, folder: Path, config: Mapping[str, Any], progress: Progress) -> None:
        """Opens or begins a run.

        Args:
            folder: Its folder; made when it is not there.
            config: The composed training configuration as plain data.
            progress: Shown every long part.

        Raises:
            ConfigConflict: If values of the configuration contradict each other; all of them in one message.
            CheckpointMismatch: If the folder holds a run of another configuration.
        """
        problems = conflicts(config)
        if problems:
            raise ConfigConflict("\n".join(problems))
        self.folder = folder
        self.config = dict(config)
        self.progress = progress
        folder.mkdir(parents=True, exist_ok=True)
        self._require_same_config()
        if config["threads"]:
            torch.set_num_threads(config["threads"])

    def train(self) -> LLMPolicy:
        """Does every part that is not done yet; returns the final policy."""
        policy_folder = self.folder / "policy"
        if policy_folder.exists():
            return self._policy(self._load(str(policy_folder)))
        self.memory.require_fit()
        try:
            policy = self.supervise()
            if self.config["algorithm"]["name"] != "sft":
                demonstrations = self._demonstrations()
                attempts = self._first_attempts(policy, demonstrations) if self._needs_attempts else []
                self._phases(policy, demonstrations, attempts, self._labeller(demonstrations, attempts))
            _save_model(policy.language_model, policy_folder)
        finally:
            self.close()
        return policy

    @property
    def _needs_attempts(self) -> bool:
        algorithm = self.config["algorithm"]
        return self._label_source != "rules" or algorithm["name"] == "webrl" or algorithm.get("mode") == "paper"

    @cached_property
    def memory(self) -> MemoryEstimate:
        """What the run needs, and what there is."""
        return estimate_memory(self.config)

    def supervise(self) -> LLMPolicy:
        """Does demonstrations and supervised fine-tuning if they are not done yet; returns that policy."""
        return self._supervised(self._demonstrations())

    @property
    def orm_summary(self) -> str:
        """How well the ORM agrees with the rules, in one line; empty before it is trained, or without one."""
        path = self.folder / "orm.json"
        if not path.exists():
            return ""
        report = json.loads(path.read_text(encoding="utf-8"))
        known = {name: report[name] for name in ("balanced_accuracy", "accuracy", "always_no_accuracy")}
        numbers = ", ".join(
            f"{name.replace('_', ' ')} {'-' if value is None else format(value, '.3f')}"
            for name, value in known.items()
        )
        return f"ORM against the rules: {numbers}"

    def close(self) -> None:
        """Closes the environments; they are made anew when they are needed."""
        if "_vec_env" in self.__dict__:
            self.__dict__.pop("_vec_env").close()

    @cached_property
    def _vec_env(self) -> VecEnv:
        return make_vec_env(self.config["suite"], self.config["only_sites"], self.config["env"])

    @cached_property
    def _train_suite(self) -> TaskSuite:
        return suite_of(self.config["suite"], self.config["only_sites"])

    @cached_property
    def _valid_suite(self) -> TaskSuite:
        return suite_of(self.config["valid_suite"], self.config["only_sites"])

    def _demonstrations(self) -> list[LabelledTrajectory]:
        path = self.folder / "demonstrations.jsonl.gz"
        if not path.exists():
            count, most = self.config["demonstrations"], len(self._train_suite)
            if count > most:
                raise ConfigConflict(f"demonstrations must be at most {most}, the tasks that there are, got {count}")
            tasks = choose_evenly(self._train_suite.tasks, count, seed=self.config["seed"])
            env = self._vec_env.get_attr("unwrapped", indices=[0])[0]
            write_trajectories(path, demonstrate(env, tasks, self.progress))
        return read_trajectories(path).labelled

    def _supervised(self, demonstrations: Sequence[LabelledTrajectory]) -> LLMPolicy:
        folder, rounds, settings = self.folder / "sft", self.folder / "sft_rounds", self.config["sft"]
        if folder.exists():
            return self._policy(self._load(str(folder)))
        policy = self._policy(self._load(self.config["model"]["name_or_path"]))
        if settings["max_rounds"]:
            collector = RolloutCollector(self._vec_env, policy)
            tasks = self._valid_suite.tasks[:: settings["valid_every"]]
            report = supervised_start(
                policy,
                demonstrations,
                lambda: (greedy_success(collector, tasks, self.progress).percent or 0.0) / 100,
                rounds,
                **{name: value for name, value in settings.items() if name != "valid_every"},
                seed=self.config["seed"],
                progress=self.progress,
            )
            summary = {**asdict(report), "best_round": report.best_round, "valid_tasks": len(tasks)}
            self._write_json("sft.json", summary)
        _save_model(policy.language_model, folder)
        shutil.rmtree(rounds, ignore_errors=True)
        return policy

    def _first_attempts(
        self, policy: LLMPolicy, demonstrations: Sequence[LabelledTrajectory]
    ) -> list[LabelledTrajectory]:
        """The supervised policy's attempts at tasks without a demonstration, by arXiv 2411.02337, algorithm 1, part 1.

        They are labelled by the rules. The ORM learns from them; the phases begin with their successes as experience
        and evolve their failures.
        """
        path = self.folder / "attempts.jsonl.gz"
        if not path.exists():
            demonstrated = {item.trajectory.task.task_id for item in demonstrations}
            others = [task for task in self._train_suite if task.task_id not in demonstrated]
            seed = self.config["seed"] + _ATTEMPTS_PURPOSE
            count = min(self.config["attempts"]["count"], len(others))
            rollout = RolloutCollector(self._vec_env, policy).collect(
                choose_evenly(others, count, seed) if others else [],
                phase=0,
                temperature=self.config["attempts"]["temperature"],
                seed=seed,
                progress=self.progress,
            )
            if rollout.failures and not rollout.trajectories:
                raise InfrastructureError(f"No first attempt came to an end: {rollout.failures[0].failure}")
            labelled = label_trajectories(RuleLabeller(), rollout.trajectories).labelled
            write_trajectories(path, [*labelled, *rollout.failures])
        return list(read_trajectories(path).labelled)

    def _labeller(
        self, demonstrations: Sequence[LabelledTrajectory], attempts: Sequence[LabelledTrajectory]
    ) -> Labeller:
        """The rules, the ORM, or each for the tasks that it is for."""
        source = self._label_source
        if source == "rules":
            return RuleLabeller()
        orm = self._orm(demonstrations, attempts)
        return SplitLabeller(suite=RuleLabeller(), evolved=orm) if source == "both" else orm

    @property
    def _label_source(self) -> str:
        """Where nothing evolves there is nothing that the ORM would label beside the rules."""
        source, algorithm = str(self.config["orm"]["source"]), self.config["algorithm"]
        evolves = algorithm["name"] == "webrl" and algorithm["curriculum"]
        return "rules" if source == "both" and not evolves else source

    def _orm(self, demonstrations: Sequence[LabelledTrajectory], attempts: Sequence[LabelledTrajectory]) -> OrmLabeller:
        """Begins as the supervised policy and learns from demonstrations and attempts."""
        settings = self.config["orm"]
        folder, start = self.folder / "orm", str(self.folder / "sft")
        if folder.exists():
            return OrmLabeller(LanguageModelScorer(self._load(str(folder))), settings["threshold"])
        seed = self.config["seed"]
        held_out = RolloutCollector(self._vec_env, self._policy(self._load(start))).collect(
            self._valid_suite.tasks,
            phase=0,
            temperature=self.config["attempts"]["temperature"],
            seed=seed,
            progress=self.progress,
        )
        labelled = [*demonstrations, *attempts]
        labelled += under_other_instructions(labelled, self._train_suite.tasks, seed)
        scorer = LanguageModelScorer(self._load(start))
        report = train_orm(
            scorer,
            labelled,
            held_out.trajectories,
            **{name: value for name, value in settings.items() if name != "source"},
            seed=seed,
            progress=self.progress,
        )
        agreement = report.held_out
        self._write_json(
            "orm.json",
            {
                "examples": report.examples,
                "successes": report.successes,
                "threshold": settings["threshold"],
                "confusion": asdict(agreement),
                "balanced_accuracy": agreement.balanced_accuracy,
                "accuracy": agreement.accuracy,
                "base_rate": agreement.base_rate,
                "always_no_accuracy": agreement.always_no_accuracy,
            },
        )
        _save_model(scorer.language_model, folder)
        return OrmLabeller(scorer, settings["threshold"])

    def _phases(
        self,
        policy: LLMPolicy,
        demonstrations: Sequence[LabelledTrajectory],
        attempts: Sequence[LabelledTrajectory],
        labeller: Labeller,
    ) -> PhaseAlgorithm:
        settings = dict(self.config["algorithm"])
        name = settings.pop("name")
        if name == "webrl" or settings.get("mode") == "paper":
            settings["attempts"] = attempts
        if name == "webrl":
            settings["demonstrations"] = demonstrations
            settings["protected"] = [*self._valid_suite, *suite_of("practice-test")]
        writers = [JsonlWriter(self.folder / "metrics.jsonl"), TensorBoardWriter(self.folder / "tensorboard")]
        algorithm = algorithm_class(name)(
            policy,
            self._vec_env,
            labeller=labeller,
            suite=self._train_suite,
            seed=self.config["seed"],
            checkpoint_folder=self.folder / "checkpoints",
            trajectory_folder=self.folder / "rollouts",
            metrics=writers,
            progress=self.progress,
            **settings,
        )
        algorithm.resume()
        try:
            algorithm.learn()
        finally:
            algorithm.metrics.close()
        return algorithm

    def _load(self, name_or_path: str) -> LanguageModel:
        model = self.config["model"]
        lora = lora_settings(model["lora"])
        loaded = load_model(
            name_or_path,
            device=model["device"],
            dtype=model["dtype"],
            autocast=model["autocast"],
            gradient_checkpointing=model["gradient_checkpointing"],
            lora=lora,
            base=None if lora is None else self._base,
        )
        # A checkpoint names the base model; a resumed run comes from the run's own folder, which may have moved.
        return replace(loaded, name=model["name_or_path"], master_weights=model["master_weights"])

    @cached_property
    def _base(self) -> LanguageModel:
        """The one set of weights that the adapters of policy, critic and ORM stand on."""
        model = self.config["model"]
        return load_model(model["name_or_path"], device=model["device"], dtype=model["dtype"])

    def _policy(self, language_model: LanguageModel) -> LLMPolicy:
        return LLMPolicy(language_model, max_tokens=self.config["model"]["max_prompt_tokens"])

    def _require_same_config(self) -> None:
        path = self.folder / "config.json"
        current = without_secrets(self.config)
        if not path.exists():
            self._write_json("config.json", current)
            return
        stored = json.loads(path.read_text(encoding="utf-8"))
        differing = [key for key in sorted({*stored, *current}) if stored.get(key) != current.get(key)]
        if differing:
            changes = "; ".join(f"{key}: {stored.get(key)!r} there, {current.get(key)!r} now" for key in differing)
            raise CheckpointMismatch(
                f"{self.folder} holds a run of another configuration ({changes}). Give the run another name, or go on "
                f"with it as it is: resume={self.folder}"
            )

    def _write_json(self, name: str, record: Mapping[str, Any]) -> None:
        with replacing(self.folder / name) as temporary:
            temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def stored_config(folder: Path) -> dict[str, Any]:
    """The configuration of the run in ``folder``.

    Raises:
        FileNotFoundError: If there is no run.
    """
    path = folder / "config.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if "demonstrations" not in stored:  # a model's folder has a file of this name too
        raise FileNotFoundError(f"{folder} holds no training run (there is no {path.name} of one)")
    return dict(stored)


def _save_model(language_model: LanguageModel, folder: Path) -> None:
    """Saves a model so that its folder is there whole or not at all.

    Raises:
        CheckpointError: If it cannot be written (a full disk, no permission); nothing is left of it then.
    """
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        language_model.save(unfinished)
        unfinished.replace(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise CheckpointError(f"The model {folder} cannot be written: {error}") from error
