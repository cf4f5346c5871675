"""Where the files of a named model are, and reading a network and its tokenizer from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from agents.errors import CheckpointMismatch
from agents.smollm2 import SMOLLM2, smollm2_folder

NANO = "nano"
"""Name of the shipped base model."""
UNKNOWN_CONTEXT = 4096
"""Tokens that a model is taken to read where its configuration does not tell."""
_CONTEXTS = ("max_position_embeddings", "max_seq_len", "n_positions", "seq_length")
"""What configurations call the longest input."""


def read_network(name_or_path: str, dtype: torch.dtype) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A network, in evaluation mode, with its tokenizer.

    Args:
        name_or_path: ``nano``, ``smollm2``, a folder that Hugging Face models are saved in, or a hub id.
        dtype: Of the weights.

    Raises:
        FileNotFoundError: If a name's files are not there; the message says what to install.
        CheckpointMismatch: If the files are there and are no causal language model, or lack a parameter of it, or hold
            one of another name or shape.
    """
    source = source_of(name_or_path)
    tokenizer = read_tokenizer(name_or_path)
    with _understood(name_or_path):
        _require_readable(Path(source) / "generation_config.json")
        with without_bars():
            # Other shapes are let through here, so that they are named below with everything else that is wrong.
            model, found = AutoModelForCausalLM.from_pretrained(
                source, dtype=dtype, output_loading_info=True, ignore_mismatched_sizes=True
            )
    _require_all_parameters(name_or_path, found)
    return model.eval(), tokenizer


def read_shape(name_or_path: str) -> PreTrainedModel:
    """The network without any memory for its weights, on torch's device ``meta``: to count with.

    Args:
        name_or_path: As in ``read_network``.

    Raises:
        FileNotFoundError: If a name's files are not there; the message says what to install.
        CheckpointMismatch: If the files are there and configure no causal language model.
    """
    source = source_of(name_or_path)
    with _understood(name_or_path), without_bars():
        config = AutoConfig.from_pretrained(source)
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(config)


def read_tokenizer(name_or_path: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a model.

    Args:
        name_or_path: As in ``read_network``.

    Raises:
        FileNotFoundError: If a name's files are not there; the message says what to install.
        CheckpointMismatch: If the files are there and hold none.
    """
    source = source_of(name_or_path)
    with _understood(name_or_path), without_bars():
        return AutoTokenizer.from_pretrained(source)


def read_context(config: PretrainedConfig) -> int:
    """Most tokens that a model reads; ``UNKNOWN_CONTEXT`` where its configuration does not tell.

    Args:
        config: The model's.
    """
    text = config.get_text_config()
    found = (getattr(text, name, None) for name in _CONTEXTS)
    return next((int(length) for length in found if length), UNKNOWN_CONTEXT)


@contextmanager
def _understood(name: str) -> Iterator[None]:
    """Names the model in whatever its files make transformers raise: there is no list of that."""
    try:
        yield
    except Exception as error:
        raise CheckpointMismatch(
            f"{name} is no causal language model that can be loaded (expected nano, smollm2, a local folder or a hub "
            f"id): {type(error).__name__}: {error}"
        ) from error


def _require_readable(path: Path) -> None:
    """Refuses a file that transformers would leave aside without a word if it is cut.

    Raises:
        ValueError: If it is no JSON.
    """
    if not path.is_file():
        return
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is no JSON: {error}") from error


def source_of(name_or_path: str) -> str:
    """What transformers is to read.

    Args:
        name_or_path: As in ``read_network``.

    Raises:
        FileNotFoundError: If a name's files are not there; the message says what to install.
    """
    if name_or_path == NANO:
        return _nano_folder()
    return str(smollm2_folder()) if name_or_path == SMOLLM2 else name_or_path


@contextmanager
def without_bars() -> Iterator[None]:
    """Keeps transformers from drawing progress bars into those of the caller."""
    was_enabled = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            transformers_logging.enable_progress_bar()


def _require_all_parameters(name: str, found: Mapping[str, Any]) -> None:
    """Refuses a model of which transformers made up some weights, or left some aside.

    Tied weights that a file holds once are not among the missing ones.
    """
    shapes = [f"{key} ({tuple(there)}, expected {tuple(own)})" for key, there, own in sorted(found["mismatched_keys"])]
    wrong = {"lacks": sorted(found["missing_keys"]), "has beyond them": sorted(found["unexpected_keys"])}
    problems = [f"{what} {_some(keys)}" for what, keys in {**wrong, "has another shape of": shapes}.items() if keys]
    if problems:
        raise CheckpointMismatch(f"{name} does not hold this model's parameters: it {'; it '.join(problems)}")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _nano_folder() -> str:
    folder = Path(str(resources.files("agents.nano"))) / "weights"
    if not (folder / "model.safetensors").is_file():
        raise FileNotFoundError(
            f"the nano model's weights are missing from {folder}; make them with "
            f"`python -m agents.nano.pretrain --output {folder}`"
        )
    return str(folder)
