"""16-bit weights that multiply in float32: the same results and gradients up to rounding, and 16 bits in memory."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from agents import models
from agents.batching import collate
from agents.generation import InProcess
from agents.models import load_model
from agents.products import Float32Linear
from agents.types import Prompt
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama


@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_multiplies_and_learns_as_in_float32(bias: bool) -> None:
    torch.manual_seed(0)
    exact = nn.Linear(6, 5, bias=bias)
    layer = copy.deepcopy(exact).bfloat16()
    layer.__class__ = Float32Linear
    inputs = torch.randn(2, 3, 6, dtype=torch.bfloat16, requires_grad=True)
    same = inputs.detach().float().requires_grad_()
    exact.load_state_dict({name: tensor.float() for name, tensor in layer.state_dict().items()})
    found, expected = layer(inputs), exact(same)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), expected, atol=0.02, rtol=0.01)
    found.sum().backward()
    expected.sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype == torch.bfloat16
    for one, other in ((inputs, same), *zip(layer.parameters(), exact.parameters(), strict=True)):
        assert one.grad is not None
        torch.testing.assert_close(one.grad.float(), other.grad, atol=0.05, rtol=0.02)


def test_frozen_weights_get_no_gradient() -> None:
    layer = nn.Linear(4, 3).bfloat16().requires_grad_(False)
    layer.__class__ = Float32Linear
    inputs = torch.ones(2, 4, dtype=torch.bfloat16, requires_grad=True)
    layer(inputs).sum().backward()
    assert layer.weight.grad is None
    assert inputs.grad is not None


@pytest.mark.parametrize("is_fast", [True, False])
@pytest.mark.parametrize("kind", ["nano", "chat"])
def test_a_model_of_16_bits_says_nearly_the_same_whatever_the_processor(
    kind: str, is_fast: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {"nano": tiny_nano, "chat": small_llama}[kind]()
    made.save(tmp_path)
    monkeypatch.setattr(models, "fast_bfloat16", lambda _: is_fast)
    loaded = load_model(str(tmp_path), dtype="bfloat16")
    assert any(isinstance(module, Float32Linear) for module in loaded.model.modules()) is not is_fast
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.bfloat16}
    batch = collate([[7, 300, 301, 12], [7, 310, 12]], [[301, 302], [310]], made.pad_id)
    scores = loaded.log_probs_of(batch.action_ids, batch.action_mask, *batch[:3])
    expected = made.log_probs_of(batch.action_ids, batch.action_mask, *batch[:3])
    torch.testing.assert_close(scores, expected, atol=0.1, rtol=0.05)
    scores.sum().backward()
    written = InProcess(loaded, max_new_tokens=3).generate(
        [Prompt((7, 300, 12), ""), Prompt((7, 12), "")], temperature=0
    )
    assert all(completion.token_ids for completion in written)
