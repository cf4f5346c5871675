from __future__ import annotations

import pytest
import torch
from torch import nn

from agents import muon
from agents.muon import Muon, orthogonalized


@pytest.mark.parametrize("shape", [(3, 6, 6), (3, 4, 9), (3, 9, 4)])
def test_singular_values_end_near_one(shape):
    torch.manual_seed(0)
    found = torch.linalg.svdvals(orthogonalized(torch.randn(shape)).float())
    assert found.min() > 0.5
    assert found.max() < 1.3


@pytest.mark.parametrize("is_fast", [True, False])
def test_it_multiplies_in_what_the_processor_multiplies_fast(monkeypatch, is_fast):
    monkeypatch.setattr(muon, "fast_bfloat16", lambda _: is_fast)
    assert orthogonalized(torch.eye(3)[None]).dtype == (torch.bfloat16 if is_fast else torch.float32)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5)])
def test_in_bfloat16_it_is_torchs_own(monkeypatch, shape):
    monkeypatch.setattr(muon, "fast_bfloat16", lambda _: True)
    torch.manual_seed(0)
    ours, theirs = nn.Parameter(torch.randn(shape)), nn.Parameter(torch.zeros(shape))
    theirs.data.copy_(ours.data)
    optimizers = [Muon([ours], lr=0.1, weight_decay=0.01), torch.optim.Muon([theirs], lr=0.1, weight_decay=0.01)]
    for _ in range(3):
        gradient = torch.randn(shape)
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            parameter.grad = gradient.clone()
            optimizer.step()
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize("stacked", [1, 30, 2**20])
def test_matrices_that_are_updated_together_are_updated_as_alone(monkeypatch, stacked):
    monkeypatch.setattr(muon, "fast_bfloat16", lambda _: False)
    monkeypatch.setattr(muon, "_STACKED", stacked)
    torch.manual_seed(0)
    shapes = [(5, 3), (3, 5), (5, 3), (4, 4), (5, 3), (3, 5)]
    together = [nn.Parameter(torch.randn(shape)) for shape in shapes]
    alone = [nn.Parameter(parameter.detach().clone()) for parameter in together]
    optimizers = [Muon(together, lr=0.1), *(Muon([parameter], lr=0.1) for parameter in alone)]
    for _ in range(3):
        for one, other in zip(together[:-1], alone[:-1], strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other)
    assert together[-1].grad is None


def test_only_matrices_and_sensible_numbers_are_taken():
    with pytest.raises(ValueError, match=r"two dimensions, got shapes \[\(3,\)\]"):
        Muon([nn.Parameter(torch.zeros(3))], lr=0.1)
    with pytest.raises(ValueError, match="lr > 0"):
        Muon([nn.Parameter(torch.zeros(3, 3))], lr=0.0)
