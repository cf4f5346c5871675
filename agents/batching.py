"""Token batches: sequences of similar length together, padded on the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from agents.types import TokenBatch

_LENGTH_NOISE = 0.1
"""Lengths are told apart up to this share, so that the same sequences do not meet in every epoch."""


_LENGTH_STEP = 32


class PromptBatch(NamedTuple):
    """Prompts alone, padded on the right; B prompts, P tokens after padding."""

    input_ids: Tensor
    """Shape (B, P), int64."""
    attention_mask: Tensor
    """True at real tokens. Shape (B, P), bool."""


def length_buckets(sizes: Sequence[int], max_tokens: int, rng: np.random.Generator) -> list[list[int]]:
    """Groups sequences of similar length.

    Args:
        sizes: Tokens of each sequence.
        max_tokens: Most tokens of a group, each sequence padded to the longest; one longer than that is a group of its
            own. A batch is padded on to the next multiple of 32 (``collate_prompts``), which short sequences feel.
        rng: Decides who meets whom and the order of the groups.

    Returns:
        Groups of indices into ``sizes``; every index is in exactly one.

    Raises:
        ValueError: If ``max_tokens`` is below 1.
    """
    if max_tokens < 1:
        raise ValueError(f"max_tokens must be at least 1, got {max_tokens}")
    blurred = np.asarray(sizes, dtype=np.float64) * (1.0 + _LENGTH_NOISE * rng.random(len(sizes)))
    groups: list[list[int]] = []
    longest = 0
    for index in np.argsort(blurred, kind="stable").tolist():
        longest = max(longest, sizes[index])
        if not groups or longest * (len(groups[-1]) + 1) > max_tokens:
            groups.append([])
            longest = sizes[index]
        groups[-1].append(index)
    return [groups[place] for place in rng.permutation(len(groups)).tolist()]


def collate_prompts(prompts: Sequence[Sequence[int]], pad_id: int, device: torch.device | str = "cpu") -> PromptBatch:
    """Pads prompts on the right.

    Args:
        prompts: Token ids, at least one each.
        pad_id: Id of the padding token.
        device: Where the tensors go.

    Raises:
        ValueError: If there is no prompt, or one without tokens.
    """
    if not prompts or not all(prompts):
        raise ValueError(f"expected prompts of at least one token each, got lengths {[len(p) for p in prompts]}")
    input_ids = _padded(prompts, pad_id)
    lengths = torch.tensor([len(prompt) for prompt in prompts])
    mask = torch.arange(input_ids.shape[1]) < lengths[:, None]
    return PromptBatch(input_ids.to(device), mask.to(device))


def collate(
    prompts: Sequence[Sequence[int]],
    actions: Sequence[Sequence[int]],
    pad_id: int,
    device: torch.device | str = "cpu",
) -> TokenBatch:
    """Puts prompts and their actions into one batch.

    Args:
        prompts: Token ids, at least one each.
        actions: Action ids, end token included, at least one each.
        pad_id: Id of the padding token.
        device: Where the tensors go.

    Raises:
        ValueError: If there are not as many actions as prompts, or one of them is empty.
    """
    if len(prompts) != len(actions) or not all(actions):
        raise ValueError(
            f"expected as many actions as prompts, none empty; got {len(prompts)} prompts and actions of lengths "
            f"{[len(action) for action in actions]}"
        )
    tokens = collate_prompts(
        [[*prompt, *action[:-1]] for prompt, action in zip(prompts, actions, strict=True)], pad_id, device
    )
    longest = max(map(len, actions))
    action_ids = torch.tensor([[*action, *([pad_id] * (longest - len(action)))] for action in actions])
    action_mask = torch.arange(action_ids.shape[1]) < torch.tensor([len(action) for action in actions])[:, None]
    starts = torch.tensor([len(prompt) - 1 for prompt in prompts])[:, None]
    positions = torch.where(action_mask, starts + torch.arange(action_ids.shape[1]), 0)
    return TokenBatch(*tokens, positions.to(device), action_ids.to(device), action_mask.to(device))


def _padded(sequences: Sequence[Sequence[int]], pad_id: int) -> Tensor:
    # Few different lengths: kernels and memory blocks made for one batch then serve the next.
    longest = -(-max(map(len, sequences)) // _LENGTH_STEP) * _LENGTH_STEP
    return torch.tensor([[*sequence, *([pad_id] * (longest - len(sequence)))] for sequence in sequences])
