"""A model's folder as a benchmark's agent: where its files are, and how it is loaded, prompted and cut.

What the command line leaves open is what the run says that the folder came from; a folder that comes from no run of
ours says it by its own files, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agents.model_record import (
    DTYPES,
    LONGEST_ACTION,
    ModelRecord,
    chosen_record,
    has_record,
    longest_action,
    read_config,
    read_record,
    weight_files,
)

KEYS = ("prompt", "cut", "dtype", "max_prompt_tokens", "max_new_tokens")
"""Keys of a benchmark that belong to a model's folder; null leaves each to what the folder says."""


@dataclass(frozen=True, slots=True)
class ModelAgent:
    """A model that plays a panel.

    Attributes:
        folder: Of the model.
        record: What it is called, and how it is prompted here.
        weights: Its files of weights.
        dtype: Of its weights here.
        max_prompt_tokens: Most tokens of a prompt; None: as many as the context leaves beside the longest action.
        max_new_tokens: Longest action, in tokens.
        adapted_dtype: Of the weights that its adapters were made on; empty where that is not known, or without any.
        is_prompt_known: Whether the command line, the run or the folder says how the model is prompted.
        context: Most tokens that it reads; None where its folder does not say.
    """

    folder: Path
    record: ModelRecord
    weights: tuple[Path, ...] = ()
    dtype: str = "float32"
    max_prompt_tokens: int | None = None
    max_new_tokens: int = LONGEST_ACTION
    adapted_dtype: str = ""
    is_prompt_known: bool = True
    context: int | None = None


def is_model_agent(name: str) -> bool:
    """Whether an agent's name is a folder's.

    Args:
        name: What the configuration calls the agent, none of the built-in ones.
    """
    return bool(name) and ":" not in name and Path(name).is_dir()


def model_agent(config: Mapping[str, Any]) -> ModelAgent:
    """The model that a benchmark's agent is; values that cannot be are left to ``agents.benchmark_conflicts``.

    Args:
        config: ``conf/benchmark.yaml``, composed; its agent is a folder.

    Raises:
        ValueError: If the folder holds no model, or what it says of itself cannot be.
        OSError: If its configuration cannot be read.
        CheckpointMismatch: If it holds adapters and does not say of what.
    """
    # These load torch, which other agents do not need.
    from agents.adapters import base_of, is_adapter_folder

    folder = policy_folder(Path(str(config["agent"])))
    trained = _trained_as(folder.parent)
    said = {key: (trained or {}).get(key) if config[key] is None else config[key] for key in KEYS}
    base = base_of(folder) if is_adapter_folder(folder) else None
    told_by, made_in = (folder, "") if base is None else (Path(base.name), base.dtype)
    own = replace(read_record(told_by), description=read_record(folder).description)
    record = _as_prompted(own, said["prompt"] or "auto", said["cut"])
    return ModelAgent(
        folder=folder,
        record=record,
        weights=tuple(weight_files(folder)),
        dtype=said["dtype"] or made_in or _own_dtype(told_by),
        max_prompt_tokens=said["max_prompt_tokens"],
        max_new_tokens=longest_action(record.prompt, said["max_new_tokens"]),
        adapted_dtype=made_in,
        is_prompt_known=config["prompt"] is not None or trained is not None or has_record(told_by),
        context=read_config(told_by).get("max_position_embeddings"),
    )


def loaded_as(agent: ModelAgent) -> dict[str, Any]:
    """How a model is loaded, prompted and cut, JSON-ready.

    Args:
        agent: The model.
    """
    said = {"prompt": agent.record.prompt, "cut": agent.record.cut, "dtype": agent.dtype}
    return said | {"max_prompt_tokens": agent.max_prompt_tokens, "max_new_tokens": agent.max_new_tokens}


def policy_folder(folder: Path) -> Path:
    """The model folder inside a run folder, or the folder itself when it is one.

    Args:
        folder: A run of ``webrl-train``, or a model's folder.

    Raises:
        ValueError: If it holds no model.
    """
    for candidate in (folder / "policy", folder):
        is_configured = any((candidate / name).exists() for name in ("config.json", "adapter_config.json"))
        if is_configured and weight_files(candidate):
            return candidate
    if _trained_as(folder) is None:
        raise ValueError(
            f"{folder} is neither a run of webrl-train nor a model (a folder with *.safetensors or pytorch_model*.bin, "
            "and config.json or adapter_config.json)"
        )
    raise ValueError(
        f"{folder} holds no policy yet: finish the run with webrl-train resume={folder}, or name its sft folder"
    )


def _trained_as(run: Path) -> dict[str, Any] | None:
    """The group ``model`` of the run in a folder; None where there is no run."""
    from agents.run_folder import stored_config

    try:
        return dict(stored_config(run).get("model", {}))
    except FileNotFoundError:
        return None


def _as_prompted(own: ModelRecord, prompt: str, cut: str | None) -> ModelRecord:
    try:
        return chosen_record(own, prompt, cut)
    except ValueError:
        return own


def _own_dtype(folder: Path) -> str:
    """What a model's configuration says that its weights are."""
    config = read_config(folder)
    dtype = config.get("dtype") or config.get("torch_dtype")
    return dtype if dtype in DTYPES else DTYPES[0]
