"""An outcome reward model in a folder: a language model as Hugging Face saves them, and beside it how it is asked.

``judge.json`` holds the prompt template, the answers, the threshold and the longest prompt. A folder without it is a
model of somebody else's (WebRL's released ORM, for example): it is asked as the caller says.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from agents.adapters import is_adapter_folder
from agents.atomic_file import new_folder
from agents.errors import CheckpointCorrupt, CheckpointError
from agents.model_record import weight_files
from agents.models import LanguageModel, load_model
from agents.nano.formatting import NanoFormat
from agents.scorers import LanguageModelScorer, scorer_of
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE, OrmTemplate
from webrl_gym.reward import ANSWERS, OutcomeRewardModel

_FORMAT = "webrl-gym outcome reward model"
_VERSION = 1
_JUDGE = "judge.json"


def save_orm(orm: OutcomeRewardModel, folder: Path) -> None:
    """Saves a judge so that its folder is there whole or not at all.

    Args:
        orm: A judge on a language model in this process.
        folder: Must not be there.

    Raises:
        TypeError: If the judge's model is elsewhere.
        CheckpointError: If it cannot be written; nothing is left of it then.
    """
    scorer = scorer_of(orm)
    record = {
        "format": _FORMAT,
        "version": _VERSION,
        "threshold": orm.threshold,
        "answers": list(scorer.answers),
        "max_tokens": scorer.max_tokens,
        "template": asdict(orm.template),
    }
    try:
        with new_folder(folder) as unfinished:
            scorer.language_model.save(unfinished)
            text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
            (unfinished / _JUDGE).write_text(text, encoding="utf-8")
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"The ORM {folder} cannot be written: {error}") from error


def load_orm(
    folder: Path | str,
    *,
    threshold: float | None = None,
    template: OrmTemplate | None = None,
    answers: tuple[str, str] | None = None,
    otherwise: OrmTemplate = DEFAULT_TEMPLATE,
    device: torch.device | str = "cpu",
    dtype: str = "float32",
    autocast: bool | str = "auto",
    base: LanguageModel | None = None,
) -> OutcomeRewardModel:
    """Loads a judge: ``make(..., reward="orm", scorer=load_orm("runs/orm"))``, or ``webrl-train orm.from=runs/orm``.

    Args:
        folder: What ``webrl-orm`` wrote (its output folder or the ``orm`` in it), the ``orm`` of a training run, or any
            folder of a language model.
        threshold: Instead of its own; of a model without one 0.5.
        template: Instead of its own.
        otherwise: The template of a model without one of its own.
        answers: Instead of its own; of a model without them YES and NO.
        device: Where the weights go.
        dtype: As ``load_model`` takes it.
        autocast: As ``load_model`` takes it.
        base: What a judge of adapters stands on, where it is in memory already.

    Raises:
        FileNotFoundError: If there is no model.
        CheckpointCorrupt: If ``judge.json`` cannot be read.
        CheckpointMismatch: If the folder's model cannot be loaded.
        ValueError: If the model cannot give these answers.
    """
    place = model_folder(Path(folder))
    own = _read_judge(place / _JUDGE)
    shared = base if is_adapter_folder(place) else None
    model = load_model(str(place), device=device, dtype=dtype, autocast=autocast, base=shared)
    return judge_of(
        model,
        threshold=own.get("threshold", 0.5) if threshold is None else threshold,
        template=template or own.get("template", otherwise),
        answers=answers or own.get("answers", ANSWERS),
        max_tokens=own.get("max_tokens"),
    )


def judge_of(
    model: LanguageModel,
    *,
    threshold: float = 0.5,
    template: OrmTemplate = DEFAULT_TEMPLATE,
    answers: tuple[str, str] = ANSWERS,
    max_tokens: int | None = None,
) -> OutcomeRewardModel:
    """A language model as a judge.

    Args:
        model: Answers; is not copied.
        threshold: P(YES) above which a task counts as done.
        template: How it is asked.
        answers: Done, not done.
        max_tokens: Longest prompt; the model's context when None.

    Raises:
        ValueError: If the model cannot give these answers or has no use for a template, or a number is out of its
            range.
    """
    has_own_words = (template.system, template.user) != (DEFAULT_TEMPLATE.system, DEFAULT_TEMPLATE.user)
    if has_own_words and isinstance(model.prompt_format, NanoFormat):
        raise ValueError("the nano model reads instruction, actions and page in a form of its own, not in a template")
    return OutcomeRewardModel(LanguageModelScorer(model, max_tokens, answers=answers), threshold, template)


def model_folder(folder: Path) -> Path:
    """The folder that holds the model: a run's ``orm``, or the folder itself.

    Args:
        folder: A run of ``webrl-orm`` or ``webrl-train``, or a model's folder.

    Raises:
        FileNotFoundError: If neither holds one.
    """
    for candidate in (folder / "orm", folder):
        is_configured = (candidate / "config.json").is_file() or is_adapter_folder(candidate)
        if is_configured and weight_files(candidate):
            return candidate
    raise FileNotFoundError(
        f"{folder} holds no outcome reward model: expected a folder that webrl-orm or webrl-train finished, or a "
        "model (*.safetensors or pytorch_model*.bin, and config.json or adapter_config.json)"
    )


def _read_judge(path: Path) -> dict[str, Any]:
    """How the judge is asked; empty for a model that is none of ours."""
    if not path.exists():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != _FORMAT or record["version"] != _VERSION:
            raise ValueError(f"expected format {_FORMAT!r}, version {_VERSION}")
        yes, no = record["answers"]
        return {
            "threshold": float(record["threshold"]),
            "answers": (str(yes), str(no)),
            "max_tokens": int(record["max_tokens"]),
            "template": OrmTemplate(**record["template"]),
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointCorrupt(f"{path} cannot be read ({type(error).__name__}: {error})") from error
