"""Language models: loading them by name or folder, one way to ask them for logits, and the value critic.

B sequences, T tokens, A positions, V vocabulary, d hidden width.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from agents.devices import fast_bfloat16
from agents.errors import CheckpointMismatch
from agents.model_record import ModelRecord, chosen_record, get_record, set_record
from agents.nano import NanoForCausalLM
from agents.nano.formatting import NanoFormat
from agents.prompting import ChatFormat, PromptFormat
from agents.released_prompt import RELEASED_CHARACTERS, ReleasedFormat
from agents.smollm2 import SMOLLM2, smollm2_folder

NANO = "nano"
"""Name of the shipped base model."""
DTYPES = ("float32", "bfloat16", "float16")
_UNKNOWN_CONTEXT = 4096


@dataclass
class LanguageModel:
    """A causal language model with its tokenizer and the way it is prompted.

    Attributes:
        model: The network.
        tokenizer: Its tokenizer.
        name: What it was loaded as.
        context: Most tokens that it reads.
        prompt_format: How it reads prompts and writes actions.
        record: What tables call it, and which prompt it has.
        autocast: Multiply in bfloat16 over weights that stay as they are.
        autocast_learning: Do so while learning too.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    context: int
    prompt_format: PromptFormat
    record: ModelRecord
    autocast: bool = False
    autocast_learning: bool = True

    def arithmetic(self, *, is_learning: bool = False) -> torch.autocast:
        """Context of every forward pass: bfloat16 products when ``autocast`` is set.

        Args:
            is_learning: Whether gradients flow, or the result is compared with one through which they do.
        """
        enabled = self.autocast and (self.autocast_learning or not is_learning)
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.model.device
        return device

    @property
    def pad_id(self) -> int:
        """Id of the padding token; the end token where the tokenizer has none."""
        pad = self.tokenizer.pad_token_id
        return self.prompt_format.end_id if pad is None else int(pad)

    @property
    def hidden_size(self) -> int:
        """Width d of the hidden states."""
        return int(self.model.config.hidden_size)

    def logits_at(self, input_ids: Tensor, attention_mask: Tensor, positions: Tensor) -> Tensor:
        """Logits of the next token, computed only where they are wanted.

        Args:
            input_ids: Padded on the right. Shape (B, T), int64.
            attention_mask: Shape (B, T), bool.
            positions: Shape (B, A), int64.

        Returns:
            Shape (B, A, V), float32.
        """
        with self.arithmetic(is_learning=torch.is_grad_enabled()):
            if isinstance(self.model, NanoForCausalLM):
                logits: Tensor = self.model(input_ids, attention_mask, positions).logits
                return logits.float()
            hidden = hidden_at(self.model, input_ids, attention_mask, positions)
            head: nn.Module = self.model.get_output_embeddings()
            return head(hidden).float()  # type: ignore[no-any-return]  # a module's result is Any

    def log_probs_of(
        self, token_ids: Tensor, is_wanted: Tensor, input_ids: Tensor, attention_mask: Tensor, positions: Tensor
    ) -> Tensor:
        """Log-probabilities of given tokens, differentiable.

        Args:
            token_ids: The next token at each position. Shape (B, A), int64.
            is_wanted: Positions that count. Shape (B, A), bool.
            input_ids: Padded on the right. Shape (B, T), int64.
            attention_mask: Shape (B, T), bool.
            positions: Shape (B, A), int64.

        Returns:
            Shape (B, A), float32; 0 where none is wanted.
        """
        if isinstance(self.model, NanoForCausalLM):
            with self.arithmetic(is_learning=True):
                return self.model.log_probs_of(token_ids, is_wanted, input_ids, attention_mask, positions)
        logits = self.logits_at(input_ids, attention_mask, positions)
        scores = logits.gather(2, token_ids[..., None])[..., 0] - logits.logsumexp(2)
        return scores.masked_fill(~is_wanted, 0.0)

    def save(self, folder: Path | str) -> None:
        """Writes weights (safetensors), configuration and tokenizer; ``load_model`` reads them."""
        with _without_bars():
            self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def copy(self) -> LanguageModel:
        """A model of the same weights that shares nothing trainable with this one."""
        return replace(self, model=copy.deepcopy(self.model))


def hidden_at(model: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor, positions: Tensor) -> Tensor:
    """Hidden states of a model's last layer at some positions.

    Args:
        model: Any causal language model.
        input_ids: Padded on the right. Shape (B, T), int64.
        attention_mask: Shape (B, T), bool.
        positions: Shape (B, A), int64.

    Returns:
        Shape (B, A, d).
    """
    if isinstance(model, NanoForCausalLM):
        return model.hidden_at(input_ids, attention_mask, positions)
    hidden: Tensor = model.base_model(input_ids=input_ids, attention_mask=attention_mask.long()).last_hidden_state
    return hidden[torch.arange(len(hidden), device=hidden.device)[:, None], positions]


class ValueCritic(nn.Module):
    """Estimates whether a trajectory will succeed: a language model's trunk with a value head.

    The head starts at zero, so an untrained critic says 0.5 everywhere.
    """

    def __init__(self, language_model: LanguageModel) -> None:
        """Copies the trunk of ``language_model``."""
        super().__init__()
        self.trunk: PreTrainedModel = copy.deepcopy(language_model.model)
        self._arithmetic = language_model.arithmetic
        reference = next(self.trunk.parameters())
        self.value_head = nn.Linear(language_model.hidden_size, 1, device=reference.device)
        nn.init.zeros_(self.value_head.weight)
        nn.init.zeros_(self.value_head.bias)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits of success, read at the last real token; V is their sigmoid.

        Args:
            input_ids: Prompts padded on the right. Shape (B, T), int64.
            attention_mask: Shape (B, T), bool.

        Returns:
            Shape (B,), float32.
        """
        logits: Tensor = self.value_head(self.hidden(input_ids, attention_mask))
        return logits[:, 0]

    def hidden(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """What the value head reads: the trunk's hidden state at the last real token.

        Args:
            input_ids: Prompts padded on the right. Shape (B, T), int64.
            attention_mask: Shape (B, T), bool.

        Returns:
            Shape (B, d), float32.
        """
        last = attention_mask.long().sum(1, keepdim=True) - 1
        with self._arithmetic(is_learning=torch.is_grad_enabled()):
            return hidden_at(self.trunk, input_ids, attention_mask, last)[:, 0].float()


def load_model(
    name_or_path: str,
    *,
    device: torch.device | str = "cpu",
    dtype: str = "float32",
    autocast: bool | str = False,
    prompt: str = "auto",
    cut: str | None = None,
) -> LanguageModel:
    """Loads a language model.

    Args:
        name_or_path: ``nano``, ``smollm2``, a folder that Hugging Face models are saved in, or a hub id.
        device: Where the weights go.
        dtype: ``float32``, ``bfloat16`` or ``float16``.
        autocast: Multiply in bfloat16 over weights of ``dtype``; ``auto`` does where that is faster: not for the
            nano model's learning on a processor, where the casts cost more than the products save (50 instead of 40 ms
            an example).
        prompt: One of ``agents.model_record.PROMPTS``; ``auto`` takes what the folder says, else the kind's own.
        cut: One of ``agents.model_record.CUTS``; None takes what the folder says, else the prompt's own.

    Raises:
        ValueError: If there is no such dtype, autocast, prompt or cut, or the model cannot be prompted so.
        FileNotFoundError: If a name's files are not there; the message says what to install.
        CheckpointMismatch: If the files are there and are no causal language model, or lack a parameter of it, or hold
            one of another name or shape.
    """
    kind = getattr(torch, dtype, None)
    if dtype not in DTYPES:
        raise ValueError(f"dtype must be float32, bfloat16 or float16, got {dtype!r}")
    source = name_or_path
    if autocast not in (True, False, "auto"):
        raise ValueError(f"autocast must be true, false or auto, got {autocast!r}")
    if name_or_path == NANO:
        source = _nano_folder()
    elif name_or_path == SMOLLM2:
        source = str(smollm2_folder())
    try:
        with _without_bars():
            tokenizer = AutoTokenizer.from_pretrained(source)
            # Other shapes are let through here, so that they are named below with everything else that is wrong.
            model, found = AutoModelForCausalLM.from_pretrained(
                source, dtype=kind, output_loading_info=True, ignore_mismatched_sizes=True
            )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise CheckpointMismatch(
            f"{name_or_path} is no causal language model that can be loaded (expected nano, smollm2, a local folder "
            f"or a hub id): {type(error).__name__}: {error}"
        ) from error
    _require_all_parameters(name_or_path, found)
    loaded = wrap_model(model.to(device).eval(), tokenizer, name_or_path, prompt, cut)
    loaded.autocast = fast_bfloat16(device) if autocast == "auto" else bool(autocast)
    is_costly = isinstance(loaded.model, NanoForCausalLM) and torch.device(device).type == "cpu"
    loaded.autocast_learning = autocast is True or not is_costly
    return loaded


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


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keeps transformers from drawing progress bars into those of the caller."""
    was_enabled = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            transformers_logging.enable_progress_bar()


def wrap_model(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str, prompt: str = "auto", cut: str | None = None
) -> LanguageModel:
    """Puts a network and its tokenizer together, with the prompt format that belongs to them; as in ``load_model``.

    Raises:
        ValueError: If the model cannot be prompted so.
    """
    record = chosen_record(get_record(model.config, name), prompt, cut)
    set_record(model.config, record)
    context = getattr(model.config, "max_position_embeddings", None) or _UNKNOWN_CONTEXT
    return LanguageModel(model, tokenizer, name, int(context), _prompt_format(model, tokenizer, record), record)


def _prompt_format(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, record: ModelRecord) -> PromptFormat:
    if record.prompt != "auto":
        return ReleasedFormat(tokenizer, record.prompt, RELEASED_CHARACTERS if record.cut == "characters" else None)
    return NanoFormat(tokenizer) if isinstance(model, NanoForCausalLM) else ChatFormat(tokenizer)


def _nano_folder() -> str:
    folder = Path(str(resources.files("agents.nano"))) / "weights"
    if not (folder / "model.safetensors").is_file():
        raise FileNotFoundError(
            f"the nano model's weights are missing from {folder}; make them with "
            f"`python -m agents.nano.pretrain --output {folder}`"
        )
    return str(folder)
