"""Impossible settings of how a judge is asked (the group ``orm``), found before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.adapters import base_name
from agents.errors import CheckpointMismatch
from agents.model_files import NANO
from agents.models import model_without_weights
from agents.orm_folder import judge_of, model_folder
from agents.rate_conflicts import is_nano
from agents.scorers import scorer_of
from agents.smollm2 import SMOLLM2
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE, Evidence, OrmTemplate, read_template
from webrl_gym.reward import ANSWERS


def judge_conflicts(config: Mapping[str, Any], model: str | None) -> list[str]:
    """What is wrong with how the judge is asked, one sentence each.

    Args:
        config: Holds the group ``orm``, and how models are prompted in ``model``.
        model: What becomes the judge; None where ``orm.from`` names one, which is loaded to see.
    """
    settings, problems, template = config["orm"], [], DEFAULT_TEMPLATE
    answers = settings["answers"]
    if answers is not None and (not isinstance(answers, list) or len({*map(str, answers)}) != 2 or len(answers) != 2):
        problems.append(f"orm.answers must be two different answers, as in [YES,NO], got {answers!r}")
    if settings["prompt_template"]:
        try:
            template = read_template(settings["prompt_template"])
        except (OSError, ValueError) as error:
            problems.append(f"orm.prompt_template: {error}")
    if settings.get("from"):
        try:
            model_folder(Path(settings["from"]))
        except FileNotFoundError as error:
            problems.append(f"orm.from: {error}")
    if problems or model is None:
        return problems
    if settings["prompt_template"] and is_nano(model):
        return ["orm.prompt_template needs a judge that reads templates; the nano model has a form of its own"]
    return _unanswerable(config, model, template)


def _unanswerable(config: Mapping[str, Any], model: str, template: OrmTemplate) -> list[str]:
    """Whether tokenizer and chat template of a model can be asked so; nothing is fetched from a hub."""
    asked = config["orm"]["answers"] is not None or config["orm"]["prompt_template"]
    yes, no = map(str, config["orm"]["answers"] or ANSWERS)
    try:
        base = base_name(model)
        if not (asked if base in (NANO, SMOLLM2) else Path(base).is_dir()):
            return []
        language_model = model_without_weights(base, **{key: config["model"][key] for key in ("prompt", "cut")})
    except (CheckpointMismatch, OSError, ValueError):
        return []  # whoever loads it says what is wrong
    try:
        judge = judge_of(language_model, answers=(yes, no))
    except ValueError as error:
        return [f"orm.answers: {error}"]
    shortest = replace(template, max_page_length=1).fill(Evidence("a", ("b",), "", ("c",)))
    try:
        scorer_of(judge).encode(shortest)
    except ValueError as error:
        return [f"orm.prompt_template: {error}"]
    return []
