"""Optimizers, learning rates and precision that would destroy what is trained, refused before anything is done.

The shipped settings are the nano model's: Muon at 1e-2, AdamW at 3e-3. What a pretrained model knows is gone after a
few updates of that size, with no number that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from agents.adapters import base_name, is_adapter_folder
from agents.errors import CheckpointMismatch
from agents.labelling import label_source
from agents.model_files import NANO
from agents.model_record import folder_problem, read_config
from agents.nano.configuration import NanoConfig
from agents.optimizers import UNTRAINABLE

HIGHEST_RATE = 1e-3
"""Of a pretrained model: what the smallest are fine-tuned with (SmolLM2's makers, its 135M), and adapters at most."""


def training_rate_conflicts(config: Mapping[str, Any]) -> list[str]:
    """What a training run would do to a pretrained model, in no or one sentence.

    Args:
        config: ``conf/train.yaml``, composed.
    """
    return _told(config, str(config["model"]["name_or_path"]), _trained(config), "experiment=pretrained")


def precision_conflicts(model: Mapping[str, Any]) -> list[str]:
    """What of a model's settings keeps its weights from being trained, in no or one sentence.

    Args:
        model: The group ``model`` of a configuration.
    """
    has_adapters = model["lora"] is not None or is_adapter_folder(Path(str(model["name_or_path"])))
    is_lost = model["dtype"] == "float16" and not has_adapters
    return [f"model.dtype: {UNTRAINABLE}, got float16"] if is_lost else []


def judge_rate_conflicts(config: Mapping[str, Any], start: str) -> list[str]:
    """What ``webrl-orm`` would do to a pretrained model, in no or one sentence.

    Args:
        config: ``conf/train_orm.yaml``, composed.
        start: The model that becomes the judge.
    """
    return _told(config, start, [("orm", "optimizer", "learning_rate")], "orm=pretrained")


def _trained(config: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Group, and keys of optimizer and rate, of every part that learns."""
    algorithm, orm = config["algorithm"], config["orm"]
    if config["sft"]["max_rounds"]:
        yield "sft", "optimizer", "learning_rate"
    if algorithm["name"] == "sft":
        return
    if not orm["from"] and label_source(config) != "rules":
        yield "orm", "optimizer", "learning_rate"
    yield "algorithm", "optimizer", "policy_learning_rate"
    if algorithm.get("critic_trunk", True):  # a head alone is fitted to its optimum, whatever its rate
        own = "critic_optimizer" if algorithm.get("critic_optimizer") else "optimizer"
        yield "algorithm", own, "critic_learning_rate"


def _told(config: Mapping[str, Any], model: str, parts: Iterable[tuple[str, str, str]], preset: str) -> list[str]:
    found: dict[str, Any] = {}
    for group, optimizer, rate in parts:
        settings = config[group]
        if settings.get(optimizer) == "muon":
            found[f"{group}.{optimizer}"] = "muon"
        value = settings.get(rate)
        if isinstance(value, int | float) and value > HIGHEST_RATE:
            found[f"{group}.{rate}"] = value
    if not found or is_nano(model) or folder_problem(model):
        return []
    has_adapters = config["model"]["lora"] is not None or is_adapter_folder(Path(model))
    if has_adapters and preset.startswith("experiment"):
        preset = f"{preset}_lora"
    return [
        f"{', '.join(f'{key}={value}' for key, value in found.items())}: such updates suit the nano model and destroy "
        f"what {model} has learned; it takes AdamW, at about 1e-5, adapters (model.lora) at 1e-4, and nothing at more "
        f"than {HIGHEST_RATE}: {preset} sets them"
    ]


def is_nano(name_or_path: str) -> bool:
    """Whether a model is of the nano kind, adapters on one too; of what cannot be read, loading it says what is wrong.

    Args:
        name_or_path: As ``agents.models.load_model`` takes it.
    """
    try:
        base = base_name(name_or_path)
        return base == NANO or read_config(Path(base)).get("model_type") == NanoConfig.model_type
    except (CheckpointMismatch, OSError, ValueError):
        return True
