"""Hidden states of a Llama-like decoder where they are wanted: its last layer is computed there alone.

Training reads a few positions of a sequence, those of the action or the last one, and needs of the last layer only its
keys and values everywhere else. The nano model does the same (``agents.nano.modeling``).

B sequences, T tokens, A positions, d width, H heads.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.models.llama.modeling_llama import rotate_half

_FAMILIES = ("llama", "mistral", "qwen2")
"""Whose layers are: norm, attention with rotary positions, norm, feed-forward, each added to what came in."""
_KERNELS = ("sdpa", "float32_sdpa")
"""Attention that is causal by itself where it gets no mask."""


def is_plain_decoder(trunk: PreTrainedModel) -> bool:
    """Whether ``decoder_hidden_at`` computes what the trunk's own forward pass does.

    Args:
        trunk: A language model without its output layer.
    """
    config = trunk.config
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    return config.model_type in _FAMILIES and config._attn_implementation in _KERNELS and window is None


def decoder_hidden_at(trunk: PreTrainedModel, input_ids: Tensor, positions: Tensor) -> Tensor:
    """Normalised hidden states of the last layer at some positions.

    Args:
        trunk: One for which ``is_plain_decoder`` holds.
        input_ids: Padded on the right. Shape (B, T), int64.
        positions: Shape (B, A), int64.

    Returns:
        Shape (B, A, d).
    """
    hidden = trunk.embed_tokens(input_ids)
    places = torch.arange(input_ids.shape[1], device=input_ids.device)[None]
    rotary = trunk.rotary_emb(hidden, position_ids=places)
    *layers, last = trunk.layers
    for layer in layers:
        hidden = layer(hidden, attention_mask=None, position_embeddings=rotary, position_ids=places, use_cache=False)
    normed: Tensor = trunk.norm(_last_layer(last, hidden, rotary, positions))
    return normed


def _last_layer(layer: Any, hidden: Tensor, rotary: tuple[Tensor, Tensor], positions: Tensor) -> Tensor:
    """A layer whose output is wanted at some positions; shape (B, A, d)."""
    attention = layer.self_attn
    rows = torch.arange(len(hidden), device=hidden.device)[:, None]
    normed = layer.input_layernorm(hidden)
    key, value = (_heads(project(normed), attention) for project in (attention.k_proj, attention.v_proj))
    query = _heads(attention.q_proj(normed[rows, positions]), attention)
    cosine, sine = (turn.expand(len(hidden), -1, -1) for turn in rotary)
    key = _rotated(key, cosine, sine)
    query = _rotated(query, cosine[rows, positions], sine[rows, positions])
    visible = torch.arange(hidden.shape[1], device=hidden.device) <= positions[..., None]
    attended = functional.scaled_dot_product_attention(
        query, key, value, attn_mask=visible[:, None], scale=attention.scaling, enable_gqa=key.shape[1] < query.shape[1]
    )
    after: Tensor = hidden[rows, positions] + attention.o_proj(attended.transpose(1, 2).flatten(2))
    fed: Tensor = layer.mlp(layer.post_attention_layernorm(after))
    return after + fed


def _heads(projected: Tensor, attention: Any) -> Tensor:
    """Shape (B, H, T, d / H)."""
    heads: Tensor = projected.unflatten(2, (-1, attention.head_dim))  # type: ignore[no-untyped-call]  # torch leaves it so
    return heads.transpose(1, 2)


def _rotated(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    turned: Tensor = heads * cosine[:, None] + rotate_half(heads) * sine[:, None]
    return turned
