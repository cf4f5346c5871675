"""Writing actions in this process, with a key-value cache."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import CacheLayerMixin

from agents.batching import collate_prompts
from agents.models import LanguageModel
from agents.nano import NanoCache, NanoForCausalLM
from agents.types import Completion, Prompt

DEFAULT_MAX_NEW_TOKENS = 96
"""Longest action, in tokens."""
DEFAULT_BATCH_SIZE = 16
"""Most prompts that are completed at a time."""
READ_AT_ONCE = 4
"""Prompts of the nano model that a processor reads at a time: more fall out of its caches, and are padded more."""


class GenerationBackend(Protocol):
    """Anything that completes prompts."""

    def generate(
        self, prompts: Sequence[Prompt], *, temperature: float, generator: torch.Generator | None = None
    ) -> list[Completion]:
        """One completion for each prompt, in order.

        Args:
            prompts: What to complete.
            temperature: 0 takes the likeliest token each time.
            generator: Source of chance; torch's own when None.

        Raises:
            GenerationFailed: If a prompt gets no completion.
        """


class _Writer(Protocol):
    """A batch of sequences that grow token by token."""

    def begin(self) -> Tensor:
        """Logits of the first token. Shape (B, V)."""

    def extend(self, tokens: Tensor) -> Tensor:
        """Logits of the token after ``tokens``, of shape (B,). Shape (B, V)."""

    def keep(self, rows: Tensor) -> None:
        """Goes on with these sequences alone."""


class InProcess:
    """Generates with a language model of this process, in batches."""

    def __init__(
        self,
        language_model: LanguageModel,
        max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS,
        batch_size: int = DEFAULT_BATCH_SIZE,
    ) -> None:
        """Generates with ``language_model``; later changes of its weights count.

        Args:
            language_model: The model.
            max_new_tokens: Longest completion, end token included.
            batch_size: Most prompts at a time.

        Raises:
            ValueError: If a number is below 1.
        """
        if max_new_tokens < 1 or batch_size < 1:
            raise ValueError(f"max_new_tokens and batch_size must be at least 1, got {max_new_tokens} and {batch_size}")
        self.language_model = language_model
        self.max_new_tokens = max_new_tokens
        self.batch_size = batch_size

    @torch.no_grad()
    def generate(
        self, prompts: Sequence[Prompt], *, temperature: float, generator: torch.Generator | None = None
    ) -> list[Completion]:
        """One completion for each prompt, in order; ids end with an end token unless the length ran out.

        Raises:
            ValueError: If ``temperature`` is negative, or logits are not finite where an accelerator samples.
        """
        if temperature < 0.0:
            raise ValueError(f"temperature must not be negative, got {temperature}")
        self.language_model.model.eval()
        # prompts of similar length share a batch: padding costs time
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index].token_ids))
        completions: dict[int, Completion] = {}
        for start in range(0, len(order), self.batch_size):
            places = order[start : start + self.batch_size]
            ids = [prompts[place].token_ids for place in places]
            with self.language_model.arithmetic():
                written = self._write(ids, temperature, generator)
            completions.update(zip(places, written, strict=True))
        return [completions[index] for index in range(len(prompts))]

    def _write(
        self, prompts: Sequence[Sequence[int]], temperature: float, generator: torch.Generator | None
    ) -> list[Completion]:
        model = self.language_model
        form = model.prompt_format
        writer = _writer(model, prompts, self.max_new_tokens)
        logits = writer.begin()
        ids: list[list[int]] = [[] for _ in prompts]
        log_probs: list[list[float]] = [[] for _ in prompts]
        rows = list(range(len(prompts)))
        while True:
            scores = logits.float().log_softmax(-1)
            tokens = _pick(scores, temperature, generator)
            picked = scores.gather(1, tokens[:, None])[:, 0].tolist()
            going = []
            for place, (row, token, log_prob) in enumerate(zip(rows, tokens.tolist(), picked, strict=True)):
                if ids[row] and ids[row][-1] in form.end_ids:
                    continue
                ids[row].append(token)
                log_probs[row].append(log_prob)
                if token not in form.end_ids and len(ids[row]) < self.max_new_tokens:
                    going.append(place)
            if not going:
                break
            # dropping sequences copies the cache, which pays only once many have ended
            if len(going) <= len(rows) // 2:
                kept = torch.tensor(going, device=tokens.device)
                rows = [rows[place] for place in going]
                tokens = tokens[kept]
                writer.keep(kept)
            logits = writer.extend(tokens)
        return [
            Completion(form.decode_action(sequence), tuple(sequence), tuple(scored))
            for sequence, scored in zip(ids, log_probs, strict=True)
        ]


def _pick(scores: Tensor, temperature: float, generator: torch.Generator | None) -> Tensor:
    """Tokens from log-probabilities (B, V); shape (B,)."""
    if temperature == 0.0:
        return scores.argmax(-1)
    chances = (scores / temperature).softmax(-1)
    if generator is None or generator.device.type == chances.device.type:
        return torch.multinomial(chances, 1, generator=generator)[:, 0]
    # multinomial wants both on one device, and a vocabulary of chances is much to copy for one token
    draws = torch.rand(len(chances), dtype=torch.float64, generator=generator, device=generator.device)
    return _at(chances, draws.to(chances.device, _widest(chances.device)))


def _widest(device: torch.device) -> torch.dtype:
    return torch.float32 if device.type == "mps" else torch.float64  # Apple's accelerators have no more


def _at(chances: Tensor, draws: Tensor) -> Tensor:
    """The tokens in whose share of all chances some draws fall.

    Args:
        chances: Shape (B, V), not negative; they need not add up to 1.
        draws: Shape (B,), in [0, 1].

    Returns:
        Shape (B,); never a token without a chance.

    Raises:
        ValueError: If a chance is no number.
    """
    sums = chances.to(draws.dtype).cumsum(1)
    total = sums[:, -1:].contiguous()
    if not bool(total.isfinite().all()):
        raise ValueError("expected finite logits to sample from, got some that are infinite or no numbers")
    places = torch.searchsorted(sums, draws[:, None] * total, right=True)
    # a draw may round up to the total, which lies behind the last token
    return torch.minimum(places, torch.searchsorted(sums, total))[:, 0]


def _writer(model: LanguageModel, prompts: Sequence[Sequence[int]], room: int) -> _Writer:
    if isinstance(model.model, NanoForCausalLM):
        return _NanoWriter(model.model, prompts, model.pad_id, room)
    return _TransformersWriter(model.model, prompts, model.pad_id)


class _NanoWriter:
    """Writes with the nano model's own cache."""

    def __init__(self, model: NanoForCausalLM, prompts: Sequence[Sequence[int]], pad_id: int, room: int) -> None:
        self.model, self.room = model, room
        at_once = READ_AT_ONCE if model.device.type == "cpu" else len(prompts)
        starts = range(0, len(prompts), at_once)
        self.batches = [collate_prompts(prompts[start : start + at_once], pad_id, model.device) for start in starts]
        self.cache: NanoCache | None = None

    def begin(self) -> Tensor:
        read = [self.model.prefill(batch.input_ids, batch.attention_mask, self.room) for batch in self.batches]
        self.cache = NanoCache.join([cache for _, cache in read])
        return torch.cat([logits for logits, _ in read])

    def extend(self, tokens: Tensor) -> Tensor:
        return self.model.advance(tokens, self._begun())

    def keep(self, rows: Tensor) -> None:
        self.cache = self._begun().select(rows)

    def _begun(self) -> NanoCache:
        if self.cache is None:
            raise RuntimeError("begin() comes before extend() and keep()")
        return self.cache


class _TransformersWriter:
    """Writes with any Hugging Face causal model: prompts padded on the left, so that all ends are in one column."""

    def __init__(self, model: PreTrainedModel, prompts: Sequence[Sequence[int]], pad_id: int) -> None:
        self.model = model
        longest = max(map(len, prompts))
        pads = [longest - len(prompt) for prompt in prompts]
        self.input_ids = torch.tensor(
            [[pad_id] * pad + list(prompt) for pad, prompt in zip(pads, prompts, strict=True)], device=model.device
        )
        self.mask = (torch.arange(longest) >= torch.tensor(pads)[:, None]).long().to(model.device)
        self.cache = DynamicCache(config=model.config)
        # transformers 5.24 renamed the argument, model by model
        arguments = inspect.signature(model.forward).parameters
        self.cache_argument = "cache" if "cache" in arguments else "past_key_values"
        layers = self.cache.layers
        self.is_recurrent = bool(layers) and not any(isinstance(layer, CacheLayerMixin) for layer in layers)

    def begin(self) -> Tensor:
        return self._run(self.input_ids, (self.mask.cumsum(1) - 1).clamp(min=0))

    def extend(self, tokens: Tensor) -> Tensor:
        self.mask = torch.cat((self.mask, torch.ones_like(self.mask[:, :1])), 1)
        return self._run(tokens[:, None], self.mask.sum(1, keepdim=True) - 1)

    def keep(self, rows: Tensor) -> None:
        self.mask = self.mask[rows]
        self.cache.batch_select_indices(rows)

    def _run(self, input_ids: Tensor, position_ids: Tensor) -> Tensor:
        # Without attention a mask is laid over the tokens at hand, and after the first ones none of them is padding.
        is_masked = not self.is_recurrent or input_ids.shape == self.mask.shape
        out = self.model(
            input_ids=input_ids,
            attention_mask=self.mask if is_masked else None,
            position_ids=position_ids,
            use_cache=True,
            logits_to_keep=1,
            **{self.cache_argument: self.cache},
        )
        logits: Tensor = out.logits[:, -1]
        return logits
