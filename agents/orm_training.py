"""Fine-tunes a judge on labelled attempts, and chooses the threshold on some that it was not shown.

After arXiv 2411.02337, algorithm 1, part 1, and section 3.8.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from agents.errors import PromptTooLong
from agents.fitting import FitSettings, in_passes
from agents.labelling import evidence_of
from agents.metrics import Progress
from agents.objectives import fit_scorer
from agents.orm_data import OrmRecipe, Rephraser, orm_passes
from agents.orm_folder import load_orm
from agents.orm_metrics import confusion_at, judge_record, judgements
from agents.scorers import scorer_of
from agents.types import LabelledTrajectory, Trajectory
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE, OrmTemplate, read_template
from webrl_gym.reward import ANSWERS, OutcomeRewardModel

_log = logging.getLogger(__name__)
_FIT = (
    "optimizer",
    "learning_rate",
    "schedule",
    "warmup_share",
    "epochs",
    "tokens_per_batch",
    "examples_per_update",
    "averaged_share",
)
"""Keys of the group that are about fitting."""


@dataclass(frozen=True, slots=True)
class OrmSettings:
    """How a judge is asked and what it learns from: the configuration group ``orm``.

    Attributes:
        template: Its prompt.
        answers: What it answers: done, not done.
        recipe: What is made of labelled attempts.
        fit: How it is fitted.
    """

    template: OrmTemplate
    answers: tuple[str, str]
    recipe: OrmRecipe
    fit: FitSettings


@dataclass(frozen=True, slots=True)
class OrmFit:
    """How a judge's training went.

    Attributes:
        attempts: Labelled attempts it learned from.
        too_long: Labelled attempts that were left out: the model cannot read instruction and actions, without any page.
        successes: Successful ones among them.
        examples: Examples it was shown, made ones and repeated ones counted too.
        loss: Mean cross-entropy over them, each before its own update, in nats.
    """

    attempts: int
    too_long: int
    successes: int
    examples: int
    loss: float


def orm_settings(config: Mapping[str, Any], seed: int) -> OrmSettings:
    """Reads the configuration group ``orm``.

    Args:
        config: The group as plain data.
        seed: Decides everything that is drawn.

    Raises:
        FileNotFoundError: If there is no such template file.
        ValueError: If the template or a number cannot be used.
    """
    template, length = config["prompt_template"], config["max_page_length"]
    yes, no = config["answers"] or ANSWERS
    return OrmSettings(
        template=read_template(template, length) if template else replace(DEFAULT_TEMPLATE, max_page_length=length),
        answers=(str(yes), str(no)),
        recipe=OrmRecipe(**{name: config[name] for name in OrmRecipe.__dataclass_fields__}),
        fit=FitSettings(seed=seed, **{name: config[name] for name in _FIT}),
    )


def fit_orm(
    orm: OutcomeRewardModel,
    labelled: Sequence[LabelledTrajectory],
    suite: Rephraser,
    settings: OrmSettings,
    progress: Progress | None = None,
) -> OrmFit:
    """Fine-tunes a judge, both outcomes seen equally often.

    Args:
        orm: A judge on a language model in this process; is trained in place.
        labelled: Labelled attempts of both outcomes; those that the model cannot read are left out and counted.
        suite: Gives other wordings and other values of the attempts' tasks.
        settings: What it learns from and how; the seed decides names, wordings and order.
        progress: Shown one unit an example.

    Raises:
        TypeError: If the judge's model is elsewhere.
        TrainingStopped: If one of the outcomes does not occur, or a loss or gradient is not finite.
    """
    fit, scorer = settings.fit, scorer_of(orm)
    torch.manual_seed(fit.seed)  # of models with dropout

    def asked(items: Sequence[LabelledTrajectory]) -> list[tuple[tuple[int, ...], LabelledTrajectory]]:
        """Those that the model can read, each with the question about it."""
        found = []
        for item in items:
            with suppress(PromptTooLong):
                found.append((scorer.encode(orm.template.fill(evidence_of(item.trajectory))), item))
        return found

    readable = [item for _, item in asked(labelled)]
    too_long = len(labelled) - len(readable)
    if too_long:
        _log.warning("%d of %d attempts are too long for the judge and are left out", too_long, len(labelled))
    passes = orm_passes(readable, suite, settings.recipe, fit.epochs, random.Random(fit.seed))
    shown, places = in_passes([asked(items) for items in passes])  # what is made of them may be too long again
    questions, outcomes = [question for question, _ in shown], [item.outcome for _, item in shown]
    report = fit_scorer(scorer, questions, outcomes, fit, progress, places)
    successes = sum(item.label.success for item in readable)
    return OrmFit(len(readable), too_long, successes, report.examples, report.loss)


def named_orm(config: Mapping[str, Any], seed: int, placement: Mapping[str, Any]) -> OutcomeRewardModel:
    """The judge that ``orm.from`` names, at the configuration's threshold; asked in other words where it says so.

    Args:
        config: The group ``orm``.
        seed: Of the run.
        placement: ``device``, ``dtype`` and ``autocast`` of the model.

    Raises:
        FileNotFoundError: If there is no model.
        CheckpointCorrupt: If the judge's own file cannot be read.
        CheckpointMismatch: If the model cannot be loaded.
        ValueError: If the model cannot give the answers, or has no use for a template.
    """
    how = orm_settings(config, seed)
    return load_orm(
        config["from"],
        threshold=config["threshold"],
        template=how.template if config["prompt_template"] else None,
        otherwise=how.template,  # for a model that was never a judge here: as much of a page as is configured
        answers=how.answers if config["answers"] else None,
        **placement,
    )


def agreement_record(orm: OutcomeRewardModel, attempts: Sequence[Trajectory]) -> dict[str, Any]:
    """How a judge agrees with the rules on attempts that it did not learn from, JSON-ready.

    Args:
        orm: The judge.
        attempts: With the rules' verdicts.
    """
    judged = judgements(attempts, orm.judge_all([evidence_of(attempt) for attempt in attempts]))
    agreement = confusion_at(judged, orm.threshold)
    return {
        "threshold": orm.threshold,
        "confusion": asdict(agreement),
        "balanced_accuracy": agreement.balanced_accuracy,
        "accuracy": agreement.accuracy,
        "base_rate": agreement.base_rate,
        "always_no_accuracy": agreement.always_no_accuracy,
        "held_out": judge_record(judged, (0.5, orm.threshold)),
    }


def split_for_calibration(
    labelled: Sequence[LabelledTrajectory], share: float, seed: int
) -> tuple[list[LabelledTrajectory], list[LabelledTrajectory]]:
    """Takes some tasks apart, all attempts at one together, on which a threshold can be chosen.

    Args:
        labelled: Labelled attempts.
        share: Of the tasks that are taken apart, in [0, 1).
        seed: Decides which.

    Returns:
        Attempts to learn from, and the others.
    """
    tasks = sorted({item.trajectory.task.task_id for item in labelled})
    apart = set(random.Random(seed).sample(tasks, round(share * len(tasks))))
    kept = [item for item in labelled if item.trajectory.task.task_id not in apart]
    return kept, [item for item in labelled if item.trajectory.task.task_id in apart]


def without_templates(labelled: Sequence[LabelledTrajectory], templates: Collection[str]) -> list[LabelledTrajectory]:
    """Attempts at tasks of all templates but these.

    Args:
        labelled: Labelled attempts.
        templates: Names of templates.

    Raises:
        ValueError: If there is no attempt of one of them, so that nothing would be held out.
    """
    unknown = set(templates) - {item.trajectory.task.template for item in labelled}
    if unknown:
        raise ValueError(f"there is no attempt of the templates {', '.join(sorted(unknown))}")
    return [item for item in labelled if item.trajectory.task.template not in templates]
