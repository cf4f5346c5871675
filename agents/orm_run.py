"""A run of ``webrl-orm`` in its folder: attempts, judge, judged policies, report. Each part is done once.

    <output>/
      config.json              the configuration, secrets left out
      attempts.jsonl.gz        the policy's attempts, where no trajectories were named
      orm/                     the judge: what webrl-train orm.from=<output> and load_orm(<output>) take
      orm.json                 what it learned from, and its threshold
      judged/<policy>.jsonl.gz attempts of a policy, labelled by the judge, the rules' verdicts beside
      orm_report.json, .md     how right it is

A run that was stopped goes on with the first part that is not finished.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.vec_env import VecEnv

from agents.action_journal import journal_beside
from agents.adapters import lora_settings
from agents.atomic_file import remove_leftovers, replacing
from agents.curriculum import PROTECTED_SUITES
from agents.devices import tell_of_other_devices
from agents.environments import make_vec_env, suite_of
from agents.errors import ConfigConflict
from agents.generation import InProcess
from agents.labelling import OrmLabeller, RuleLabeller, evidence_of, label_trajectories
from agents.memory import MemoryEstimate
from agents.metrics import Progress
from agents.model_record import longest_action
from agents.models import LanguageModel, load_model
from agents.orm_conflicts import orm_conflicts, start_of
from agents.orm_folder import judge_of, load_orm, save_orm
from agents.orm_memory import estimate_orm_memory
from agents.orm_metrics import best_threshold, has_both_outcomes, judge_record, judgements, sliced_records
from agents.orm_policies import acts_as, attempting_policy, judged_policies, place_of, policy_conflicts
from agents.orm_report import markdown_report
from agents.orm_sources import phase_files, read_labelled, run_files, trajectory_files
from agents.orm_training import fit_orm, orm_settings, split_for_calibration, without_templates
from agents.policy import LLMPolicy
from agents.preparation import choose_evenly
from agents.rollout import RolloutCollector
from agents.run_folder import claim, require_same, run_lock, write_json
from agents.trajectory_io import read_trajectories, write_trajectories
from agents.types import Trajectory
from webrl_gym.errors import InfrastructureError, TaskFileError
from webrl_gym.reward import OutcomeRewardModel
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import OutcomeVerdict

_ADVICE = "Choose another folder with output=..."
_CALIBRATED = "the best on calibration tasks"
_UNDECIDED = "nothing to choose by: the calibration tasks were all done, or none of them"


class OrmRun:
    """One run; ``train`` does whatever is not done yet."""

    def __init__(self, folder: Path, config: Mapping[str, Any], progress: Progress) -> None:
        """Opens or begins a run.

        Args:
            folder: Its folder; made when it is not there.
            config: The composed configuration of ``webrl-orm`` as plain data.
            progress: Shown every long part.

        Raises:
            ConfigConflict: If values of the configuration contradict each other; all of them in one message.
            CheckpointMismatch: If the folder holds a run of another configuration with something finished in it, or
                something else.
        """
        problems = [*orm_conflicts(config), *policy_conflicts(config, folder)]
        if not (problems or config["run"] or config["trajectories"]):  # else files say what there is
            templates = {task.template for task in suite_of(config["suite"], config["only_sites"])}
            lost = sorted(set(config["held_out_templates"] or ()) - templates)
            problems += [f"held_out_templates: the suite has no template {', '.join(lost)}"] if lost else []
        if problems:
            raise ConfigConflict("\n".join(problems))
        self.folder = folder
        self.config = dict(config)
        self.progress = progress
        self.source = Path(config["run"]) if config["run"] else None
        claim(folder, config, _ADVICE)
        if config["threads"]:
            torch.set_num_threads(config["threads"])

    def train(self) -> dict[str, Any]:
        """Does every part that is not done yet; returns the report.

        Raises:
            RunInUse: If another process works on the run.
        """
        path = self.folder / "orm_report.json"
        if not path.exists():
            self.memory.require_fit()
            tell_of_other_devices(self.config["model"]["device"])
            with run_lock(self.folder):
                # Until now the folder was bare, perhaps, and another process may have claimed it.
                require_same(self.folder, self.config, _ADVICE)
                remove_leftovers(self.folder)
                try:
                    report = self._report(self._orm())
                finally:
                    if "_vec_env" in self.__dict__:
                        self.__dict__.pop("_vec_env").close()
                with replacing(path.with_suffix(".md")) as temporary:
                    temporary.write_text(markdown_report(report), encoding="utf-8")
                write_json(path, report)
        return dict(json.loads(path.read_text(encoding="utf-8")))

    @property
    def memory(self) -> MemoryEstimate:
        """What is left of the run needs in memory."""
        return estimate_orm_memory(self.config, self.folder)

    @cached_property
    def _vec_env(self) -> VecEnv:
        return make_vec_env(self.config["suite"], self.config["only_sites"], self.config["env"])

    @cached_property
    def _suite(self) -> TaskSuite:
        return suite_of(self.config["suite"], self.config["only_sites"])

    def _orm(self) -> OutcomeRewardModel:
        folder = self.folder / "orm"
        if folder.exists():
            return load_orm(folder, **self._placement)
        files = self._files()
        suites = {self.config["evaluation"]["suite"], *PROTECTED_SUITES}
        source = read_labelled(files, suites, _tasks_of(suites))
        held_out = self.config["held_out_templates"] or ()
        known = without_templates(source.labelled, held_out)
        used, apart = split_for_calibration(known, self.config["calibration_share"], self.config["seed"])
        settings = orm_settings(self.config["orm"], self.config["seed"])
        learner = self._learner(start_of(self.config))
        orm = judge_of(learner, template=settings.template, answers=settings.answers)
        fit = fit_orm(orm, used, self._suite, settings, self.progress)
        # measured by what was learned from, also where somebody's label stands for the rules
        unseen = [replace(item.trajectory, rule_verdict=item.label) for item in apart]
        calibration = judgements(unseen, _verdicts(orm, unseen))
        fixed = self.config["threshold"]
        chosen = _CALIBRATED if has_both_outcomes(calibration) else _UNDECIDED
        orm = OutcomeRewardModel(orm.scorer, best_threshold(calibration) if fixed is None else fixed, orm.template)
        write_json(
            self.folder / "orm.json",
            {
                "model": learner.record.description,
                "files": [str(path) for path in files],
                "training": asdict(fit),
                "left_out": dict(source.left_out),
                "problems": list(source.problems),
                "held_out_templates": list(held_out),
                "threshold": orm.threshold,
                "threshold_from": "given" if fixed is not None else chosen,
                "calibration": judge_record(calibration, (0.5, orm.threshold)),
            },
        )
        save_orm(orm, folder)
        return orm

    def _files(self) -> list[Path]:
        """The trajectories that are named, or the run's, or the policy's attempts."""
        if self.config["trajectories"]:
            return trajectory_files(self.config["trajectories"])
        if self.source is not None:
            return run_files(self.source, phases=self.config["phases"])
        return [self._attempts()]

    def _attempts(self) -> Path:
        path = self.folder / "attempts.jsonl.gz"
        if not path.exists():
            settings, seed = self.config["attempts"], self.config["seed"]
            tasks = choose_evenly(self._suite.tasks, min(settings["count"], len(self._suite)), seed)
            attempts = self._collect(attempting_policy(self.config), tasks, settings["temperature"], path)
            write_trajectories(path, label_trajectories(RuleLabeller(), attempts).labelled)
        journal_beside(path).unlink(missing_ok=True)
        return path

    def _report(self, orm: OutcomeRewardModel) -> dict[str, Any]:
        about = json.loads((self.folder / "orm.json").read_text(encoding="utf-8"))
        thresholds = sorted({0.5, orm.threshold})
        left_out = about["held_out_templates"]
        judged = {
            name: sliced_records(judgements(*self._judged_attempts(name, policy, orm), left_out), thresholds)
            for name, policy in judged_policies(self.config).items()
        }
        suite = self.config["evaluation"]["suite"]
        return {
            **about,
            "evaluation_suite": suite,
            "judged": judged,
            "phases": self._phases(orm, thresholds, about["files"]),
        }

    def _judged_attempts(
        self, name: str, policy: str, orm: OutcomeRewardModel
    ) -> tuple[Sequence[Trajectory], Sequence[OutcomeVerdict | None]]:
        """A policy's attempts at the evaluation tasks, and what the judge says of them."""
        settings = self.config["evaluation"]
        path = self.folder / "judged" / f"{name}.jsonl.gz"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            tasks = suite_of(settings["suite"], self.config["only_sites"]).tasks * settings["attempts"]
            attempts = self._collect(policy, tasks, settings["temperature"], path)
            write_trajectories(path, label_trajectories(OrmLabeller(orm), attempts).labelled)
        journal_beside(path).unlink(missing_ok=True)
        content = read_trajectories(path)
        return content.trajectories, content.labels

    def _phases(self, orm: OutcomeRewardModel, thresholds: Sequence[float], learned: Sequence[str]) -> dict[str, Any]:
        """The judge on what the run's phases attempted and it did not learn from: evolved tasks, and the suite's own.

        The suite's own were mostly attempted before by the supervised policy, so the judge may have learned from them.
        """
        phases: dict[str, Any] = {}
        there = {path.resolve(): path for path in (phase_files(self.source) if self.source is not None else [])}
        for place in learned:
            there.pop(Path(place).resolve(), None)
        for path in there.values():
            content = read_trajectories(path)
            attempts = [one for one in content.trajectories if one.failure is None]
            kinds = {
                "evolved tasks": [one for one in attempts if one.task.parent is not None],
                "tasks of the suite": [one for one in attempts if one.task.parent is None],
            }
            for kind, some in kinds.items():
                if some:
                    record = judge_record(judgements(some, _verdicts(orm, some)), thresholds)
                    phases[f"phase {int(path.name.removeprefix('phase-').partition('.')[0])}, {kind}"] = record
        return phases

    def _collect(self, policy: str, tasks: Sequence[Task], temperature: float, path: Path) -> list[Trajectory]:
        """Attempts at tasks that will be written to ``path``."""
        how = acts_as(self.config, policy)
        said = {key: how[key] for key in ("prompt", "cut", "dtype")}
        model = load_model(place_of(policy), **{**self._placement, **said})
        backend = InProcess(model, max_new_tokens=longest_action(model.record.prompt, how["max_new_tokens"]))
        acting = LLMPolicy(model, max_tokens=how["max_prompt_tokens"], backend=backend)
        rollout = RolloutCollector(self._vec_env, acting).collect(
            tasks,
            phase=0,
            temperature=temperature,
            seed=self.config["seed"],
            progress=self.progress,
            journal=journal_beside(path),
        )
        if rollout.failures and not rollout.trajectories:
            raise InfrastructureError(f"No attempt came to an end: {rollout.failures[0].failure}")
        return list(rollout.trajectories)

    @property
    def _placement(self) -> dict[str, Any]:
        return {key: self.config["model"][key] for key in ("device", "dtype", "autocast")}

    def _learner(self, name_or_path: str) -> LanguageModel:
        """A model that is going to be trained, as the configuration says."""
        model = self.config["model"]
        how = {key: model[key] for key in ("prompt", "cut", "gradient_checkpointing")}
        loaded = load_model(name_or_path, **self._placement, **how, lora=lora_settings(model["lora"]))
        return replace(loaded, master_weights=model["master_weights"])


def _tasks_of(suites: Iterable[str]) -> list[Task]:
    """The tasks of some suites; of the official one where its file is installed."""
    tasks: list[Task] = []
    for name in sorted(suites):
        with suppress(TaskFileError):
            tasks += suite_of(name)
    return tasks


def _verdicts(orm: OutcomeRewardModel, attempts: Sequence[Trajectory]) -> list[OutcomeVerdict]:
    return orm.judge_all([evidence_of(attempt) for attempt in attempts])
