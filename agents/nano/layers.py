"""The nano model's building blocks.

B sequences, T tokens, A positions, d width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from agents.nano.configuration import NanoConfig

Rotation = tuple[Tensor, Tensor]
"""Cosines, and sines with the sign of their half, for each head; each of shape (B, T, heads, d / heads)."""


class RMSNorm(nn.Module):
    """Root-mean-square normalisation with a learned scale."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, hidden: Tensor) -> Tensor:
        """Normalises the last dimension."""
        return functional.rms_norm(hidden, (hidden.shape[-1],), self.weight.to(hidden.dtype), 1e-5)


class NanoBlock(nn.Module):
    """Attention with normalised queries and keys, then a gated feed-forward layer."""

    def __init__(self, config: NanoConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.heads = config.num_attention_heads
        self.head_size = size // self.heads
        self.attention_norm = RMSNorm(size)
        self.query = nn.Linear(size, size, bias=False)
        self.key = nn.Linear(size, size, bias=False)
        self.value = nn.Linear(size, size, bias=False)
        self.output = nn.Linear(size, size, bias=False)
        self.query_norm = RMSNorm(self.head_size)
        self.key_norm = RMSNorm(self.head_size)
        self.mlp_norm = RMSNorm(size)
        self.gate = nn.Linear(size, config.intermediate_size, bias=False)
        self.up = nn.Linear(size, config.intermediate_size, bias=False)
        self.down = nn.Linear(config.intermediate_size, size, bias=False)

    def forward(self, hidden: Tensor, rotation: Rotation, mask: Tensor) -> Tensor:
        """The whole layer; shape (B, T, d).

        Args:
            hidden: Shape (B, T, d).
            rotation: Of the T positions.
            mask: What is added to the attention's scores. Shape (B, 1, T, T).
        """
        normed = self.attention_norm(hidden)
        key, value = self.keys_and_values(normed, rotation)
        return self.finish(hidden, self.queries(normed, rotation), key, value, mask)

    def keys_and_values(self, normed: Tensor, rotation: Rotation) -> tuple[Tensor, Tensor]:
        """Keys and values of normalised hidden states; each of shape (B, heads, T, d / heads)."""
        key = _rotate(self.key_norm(self._split(self.key(normed))), rotation)
        return key, self._split(self.value(normed)).transpose(1, 2)

    def queries(self, normed: Tensor, rotation: Rotation) -> Tensor:
        """Queries, shape (B, heads, A, d / heads)."""
        return _rotate(self.query_norm(self._split(self.query(normed))), rotation)

    def finish(self, hidden: Tensor, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        """Attention and feed-forward layer, given the parts; shape (B, A, d)."""
        attended = _attend(query, key, value, mask)
        hidden = hidden + self.output(attended.transpose(1, 2).flatten(2))
        normed = self.mlp_norm(hidden)
        fed: Tensor = self.down(functional.silu(self.gate(normed)) * self.up(normed))
        return hidden + fed

    def _split(self, hidden: Tensor) -> Tensor:
        return hidden.view(*hidden.shape[:-1], self.heads, self.head_size)


def _attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    if query.device.type == "cpu" and torch.is_grad_enabled():
        # the fused kernel's backward pass is three times slower than this on a CPU at page lengths
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(2, 3) + mask
        # autocast would make this float32, twice the memory to move; the kernel adds up in float32 anyway
        with torch.autocast("cpu", enabled=False):
            weights = scores.softmax(-1)
        attended: Tensor = weights @ value
        return attended
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def _rotate(hidden: Tensor, rotation: Rotation) -> Tensor:
    """Rotary embedding of (B, T, heads, size), moved to (B, heads, T, size)."""
    cosine, sine = rotation
    return torch.addcmul(hidden * cosine, hidden.roll(hidden.shape[-1] // 2, -1), sine).transpose(1, 2)


def take(tensor: Tensor, positions: Tensor) -> Tensor:
    """Rows of (B, T, ...) at (B, A)."""
    index = positions.view(*positions.shape, *[1] * (tensor.ndim - 2)).expand(-1, -1, *tensor.shape[2:])
    return tensor.gather(1, index)
