"""The nano model: a small transformer that copies.

A causal language model by its interface, and three things beside: the prompt is read in both directions (it is given
as a whole, only the action is written token by token), matching features come with the tokens
(``agents.nano.structure``), and a copy head points at prompt tokens (after CopyNet, arXiv 1603.06393): one softmax over
the vocabulary and the prompt's positions, in which the probabilities of the same token are summed. Half of the
attention heads turn with the token's position, half with its line number, so that "in the same row" is as easy to see
as "next to".

B sequences, T tokens, A positions whose next token is wanted, d width, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

from agents.nano.cache import NanoCache
from agents.nano.configuration import NanoConfig
from agents.nano.layers import NanoBlock, RMSNorm, Rotation, take
from agents.nano.structure import (
    REGIONS,
    PromptStructure,
    copy_levels,
    flag_count,
    last_written,
    next_runs,
    read_structure,
)

_SMEAR_BEFORE = 3
_SMEAR_AFTER = 2
_IMPOSSIBLE = -1e4
_ACTION = REGIONS - 1


@dataclass
class _Reading:
    """What ``_read`` found on the way to the hidden states."""

    structure: PromptStructure
    positions: Tensor
    is_source: Tensor
    embedded: Tensor
    copy_keys: Tensor


class NanoForCausalLM(PreTrainedModel):  # type: ignore[misc]  # transformers is untyped here
    """The nano model with its copy head. Its logits are log-probabilities."""

    config_class = NanoConfig
    folded: Tensor
    newline: Tensor
    base_model_prefix = "nano"
    supports_gradient_checkpointing = True
    _tied_weights_keys = None  # the output layer reads the embedding itself; there is no second tensor

    def __init__(self, config: NanoConfig) -> None:
        """Builds the model with random weights.

        Raises:
            ValueError: If the sizes do not fit each other.
        """
        super().__init__(config)
        size = config.hidden_size
        if size % (2 * config.num_attention_heads) or config.num_attention_heads % 2:
            raise ValueError(
                "hidden_size must be a multiple of twice num_attention_heads, and that even; "
                f"got {size} and {config.num_attention_heads}"
            )
        self.embedding = nn.Embedding(config.vocab_size, size)
        self.before = nn.Parameter(torch.full((_SMEAR_BEFORE, size), 0.3))
        self.after = nn.Parameter(torch.full((_SMEAR_AFTER, size), 0.1))
        self.region = nn.Parameter(torch.empty(REGIONS, size))
        self.column = nn.Parameter(torch.empty(config.max_columns, size))
        self.flag = nn.Parameter(torch.empty(flag_count(config), size))
        self.successor = nn.Parameter(torch.ones(size))
        self.blocks = nn.ModuleList(NanoBlock(config) for _ in range(config.num_hidden_layers))
        self.norm = RMSNorm(size)
        self.logit_scale = nn.Parameter(torch.tensor(0.25))
        copy_width = config.copy_heads * config.copy_size
        self.copy_query = nn.Linear(size, copy_width, bias=False)
        self.copy_key = nn.Linear(size, copy_width, bias=False)
        self.copy_query_norm = RMSNorm(config.copy_size)
        self.copy_key_norm = RMSNorm(config.copy_size)
        self.copy_bias = nn.Parameter(torch.zeros(config.copy_heads))
        self.copy_level = nn.Parameter(torch.arange(config.copy_levels + 1.0).repeat(config.copy_heads, 1))
        self.gradient_checkpointing = False  # transformers sets it, and the function that ``_read`` calls then
        self.register_buffer("folded", torch.arange(config.vocab_size))
        self.register_buffer("newline", torch.tensor(-1))
        self.post_init()

    def set_vocabulary(self, folded: Tensor, newline: int) -> None:
        """Tells the model which tokens are the same word, and which one ends a line.

        Args:
            folded: As ``agents.nano.tokenization.folded_ids`` gives it. Shape (V,).
            newline: Id of the newline token.
        """
        self.folded.copy_(folded)
        self.newline.fill_(newline)

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.6 / math.sqrt(module.weight.shape[1]))
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, 0.0, 1.0 / math.sqrt(module.weight.shape[1]))
        elif isinstance(module, NanoForCausalLM):
            scale = 0.5 / math.sqrt(self.config.hidden_size)
            for parameter in (module.region, module.column, module.flag):
                nn.init.normal_(parameter, 0.0, scale)
            for block in module._layers():
                nn.init.zeros_(block.output.weight)
                nn.init.zeros_(block.down.weight)

    def get_input_embeddings(self) -> nn.Embedding:
        """The token embedding, which is the output layer too."""
        return self.embedding

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        positions: Tensor | None = None,
        **_: Any,
    ) -> CausalLMOutputWithPast:
        """Log-probabilities of the next token.

        Args:
            input_ids: Prompts and actions, padded on the right. Shape (B, T), int64.
            attention_mask: True at real tokens; all of them when None. Shape (B, T).
            positions: Where the next token is wanted; everywhere when None. Shape (B, A), int64.

        Returns:
            ``logits`` of shape (B, A, V), float32: normalised log-probabilities.
        """
        return CausalLMOutputWithPast(
            logits=self._log_probs(*self._scores_at(input_ids, attention_mask, positions), input_ids)
        )

    def log_probs_of(
        self, token_ids: Tensor, is_wanted: Tensor, input_ids: Tensor, attention_mask: Tensor, positions: Tensor
    ) -> Tensor:
        """Log-probabilities of given tokens; what ``forward`` says of them, without the table of all others.

        Args:
            token_ids: The next token at each position. Shape (B, A), int64.
            is_wanted: Positions that count. Shape (B, A), bool.
            input_ids: Shape (B, T), int64.
            attention_mask: Shape (B, T).
            positions: Shape (B, A), int64.

        Returns:
            Shape (B, A), float32; 0 where none is wanted.
        """
        every, scores = self._scores_at(input_ids, attention_mask, positions)
        is_other = input_ids[:, None] != token_ids[..., None]
        copied = scores.masked_fill(is_other, _IMPOSSIBLE).logsumexp(2)
        mass = torch.logaddexp(every.gather(2, token_ids[..., None])[..., 0], copied)
        log_probs = mass - torch.logaddexp(every.logsumexp(2), scores.logsumexp(2))
        return log_probs.masked_fill(~is_wanted, 0.0)

    def _scores_at(
        self, input_ids: Tensor, attention_mask: Tensor | None, positions: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        hidden, read = self._read(input_ids, attention_mask, positions)
        levels = last_written(input_ids, read.positions, read.structure.prompt_length, self.config.copy_levels)
        level = copy_levels(input_ids, read.is_source, levels, self.config.copy_levels)
        return self._scores(hidden, read.copy_keys, read.is_source, level)

    def hidden_at(self, input_ids: Tensor, attention_mask: Tensor, positions: Tensor) -> Tensor:
        """Normalised hidden states of the last layer at some positions.

        Args:
            input_ids: Shape (B, T), int64.
            attention_mask: Shape (B, T).
            positions: Shape (B, A), int64.

        Returns:
            Shape (B, A, d).
        """
        hidden, _ = self._read(input_ids, attention_mask, positions)
        normed: Tensor = self.norm(hidden)
        return normed

    @torch.no_grad()
    def prefill(self, input_ids: Tensor, attention_mask: Tensor, room: int) -> tuple[Tensor, NanoCache]:
        """Reads prompts and prepares to write.

        Args:
            input_ids: Prompts, padded on the right. Shape (B, P), int64.
            attention_mask: Shape (B, P).
            room: Most tokens that ``advance`` will be given.

        Returns:
            Log-probabilities of the first token, shape (B, V), and the cache.
        """
        lengths = attention_mask.long().sum(1)
        cached: list[tuple[Tensor, Tensor]] = []
        hidden, read = self._read(input_ids, attention_mask, lengths[:, None] - 1, cached)
        keys, values = ([functional.pad(tensors[part], (0, 0, 0, room)) for tensors in cached] for part in (0, 1))
        back = lengths[:, None] - 1 - torch.arange(_SMEAR_BEFORE + 1, device=lengths.device)
        cache = NanoCache(
            keys,
            values,
            read.copy_keys,
            read.embedded,
            input_ids,
            read.is_source,
            read.structure.line.gather(1, lengths[:, None] - 1)[:, 0],
            lengths,
            input_ids.gather(1, back.clamp(min=0)).masked_fill(back < 0, -1),
            torch.zeros_like(input_ids),
        )
        return self._next(hidden, cache), cache

    @torch.no_grad()
    def advance(self, tokens: Tensor, cache: NanoCache) -> Tensor:
        """Writes one token on each sequence.

        Args:
            tokens: Shape (B,), int64.
            cache: Changed in place.

        Returns:
            Log-probabilities of the next token, shape (B, V).
        """
        cache.recent = torch.cat((tokens[:, None], cache.recent[:, :-1]), 1)
        cache.runs = next_runs(cache.runs, cache.prompt_ids, tokens, self.config.copy_levels)
        hidden = self._embed_written(cache)
        rotation = self._rotation(cache.lengths[:, None], cache.lines[:, None], hidden.dtype)
        rows = torch.arange(len(tokens), device=tokens.device)
        visible = torch.arange(cache.keys[0].shape[2], device=tokens.device) <= cache.lengths[:, None]
        mask = torch.where(visible, 0.0, float("-inf")).to(hidden.dtype)[:, None, None]
        for block, keys, values in zip(self._layers(), cache.keys, cache.values, strict=True):
            normed = block.attention_norm(hidden)
            key, value = block.keys_and_values(normed, rotation)
            keys[rows, :, cache.lengths] = key[:, :, 0].to(keys.dtype)
            values[rows, :, cache.lengths] = value[:, :, 0].to(values.dtype)
            hidden = block.finish(hidden, block.queries(normed, rotation), keys, values, mask)
        cache.lengths = cache.lengths + 1
        return self._next(hidden, cache)

    def _next(self, hidden: Tensor, cache: NanoCache) -> Tensor:
        scores = self._scores(hidden, cache.copy_keys, cache.is_source, cache.levels())
        return self._log_probs(*scores, cache.prompt_ids)[:, 0]

    def _embed_written(self, cache: NanoCache) -> Tensor:
        """Embedding of the latest token of each sequence; shape (B, 1, d)."""
        recent = self.embedding(cache.recent.clamp(min=0)) * (cache.recent >= 0)[..., None]
        hidden = recent[:, 0] + (recent[:, 1:] * self.before).sum(1) + self.region[_ACTION] + self.column[0]
        successors = self._successors(cache.prompt, cache.levels())
        scaled: Tensor = hidden[:, None] * self._embedding_scale() + successors.to(hidden.dtype)
        return scaled

    def _layers(self) -> Iterator[NanoBlock]:
        return (cast("NanoBlock", block) for block in self.blocks)

    def _embedding_scale(self) -> float:
        return math.sqrt(self.config.hidden_size)

    def _read(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None,
        positions: Tensor | None,
        cached: list[tuple[Tensor, Tensor]] | None = None,
    ) -> tuple[Tensor, _Reading]:
        """The last layer's output at ``positions``, shape (B, A, d), and what was found on the way."""
        size = input_ids.shape[1]
        if size > self.config.max_position_embeddings:
            raise ValueError(f"at most {self.config.max_position_embeddings} tokens are read, got {size}")
        everywhere = torch.arange(size, device=input_ids.device)
        real = torch.ones_like(input_ids, dtype=torch.bool) if attention_mask is None else attention_mask.bool()
        if positions is None:
            positions = everywhere.expand_as(input_ids)
        structure = read_structure(input_ids, self.folded, self.newline, self.config)
        in_prompt = (everywhere < structure.prompt_length[:, None]) & real
        is_source = in_prompt & self._can_be_copied(input_ids)
        hidden = embedded = self._embed(input_ids, structure, in_prompt, is_source, real.sum(1))
        rotation = self._rotation(everywhere.expand_as(input_ids), structure.line, hidden.dtype)
        visible = real[:, None] & (in_prompt[:, None] | (everywhere <= everywhere[:, None]))
        mask = torch.where(visible, 0.0, float("-inf")).to(hidden.dtype)
        normed = hidden
        for block in self._layers():
            if self.gradient_checkpointing and self.training and block is not self.blocks[-1]:
                hidden = self._gradient_checkpointing_func(block, hidden, rotation, mask[:, None])
                continue
            normed = block.attention_norm(hidden)
            key, value = block.keys_and_values(normed, rotation)
            if cached is not None:
                cached.append((key, value))
            if block is self.blocks[-1]:
                copy_keys = self._copy_keys(normed)
                normed, hidden, mask = (take(tensor, positions) for tensor in (normed, hidden, mask))
                rotation = take(rotation[0], positions), take(rotation[1], positions)
            hidden = block.finish(hidden, block.queries(normed, rotation), key, value, mask[:, None])
        return hidden, _Reading(structure, positions, is_source, embedded, copy_keys)

    def _can_be_copied(self, input_ids: Tensor) -> Tensor:
        """Words, and ids of elements; no other structure."""
        config = self.config
        is_element = (input_ids >= config.first_element_id) & (input_ids < config.structure_size)
        can_be: Tensor = is_element | (self.folded[input_ids] >= 0)
        return can_be

    def _embed(
        self, input_ids: Tensor, structure: PromptStructure, in_prompt: Tensor, is_source: Tensor, lengths: Tensor
    ) -> Tensor:
        tokens = self.embedding(input_ids)
        size = input_ids.shape[1]
        padded = functional.pad(tokens, (0, 0, _SMEAR_BEFORE, 0))
        hidden = tokens + self.region[structure.region] + self.column[structure.column]
        hidden = hidden + structure.flags.to(self.flag.dtype) @ self.flag
        for back in range(1, _SMEAR_BEFORE + 1):
            hidden = hidden + padded[:, _SMEAR_BEFORE - back :][:, :size] * self.before[back - 1]
        # only the prompt is known as a whole: an action token must not see what follows it
        ahead = functional.pad(tokens * in_prompt[..., None], (0, 0, 0, _SMEAR_AFTER))
        for step in range(1, _SMEAR_AFTER + 1):
            hidden = hidden + ahead[:, step:][:, :size] * self.after[step - 1]
        hidden = hidden * self._embedding_scale()
        return self._lower(self._add_successors(hidden, input_ids, structure.prompt_length, is_source, lengths))

    def _lower(self, hidden: Tensor) -> Tensor:
        """Hidden states in the precision of autocast, when that is on: the residual stream too pays there."""
        kind = hidden.device.type
        return hidden.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else hidden

    def _add_successors(
        self, hidden: Tensor, input_ids: Tensor, prompt_length: Tensor, is_source: Tensor, lengths: Tensor
    ) -> Tensor:
        """Shows each action token what would come next if it goes on copying."""
        size = input_ids.shape[1]
        # the longest action, not the longest padding; a sequence without a marker is no action
        width = int(torch.where(prompt_length > 0, lengths - prompt_length, 0).max())
        if width <= 0:
            return hidden
        window = prompt_length[:, None] + torch.arange(width, device=input_ids.device)
        inside = window < size
        window = window.clamp(max=size - 1)
        written = last_written(input_ids, window, prompt_length, self.config.copy_levels)
        level = copy_levels(input_ids, is_source, written, self.config.copy_levels)
        successors = self._successors(hidden, level) * inside[..., None]
        return hidden.scatter_add(1, window[..., None].expand_as(successors), successors)

    def _successors(self, prompt: Tensor, level: Tensor) -> Tensor:
        """Mean embedding of the prompt tokens that follow the longest match; shape (B, A, d)."""
        best = ((level == level.amax(2, keepdim=True)) & (level > 0)).to(prompt.dtype)
        weights = best / best.sum(2, keepdim=True).clamp(min=1.0)
        return (weights @ prompt) * self.successor.to(prompt.dtype)

    def _rotation(self, positions: Tensor, lines: Tensor, dtype: torch.dtype) -> Rotation:
        """Cosines and signed sines for each head, shapes (B, T, heads, d / heads)."""
        heads = self.config.num_attention_heads
        half = self.config.hidden_size // heads // 2
        exponent = torch.arange(half, device=positions.device) / half
        frequency = self.config.rope_theta**-exponent
        places = torch.stack((positions, lines), -1).repeat_interleave(heads // 2, -1)
        angle = places[..., None] * frequency
        cosine, sine = angle.cos().to(dtype), angle.sin().to(dtype)
        return torch.cat((cosine, cosine), -1), torch.cat((-sine, sine), -1)

    def _copy_keys(self, normed: Tensor) -> Tensor:
        keys: Tensor = self.copy_key_norm(self._split_heads(self.copy_key(normed)))
        return keys.transpose(1, 2)

    def _split_heads(self, hidden: Tensor) -> Tensor:
        return hidden.view(*hidden.shape[:-1], self.config.copy_heads, self.config.copy_size)

    def _scores(self, hidden: Tensor, copy_keys: Tensor, is_source: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """What the softmax runs over: vocabulary (B, A, V) and prompt positions (B, A, P), float32."""
        normed = self.norm(hidden)
        vocabulary = functional.linear(normed * self.logit_scale.to(normed.dtype), self.embedding.weight).float()
        query = self.copy_query_norm(self._split_heads(self.copy_query(normed))).transpose(1, 2)
        scores = (query @ copy_keys.to(query.dtype).transpose(2, 3)).float() * 0.5
        scores = scores + self.copy_level[:, level].transpose(0, 1) + self.copy_bias[:, None, None]
        return vocabulary, scores.masked_fill(~is_source[:, None, None], _IMPOSSIBLE).logsumexp(1)

    def _log_probs(self, vocabulary: Tensor, scores: Tensor, prompt_ids: Tensor) -> Tensor:
        """One softmax over vocabulary and prompt positions, the same tokens summed; shape (B, A, V), float32."""
        highest = torch.maximum(vocabulary.amax(-1), scores.amax(-1)).detach()[..., None]
        mass = (vocabulary - highest).exp()
        mass = mass.scatter_add(2, prompt_ids[:, None].expand_as(scores), (scores - highest).exp())
        return (mass + 1e-20).log() - mass.sum(-1, keepdim=True).log()
