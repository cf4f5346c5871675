"""Products of 16-bit weights on processors that have no instructions for them.

There torch emulates them number by number: a layer's forward and backward pass takes 18 times as long as in float32.
Turning the factors into float32 for each product and the result back is nearly as fast as float32 and keeps what lies
in memory at 16 bits. The sums are float32 either way.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

_ATTENTION = "float32_sdpa"
"""Name of the attention that multiplies in float32, among those of transformers."""


class _Product(torch.autograd.Function):
    """``inputs @ weight.T`` in float32; only the 16-bit factors are kept for the backward pass."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(inputs, weight)
        return functional.linear(inputs.float(), weight.float()).to(inputs.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        inputs, weight = ctx.saved_tensors
        gradient = gradients[0].float()
        to_inputs = (gradient @ weight.float()).to(inputs.dtype) if ctx.needs_input_grad[0] else None
        if not ctx.needs_input_grad[1]:
            return to_inputs, None
        rows = gradient.flatten(0, -2).T @ inputs.flatten(0, -2).float()
        return to_inputs, rows.to(weight.dtype)


class Float32Linear(nn.Linear):
    """A linear layer of 16-bit weights that multiplies in float32."""

    def forward(self, input: Tensor) -> Tensor:  # torch's name
        """Multiplies.

        Args:
            input: Shape (..., in).

        Returns:
            Shape (..., out), of the input's dtype.
        """
        product: Tensor = _Product.apply(input, self.weight)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return product if self.bias is None else product + self.bias


def use_float32_products(model: PreTrainedModel) -> None:
    """Lets every linear layer and the attention of a model multiply in float32; weights and results stay as they are.

    Args:
        model: Of 16-bit weights; changed in place.
    """
    for module in model.modules():
        if type(module) is nn.Linear:
            module.__class__ = Float32Linear
    if getattr(model, "_supports_sdpa", False):
        AttentionInterface.register(_ATTENTION, _attend)
        AttentionMaskInterface.register(_ATTENTION, sdpa_mask)
        model.set_attn_implementation(_ATTENTION)


def _attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """As ``sdpa_attention_forward``."""
    mask = attention_mask if attention_mask is None or attention_mask.dtype == torch.bool else attention_mask.float()
    attended, _ = sdpa_attention_forward(module, query.float(), key.float(), value.float(), mask, **options)
    return attended.to(query.dtype), None
