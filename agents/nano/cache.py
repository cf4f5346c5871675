"""What the nano model keeps between two tokens of an action."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


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
