"""What the nano model keeps between two tokens of an action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass
class NanoCache:
    """What has been computed of a batch of prompts and the actions begun on them.

    Attributes:
        keys: For each layer, shape (B, heads, P + room, d / heads).
        values: The same.
        copy_keys: Shape (B, copy heads, P, copy size).
        prompt: The prompts' embeddings, shape (B, P, d).
        prompt_ids: Shape (B, P).
        is_source: Prompt tokens that can be copied, shape (B, P).
        lines: Line number of the action, shape (B,).
        lengths: Tokens seen of each sequence, shape (B,).
        recent: The last tokens read or written, the latest first, -1 where there is none; shape (B, 4).
        runs: How many of the last tokens written stand right before each prompt token; shape (B, P).
    """

    keys: list[Tensor]
    values: list[Tensor]
    copy_keys: Tensor
    prompt: Tensor
    prompt_ids: Tensor
    is_source: Tensor
    lines: Tensor
    lengths: Tensor
    recent: Tensor
    runs: Tensor

    def levels(self) -> Tensor:
        """Levels of the copy in progress (``agents.nano.structure.copy_levels``); shape (B, 1, P)."""
        return (self.runs * self.is_source)[:, None]

    def select(self, rows: Tensor) -> NanoCache:
        """The cache of some of the sequences."""
        return NanoCache(
            keys=[key[rows] for key in self.keys],
            values=[value[rows] for value in self.values],
            copy_keys=self.copy_keys[rows],
            prompt=self.prompt[rows],
            prompt_ids=self.prompt_ids[rows],
            is_source=self.is_source[rows],
            lines=self.lines[rows],
            lengths=self.lengths[rows],
            recent=self.recent[rows],
            runs=self.runs[rows],
        )

    @classmethod
    def join(cls, caches: Sequence[NanoCache]) -> NanoCache:
        """The cache of all the sequences of some caches with the same room, which prompts of any length begin.

        Args:
            caches: At least one.
        """
        layers = range(len(caches[0].keys))
        return cls(
            keys=[_joined([cache.keys[layer] for cache in caches], 2) for layer in layers],
            values=[_joined([cache.values[layer] for cache in caches], 2) for layer in layers],
            copy_keys=_joined([cache.copy_keys for cache in caches], 2),
            prompt=_joined([cache.prompt for cache in caches], 1),
            prompt_ids=_joined([cache.prompt_ids for cache in caches], 1),
            is_source=_joined([cache.is_source for cache in caches], 1),
            lines=torch.cat([cache.lines for cache in caches]),
            lengths=torch.cat([cache.lengths for cache in caches]),
            recent=torch.cat([cache.recent for cache in caches]),
            runs=_joined([cache.runs for cache in caches], 1),
        )


def _joined(tensors: Sequence[Tensor], places: int) -> Tensor:
    """Rows of all tensors; those with fewer places get zeros behind theirs, which nobody reads."""
    longest = max(tensor.shape[places] for tensor in tensors)
    after = [0, 0] * (tensors[0].dim() - places - 1)
    return torch.cat([functional.pad(tensor, (*after, 0, longest - tensor.shape[places])) for tensor in tensors])
