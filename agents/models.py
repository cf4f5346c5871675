"""Language models: loading them by name or folder, and one way to ask them for logits.

B sequences, T tokens, A positions, V vocabulary, d hidden width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agents.adapters import (
    Base,
    LoraSettings,
    add_adapters,
    base_name,
    base_of,
    copy_around_base,
    copy_trained,
    fingerprint,
    is_adapter_folder,
    load_adapters,
    save_adapters,
)
from agents.decoder import decoder_hidden_at, is_plain_decoder
from agents.devices import fast_bfloat16
from agents.errors import CheckpointMismatch
from agents.model_files import read_context, read_network, read_shape, read_tokenizer, without_bars
from agents.model_record import DTYPES, PROMPTS, ModelRecord, chosen_record, get_record, read_record, set_record
from agents.nano import NanoForCausalLM
from agents.nano.formatting import NanoFormat
from agents.output_layer import entropies_after, log_probs_after, logits_after
from agents.products import use_float32_products
from agents.prompting import ChatFormat, PromptFormat
from agents.released_prompt import RELEASED_CHARACTERS, ReleasedFormat

_PROBE = 'do(action="Scroll Down")'
_PROBE_TOLERANCES = {torch.float32: 1e-3, torch.bfloat16: 0.05, torch.float16: 0.05}
"""In parts of the largest logit: above what sums in another order differ by, below what a scale or a cap does."""


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
        master_weights: Train weights of 16 bits over copies of 32 (``agents.optimizers.MasterWeights``).
        gradient_checkpointing: Only each layer's input is kept while learning.
        base: What the model's adapters stand on; None without adapters.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    context: int
    prompt_format: PromptFormat
    record: ModelRecord
    autocast: bool = False
    autocast_learning: bool = True
    master_weights: bool = True
    gradient_checkpointing: bool = False
    base: Base | None = None

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
        return int(self.model.config.get_text_config().hidden_size)

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
            return logits_after(self.model, hidden).float()

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
        with self.arithmetic(is_learning=torch.is_grad_enabled()):
            hidden = hidden_at(self.model, input_ids, attention_mask, positions)[is_wanted]
            scores = log_probs_after(self.model, hidden, token_ids[is_wanted])
        return torch.zeros(is_wanted.shape, device=scores.device).masked_scatter(is_wanted, scores)

    @torch.no_grad()
    def entropies_of(self, is_wanted: Tensor, input_ids: Tensor, attention_mask: Tensor, positions: Tensor) -> Tensor:
        """Entropies of the next token in nats; arguments and shape as of ``log_probs_of``."""
        if isinstance(self.model, NanoForCausalLM):
            scores = self.logits_at(input_ids, attention_mask, positions).log_softmax(-1)
            return -(scores.exp() * scores).sum(-1).masked_fill(~is_wanted, 0.0)
        with self.arithmetic():
            found = entropies_after(self.model, hidden_at(self.model, input_ids, attention_mask, positions)[is_wanted])
        return torch.zeros(is_wanted.shape, device=found.device).masked_scatter(is_wanted, found)

    @property
    def trunk(self) -> PreTrainedModel:
        """The network without its output layer; the nano model's is part of it."""
        trunk: PreTrainedModel = self.model.base_model
        return trunk

    def save(self, folder: Path | str) -> None:
        """Writes weights (safetensors), configuration and tokenizer; ``load_model`` reads them.

        Of a model with adapters only those are written, and what they stand on.
        """
        if self.base is not None:
            save_adapters(self.model, self.base, Path(folder))
        else:
            with without_bars():
                self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def copy(self) -> LanguageModel:
        """A model of the same weights that shares nothing trainable with this one; adapters share their base."""
        return replace(self, model=copy_trained(self.model))


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
    # No token of a causal model sees what follows it, and the padding does: no mask is needed, and kernels skip half.
    trunk, context = model.base_model, read_context(model.config)
    if input_ids.shape[1] > context:  # padding only; a table of positions ends there
        input_ids = input_ids[:, :context]
    if is_plain_decoder(trunk):
        return decoder_hidden_at(trunk, input_ids, positions)
    hidden: Tensor = trunk(input_ids=input_ids, use_cache=False).last_hidden_state
    return hidden[torch.arange(len(hidden), device=hidden.device)[:, None], positions]


def load_model(
    name_or_path: str,
    *,
    device: torch.device | str = "cpu",
    dtype: str = "float32",
    autocast: bool | str = False,
    prompt: str = "auto",
    cut: str | None = None,
    gradient_checkpointing: bool = False,
    lora: LoraSettings | None = None,
    base: LanguageModel | None = None,
) -> LanguageModel:
    """Loads a language model.

    Args:
        name_or_path: ``nano``, ``smollm2``, a folder in which ``LanguageModel.save``, transformers or peft saved a
            model, or a hub id.
        device: Where the weights go.
        dtype: ``float32``, ``bfloat16`` or ``float16``.
        autocast: Multiply in bfloat16 over weights of ``dtype``; ``auto`` does where that is faster: not for the
            nano model's learning on a processor, where the casts cost more than the products save (50 instead of 40 ms
            an example).
        gradient_checkpointing: Keep each layer's input only while learning, and compute the layer again.
        lora: Adapters for a model that has none; None trains its own weights.
        base: What the adapters stand on, where it is in memory already: its weights are shared.
        prompt: One of ``agents.model_record.PROMPTS``; ``auto`` takes what the folder says, else the kind's own.
        cut: One of ``agents.model_record.CUTS``; None takes what the folder says, else the prompt's own.

    Raises:
        ValueError: If there is no such dtype, autocast, prompt or cut, the model cannot be prompted so, it makes
            something of its logits that is not known, or it has no linear layer of a name that adapters are for.
        FileNotFoundError: If a name's files are not there; the message says what to install.
        CheckpointMismatch: If the files are there and are no causal language model, or lack a parameter of it, or hold
            one of another name or shape, or the base of adapters cannot be loaded or is another.
    """
    if dtype not in DTYPES:
        raise ValueError(f"dtype must be float32, bfloat16 or float16, got {dtype!r}")
    if autocast not in (True, False, "auto"):
        raise ValueError(f"autocast must be true, false or auto, got {autocast!r}")
    folder = Path(name_or_path)
    stands_on = base_of(folder) if is_adapter_folder(folder) else None
    if base is not None:
        loaded = replace(base, model=copy_around_base(base.model), name=name_or_path)
    else:
        source = name_or_path if stands_on is None else stands_on.name
        model = _read(source, name_or_path, device, dtype)
        loaded = wrap_model(*model, name_or_path, prompt, cut)
        _require_one_distribution(loaded)
    if stands_on is not None:
        loaded.base = _checked(stands_on, loaded, name_or_path)
        load_adapters(loaded.model, folder)
    elif lora is not None:
        loaded.base = Base(_lasting(base.name if base is not None else name_or_path), fingerprint(loaded.model))
        add_adapters(loaded.model, lora)
    loaded.model.eval()  # adapters begin in training mode, and their dropout would be part of the first scores
    loaded.gradient_checkpointing = gradient_checkpointing
    if gradient_checkpointing:
        # transformers 5.24 renamed it
        enable = getattr(loaded.model, "activation_checkpointing_enable", None)
        (enable or loaded.model.gradient_checkpointing_enable)()
    loaded.autocast = fast_bfloat16(device) if autocast == "auto" else bool(autocast)
    is_costly = isinstance(loaded.model, NanoForCausalLM) and torch.device(device).type == "cpu"
    loaded.autocast_learning = autocast is True or not is_costly
    return loaded


def prompt_of(name_or_path: str, prompt: str) -> str:
    """The prompt that is asked for, or that a model's folder says it has.

    Args:
        name_or_path: As ``load_model`` takes it.
        prompt: One of ``agents.model_record.PROMPTS``.
    """
    if prompt != PROMPTS[0]:
        return prompt
    try:
        return read_record(Path(base_name(name_or_path))).prompt
    except (CheckpointMismatch, OSError, ValueError):
        return prompt  # loading it will say what is wrong with the folder


def model_without_weights(name_or_path: str, prompt: str = "auto", cut: str | None = None) -> LanguageModel:
    """A model on torch's device ``meta``, to find out what it can be asked.

    Args:
        name_or_path: As ``load_model`` takes it, adapters apart.
        prompt: As there.
        cut: As there.

    Raises:
        ValueError: If the model cannot be prompted so.
        FileNotFoundError: If a name's files are not there; the message says what to install.
        CheckpointMismatch: If they configure no causal language model with a tokenizer.
    """
    return wrap_model(read_shape(name_or_path), read_tokenizer(name_or_path), name_or_path, prompt, cut)


def _read(
    source: str, name: str, device: torch.device | str, dtype: str
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A network with all its weights; ``name`` is what was asked for, ``source`` what that stands on."""
    try:
        model, tokenizer = read_network(source, getattr(torch, dtype))
    except (CheckpointMismatch, FileNotFoundError) as error:
        if source == name:
            raise
        raise CheckpointMismatch(f"{name} holds adapters of {source}, which cannot be loaded: {error}") from error
    model = model.to(device)
    if dtype != "float32" and not fast_bfloat16(device):
        use_float32_products(model)
    return model, tokenizer


@torch.no_grad()
def _require_one_distribution(loaded: LanguageModel) -> None:
    """Refuses a model that would be scored under another distribution than the one that it writes with.

    Raises:
        ValueError: If its own forward pass makes other logits of a short prompt than ``logits_at``.
    """
    if isinstance(loaded.model, NanoForCausalLM):  # one path
        return
    ids = torch.tensor([loaded.prompt_format.encode_action(_PROBE)], device=loaded.device)
    places = torch.arange(ids.shape[1], device=loaded.device)[None]
    own = loaded.model(input_ids=ids, use_cache=False).logits
    difference = float((loaded.logits_at(ids, torch.ones_like(ids).bool(), places) - own.float()).abs().max())
    if difference > _PROBE_TOLERANCES[own.dtype] * float(own.abs().max()):
        raise ValueError(
            f"{loaded.name} makes something of its logits that is not known here (model type "
            f"{loaded.model.config.model_type}): expected the output layer's on a short prompt, got others by up to "
            f"{difference:.3g}, so it would learn another distribution than it acts by"
        )


def _checked(stands_on: Base, loaded: LanguageModel, name: str) -> Base:
    """The base by what it is, where the folder does not tell.

    Raises:
        CheckpointMismatch: If it is another than the adapters were trained on.
    """
    found = fingerprint(loaded.model)
    if stands_on.fingerprint not in ("", found):
        raise CheckpointMismatch(
            f"{name} holds adapters of {stands_on.name} as it was when they were trained (fingerprint "
            f"{stands_on.fingerprint}); the weights there now are others (fingerprint {found})."
        )
    return Base(stands_on.name, found)


def _lasting(name_or_path: str) -> str:
    """A folder's whole path: adapters are read from elsewhere too."""
    folder = Path(name_or_path)
    return str(folder.resolve()) if folder.is_dir() else name_or_path


def wrap_model(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str, prompt: str = "auto", cut: str | None = None
) -> LanguageModel:
    """Puts a network and its tokenizer together, with the prompt format that belongs to them; as in ``load_model``.

    Raises:
        ValueError: If the model cannot be prompted so.
    """
    add_rows_to_tied_embedding(model)
    record = chosen_record(get_record(model.config, name), prompt, cut)
    set_record(model.config, record)
    context = read_context(model.config)
    return LanguageModel(model, tokenizer, name, context, _prompt_format(model, tokenizer, record), record)


def add_rows_to_tied_embedding(model: PreTrainedModel) -> None:
    """Lets the gradient of the tokens' rows be added to the output layer's, where both are one matrix.

    Otherwise torch fills a second matrix of that size with zeros and rows, in every batch.

    Args:
        model: Changed in place, where its embedding is tied.
    """
    embedding, output = model.get_input_embeddings(), model.get_output_embeddings()
    if isinstance(embedding, nn.Embedding) and output is not None and output.weight is embedding.weight:
        embedding.sparse = True


def _prompt_format(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, record: ModelRecord) -> PromptFormat:
    ends = _end_ids(model)
    if record.prompt != "auto":
        most = RELEASED_CHARACTERS if record.cut == "characters" else None
        return ReleasedFormat(tokenizer, record.prompt, most, ends)
    return NanoFormat(tokenizer) if isinstance(model, NanoForCausalLM) else ChatFormat(tokenizer, ends)


def _end_ids(model: PreTrainedModel) -> list[int]:
    """Tokens that the model's generation configuration ends a turn with: none, one or several."""
    ends = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    if ends is None:
        return []
    return [int(end) for end in (ends if isinstance(ends, Sequence) else [ends])]
