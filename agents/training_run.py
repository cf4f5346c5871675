"""A training run in a folder: demonstrations, supervised start, attempts, ORM, phases, policy. Each part is done once.

    <run>/
      config.json              the configuration, secrets left out
      demonstrations.jsonl.gz  the oracle's trajectories, or those of a file of one's own
      sft/, sft.json           the policy after supervised fine-tuning, and how that went; sft_rounds/ until then
      attempts.jsonl.gz        that policy's attempts at training tasks, labelled by the rules
      attempts_by_orm.jsonl.gz the same by the ORM, where algorithm.mode=paper learns from its labels
      orm_held_out.jsonl.gz    its attempts at validation tasks, on which the ORM is measured
      orm/, orm.json           the outcome reward model, and its agreement with the rules
      checkpoints/             one a phase, and the finished stages of the phase under way
      rollouts/                labelled trajectories of each phase, and where the curriculum's proposals ended
      curriculum_answers/      what a language model was asked for the curriculum, and said
      metrics.jsonl, tensorboard/
      policy/                  the policy after the last phase: `webrl-benchmark agent=<run>`
      run.lock                 says which process is at work

A run that was stopped goes on with the first part that is not finished; within the phases, with the first stage. A
rollout is taken again with the actions that were written until then (docs/resume.md).
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.vec_env import VecEnv

from agents.action_journal import journal_beside
from agents.algorithms import PhaseAlgorithm, accepted_arguments, algorithm_class
from agents.algorithms.filtered_bc import OFFLINE
from agents.atomic_file import remove_leftovers
from agents.config_conflicts import conflicts
from agents.curriculum import PROTECTED_SUITES
from agents.curriculum_setup import GRAMMAR, CurriculumParts, curriculum_parts, remembered_pages, require_proposer
from agents.demonstration_file import take_demonstrations
from agents.devices import tell_of_other_devices
from agents.environments import make_vec_env, suite_of
from agents.errors import ConfigConflict
from agents.labelling import Labeller, OrmLabeller, RuleLabeller, SplitLabeller, label_source, label_trajectories
from agents.look_log import TEST_SUITES
from agents.memory import MemoryEstimate
from agents.metrics import JsonlWriter, MetricWriter, Progress, TensorBoardWriter
from agents.orm_folder import judge_of, load_orm, save_orm
from agents.orm_report import agreement_line
from agents.orm_training import agreement_record, fit_orm, named_orm, orm_settings
from agents.policy import LLMPolicy
from agents.preparation import Start, choose_evenly, demonstrate, greedy_success
from agents.rollout import Rollout, RolloutCollector
from agents.run_folder import claim, read_own, require_same, run_lock, save_model, write_json
from agents.run_models import RunModels
from agents.supervised import supervised_start
from agents.training_memory import context_problems, estimate_memory
from agents.trajectory_io import write_trajectories
from agents.types import LabelledTrajectory, Trajectory
from webrl_gym.errors import InfrastructureError, TaskFileError
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import TaskSuite

_log = logging.getLogger(__name__)
_DEMONSTRATIONS = "demonstrations.jsonl.gz"
_RELABELLED = "attempts_by_orm.jsonl.gz"
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
            CheckpointMismatch: If the folder holds a run of another configuration with something finished in it.
        """
        problems, source = [*conflicts(config), *context_problems(config["model"])], config["demonstrations"]
        # A run that has taken its demonstrations needs their file no more.
        if isinstance(source, str) and not (Path(source).is_file() or (folder / _DEMONSTRATIONS).exists()):
            problems.append(f"demonstrations: there is no file {source}")
        if problems:
            raise ConfigConflict("\n".join(problems))
        self.folder = folder
        self.config = dict(config)
        self.progress = progress
        self._has_lock = False
        self._models = RunModels(config["model"])
        self._advice = f"Give the run another name, or go on with it as it is: resume={folder}"
        claim(folder, config, self._advice)
        if config["threads"]:
            torch.set_num_threads(config["threads"])

    def train(self) -> LLMPolicy:
        """Does every part that is not done yet; returns the final policy.

        Raises:
            RunInUse: If another process works on the run.
        """
        policy_folder = self.folder / "policy"
        if policy_folder.exists():
            return self._models.policy(self._models.load(str(policy_folder)))
        self.memory.require_fit()
        tell_of_other_devices(self.config["model"]["device"])
        if self._evolves:
            require_proposer(self.config["curriculum"])
        is_judged = label_source(self.config) != "rules" and not (self.folder / "checkpoints").exists()
        if is_judged and self.config["orm"]["from"]:
            self._named_judge()  # whether it can be loaded is known before hours of work lead up to it
        with self._alone_unless("policy"):
            try:
                if self.config["algorithm"]["name"] == "sft":
                    policy = self.supervise()
                else:
                    start = self.prepare()
                    policy = start.policy
                    self._phases(start)
                save_model(policy.language_model, policy_folder)
            finally:
                self.close()
        return policy

    @property
    def _needs_attempts(self) -> bool:
        algorithm = self.config["algorithm"]
        takes_them = "attempts" in accepted_arguments(algorithm_class(algorithm["name"]))
        return label_source(self.config) != "rules" or (takes_them and algorithm.get("mode") != "online")

    @cached_property
    def memory(self) -> MemoryEstimate:
        """What the run needs, and what there is."""
        return estimate_memory(self.config)

    def supervise(self) -> LLMPolicy:
        """Does demonstrations and supervised fine-tuning if they are not done yet; returns that policy.

        Raises:
            RunInUse: If another process works on the run.
        """
        with self._alone_unless("sft"):
            folder = self.folder / "sft"
            if folder.exists():
                shutil.rmtree(self.folder / "sft_rounds", ignore_errors=True)
                return self._models.policy(self._models.load(str(folder)))
            # The model is loaded before the demonstrations are made: what is wrong with it is told at once.
            return self._supervised(self._models.policy(self._models.named()), self._demonstrations())

    def prepare(self) -> Start:
        """Does everything before the first phase that is not done yet.

        Raises:
            RunInUse: If another process works on the run.
        """
        parts = {"sft": True, "attempts.jsonl.gz": self._needs_attempts, "orm": label_source(self.config) != "rules"}
        parts[_RELABELLED] = self._relabels
        with self._alone_unless(*(name for name, is_needed in parts.items() if is_needed)):
            policy, demonstrations = self.supervise(), self._demonstrations()
            attempts = self._first_attempts(policy, demonstrations) if self._needs_attempts else []
            labeller = self._labeller(policy, demonstrations, attempts)
            if self._relabels:
                attempts = self._relabelled(attempts, labeller)
            return Start(policy, demonstrations, attempts, labeller)

    @contextmanager
    def _alone_unless(self, *parts: str) -> Iterator[None]:
        """Locks the folder and clears away what a killed process left there, unless these parts are finished."""
        if self._has_lock or all((self.folder / part).exists() for part in parts):
            yield
            return
        with run_lock(self.folder):
            self._has_lock = True
            try:
                # Until now the folder was bare, perhaps, and another process may have claimed it.
                require_same(self.folder, self.config, self._advice)
                remove_leftovers(self.folder)
                yield
            finally:
                self._has_lock = False

    @property
    def orm_summary(self) -> str:
        """How well the ORM agrees with the rules, in one line; empty before it is trained, or without one."""
        path = self.folder / "orm.json"
        if not path.exists():
            return ""
        return f"ORM against the rules: {agreement_line(json.loads(path.read_text(encoding='utf-8')))}"

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
        path = self.folder / _DEMONSTRATIONS
        if not path.exists() and isinstance(self.config["demonstrations"], str):
            held_out = {self.config["valid_suite"], *PROTECTED_SUITES}
            take_demonstrations(Path(self.config["demonstrations"]), path, held_out, self._protected_tasks())
        if not path.exists():
            count = self.config["demonstrations"]
            tasks = choose_evenly(self._train_suite.tasks, count, seed=self.config["seed"])
            env = self._vec_env.get_attr("unwrapped", indices=[0])[0]
            write_trajectories(path, demonstrate(env, tasks, self.progress))
        return read_own(path).labelled

    def _supervised(self, policy: LLMPolicy, demonstrations: Sequence[LabelledTrajectory]) -> LLMPolicy:
        rounds, settings = self.folder / "sft_rounds", self.config["sft"]
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
            write_json(self.folder / "sft.json", summary)
        save_model(policy.language_model, self.folder / "sft")
        shutil.rmtree(rounds, ignore_errors=True)
        return policy

    def _first_attempts(
        self, policy: LLMPolicy, demonstrations: Sequence[LabelledTrajectory]
    ) -> list[LabelledTrajectory]:
        """The supervised policy's attempts at tasks without a demonstration, by arXiv 2411.02337, algorithm 1, part 1.

        They are labelled by the rules. The ORM learns from them, and the first phase evolves their failures.
        """
        path = self.folder / "attempts.jsonl.gz"
        if not path.exists():
            demonstrated = {item.trajectory.task.task_id for item in demonstrations}
            others = [task for task in self._train_suite if task.task_id not in demonstrated]
            seed = self.config["seed"] + _ATTEMPTS_PURPOSE
            count = min(self.config["attempts"]["count"], len(others))
            rollout = self._rollout(policy, choose_evenly(others, count, seed) if others else [], seed, path)
            if rollout.failures and not rollout.trajectories:
                raise InfrastructureError(f"No first attempt came to an end: {rollout.failures[0].failure}")
            labelled = label_trajectories(RuleLabeller(), rollout.trajectories).labelled
            write_trajectories(path, [*labelled, *rollout.failures])
        journal_beside(path).unlink(missing_ok=True)
        return list(read_own(path).labelled)

    def _relabelled(self, attempts: Sequence[LabelledTrajectory], labeller: Labeller) -> list[LabelledTrajectory]:
        """The first attempts as the ORM sees them, for an algorithm that learns from nothing else."""
        path = self.folder / _RELABELLED
        if not path.exists():
            labelled = label_trajectories(labeller, [item.trajectory for item in attempts]).labelled
            write_trajectories(path, labelled)
        return list(read_own(path).labelled)

    def _held_out(self, policy: LLMPolicy) -> tuple[Trajectory, ...]:
        """The supervised policy's attempts at validation tasks."""
        path = self.folder / "orm_held_out.jsonl.gz"
        if not path.exists():
            rollout = self._rollout(policy, self._valid_suite.tasks, self.config["seed"], path)
            write_trajectories(path, rollout.trajectories)
        journal_beside(path).unlink(missing_ok=True)
        return read_own(path).trajectories

    def _rollout(self, policy: LLMPolicy, tasks: Sequence[Task], seed: int, path: Path) -> Rollout:
        """Attempts at tasks that will be written to ``path``."""
        return RolloutCollector(self._vec_env, policy).collect(
            tasks,
            phase=0,
            temperature=self.config["attempts"]["temperature"],
            seed=seed,
            progress=self.progress,
            journal=journal_beside(path),
        )

    def _labeller(
        self,
        policy: LLMPolicy,
        demonstrations: Sequence[LabelledTrajectory],
        attempts: Sequence[LabelledTrajectory],
    ) -> Labeller:
        """The rules, the ORM, or each for the tasks that it is for."""
        source = label_source(self.config)
        if source == "rules":
            return RuleLabeller()
        orm = self._orm(policy, demonstrations, attempts)
        return SplitLabeller(suite=RuleLabeller(), evolved=orm) if source == "both" else orm

    @property
    def _relabels(self) -> bool:
        return self.config["algorithm"].get("mode") == OFFLINE and label_source(self.config) == "orm"

    @property
    def _evolves(self) -> bool:
        return bool(self.config["algorithm"].get("curriculum"))

    def _orm(
        self,
        policy: LLMPolicy,
        demonstrations: Sequence[LabelledTrajectory],
        attempts: Sequence[LabelledTrajectory],
    ) -> OrmLabeller:
        """The judge that is named or there already; else one that begins as the supervised policy and learns."""
        settings, folder = self.config["orm"], self.folder / "orm"
        if settings["from"]:
            return self._named_judge()
        if folder.exists():
            return OrmLabeller(load_orm(folder, **self._models.placement, base=self._models.adapted_base))
        how, held_out = orm_settings(settings, self.config["seed"]), self._held_out(policy)
        model, threshold = self._models.load(str(self.folder / "sft")), settings["threshold"]
        orm = judge_of(model, threshold=threshold, template=how.template, answers=how.answers)
        fit = fit_orm(orm, [*demonstrations, *attempts], self._train_suite, how, self.progress)
        write_json(self.folder / "orm.json", {**asdict(fit), **agreement_record(orm, held_out)})
        save_orm(orm, folder)
        return OrmLabeller(orm)

    def _named_judge(self) -> OrmLabeller:
        return OrmLabeller(named_orm(self.config["orm"], self.config["seed"], self._models.placement))

    def _phases(self, start: Start) -> PhaseAlgorithm:
        settings = dict(self.config["algorithm"])
        kind = algorithm_class(settings.pop("name"))
        accepted = accepted_arguments(kind)  # an algorithm gets what its constructor asks for by name
        parts: dict[str, Any] = {
            "labeller": start.labeller,
            "suite": self._train_suite,
            "trajectory_folder": self.folder / "rollouts",
            "demonstrations": start.demonstrations,
            "attempts": start.attempts,
        }
        if "protected" in accepted:
            parts["protected"] = self._protected_tasks()
        if "proposer" in accepted:
            parts.update(self._curriculum_parts(start.policy)._asdict())
        writers: list[MetricWriter] = [
            JsonlWriter(self.folder / "metrics.jsonl"),
            TensorBoardWriter(self.folder / "tensorboard"),
        ]
        algorithm = kind(
            start.policy,
            self._vec_env,
            seed=self.config["seed"],
            checkpoint_folder=self.folder / "checkpoints",
            kept_checkpoints=self.config["checkpoints"]["keep"],
            metrics=writers,
            progress=self.progress,
            **{name: part for name, part in parts.items() if name in accepted},
            **settings,
        )
        algorithm.resume()
        try:
            algorithm.learn()
        finally:
            algorithm.metrics.close()
        return algorithm

    def _protected_tasks(self) -> list[Task]:
        """Validation and test tasks; the official ones too where a language model, which may know them, proposes."""
        tasks = [*self._valid_suite, *(task for name in TEST_SUITES for task in suite_of(name))]
        if self.config["curriculum"]["proposer"] != GRAMMAR:
            try:
                tasks += suite_of("webarena-lite")
            except TaskFileError as error:
                _log.warning("Proposed instructions are not compared with the official tasks: %s", error)
        return tasks

    def _curriculum_parts(self, policy: LLMPolicy) -> CurriculumParts:
        collector = RolloutCollector(self._vec_env, policy)
        page_of = remembered_pages(lambda task: collector.start_observations([task])[0])
        folder = self.folder / "curriculum_answers"
        return curriculum_parts(self.config["curriculum"], self._train_suite, page_of, folder)
