"""The output layer's gradients: the same whether they are made anew or added where the others lie."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from agents.output_layer import gradients_in_place, log_probs_after


def batches() -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return [
        (torch.randn(4, 6, generator=generator, requires_grad=True), torch.randint(0, 11, (4,), generator=generator))
        for _ in range(3)
    ]


def above(layer: nn.Linear) -> PreTrainedModel:
    """A model of this output layer."""
    return cast(
        "PreTrainedModel",
        SimpleNamespace(get_output_embeddings=lambda: layer, config=SimpleNamespace(model_type="llama")),
    )


@pytest.mark.parametrize("bias", [False, True])
def test_gradients_of_several_batches_add_up_wherever_they_are_made(bias: bool) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(6, 11, bias=bias)
    found: list[list[Tensor]] = []
    for in_place in (False, True):
        layer.zero_grad()
        kept = []
        given = batches()
        for hidden, ids in given:
            scores = log_probs_after(above(layer), hidden, ids)
            torch.testing.assert_close(scores, layer(hidden).log_softmax(1).gather(1, ids[:, None])[:, 0])
            if in_place:
                with gradients_in_place():
                    scores.sum().backward()
            else:
                scores.sum().backward()
            assert layer.weight.grad is not None
            kept.append(layer.weight.grad.data_ptr())
        found.append([layer.weight.grad, *(hidden.grad for hidden, _ in given)])
        if in_place and not bias:
            assert len(set(kept)) == 1
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("hidden_dtype", [torch.float32, torch.bfloat16])
def test_gradients_inside_autocast_are_those_of_a_linear_layer(in_place: bool, hidden_dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(6, 11, bias=False)
    found: list[list[Tensor | None]] = []
    for ours in (False, True):
        layer.zero_grad()
        given = [(hidden.detach().to(hidden_dtype).requires_grad_(), ids) for hidden, ids in batches()]
        for hidden, ids in given:
            with torch.autocast("cpu", torch.bfloat16):
                whole = layer(hidden).float().log_softmax(1).gather(1, ids[:, None])[:, 0]
                scores = log_probs_after(above(layer), hidden, ids) if ours else whole
            with gradients_in_place() if ours and in_place else nullcontext():
                scores.sum().backward()
        found.append([layer.weight.grad, *(hidden.grad for hidden, _ in given)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=2e-2, rtol=2e-2)


def test_outside_a_fit_nothing_is_added_behind_the_callers_back() -> None:
    layer = nn.Linear(6, 11, bias=False)
    hidden, ids = batches()[0]
    layer.weight.grad = torch.zeros_like(layer.weight)
    (gradient,) = torch.autograd.grad(log_probs_after(above(layer), hidden, ids).sum(), layer.weight)
    assert gradient.abs().sum() > 0
    assert layer.weight.grad.abs().sum() == 0


def test_a_frozen_layer_learns_nothing() -> None:
    layer = nn.Linear(6, 11, bias=False).requires_grad_(False)
    hidden, ids = batches()[0]
    log_probs_after(above(layer), hidden, ids).sum().backward()
    assert layer.weight.grad is None
    assert hidden.grad is not None
