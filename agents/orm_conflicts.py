"""Contradictions and impossible values of a configuration of ``webrl-orm``, all found before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.adapters import lora_problems
from agents.config_conflicts import is_within, values_conflicts
from agents.curriculum import PROTECTED_SUITES, REPORT_SUITES
from agents.env_conflicts import env_conflicts
from agents.errors import CheckpointCorrupt
from agents.judge_conflicts import judge_conflicts
from agents.rate_conflicts import judge_rate_conflicts, precision_conflicts
from agents.run_folder import stored_config

_LISTS = {"trajectories": "attempts.jsonl.gz,mine/", "held_out_templates": "shopping.search,map.phone"}
"""Lists of the configuration, and what one looks like."""


def orm_conflicts(config: Mapping[str, Any]) -> list[str]:
    """Every contradiction in a configuration of ``webrl-orm``, one sentence each."""
    suite, judged = config["suite"], config["evaluation"]["suite"]
    problems = []
    if suite == judged:
        problems.append(f"suite and evaluation.suite are both {suite}: what is judged must not be learned from")
    problems += [
        f"{name} is for the final report only; it is neither suite nor evaluation.suite"
        for name in REPORT_SUITES
        if name in (suite, judged)
    ]
    if suite in PROTECTED_SUITES.difference(REPORT_SUITES, [judged]):
        problems.append(f"suite is {suite}, on which nothing is trained")
    threshold = config["threshold"]
    if threshold is None and not config["calibration_share"]:
        problems.append("threshold=null is chosen on calibration tasks: calibration_share must be above 0")
    if threshold is not None and not is_within(threshold, 0.0, 0.999):
        problems.append(f"threshold must be null or a number from 0 to 0.999, got {threshold!r}")
    if not is_within(config["calibration_share"], 0.0, 0.9):
        problems.append(f"calibration_share must be a number from 0 to 0.9, got {config['calibration_share']!r}")
    problems += [
        f"{key} must be a list of names, as in [{example}], got {config[key]!r}"
        for key, example in _LISTS.items()
        if config[key] is not None and not _is_list_of_names(config[key])
    ]
    is_known = True
    if config["run"]:
        try:
            stored_config(Path(config["run"]))
        except (FileNotFoundError, CheckpointCorrupt) as error:
            is_known = bool(config["start"])
            problems.append(f"run: {error}")
    if config["phases"] and (config["trajectories"] or not config["run"]):
        problems.append("phases=true learns from the phases of run=..., where no trajectories are named")
    problems += [
        f"policies.{name} must be the folder of a policy, got {folder!r}"
        for name, folder in config["policies"].items()
        if not isinstance(folder, str)
    ]
    problems += [f"model.lora: {problem}" for problem in lora_problems(config["model"]["lora"])]
    problems += precision_conflicts(config["model"])
    problems += env_conflicts(config, {"suite": suite, "evaluation.suite": judged})
    start = start_of(config)
    problems += judge_conflicts(config, start) + values_conflicts(config)
    return problems + (judge_rate_conflicts(config, start) if is_known else [])  # of a start that there is


def start_of(config: Mapping[str, Any]) -> str:
    """The model that becomes the judge, by its name or folder.

    Args:
        config: ``conf/train_orm.yaml``, composed.
    """
    if config["start"]:
        return str(config["start"])
    if config["run"]:
        return str(Path(config["run"]) / "sft")
    return str(config["policy"] or config["model"]["name_or_path"])


def _is_list_of_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)
